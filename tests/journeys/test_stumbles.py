"""Where a field worker would stumble: a wrong turn, a side never walked, a link opened in a chat app, no signal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from playwright.sync_api import Browser, BrowserContext, Page, expect

from map_cases import chromium
from portal_cases import PASSWORD, Person, Served, boundaries, hire, plots
from portal_pages import CAMERA, PHONE, fits, picture, ready_for_no_signal, sign_in, tap, until, walk_to

PORTAL = ("--max-mb", "1")
WECHAT = (
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36 "
    "MicroMessenger/8.0.47.2560 Weixin"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*CAMERA) as found:
        yield found


def walking(bureau: Person, phone: BrowserContext, login: str) -> Page:
    hire(bureau, login, ("field", "131121"))
    phone.grant_permissions(["geolocation", "camera"])
    page = sign_in(phone, login)
    page.goto("/walk")
    page.get_by_role("button", name="开始走").click()
    return page


def test_a_wrong_turn_is_taken_back_and_the_side_that_nobody_walked_is_asked_about(
    bureau: Person, phone: BrowserContext
) -> None:
    page = walking(bureau, phone, "zq-31")
    walk_to(phone, page, (115.80, 37.50), (115.8005, 37.50), (115.8005, 37.5005), (115.8015, 37.5008))
    expect(page.get_by_text("中间断了 1 次")).to_be_visible()
    page.get_by_role("button", name="暂停").click()
    for name in ("接着走", "走完了，合拢", "拍照", "退一个点"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    picture(page, "walk-paused")
    page.get_by_role("button", name="退一个点").click()
    expect(page.get_by_text("3 个点")).to_be_visible()
    expect(page.get_by_text("中间断了")).to_be_hidden()
    page.reload()  # what was taken back stays so
    walk_to(phone, page, (115.8004, 37.5005))  # back where the way was lost
    page.get_by_role("button", name="接着上次的 3 个点走").click()
    expect(page.get_by_text("4 个点")).to_be_visible()
    walk_to(phone, page, (115.80, 37.5004))
    page.get_by_role("button", name="走完了，合拢").click()
    expect(page.locator("#map path[stroke-dasharray='4 8']")).to_have_count(1)
    page.get_by_role("button", name="保存并发送").click()
    asked = page.get_by_label("首尾 44 米没有走到")
    expect(asked).to_be_in_viewport()
    expect(asked).to_be_focused()
    picture(page, "walk-asked")
    page.get_by_role("button", name="还没走完，接着走").click()
    walk_to(phone, page, (115.80, 37.5003), (115.80, 37.5001))
    page.get_by_role("button", name="走完了，合拢").click()
    expect(page.locator("#sure")).to_be_hidden()
    page.get_by_role("button", name="保存并发送").click()
    page.wait_for_url("**/uploads/*")


WAKE = """() => {
  const ask = navigator.wakeLock.request.bind(navigator.wakeLock);
  navigator.wakeLock.request = async (kind) => (window.held = await ask(kind));
}"""


def test_the_screen_is_kept_awake_while_somebody_walks_and_no_longer(bureau: Person, phone: BrowserContext) -> None:
    page = walking(bureau, phone, "zq-38")
    walk_to(phone, page, (115.80, 37.50))
    expect(page.get_by_text("这台手机不能保持亮屏")).to_be_visible()
    page.get_by_role("button", name="暂停").click()
    line = phone.new_cdp_session(page)
    where = line.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    allowed = {"browserContextId": where, "permissions": ["geolocation", "wakeLockScreen"]}
    line.send("Browser.grantPermissions", allowed)
    page.evaluate(WAKE)
    page.get_by_role("button", name="接着走").click()
    until(page, "Boolean(window.held) && !held.released")
    expect(page.get_by_text("这台手机不能保持亮屏")).to_be_hidden()
    page.get_by_role("button", name="暂停").click()
    until(page, "held.released")


def test_the_map_of_a_walk_goes_along_and_keeps_the_scale_that_the_walker_chose(
    bureau: Person, phone: BrowserContext
) -> None:
    page = walking(bureau, phone, "zq-32")
    walk_to(phone, page, (115.80, 37.50))
    scale = page.locator(".leaflet-control-scale-line")
    near = scale.inner_text()
    page.get_by_role("button", name="Zoom out").click()
    expect(scale).not_to_have_text(near)
    wide = scale.inner_text()
    walk_to(phone, page, (115.8004, 37.50), (115.84, 37.51))
    expect(scale).to_have_text(wide)
    here = page.locator("#map path[stroke='#0b5cad']").bounding_box()
    around = page.locator("#map").bounding_box()
    assert here
    assert around
    assert around["x"] < here["x"] < around["x"] + around["width"]
    assert around["y"] < here["y"] < around["y"] + around["height"]


def test_a_photograph_without_a_position_says_so_when_it_is_taken(
    portal: Served, bureau: Person, browser: Browser
) -> None:
    worker = hire(bureau, "zq-33", ("field", "131121"))
    sent = worker.submitted(plots(x=115.50, count=1))
    context = browser.new_context(base_url=portal.url, viewport=PHONE, has_touch=True, permissions=["camera"])
    page = sign_in(context, "zq-33")
    page.goto(f"/uploads/{sent['upload_id']}")
    page.get_by_role("button", name="拍照", exact=True).click()
    page.get_by_role("button", name="拍", exact=True).click()
    expect(page.locator(".camera .told")).to_contain_text("已拍 1 张，存在这台设备上；刚才这张没有位置")
    picture(page, "camera-no-position")
    context.close()


def test_a_one_time_link_that_is_opened_in_a_chat_app_leads_into_the_browser(
    portal: Served, bureau: Person, browser: Browser
) -> None:
    answer = bureau.call("POST", "/api/accounts", json={"login": "zq-34", "roles": [["field", "131121"]]}).json()
    link = f"{portal.url}/start#{answer['secret']}"
    inside = browser.new_context(viewport=PHONE, user_agent=WECHAT, is_mobile=True)
    chat = inside.new_page()
    chat.goto(link)
    expect(chat.get_by_text("您正在微信里打开")).to_be_visible()
    expect(chat.locator(".address")).to_have_text(link)
    picture(chat, "wechat-start")
    assert fits(chat)
    outside = browser.new_context(viewport=PHONE)
    page = outside.new_page()
    page.goto(chat.url)  # what the chat app's own menu opens
    expect(page.get_by_text("您正在")).to_be_hidden()
    assert answer["secret"] not in page.url, "outside a chat app the address does not keep it"
    page.get_by_label("密码（至少 8 个字符）").fill(PASSWORD)
    page.get_by_label("再输一遍").fill(PASSWORD)
    page.get_by_role("button", name="保存并登录").click()
    expect(page.get_by_role("link", name="zq-34")).to_be_visible()
    inside.close()
    outside.close()


def test_a_file_is_put_on_the_phone_without_a_signal_and_is_one_upload_however_often_it_is_pressed(
    bureau: Person, phone: BrowserContext, tmp_path: Path
) -> None:
    worker = hire(bureau, "zq-35", ("field", "131121"))
    page = sign_in(phone, "zq-35")
    ready_for_no_signal(page)
    phone.set_offline(True)
    page.goto("/figures")
    expect(page.get_by_text("这一页要有网才能看")).to_be_visible()
    picture(page, "no-network")
    assert fits(page)
    page.get_by_role("link", name="上传边界文件").click()
    empty, file = tmp_path / "空.geojson", tmp_path / "村东.geojson"
    empty.write_bytes(b"")
    file.write_bytes(plots(x=115.44))
    page.get_by_label("文件", exact=True).set_input_files(empty)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_text("“空.geojson”是空的")).to_be_visible()
    page.get_by_label("文件", exact=True).set_input_files(file)
    for _ in range(2):
        page.get_by_role("button", name="上传并检查").click()
        expect(page.get_by_text("文件已存在这台设备上")).to_be_visible()
    page.goto("/")
    expect(page.locator("#queue .card")).to_have_count(1)
    phone.set_offline(False)
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.get_by_role("link", name="村东.geojson")).to_have_count(1)
    assert [one["file_name"] for one in worker.call("GET", "/api/uploads").json()] == ["村东.geojson"]


def test_a_file_that_will_never_be_taken_is_refused_and_not_kept_to_be_sent_again(
    bureau: Person, phone: BrowserContext, tmp_path: Path
) -> None:
    hire(bureau, "zq-39", ("field", "131121"))
    page = sign_in(phone, "zq-39")
    page.goto("/upload")
    file = tmp_path / "太大.zip"
    file.write_bytes(b"x" * (3 << 20))
    page.get_by_label("文件", exact=True).set_input_files(file)
    page.get_by_role("button", name="上传并检查").click()
    said = page.locator("#said")
    expect(said).to_have_text("文件太大，上限 1 MB。请分成几个文件上传。没有被收下，请按提示改正。")
    page.goto("/")
    expect(page.get_by_text("还没有报送过")).to_be_visible()
    expect(page.locator("#queue")).to_be_hidden()


def test_where_a_file_of_unknown_degrees_lies_is_chosen_on_a_map_in_the_page(
    bureau: Person, phone: BrowserContext
) -> None:
    worker = hire(bureau, "zq-36", ("field", "131121"))
    said = json.loads(boundaries({"大营东": shapely.box(115.66, 37.5, 115.663, 37.503)}))
    del said["crs"]
    sent = worker.send(json.dumps(said).encode(), name="奥维.geojson").json()
    worker.settled(sent["upload_id"])
    page = sign_in(phone, "zq-36")
    page.goto(f"/uploads/{sent['upload_id']}")
    expect(page.get_by_text("请在下面的图上选出哪一个是您的地块")).to_be_visible()
    expect(page.locator("#where .letter")).to_have_text(["A", "B", "C"])
    choices = page.get_by_role("group", name="哪一个是您的地块？")
    expect(choices.get_by_role("radio")).to_have_count(3)
    picture(page, "upload-readings")
    assert fits(page)
    page.get_by_role("button", name="再检查一次").click()  # nothing is sent before one is chosen
    choices.get_by_label("手机地图").check()
    page.get_by_role("button", name="再检查一次").click()
    expect(page.get_by_role("button", name="提交 1 块")).to_be_visible()
    told = worker.call("GET", f"/api/uploads/{sent['upload_id']}").json()
    assert told["asked"]["read_as"] == "GCJ-02"
    page.get_by_text("改一改再检查").click()
    page.get_by_label("这份文件的坐标是从哪来的").select_option("WGS84")  # who chose wrongly chooses again
    page.get_by_role("button", name="再检查一次").click()
    expect(page.locator("#work[data-state=checked]")).to_be_attached()
    for _ in range(200):
        told = worker.call("GET", f"/api/uploads/{sent['upload_id']}").json()
        if told["asked"]["read_as"] == "WGS84":
            break
        page.wait_for_timeout(50)
    assert told["asked"]["read_as"] == "WGS84"
    expect(page.locator("[name=read_as]")).to_have_value("WGS84")


def test_a_side_that_would_cross_another_is_not_drawn_and_that_is_said(bureau: Person, phone: BrowserContext) -> None:
    hire(bureau, "zq-37", ("field", "131121"))
    phone.grant_permissions(["geolocation"])
    phone.set_geolocation({"longitude": 115.702, "latitude": 37.45, "accuracy": 8})
    page = sign_in(phone, "zq-37")
    page.goto("/draw")
    page.get_by_role("button", name="开始画").click()
    expect(page.get_by_text("图太小，画不准")).to_be_visible()
    page.get_by_role("button", name="到我的位置").click()
    expect(page.get_by_text("图太小，画不准")).to_be_hidden()
    page.get_by_role("button", name="开始画").click()
    tap(page, (80, 60), (280, 220), (280, 60), (80, 220))
    expect(page.get_by_text("这一点没有收")).to_be_visible()
    tap(page, (120, 40))
    expect(page.get_by_text("4 个拐点")).to_be_visible()
