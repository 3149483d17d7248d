"""Three people of an office use the portal in real browsers: field worker on a phone, reviewer, bureau."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from ecotrack.register import Register, audit
from portal_cases import PASSWORD, Person, Served, hire, plots
from portal_pages import PHONE, fits, picture, sign_in


def test_a_boundary_goes_from_a_phone_through_review_into_figures_and_map(
    portal: Served, bureau: Person, phone: BrowserContext, desktop: BrowserContext, tmp_path: Path
) -> None:
    hire(bureau, "zq-01", ("field", "131121"))
    hire(bureau, "sh-01", ("reviewer", ""))
    field = sign_in(phone, "zq-01")
    picture(field, "field-home")
    assert fits(field)

    file = tmp_path / "枣强2026春.geojson"
    file.write_bytes(plots(crossed=True))
    field.get_by_role("link", name="上传边界文件").click()
    field.get_by_label("文件", exact=True).set_input_files(file)
    field.get_by_label("造林季节").select_option("2026-spring")
    field.get_by_label("造林类别").select_option("造林")
    picture(field, "field-upload")
    assert fits(field)
    field.get_by_role("button", name="上传并检查").click()
    submit = field.get_by_role("button", name="提交 3 块")
    expect(submit).to_be_visible(timeout=60_000)
    report = field.frame_locator("iframe.report")
    expect(report.get_by_text("边界自己相交").first).to_be_visible()
    picture(field, "field-checked")
    assert fits(field)
    submit.click()
    expect(field.locator("#outcome-words")).to_be_visible(timeout=60_000)
    picture(field, "field-submitted")

    reviewer = sign_in(desktop, "sh-01")
    picture(reviewer, "reviewer-home")
    reviewer.get_by_role("link", name="审核", exact=True).click()
    picture(reviewer, "reviewer-queue")
    reviewer.get_by_text("枣强县 枣强2026春.geojson").click()
    expect(reviewer.locator("#map path").first).to_be_attached()
    expect(reviewer.get_by_text("已选 3 / 3 块")).to_be_visible()
    picture(reviewer, "reviewer-submission")
    reviewer.locator(".plot input").last.uncheck()
    reviewer.get_by_role("button", name="通过", exact=True).click()
    expect(reviewer.get_by_text("待审 1")).to_be_visible(timeout=30_000)
    reviewer.get_by_label("意见（退回时必填）").fill("与现场不符")
    reviewer.get_by_role("button", name="退回", exact=True).click()
    expect(reviewer.get_by_text("待审 0")).to_be_visible(timeout=30_000)

    figures = Person(portal.url, "zq-01").call("GET", "/api/figures?fresh=true").json()
    zaoqiang = next(row for row in figures["units"]["responsible"] if row["code"] == "131121")
    assert zaoqiang["accepted_mu"] == pytest.approx(2 * 132.49, rel=1e-3)
    reviewer.goto("/figures")
    picture(reviewer, "figures")
    expect(reviewer.get_by_role("cell", name="枣强县")).to_be_visible()
    reviewer.goto("/map")
    live = reviewer.frame_locator("iframe.live")
    expect(live.get_by_role("heading", name="衡水市生态修复进度图")).to_be_visible(timeout=60_000)
    picture(reviewer, "map")
    reviewer.goto("/downloads")
    picture(reviewer, "downloads")
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        assert audit(register).head == register.head()


def test_the_bureau_makes_an_account_whose_link_works_once(
    portal: Served, bureau: Person, desktop: BrowserContext, browser: Browser
) -> None:
    page = sign_in(desktop, "admin")
    page.goto("/accounts")
    page.get_by_text("新增人员").click()
    page.get_by_label("用户名（工号").fill("wy-07")
    page.locator("#add").get_by_label("角色").select_option("office")
    page.locator("#add").get_by_label("管哪个单位").select_option("131122")
    page.get_by_role("button", name="新增，生成一次性链接").click()
    link = page.locator("#link code")
    expect(link).to_contain_text("/start#")
    picture(page, "bureau-accounts")
    other = browser.new_context(base_url=portal.url, viewport=PHONE)
    fresh = other.new_page()
    fresh.goto(link.inner_text())
    picture(fresh, "start")
    fresh.get_by_label("密码（至少 8 个字符）").fill(PASSWORD)
    fresh.get_by_label("再输一遍").fill(PASSWORD)
    fresh.get_by_role("button", name="保存并登录").click()
    expect(fresh.get_by_role("link", name="wy-07")).to_be_visible()
    again = other.new_page()
    again.goto(link.inner_text())
    again.get_by_label("密码（至少 8 个字符）").fill(PASSWORD)
    again.get_by_label("再输一遍").fill(PASSWORD)
    again.get_by_role("button", name="保存并登录").click()
    expect(again.get_by_text("这个链接已经用过或已过期")).to_be_visible()
    fresh.goto("/me")
    picture(fresh, "me")
    other.close()
