"""Who reads badly, or does not use a mouse, can use the portal: WCAG 2.1 A and AA as axe-core checks them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from portal_pages import DESK, PHONE, fits, picture, sign_in
from portal_season import Season, season_in

pytestmark = pytest.mark.long

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
DRAWN_BY_CHILDREN = ("map",)
"""Pages that hold a whole map in a frame: the maps have a test of their own."""


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    with season_in(tmp_path_factory.mktemp("办公室") / "示例", accepted=60, batch=60) as found:
        yield found


def faults(page: Page) -> list[str]:
    return [
        f"{rule['id']}: {node['target']} {check.get('message', '')}"
        for rule in Axe().run(page, options=RULES).response["violations"]
        for node in rule["nodes"]
        for check in [*node["any"], *node["all"], *node["none"]][:1]
    ]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_holds_the_rules_and_fits_its_screen(season: Season, browser: Browser, size: dict[str, int]) -> None:
    wrong: dict[str, list[str]] = {}
    for login, pages in season.pages.items():
        context = browser.new_context(
            base_url=season.portal.url, viewport=size, locale="zh-CN", has_touch=size == PHONE
        )  # type: ignore[arg-type]
        page = sign_in(context, login)
        for name, path in pages:
            if name in DRAWN_BY_CHILDREN:
                continue
            page.goto(path, wait_until="domcontentloaded")
            page.wait_for_load_state("networkidle")
            picture(page, f"{size['width']}-{login}-{name}")
            found = faults(page) + ([] if fits(page) else ["stands out sideways"])
            if found:
                wrong[f"{login} {path}"] = found
        context.close()
    assert wrong == {}


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_who_has_not_signed_in_meets_the_same_rules(season: Season, browser: Browser, size: dict[str, int]) -> None:
    context = browser.new_context(base_url=season.portal.url, viewport=size, locale="zh-CN")  # type: ignore[arg-type]
    page = context.new_page()
    for path in ("/sign-in", "/start"):
        page.goto(path)
        assert faults(page) == []
        assert fits(page)
    context.close()
