"""People at the pages of a portal: signing in, taking a picture, looking whether a page fits."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from portal_cases import PASSWORD

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
PICTURES = os.environ.get("ECOTRACK_PICTURES")

# The portal checks and draws in processes of its own; on a busy machine a page waits for them.
expect.set_options(timeout=60_000)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def fits(page: Page) -> bool:
    """Tell whether nothing stands out of the page sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def sign_in(context: BrowserContext, login: str) -> Page:
    page = context.new_page()
    page.goto("/")
    page.get_by_label("用户名（工号）").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("link", name=login)).to_be_visible()
    return page
