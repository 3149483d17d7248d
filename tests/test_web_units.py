"""Units at a running portal: what the bureau changes, what others may not, and what the command line changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ecotrack.cli.main import cli
from portal_cases import (
    Person,
    Served,
    account_id,
    bound_by_permissions,
    first_account,
    hire,
    plots,
    start,
    workspace_in,
)
from test_web_safety import EVIL

NEW = {"code": "1311GX", "name_zh": "高铁新城", "name_en": "Railway Town", "kind": "functional_area"}


@pytest.fixture(scope="module")
def office(bureau: Person) -> Person:
    return hire(bureau, "zq-02", ("office", "131121"), ("field", "131121"), ("reviewer", ""))


def unit_in(bureau: Person, code: str) -> dict[str, Any]:
    units: list[dict[str, Any]] = bureau.call("GET", "/api/units").json()["units"]
    return next(unit for unit in units if unit["code"] == code)


def renamed(bureau: Person, code: str, name: str, *, seen: str = "", since: str | None = "2018-05-01") -> Any:
    unit = unit_in(bureau, code)
    wish = {"name_zh": name, "name_en": unit["name_en"], "aliases": unit["aliases"], "since": since}
    return bureau.call("PUT", f"/api/units/{code}/name", json=wish | {"seen": seen or unit["seen"]})


def ended(bureau: Person, code: str, until: str | None) -> Any:
    wish = {"until": until, "basis": "冀政函〔2018〕1号", "seen": unit_in(bureau, code)["seen"]}
    return bureau.call("PUT", f"/api/units/{code}/until", json=wish)


def test_a_new_unit_can_be_given_to_an_account_and_reported_for_at_once(bureau: Person) -> None:
    assert bureau.call("POST", "/api/units", json=NEW).status_code == 201
    assert "高铁新城" in bureau.call("GET", "/accounts").text
    field = hire(bureau, "gx-01", ("field", "1311GX"))
    assert field.send(plots(x=115.60), unit="1311GX").status_code == 201
    assert unit_in(bureau, "1311GX")["senders"] == ["gx-01"]


def test_a_change_names_the_person_who_signed_in_in_the_chain(bureau: Person) -> None:
    assert renamed(bureau, "131127", "景州区").status_code == 204
    change = bureau.call("GET", "/api/units").json()["changes"][0]
    assert (change["by"], change["what"]) == ("admin", "改名：景县 → 景州区，自 2018-05-01 起")
    entry = bureau.call("GET", "/api/trail?kind=unit&by=admin").json()["entries"][0]
    assert entry["what"] == "景州区"
    assert bureau.call("POST", "/api/trail/audit").json()["sound"]


def test_only_the_bureau_sees_and_changes_units(office: Person) -> None:
    seen = "0" * 64
    for method, path, wish in (
        ("GET", "/units", None),
        ("GET", "/api/units", None),
        ("POST", "/api/units", NEW),
        ("PUT", "/api/units/131127/name", {"name_zh": "我的县", "name_en": "Mine", "seen": seen}),
        ("PUT", "/api/units/131127/until", {"until": "2018-05-01", "seen": seen}),
    ):
        assert office.call(method, path, json=wish).status_code == 404, path


def test_of_two_people_of_the_bureau_the_second_is_told_who_was_faster(bureau: Person) -> None:
    other = hire(bureau, "gl-02", ("bureau", ""))
    seen = unit_in(bureau, "131128")["seen"]
    assert renamed(other, "131128", "阜城区", seen=seen).status_code == 204
    late = renamed(bureau, "131128", "阜城新区", seen=seen)
    assert (late.status_code, late.json()["error"]) == (409, "UnitChanged")
    assert "已由 gl-02 改过" in late.json()["zh"]
    assert unit_in(bureau, "131128")["name_zh"] == "阜城区"


def test_a_name_that_another_unit_bears_is_refused_with_that_unit(bureau: Person) -> None:
    answer = bureau.call("POST", "/api/units", json=NEW | {"code": "1311XX", "name_zh": "冀州市"})
    assert (answer.status_code, answer.json()["error"]) == (409, "UnitNameTaken")
    assert "冀州区（131103）" in answer.json()["zh"]


def test_a_name_is_text_on_every_page_and_never_markup(bureau: Person) -> None:
    wish = NEW | {"code": "evil", "name_zh": EVIL[:40], "name_en": EVIL[:60], "basis": EVIL, "aliases": [EVIL[:30]]}
    assert bureau.call("POST", "/api/units", json=wish).status_code == 201
    both = hire(bureau, "ev-01", ("field", "evil"), ("office", "evil"))
    for path in ("/units", "/accounts", "/upload", "/office?unit=evil", "/walk", "/draw"):
        page = (bureau if path in ("/units", "/accounts") else both).call("GET", path).text
        assert "&lt;script&gt;" in page, path
        assert "<script>alert" not in page, path


def test_a_unit_that_somebody_answers_for_stays_and_a_closed_one_takes_nothing_new(
    portal: Served, bureau: Person
) -> None:
    field = hire(bureau, "bh-01", ("field", "1311BH"))
    held = ended(bureau, "1311BH", "2018-05-01")
    assert (held.status_code, held.json()["error"]) == (409, "UnitInUse")
    assert "1 个账号在管它（bh-01）" in held.json()["zh"]
    account = account_id(portal, "bh-01")
    wish = {"roles": [("field", "131121")]}
    assert bureau.call("PUT", f"/api/accounts/{account}/roles", json=wish).status_code == 204
    assert ended(bureau, "1311BH", "2018-05-01").status_code == 204
    field = Person(str(bureau.client.base_url), "bh-01")
    assert 'value="1311BH"' not in field.call("GET", "/upload").text
    anywhere = hire(bureau, "qs-01", ("field", ""))
    sent = anywhere.send(plots(x=115.64), unit="1311BH")
    told = anywhere.settled(sent.json()["upload_id"]) if sent.status_code == 201 else sent.json()
    assert "滨湖新区自 2018-05-01 起已停用" in str(told)
    refused = bureau.call("POST", "/api/accounts", json={"login": "bh-02", "roles": [("field", "1311BH")]})
    assert (refused.status_code, refused.json()["error"]) == (400, "UnitClosed")
    assert ended(bureau, "1311BH", None).status_code == 204
    assert hire(bureau, "bh-03", ("field", "1311BH")).login == "bh-03"


def test_what_the_command_line_changes_is_seen_without_a_new_start(portal: Served, bureau: Person) -> None:
    line = ["-w", str(portal.folder), "unit", "rename", "安平县", "安平区", "--since", "2019-01-01", "--by", "王五"]
    assert CliRunner().invoke(cli, line).exit_code == 0
    assert unit_in(bureau, "131125")["name_zh"] == "安平区"
    assert renamed(bureau, "131125", "安平新区", since="2020-01-01").status_code == 204
    listed = CliRunner().invoke(cli, ["-w", str(portal.folder), "unit", "log"]).output.splitlines()
    assert ["admin" in listed[0], "王五" in listed[1]] == [True, True]


def test_a_file_that_somebody_broke_is_told_and_is_well_again_once_it_is_mended(portal: Served, bureau: Person) -> None:
    path = portal.folder / "ecotrack.toml"
    sound = path.read_bytes()
    path.write_bytes(sound + b"\nbroken = \n")
    try:
        for page in ("/", "/accounts", "/me"):
            assert bureau.call("GET", page).status_code == 200, page
        assert "配置有误" in bureau.call("GET", "/units").text
        refused = bureau.call("POST", "/api/units", json=NEW | {"code": "1311YY", "name_zh": "不会有的"})
    finally:
        path.write_bytes(sound)
    assert (refused.status_code, refused.json()["error"]) == (400, "BadConfig")
    assert str(portal.folder) not in refused.text
    assert unit_in(bureau, "131121")["name_zh"] == "枣强县"


def test_a_unit_that_was_taken_out_of_the_file_by_hand_breaks_no_page(portal: Served, bureau: Person) -> None:
    path = portal.folder / "ecotrack.toml"
    sound = path.read_text(encoding="utf-8")
    hire(bureau, "gc-01", ("field", "131126"), ("office", "131126"))
    field = Person(str(bureau.client.base_url), "gc-01")
    begins = sound.index('[[units]]\ncode = "131126"')
    path.write_text(sound[:begins] + sound[sound.index("[[units]]", begins + 5) :], encoding="utf-8")
    try:
        for person, pages in (
            (bureau, ("/accounts", "/units", "/trail")),
            (field, ("/", "/upload", "/records", "/me")),
        ):
            for page in pages:
                assert person.call("GET", page).status_code == 200, page
    finally:
        path.write_text(sound, encoding="utf-8")


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Served]:
    """A portal that obeys permissions."""
    found = start(workspace_in(tmp_path / "w"), first_do=bound_by_permissions)
    yield found
    found.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the portal is served on Linux")
def test_a_folder_that_cannot_be_written_is_said_and_neither_file_nor_chain_has_changed(bound: Served) -> None:
    bureau = first_account(bound)
    before = bureau.call("GET", "/api/units").json()
    bound.folder.chmod(0o500)
    try:
        refused = bureau.call("POST", "/api/units", json=NEW)
    finally:
        bound.folder.chmod(0o700)
    assert (refused.status_code, refused.json()["error"]) == (507, "CannotWrite")
    assert bureau.call("GET", "/api/units").json() == before
    assert bureau.call("POST", "/api/units", json=NEW).status_code == 201
