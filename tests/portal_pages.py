"""People at the pages of a portal: signing in, taking a picture, looking whether a page fits."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from portal_cases import PASSWORD

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
PICTURES = os.environ.get("ECOTRACK_PICTURES")
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
CONTROLLED = """navigator.serviceWorker.controller ? null
: new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", () => taken(null)))"""

# The portal checks and draws in processes of its own; on a busy machine a page waits for them.
expect.set_options(timeout=60_000)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def until(page: Page, told: str) -> None:
    """Wait until an expression holds, asked from outside: the policy of the pages forbids `eval` inside them."""
    for _ in range(200):
        if page.evaluate(told):
            return
        page.wait_for_timeout(50)
    raise AssertionError(told)


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


def walk_to(context: BrowserContext, page: Page, *places: tuple[float, float], accuracy: float = 4) -> None:
    for lon, lat in places:
        context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": accuracy})
        page.wait_for_timeout(250)


def ready_for_no_signal(page: Page) -> None:
    """Wait until the pages for the field are kept on the phone."""
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    page.evaluate(CONTROLLED)


def tap(page: Page, *places: tuple[int, int]) -> None:
    box = page.locator("#map").bounding_box()
    assert box is not None
    for x, y in places:
        page.touchscreen.tap(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(250)
