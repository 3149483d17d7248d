"""Photographs over the wire: what they say, who may see them, what hostile ones cost, and that they can be erased."""

from __future__ import annotations

import io
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from pyproj import Geod

from ecotrack.desk.photo_look import dhash, look
from ecotrack.desk.photos import bits_apart
from ecotrack.errors import BadPhoto
from ecotrack.register import Register, audit, back_up, new_id, restore
from photo_cases import bomb, photo
from portal_cases import Person, Served, account_id, hire, plots

INSIDE = (115.721, 37.501)


@pytest.fixture(scope="module")
def field(bureau: Person) -> Person:
    return hire(bureau, "zq-01", ("field", "131121"))


@pytest.fixture(scope="module")
def reviewer(bureau: Person) -> Person:
    return hire(bureau, "sh-01", ("reviewer", "131121"))


@pytest.fixture(scope="module")
def sent(field: Person) -> dict[str, Any]:
    return field.submitted(plots(x=115.72, count=2))


def send(who: Person, upload_id: str, data: bytes, *, photo_id: str = "", **said: Any) -> httpx.Response:
    place = f"/api/photos/{photo_id or new_id()}"
    return who.call("PUT", place, content=data, params={"upload": upload_id, **said})


def told(who: Person, upload_id: str, photo_id: str) -> dict[str, Any]:
    """Wait until somebody has looked at a photograph and return what is said of it."""
    for _ in range(600):
        found = who.call("GET", f"/api/photos?upload={upload_id}").json()
        one: dict[str, Any] = next(row for row in found if row["photo_id"] == photo_id)
        if one["state"] != "received":
            return one
        time.sleep(0.1)
    raise AssertionError("nobody looks at it")


def words(one: dict[str, Any], level: str) -> list[str]:
    return [remark["zh"] for remark in one["remarks"] if remark["level"] == level]


def test_position_and_time_are_read_where_the_file_has_them(field: Person, sent: dict[str, Any]) -> None:
    photo_id = send(field, sent["upload_id"], photo(1, place=INSIDE, taken=True)).json()["photo_id"]
    one = told(field, sent["upload_id"], photo_id)
    assert (one["lon"], one["lat"]) == INSIDE
    assert words(one, "notes") == ["在地块内（照片文件里的位置）", "拍摄时间 2026-05-01 10:20:30（照片文件）"]


def test_what_a_photograph_does_not_say_is_not_checked(field: Person, sent: dict[str, Any]) -> None:
    photo_id = send(field, sent["upload_id"], photo(2)).json()["photo_id"]
    one = told(field, sent["upload_id"], photo_id)
    assert words(one, "not_checked") == ["照片里没有位置，位置未核对", "照片里没有时间，拍摄时间未核对"]
    assert words(one, "warns") + words(one, "blocks") == []


def test_a_photograph_taken_far_from_its_plot_is_doubted(field: Person, sent: dict[str, Any]) -> None:
    said = {"lon": 115.76, "lat": 37.501, "accuracy_m": 8, "at": 1_777_600_000_000}
    photo_id = send(field, sent["upload_id"], photo(3), **said).json()["photo_id"]
    one = told(field, sent["upload_id"], photo_id)
    _, _, away_m = Geod(ellps="GRS80").inv(115.727, 37.501, 115.76, 37.501)
    assert words(one, "warns") == [f"离地块 {away_m:.0f} 米（拍照时手机定位，精度 8 米），请核对"]


def test_the_same_bytes_twice_are_a_finding_and_a_likeness_only_warns(field: Person, sent: dict[str, Any]) -> None:
    first = photo(4)
    told(field, sent["upload_id"], send(field, sent["upload_id"], first).json()["photo_id"])
    again = send(field, sent["upload_id"], first).json()["photo_id"]
    alike = send(field, sent["upload_id"], photo(4, quality=45)).json()["photo_id"]
    other = send(field, sent["upload_id"], photo(5)).json()["photo_id"]
    assert "已经用过" in words(told(field, sent["upload_id"], again), "blocks")[0]
    assert "很像" in words(told(field, sent["upload_id"], alike), "warns")[0]
    assert words(told(field, sent["upload_id"], other), "warns") == []


def test_a_repeated_send_is_one_photograph(field: Person, sent: dict[str, Any], portal: Served) -> None:
    photo_id, data = new_id(), photo(6)
    answers = [send(field, sent["upload_id"], data, photo_id=photo_id).status_code for _ in range(3)]
    assert answers == [201, 200, 200]
    found = field.call("GET", f"/api/photos?upload={sent['upload_id']}").json()
    assert [row["photo_id"] for row in found].count(photo_id) == 1
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        papers = [paper for paper in register.documents(kind="photo") if paper.document_id == photo_id]
    assert len(papers) == 1


def test_a_photograph_that_was_broken_off_is_gone_on_with(field: Person, sent: dict[str, Any]) -> None:
    photo_id, data = new_id(), photo(7)
    sizes = {"Upload-Length": str(len(data))}
    place = f"/api/photos/{photo_id}?upload={sent['upload_id']}"
    assert field.call("PUT", place, content=data[:5000], headers=sizes).status_code == 409
    held = field.call("HEAD", f"/api/photos/{photo_id}")
    assert held.headers["upload-offset"] == "5000"
    rest = field.call("PUT", place, content=data[5000:], headers=sizes | {"Upload-Offset": "5000"})
    assert rest.status_code == 201
    assert told(field, sent["upload_id"], photo_id)["state"] == "looked"


def test_photographs_are_never_shown_across_units(
    field: Person, reviewer: Person, bureau: Person, sent: dict[str, Any]
) -> None:
    photo_id = send(field, sent["upload_id"], photo(8, place=INSIDE)).json()["photo_id"]
    told(field, sent["upload_id"], photo_id)
    strangers = [
        hire(bureau, "wy-01", ("field", "131122"), ("reviewer", "131122")),
        hire(bureau, "zq-09", ("field", "131121")),
        bureau,
    ]
    for stranger in strangers:
        assert stranger.call("GET", f"/api/photos/{photo_id}").status_code == 404
        assert stranger.call("GET", f"/api/review/{sent['submission_id']}/photos").status_code == 404
        assert stranger.call("GET", f"/api/photos?upload={sent['upload_id']}").status_code == 404
        assert send(stranger, sent["upload_id"], photo(9)).status_code == 404
    found = reviewer.call("GET", f"/api/review/{sent['submission_id']}/photos").json()
    assert photo_id in [row["photo_id"] for row in found]
    assert reviewer.call("GET", f"/api/photos/{photo_id}").headers["content-type"] == "image/jpeg"


def test_what_is_shown_says_nothing_of_place_or_device(field: Person, sent: dict[str, Any]) -> None:
    photo_id = send(field, sent["upload_id"], photo(10, place=INSIDE, taken=True)).json()["photo_id"]
    told(field, sent["upload_id"], photo_id)
    shown = Image.open(io.BytesIO(field.call("GET", f"/api/photos/{photo_id}").content))
    assert dict(shown.getexif()) == {}


@pytest.mark.parametrize(
    "data",
    [bomb(), b"\xff\xd8\xff" + b"x" * 5000, photo(11)[:9000], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a"],
    ids=["bomb", "garbage", "cut off", "svg", "gif"],
)
def test_a_hostile_picture_costs_one_child_and_is_told(field: Person, sent: dict[str, Any], data: bytes) -> None:
    photo_id = send(field, sent["upload_id"], data).json()["photo_id"]
    one = told(field, sent["upload_id"], photo_id)
    assert one["state"] == "refused"
    assert words(one, "blocks") == ["照片打不开，或太大、不是照片"]
    assert field.call("GET", f"/api/photos/{photo_id}").status_code == 409


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(BadPhoto):
        look(bomb(), tmp_path)


def test_a_photograph_beyond_the_limit_is_refused(field: Person, sent: dict[str, Any]) -> None:
    assert send(field, sent["upload_id"], b"x" * ((20 << 20) + 1)).status_code == 413


def test_no_position_and_no_time_of_a_photograph_is_chained(
    field: Person, sent: dict[str, Any], portal: Served
) -> None:
    said = {"lon": 115.7213579, "lat": 37.5024681, "accuracy_m": 5, "at": 1_777_600_000_000}
    photo_id = send(field, sent["upload_id"], photo(12), **said).json()["photo_id"]
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        paper = next(paper for paper in register.documents(kind="photo") if paper.document_id == photo_id)
    assert set(paper.body) == {"account", "unit", "upload", "plot", "sha256", "bytes"}
    assert "7213579" not in json.dumps(paper.body)


def test_erasing_a_person_erases_their_photographs_and_leaves_the_chain_whole(portal: Served, bureau: Person) -> None:
    leaver = hire(bureau, "zq-20", ("field", "131121"))
    upload = leaver.submitted(plots(x=115.66, count=1))
    data = photo(13, place=(115.661, 37.501), taken=True)
    photo_id = send(leaver, upload["upload_id"], data, lon=115.6612345, lat=37.5, at=1_777_600_000_000).json()[
        "photo_id"
    ]
    told(leaver, upload["upload_id"], photo_id)
    folder = portal.folder / "register"
    assert any(path.read_bytes() == data for path in (folder / "ecotrack.photos").glob("*/*"))

    assert bureau.call("DELETE", f"/api/accounts/{account_id(portal, 'zq-20')}/person").status_code == 204
    assert not any(path.read_bytes() == data for path in (folder / "ecotrack.photos").glob("*/*"))
    assert not list(folder.rglob(f"{photo_id}.jpg"))
    with sqlite3.connect(f"file:{folder / 'ecotrack.portal.db'}?mode=ro", uri=True) as kept:
        row = kept.execute("SELECT state, fix, look FROM photo WHERE photo_id = ?", (photo_id,)).fetchone()
    assert row == ("erased", "{}", "{}")
    with Register.open(folder / "ecotrack.gpkg", read_only=True) as register:
        found = audit(register)
        assert found.sound
        assert [paper.document_id for paper in register.documents(kind="photo")].count(photo_id) == 1


def test_a_backup_holds_photographs_and_looks_at_them_anew_where_it_is_restored(
    portal: Served, field: Person, sent: dict[str, Any], tmp_path: Path
) -> None:
    data = photo(16)
    photo_id = send(field, sent["upload_id"], data).json()["photo_id"]
    told(field, sent["upload_id"], photo_id)
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        back_up(register, portal.folder, tmp_path / "b.zip")
    restore(tmp_path / "b.zip", tmp_path / "w")
    register_folder = tmp_path / "w" / "register"
    assert data in [path.read_bytes() for path in (register_folder / "ecotrack.photos").glob("*/*")]
    with sqlite3.connect(register_folder / "ecotrack.portal.db") as kept:
        state = kept.execute("SELECT state FROM photo WHERE photo_id = ?", (photo_id,)).fetchone()
    assert state == ("received",)


def test_a_sender_erases_a_photograph_until_it_is_sent_in_and_the_bureau_at_any_time(
    field: Person, reviewer: Person, bureau: Person, sent: dict[str, Any]
) -> None:
    upload_id = field.send(plots(x=115.60)).json()["upload_id"]
    mine = send(field, upload_id, photo(14)).json()["photo_id"]
    assert field.call("DELETE", f"/api/photos/{mine}").status_code == 204
    assert told(field, upload_id, mine)["state"] == "erased"
    late = send(field, sent["upload_id"], photo(15)).json()["photo_id"]
    told(field, sent["upload_id"], late)
    assert field.call("DELETE", f"/api/photos/{late}").status_code == 409
    assert reviewer.call("DELETE", f"/api/photos/{late}").status_code == 404
    assert bureau.call("DELETE", f"/api/photos/{late}").status_code == 204


def test_pictures_that_were_shrunk_or_saved_again_are_alike_and_others_are_not() -> None:
    one, other = Image.open(io.BytesIO(photo(20))), Image.open(io.BytesIO(photo(21)))
    again = Image.open(io.BytesIO(photo(20, quality=30))).resize((320, 240))
    assert bits_apart(dhash(one), dhash(again)) <= 4
    assert bits_apart(dhash(one), dhash(other)) > 12


def test_a_portal_that_only_this_machine_reaches_has_no_code(bureau: Person) -> None:
    assert bureau.call("GET", "/qr.svg").status_code == 404
    assert "现在只有这台电脑能打开" in bureau.client.get("/").text
