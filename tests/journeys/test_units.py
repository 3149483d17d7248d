"""The bureau looks after its units in a real browser, at a desk and with a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from portal_cases import Person, hire
from portal_pages import fits, picture, sign_in

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_the_bureau_adds_a_unit_gives_it_another_name_and_closes_it(
    bureau: Person, request: pytest.FixtureRequest, size: str
) -> None:
    context: BrowserContext = request.getfixturevalue(size)
    code, name = ("1311GX", "高铁新城") if size == "phone" else ("1311WL", "物流园区")
    page = sign_in(context, "admin")
    page.on("dialog", lambda dialog: pytest.fail(f"a name became markup: {dialog.message}"))
    page.goto("/units")
    picture(page, f"{size}-units")
    assert fits(page)
    page.get_by_text("新增单位").click()
    new = page.locator("#new")
    new.get_by_label("名称", exact=True).fill("冀州市")
    new.get_by_label("代码").fill(code)
    new.get_by_label("类别").select_option(label="功能区")
    new.get_by_label("英文名称").fill(f"Town {code}")
    new.get_by_role("button", name="新增").click()
    expect(new.get_by_role("alert")).to_contain_text("“冀州市”已经是冀州区（131103）的")
    picture(page, f"{size}-units-taken")
    assert fits(page)
    new.get_by_label("名称", exact=True).fill(MARKUP[:30] if size == "phone" else name)
    new.get_by_role("button", name="新增").click()
    own = page.locator(f'.unit[data-code="{code}"]')
    expect(own).to_be_visible()

    own.get_by_text("修改", exact=True).click()
    own.get_by_label("名称", exact=True).fill(f"{name}片区")
    own.get_by_label("新名从哪天起").fill("2025-06-01")
    own.get_by_label("依据文件").first.fill("冀政函〔2018〕1号")
    picture(page, f"{size}-units-rename")
    assert fits(page)
    own.get_by_role("button", name="保存").click()
    expect(own.locator("b").first).to_have_text(f"{name}片区")
    expect(page.get_by_text("依据 冀政函〔2018〕1号").first).to_be_visible()

    worker = hire(bureau, f"gx-{size}", ("field", code))
    own.get_by_text("修改", exact=True).click()
    own.get_by_label("从哪天起停用").fill("2026-01-01")
    own.get_by_role("button", name="停用这个单位").click()
    expect(own.get_by_role("alert")).to_contain_text(f"1 个账号在管它（{worker.login}）")
    picture(page, f"{size}-units-held")
    assert fits(page)
    page.goto("/accounts")
    person = page.locator(".person", has_text=worker.login)
    person.get_by_text("修改", exact=True).click()
    person.get_by_role("button", name="停用").click()
    expect(person.get_by_text("已停用")).to_be_visible()
    page.goto("/units")
    own.get_by_text("修改", exact=True).click()
    own.get_by_label("从哪天起停用").fill("2026-01-01")
    own.get_by_role("button", name="停用这个单位").click()
    expect(page.get_by_role("heading", name="已停用的单位")).to_be_visible()
    expect(own.get_by_text("已停用，自 2026-01-01 起")).to_be_visible()
    picture(page, f"{size}-units-closed")
    assert fits(page)


def test_two_people_of_the_bureau_at_once_the_second_is_told(bureau: Person, desktop: BrowserContext) -> None:
    first, second = sign_in(desktop, "admin"), desktop.new_page()
    for page, name in ((first, "深州区"), (second, "深州新区")):
        page.goto("/units")
        own = page.locator('.unit[data-code="131182"]')
        own.get_by_text("修改", exact=True).click()
        own.get_by_label("名称", exact=True).fill(name)
    first.locator('.unit[data-code="131182"]').get_by_role("button", name="保存").click()
    expect(first.locator('.unit[data-code="131182"] b').first).to_have_text("深州区")
    own = second.locator('.unit[data-code="131182"]')
    own.get_by_role("button", name="保存").click()
    expect(own.get_by_role("alert")).to_contain_text("已由 admin 改过")
    picture(second, "desktop-units-two")
