"""A field worker's days with the phone: walking, drawing, photographs, what comes back from review, no signal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from playwright.sync_api import Browser, BrowserContext, Page, expect

from map_cases import chromium
from portal_cases import PASSWORD, Person, Served, account_id, boundaries, hire, plots
from portal_pages import CAMERA, PHONE, fits, picture, ready_for_no_signal, sign_in, tap, walk_to


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*CAMERA) as found:
        yield found


def test_a_boundary_is_walked_without_a_signal_and_sent_once(
    portal: Served, bureau: Person, phone: BrowserContext
) -> None:
    hire(bureau, "zq-02", ("field", "131121"))
    phone.grant_permissions(["geolocation", "camera"])
    page = sign_in(phone, "zq-02")
    ready_for_no_signal(page)
    phone.set_offline(True)
    page.reload()
    expect(page.get_by_text("现在没有网")).to_be_visible()
    page.get_by_role("link", name="现场走边界").click()
    expect(page.get_by_text("没有网，先存在手机上")).to_be_visible()
    page.get_by_role("button", name="开始走").click()
    walk_to(phone, page, (115.80, 37.50), (115.8005, 37.50), (115.801, 37.50))
    walk_to(phone, page, (115.9, 37.9), accuracy=40)
    expect(page.get_by_text("太差，没有收")).to_be_visible()
    expect(page.get_by_text("3 个点，不收 1 个")).to_be_visible()

    page.close()  # the phone ends the page; what was walked stays
    page = phone.new_page()
    page.goto("/walk")
    expect(page.get_by_text("上次没有走完，走过的点都在")).to_be_visible()
    page.get_by_role("button", name="接着上次的 3 个点走").click()
    walk_to(phone, page, (115.801, 37.5004))
    expect(page.get_by_text("中间断了 1 次")).to_be_visible()
    expect(page.locator("#map path[stroke-dasharray='4 8']")).to_have_count(1)
    for name in ("暂停", "走完了，合拢", "拍照"):  # a thumb finds them, however much there is to say
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    picture(page, "walk-gap")
    walk_to(phone, page, (115.801, 37.5008))
    page.get_by_role("button", name="拍照", exact=True).click()
    expect(page.get_by_text("定位精度 4 米")).to_be_visible()
    page.get_by_role("button", name="拍", exact=True).click()
    expect(page.get_by_text("已拍 1 张")).to_be_visible()
    picture(page, "walk-camera")
    page.get_by_role("button", name="完成").click()
    page.get_by_role("button", name="暂停").click()
    expect(page.get_by_text("已暂停，走动不会记下")).to_be_visible()
    walk_to(phone, page, (115.95, 37.95))
    expect(page.get_by_text("5 个点")).to_be_visible()
    page.get_by_role("button", name="接着走").click()
    walk_to(phone, page, (115.8005, 37.5008), (115.80, 37.5008), (115.80, 37.5004))
    expect(page.get_by_text("8 个点")).to_be_visible()
    picture(page, "walk-offline")
    assert fits(page)
    page.get_by_role("button", name="走完了，合拢").click()
    page.get_by_label("地块名称").fill("村东")
    picture(page, "walk-finish")
    page.get_by_role("button", name="保存并发送").click()
    expect(page.get_by_text("有断开的地方：请勾上确认")).to_be_visible()
    page.get_by_label("可以按直线连上").check()
    page.get_by_role("button", name="保存并发送").click()
    expect(page.get_by_text("走的边界已存在这台手机上，有网后会自动发出")).to_be_visible()
    expect(page.locator("#queue").get_by_text("走界 村东.geojson")).to_be_visible()

    phone.set_offline(False)
    page.goto("/")
    one = page.get_by_role("link", name="走界 村东.geojson")
    expect(one).to_have_count(1)
    expect(page.locator("#queue")).to_be_hidden()
    picture(page, "walk-sent")
    one.click()
    expect(page.get_by_text("再检查一次").or_(page.get_by_role("button", name="提交 1 块"))).to_be_attached()
    expect(page.locator("#photos .album figure")).to_have_count(1)
    picture(page, "walk-checked")


def test_inside_wechat_every_page_that_needs_a_place_or_keeps_something_says_how_to_open_it_outside(
    portal: Served, bureau: Person, browser: Browser
) -> None:
    hire(bureau, "zq-09", ("field", "131121"))
    outside = (
        "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36"
    )
    for agent, inside in ((f"{outside} MicroMessenger/8.0.47.2560 Weixin", True), (outside, False)):
        context = browser.new_context(base_url=portal.url, viewport=PHONE, user_agent=agent, is_mobile=True)
        page = context.new_page()
        page.goto("/sign-in")
        notice = page.locator(".wechat")
        expect(notice).to_be_visible(visible=inside)
        if inside:
            first, second = notice.bounding_box(), page.get_by_label("密码").bounding_box()
            assert first
            assert second
            assert first["y"] < second["y"], "it stands before the form, or nobody reads it"
            picture(page, "wechat-sign-in")
        page.close()
        page = sign_in(context, "zq-09")
        for path in ("/", "/walk", "/draw"):
            page.goto(path)
            expect(notice := page.locator(".wechat")).to_be_visible(visible=inside)
            if inside:
                expect(notice).to_contain_text("在浏览器打开")
                picture(page, f"wechat{path.replace('/', '-')}")
            assert fits(page)
        context.close()


def test_a_boundary_is_drawn_returned_and_drawn_again_with_the_reason(
    portal: Served, bureau: Person, phone: BrowserContext, desktop: BrowserContext
) -> None:
    worker = hire(bureau, "zq-03", ("field", "131121"))
    hire(bureau, "sh-03", ("reviewer", ""))
    phone.grant_permissions(["geolocation"])
    phone.set_geolocation({"longitude": 115.902, "latitude": 37.502, "accuracy": 5})
    page = sign_in(phone, "zq-03")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.get_by_role("link", name="在图上画边界").click()
    page.get_by_role("button", name="到我的位置").click()
    expect(page.get_by_text("您在这里，精度 5 米")).to_be_visible()
    page.get_by_role("button", name="开始画").click()
    tap(page, (80, 60), (280, 60), (280, 200), (200, 120))
    page.get_by_role("button", name="退一个点").click()
    tap(page, (80, 200))
    picture(page, "draw-drawing")
    page.reload()  # what was drawn is kept at every corner
    expect(page.get_by_text("接着上次没有画完的")).to_be_visible()
    told = page.locator("#area").inner_text()
    page.get_by_label("地块名称").fill("村西")
    page.get_by_label("造林季节").select_option("2026-spring")
    picture(page, "draw-finish")
    assert fits(page)
    page.get_by_role("button", name="保存并检查").click()
    page.get_by_role("button", name="提交 1 块").click()
    expect(page.locator("#outcome-words")).to_be_visible()
    row = next(row for row in worker.call("GET", "/api/uploads").json() if row["submission_id"])
    assert told == f"约 {row['told']['measured_mu']} 亩"

    reviewer = sign_in(desktop, "sh-03")
    reviewer.goto(f"/review/{row['submission_id']}")
    reviewer.get_by_label("意见（退回时必填）").fill("北边多画到路上了")
    reviewer.get_by_role("button", name="退回", exact=True).click()
    expect(reviewer.get_by_text("待审 0")).to_be_visible()

    page.goto("/")
    expect(page.get_by_text("退回 1 块，要您处理")).to_be_visible()
    picture(page, "home-returned")
    page.get_by_role("link", name="画界 村西.geojson").click()
    expect(page.get_by_text("北边多画到路上了")).to_be_visible()
    picture(page, "upload-returned")
    page.get_by_role("link", name="自己在图上改边界").click()
    page.locator(".marker-icon:not(.marker-icon-middle)").first.wait_for()
    drag(page, page.locator(".marker-icon:not(.marker-icon-middle)").first, 0, 30)
    expect(page.locator("#area")).not_to_have_text(told)
    page.get_by_label("改边界的原因（必填）").fill("按退回意见把北边收回来")
    picture(page, "draw-mend")
    page.get_by_role("button", name="保存并检查").click()
    expect(page.get_by_role("button", name="提交 1 块")).to_be_visible()
    expect(page.frame_locator("iframe.report").get_by_text("由").first).to_be_attached()
    page.get_by_role("button", name="提交 1 块").click()
    expect(page.get_by_text("1 块等审核")).to_be_visible()
    page.goto("/")
    expect(page.get_by_text("退回后已重报 1 块")).to_be_visible()
    assert complaints == []


def test_a_crossed_boundary_is_mended_on_the_map_before_it_is_sent_in(bureau: Person, phone: BrowserContext) -> None:
    worker = hire(bureau, "zq-07", ("field", "131121"))
    upload_id = worker.send(plots(x=115.74, crossed=True)).json()["upload_id"]
    worker.settled(upload_id)
    page = sign_in(phone, "zq-07")
    page.goto(f"/uploads/{upload_id}")
    expect(page.get_by_text("3 块可以提交")).to_be_visible()
    page.get_by_role("link", name="在图上改这一块").click()
    expect(page.get_by_text("边界自己相交")).to_be_visible()
    corners = page.locator(".marker-icon:not(.marker-icon-middle)")
    expect(corners).to_have_count(4)
    boxes = [corners.nth(n).bounding_box() for n in range(4)]
    assert all(boxes)
    # The bow becomes a square: its two right corners change places, by way of the ground beside.
    right = sorted(range(4), key=lambda n: boxes[n]["x"])[2:]  # type: ignore[index]
    upper, lower = sorted(right, key=lambda n: boxes[n]["y"])  # type: ignore[index]
    tall = boxes[lower]["y"] - boxes[upper]["y"]  # type: ignore[index]
    drag(page, corners.nth(upper), 30, tall)
    drag(page, corners.nth(lower), 0, -tall)
    picture(page, "draw-crossed")
    page.get_by_role("button", name="保存并检查").click()
    expect(page.get_by_role("button", name="提交 1 块")).to_be_visible()


def drag(page: Page, what: object, x: float, y: float) -> None:
    box = what.bounding_box()  # type: ignore[attr-defined]
    assert box is not None
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + x / 2, at[1] + y / 2, steps=4)
    page.mouse.move(at[0] + x, at[1] + y, steps=4)
    page.mouse.up()


def test_a_repair_that_the_reviewer_asks_for_is_taken_with_one_button(
    portal: Served, bureau: Person, phone: BrowserContext, desktop: BrowserContext
) -> None:
    worker = hire(bureau, "zq-04", ("field", "131121"))
    judge = hire(bureau, "sh-04", ("reviewer", ""))
    stands = worker.submitted(plots(x=115.60, count=1))
    judge.call("POST", "/api/review", json={"ids": [stands["submission_id"]], "verdict": "accept"})
    sliver = shapely.box(115.597, 37.5, 115.600003, 37.503)
    sent = worker.submitted(boundaries({"细缝": sliver}))

    reviewer = sign_in(desktop, "sh-04")
    reviewer.goto(f"/review/{sent['submission_id']}")
    expect(reviewer.get_by_text("132.62 亩改为 132.49 亩")).to_be_visible()
    reviewer.get_by_role("button", name="看图上").click()
    picture(reviewer, "review-repair")
    reviewer.get_by_role("button", name="请提交人这样改").click()
    expect(reviewer.get_by_text("待审 0")).to_be_visible()

    page = sign_in(phone, "zq-04")
    page.goto(f"/uploads/{sent['upload_id']}")
    expect(page.get_by_text("请同意修复建议：裁去与相邻地块重叠的细缝")).to_be_visible()
    picture(page, "upload-repair")
    page.get_by_role("button", name="同意这样改，重新送审").click()
    page.wait_for_url(re.compile(r"/uploads/(?!" + sent["upload_id"] + ")"))
    expect(page.get_by_text("1 块等审核")).to_be_visible()
    waiting = [row for row in judge.call("GET", "/api/review").json() if row["waiting"] and row["sender"] == "zq-04"]
    assert len(waiting) == 1
    again = judge.call("GET", f"/api/review/{waiting[0]['submission_id']}").json()
    plot = again["plots_list"][0]
    assert (plot["before_mu"], plot["measured_mu"]) == ("132.62", "132.49")
    assert [found["zh"] for found in plot["findings"] if "重叠" in found["zh"]] == []
    assert "采用审核建议" in again["reason"]


def test_a_photograph_taken_in_the_page_carries_its_own_position_to_the_reviewer(
    portal: Served, bureau: Person, phone: BrowserContext, desktop: BrowserContext
) -> None:
    worker = hire(bureau, "zq-05", ("field", "131121"))
    hire(bureau, "sh-05", ("reviewer", "131121"))
    sent = worker.submitted(plots(x=115.50, count=2))
    phone.grant_permissions(["geolocation", "camera"])
    phone.set_geolocation({"longitude": 115.501, "latitude": 37.501, "accuracy": 6})
    page = sign_in(phone, "zq-05")
    page.goto(f"/uploads/{sent['upload_id']}")
    page.get_by_label("拍的是哪一块").select_option(index=1)
    page.get_by_role("button", name="拍照", exact=True).click()
    expect(page.get_by_text("定位精度 6 米")).to_be_visible()
    picture(page, "camera")
    page.get_by_role("button", name="拍", exact=True).click()
    expect(page.get_by_text("已拍 1 张")).to_be_visible()
    page.get_by_role("button", name="完成").click()
    expect(page.get_by_text("在地块内（拍照时手机定位，精度 6 米）")).to_be_visible()
    expect(page.locator(".album img")).to_have_js_property("complete", True)
    picture(page, "photo-sender")
    assert fits(page)

    reviewer = sign_in(desktop, "sh-05")
    reviewer.goto(f"/review/{sent['submission_id']}")
    expect(reviewer.get_by_text("在地块内（拍照时手机定位，精度 6 米）")).to_be_visible()
    assert reviewer.evaluate("document.querySelector('.album img').decode().then(() => true)")
    picture(reviewer, "photo-reviewer")


def test_what_the_portal_refuses_stays_on_the_phone_and_says_why(
    portal: Served, bureau: Person, phone: BrowserContext, tmp_path: Path
) -> None:
    hire(bureau, "zq-06", ("field", "131121"))
    page = sign_in(phone, "zq-06")
    ready_for_no_signal(page)
    page.goto("/upload")
    file = tmp_path / "断网.geojson"
    file.write_bytes(plots(x=115.40))
    page.get_by_label("文件", exact=True).set_input_files(file)
    phone.set_offline(True)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_text("文件已存在这台设备上")).to_be_visible()
    page.goto("/")
    card = page.locator("#queue .card")
    expect(card).to_contain_text("在这台设备上，还没发出")
    # The account is kept out meanwhile: nothing is lost, and the reason is told.
    place = f"/api/accounts/{account_id(portal, 'zq-06')}/disabled"
    assert bureau.call("PUT", place, json={"disabled": True}).status_code == 204
    phone.set_offline(False)
    expect(card).to_contain_text("登录已过期")
    expect(page.get_by_role("link", name="重新登录")).to_be_visible()
    picture(page, "queue-signed-out")
    assert bureau.call("PUT", place, json={"disabled": False}).status_code == 204
    page = sign_in_again(page)
    expect(page.get_by_role("link", name="断网.geojson")).to_have_count(1)
    expect(page.locator("#queue")).to_be_hidden()


def sign_in_again(page: Page) -> Page:
    page.get_by_role("link", name="重新登录").click()
    page.get_by_label("用户名（工号）").fill("zq-06")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    return page
