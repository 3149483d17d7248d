"""A unit's office reports and the bureau publishes, in real browsers, at a desk and with a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from portal_cases import Person, hire
from portal_pages import fits, picture, sign_in


def test_an_office_types_a_record_mends_what_is_wrong_and_sees_its_own_unit(
    bureau: Person, phone: BrowserContext
) -> None:
    hire(bureau, "tc-01", ("office", "131102"))
    page = sign_in(phone, "tc-01")
    page.get_by_role("link", name="本单位的数和超期事项").click()
    expect(page.get_by_role("heading", name="桃城区")).to_be_visible()
    expect(page.get_by_text("没有超期的事项")).to_be_visible()
    picture(page, "office")
    assert fits(page)
    page.goto("/records")
    page.get_by_label("报什么").select_option(label="衡水湖 · 湖面观测")
    form = page.locator("#entry")
    assert form.get_by_label("责任单位").input_value() == "桃城区"
    form.get_by_label("观测日期").fill("2026-05-01")
    form.get_by_label("水面面积").fill("四十一")
    form.get_by_label("状态").select_option("采用")
    form.get_by_label("依据（必填）").select_option("实测")
    form.get_by_label("水面类型").select_option("敞水面")
    form.get_by_role("button", name="登记这一条").click()
    expect(page.get_by_text("没有登记，请改正后再按一次")).to_be_visible()
    expect(form.locator("label", has_text="水面面积").locator(".wrong")).not_to_be_empty()
    picture(page, "office-record-wrong")
    assert fits(page)
    form.get_by_label("水面面积").fill("41.5")
    form.get_by_role("button", name="登记这一条").click()
    expect(page.locator("#entered")).to_contain_text("已登记")


def test_the_bureau_publishes_only_what_it_confirms_and_walks_the_chain(
    bureau: Person, desktop: BrowserContext
) -> None:
    page = sign_in(desktop, "admin")
    page.goto("/published")
    page.get_by_text("发布新的一期").click()
    page.get_by_role("button", name="查看这一天的数").click()
    expect(page.locator("#rows .row").first).to_be_visible()
    picture(page, "bureau-publish")
    publish = page.get_by_role("button", name="发布", exact=True)
    publish.click()  # the browser asks for the tick first
    expect(page.locator("#confirm")).to_be_visible()
    assert bureau.call("GET", "/api/receipts").json()["sets"] == []
    page.get_by_label("我已核对").check()
    publish.click()
    expect(page.locator("details table").first).to_be_visible()
    assert len(bureau.call("GET", "/api/receipts").json()["sets"]) == 1
    page.get_by_role("button", name="核对有没有变动").click()
    expect(page.get_by_text("发布过的数都没有变动")).to_be_visible()
    picture(page, "bureau-published")
    page.goto("/trail")
    page.get_by_role("button", name="核对整条登记链").click()
    expect(page.get_by_text("全部核对无误")).to_be_visible()
    expect(page.get_by_role("cell", name="发布的地图", exact=False).first).to_be_visible()
    picture(page, "bureau-trail")


@pytest.mark.parametrize("path", ["/accounts", "/published", "/trail", "/downloads", "/figures"])
def test_a_page_of_the_bureau_fits_a_phone(bureau: Person, phone: BrowserContext, path: str) -> None:
    page = sign_in(phone, "admin")
    page.goto(path)
    expect(page.get_by_role("heading").first).to_be_visible()
    picture(page, f"phone{path.replace('/', '-')}")
    assert fits(page)
