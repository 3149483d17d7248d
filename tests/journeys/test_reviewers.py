"""Reviewers at their desks: a batch of five hundred, two of them at once, and never their own."""

from __future__ import annotations

import json

import pytest
import shapely
from playwright.sync_api import Browser, BrowserContext, expect

from portal_cases import ASKED, Person, Served, boundaries, hire, plots
from portal_pages import DESK, PHONE, fits, picture, sign_in


@pytest.fixture(scope="module")
def field(bureau: Person) -> Person:
    return hire(bureau, "zq-01", ("field", "131121"))


def test_a_batch_of_five_hundred_is_filtered_paged_and_decided(
    bureau: Person, field: Person, desktop: BrowserContext
) -> None:
    judge = hire(bureau, "sh-01", ("reviewer", ""))
    stands = field.submitted(boundaries({"A-1": shapely.box(115.9, 37.4, 115.902, 37.402)}))
    judge.call("POST", "/api/review", json={"ids": [stands["submission_id"]], "verdict": "accept"})
    places = [(115.70 + 0.002 * (n % 25), 37.55 + 0.002 * (n // 25)) for n in range(500)]
    shapes = {f"B-{n:03d}": shapely.box(x, y, x + 0.0015, y + 0.0015) for n, (x, y) in enumerate(places)}
    shapes["B-499"] = shapely.box(115.901, 37.4, 115.903, 37.402)  # half of it was accepted before: held
    sent = field.submitted(boundaries(shapes))
    assert sent["told"]["plots"] == 500
    page = sign_in(desktop, "sh-01")
    page.get_by_role("link", name="去审核").click()
    page.get_by_text("500 块待审").click()
    expect(page.locator("#plots .plot")).to_have_count(50)
    expect(page.get_by_text("第 1 / 10 页，")).to_be_visible()
    expect(page.locator("#chosen")).to_have_text("已选 499 / 500 块")  # what is held is chosen by hand only
    picture(page, "review-500")
    page.get_by_role("button", name="全不选").click()
    page.get_by_label("本页全选").check()
    expect(page.locator("#chosen")).to_contain_text("已选 50 /")
    page.get_by_role("button", name="下一页").click()
    expect(page.get_by_label("本页全选")).not_to_be_checked()
    page.get_by_label("找地块").fill("B-12")
    expect(page.locator("#plots .plot")).to_have_count(10)
    page.get_by_role("button", name="选上“待审”的全部 10 块").click()
    expect(page.locator("#chosen")).to_contain_text("已选 60 /")
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_text("待审 440")).to_be_visible()
    page.get_by_label("看哪些").select_option("done")
    expect(page.get_by_text("第 1 / 2 页，60 块")).to_be_visible()
    picture(page, "review-500-done")


def test_what_a_check_asks_about_and_what_was_repaired_is_chosen_by_hand_and_held_plots_are_named(
    bureau: Person, field: Person, desktop: BrowserContext
) -> None:
    hire(bureau, "sh-05", ("reviewer", ""))
    document = json.loads(plots(x=115.86, count=2, crossed=True))
    document["features"][0]["properties"]["上报面积(亩)"] = "240"
    upload = field.send(json.dumps(document).encode()).json()["upload_id"]
    field.settled(upload)
    field.call("POST", f"/api/uploads/{upload}/check", json={**ASKED, "repairs": ["make_valid"]})
    field.settled(upload)
    field.call("POST", f"/api/uploads/{upload}/submit")
    page = sign_in(desktop, "sh-05")
    page.goto(f"/review/{field.settled(upload)['submission_id']}")
    expect(page.locator("#chosen")).to_have_text("已选 1 / 3 块")
    asked, clean, repaired = (page.locator("#plots .plot").nth(n) for n in range(3))
    expect(asked.locator("input")).not_to_be_checked()
    expect(clean.locator("input")).to_be_checked()
    expect(repaired.locator("input")).not_to_be_checked()
    expect(repaired.get_by_text("已按建议修复边界")).to_contain_text("平方米变为")
    picture(page, "review-repaired")
    page.get_by_label("本页全选").check()
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_text("待审 0")).to_be_visible()

    over = {f"H-{n}": shapely.box(115.86, 37.5 + n * 0.001, 115.863, 37.5009 + n * 0.001) for n in range(3)}
    sent = field.submitted(boundaries(over))
    page.goto(f"/review/{sent['submission_id']}")
    expect(page.locator("#chosen")).to_have_text("已选 0 / 3 块")
    page.get_by_label("本页全选").check()
    page.get_by_role("button", name="通过", exact=True).click()
    refused = page.get_by_role("alert")
    expect(refused).to_contain_text("有 3 块检查不通过或没有检查，不能直接通过：H-0、H-1、H-2")
    picture(page, "review-held")
    page.get_by_label("意见（退回时必填）").fill("现场核实，界线无误")
    page.get_by_label("有问题的地块已经核实无误，照样通过").check()
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_text("待审 0")).to_be_visible()


def test_of_two_reviewers_at_once_the_second_reads_who_decided(
    portal: Served, bureau: Person, field: Person, browser: Browser
) -> None:
    hire(bureau, "sh-02", ("reviewer", ""))
    hire(bureau, "sh-03", ("reviewer", ""))
    sent = field.submitted(plots(x=115.80, count=3))
    contexts = [browser.new_context(base_url=portal.url, viewport=size, locale="zh-CN") for size in (DESK, PHONE)]
    first, second = (sign_in(context, login) for context, login in zip(contexts, ("sh-02", "sh-03"), strict=True))
    for page in (first, second):
        page.goto(f"/review/{sent['submission_id']}")
        expect(page.get_by_text("已选 3 / 3 块")).to_be_visible()
    assert fits(second)
    first.locator("#plots .plot input").first.uncheck()
    first.get_by_role("button", name="通过", exact=True).click()
    expect(first.get_by_text("待审 1")).to_be_visible()
    second.get_by_label("意见（退回时必填）").fill("与现场不符")
    second.get_by_role("button", name="退回", exact=True).click()
    expect(
        second.get_by_text("有 2 块在您打开页面以后已由 sh-02 审过（已通过），您这次的意见一块也没有记入")
    ).to_be_visible()
    picture(second, "review-second")
    second.get_by_role("button", name="刷新看最新情况").click()
    expect(second.get_by_text("已选 1 / 1 块")).to_be_visible()
    second.get_by_label("看哪些").select_option("done")
    expect(second.get_by_text("sh-02").first).to_be_visible()
    for context in contexts:
        context.close()


def test_a_reviewer_sees_that_their_own_is_not_theirs_to_review(bureau: Person, desktop: BrowserContext) -> None:
    both = hire(bureau, "zq-08", ("field", "131121"), ("reviewer", "131121"))
    sent = both.submitted(plots(x=115.56, count=1))
    page = sign_in(desktop, "zq-08")
    page.goto(f"/review/{sent['submission_id']}")
    expect(page.get_by_text("这是您自己提交的，请由别的审核人审核")).to_be_visible()
    expect(page.get_by_role("button", name="通过", exact=True)).to_have_count(0)
    expect(page.locator("#plots input")).to_have_count(0)
