"""Browsers of people who use the portal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from portal_cases import Served
from portal_pages import DESK, PHONE


@pytest.fixture
def phone(browser: Browser, portal: Served) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=portal.url, viewport=PHONE, has_touch=True, locale="zh-CN")
    yield context
    context.close()


@pytest.fixture
def desktop(browser: Browser, portal: Served) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=portal.url, viewport=DESK, locale="zh-CN")
    yield context
    context.close()
