"""What comes back from review, over the wire: what is one's own to mend, repairs asked for, the queue of reviewers."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import httpx
import pytest
import segno
import shapely
from pyproj import Transformer

from ecotrack.desk.arrival import REPAIRS
from ecotrack.desk.plain_mend import MEND
from ecotrack.intake.checks import check_table
from ecotrack.intake.repairs import REPAIRS as PROPOSED
from portal_cases import ASKED, Person, Served, boundaries, hire, plots

PORTAL = ("--name", "127.0.0.1", "--name", "bangong.example")
GCJ_RING = [[115.8061, 37.5005], [115.8091, 37.5005], [115.8091, 37.5035], [115.8061, 37.5035], [115.8061, 37.5005]]


@pytest.fixture(scope="module")
def field(bureau: Person) -> Person:
    return hire(bureau, "zq-01", ("field", "131121"))


@pytest.fixture(scope="module")
def reviewer(bureau: Person) -> Person:
    return hire(bureau, "sh-01", ("reviewer", ""))


def rule(who: Person, ids: list[str], verdict: str, **said: Any) -> Any:
    return who.call("POST", "/api/review", json={"ids": ids, "verdict": verdict, **said})


def versions(reviewer: Person, submission_id: str) -> list[str]:
    found = reviewer.call("GET", f"/api/review/{submission_id}").json()["plots_list"]
    return [str(plot["version_id"]) for plot in found]


def test_a_sender_sees_each_verdict_with_its_reason_and_nobody_elses(
    bureau: Person, field: Person, reviewer: Person
) -> None:
    sent = field.submitted(plots(x=115.70, count=3))
    first, second, _ = versions(reviewer, sent["submission_id"])
    assert rule(reviewer, [first], "accept").status_code == 200
    assert rule(reviewer, [second], "return", reason="北边到路上了").status_code == 200
    outcome = field.call("GET", "/api/outcomes").json()[sent["upload_id"]]
    assert (outcome["accepted"], outcome["returned"], outcome["waiting"], outcome["open"]) == (1, 1, 1, 1)
    assert [plot["reason"] for plot in outcome["plots"]] == ["", "北边到路上了", ""]
    assert outcome["plots"][1]["reviewer"] == "sh-01"
    assert hire(bureau, "zq-02", ("field", "131121")).call("GET", "/api/outcomes").json() == {}


def test_only_its_sender_mends_a_plot_and_only_while_it_is_not_accepted(
    bureau: Person, field: Person, reviewer: Person
) -> None:
    sent = field.submitted(plots(x=115.66, count=2))
    first, second = versions(reviewer, sent["submission_id"])
    rule(reviewer, [first], "return", reason="改")
    rule(reviewer, [second], "accept")
    here = f"/draw?submission={sent['submission_id']}&plot="
    page = field.client.get(here + first)
    assert page.status_code == 200
    mend = json.loads(re.search(r'id="mend">(.*?)</script>', page.text)[1])  # type: ignore[index]
    assert mend["asked"] == {"unit": "131121", "season": "2026-spring", "kind": "造林", "programme": ""}
    assert mend["properties"]["小班号"].startswith("P115.660")
    assert field.client.get(here + second).status_code == 409
    stranger = hire(bureau, "zq-03", ("field", "131121"))
    assert stranger.client.get(here + first).status_code == 404
    assert reviewer.client.get(here + first).status_code == 404
    again = f"/api/submissions/{sent['submission_id']}/plots/{first}/repaired"
    assert stranger.call("GET", again).status_code == 404
    assert field.call("GET", again).status_code == 409  # nobody asked for a repair


def test_the_next_version_of_a_plot_needs_a_reason(field: Person, reviewer: Person) -> None:
    sent = field.submitted(boundaries({"R-1": shapely.box(115.62, 37.5, 115.623, 37.503)}))
    rule(reviewer, versions(reviewer, sent["submission_id"]), "return", reason="改")
    smaller = boundaries({"R-1": shapely.box(115.62, 37.5, 115.6225, 37.503)})
    silent = field.settled(field.send(smaller).json()["upload_id"])
    assert any("原因" in found["zh"] + found["mend"] for found in silent["told"]["findings"])
    sent = field.submitted(smaller, reason="按退回意见收回西边")
    found = reviewer.call("GET", f"/api/review/{sent['submission_id']}").json()
    assert found["reason"] == "按退回意见收回西边"
    assert found["plots_list"][0]["before_mu"] > found["plots_list"][0]["measured_mu"]
    assert len(found["before"]) == 1


def test_a_wish_to_submit_is_followed_only_where_nothing_is_wrong(field: Person) -> None:
    clean = field.send(plots(x=115.58), submit="true").json()["upload_id"]
    assert field.settled(clean)["state"] == "submitted"
    crossed = field.send(plots(x=115.54, crossed=True), submit="true").json()["upload_id"]
    assert field.settled(crossed)["state"] == "checked"


def test_a_repair_is_asked_for_only_in_words_that_intake_knows(field: Person, reviewer: Person) -> None:
    assert {name: PROPOSED[name].zh for name in REPAIRS} == REPAIRS
    sent = field.submitted(plots(x=115.50, count=1))
    refused = rule(reviewer, [sent["submission_id"]], "repair", repair="make_it_large")
    assert refused.status_code == 409


def test_proposals_and_photographs_are_for_reviewers_of_the_unit(bureau: Person, field: Person) -> None:
    sent = field.submitted(plots(x=115.46, count=1))
    stranger = hire(bureau, "wy-02", ("reviewer", "131122"))
    for what in ("proposals", "photos"):
        assert stranger.call("GET", f"/api/review/{sent['submission_id']}/{what}").status_code == 404
        assert field.call("GET", f"/api/review/{sent['submission_id']}/{what}").status_code == 404


def test_degrees_that_a_phone_shifted_are_found_by_the_plots_that_they_would_overlap(
    bureau: Person, field: Person, reviewer: Person
) -> None:
    """A walk that says nothing of its degrees and a plot that stands where they would be if they were shifted."""
    walked = {"type": "Polygon", "coordinates": [GCJ_RING]}
    feature = {"type": "Feature", "properties": {"名称": "走界", "采集方式": "手机走界"}, "geometry": walked}
    data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    checked = field.settled(field.send(data, name="走界.geojson").json()["upload_id"])
    assert checked["told"]["open"], checked["told"]
    assert not checked["told"]["ready"]
    # Drawn anew it would say where it lies, past the detective.
    assert checked["told"]["mendable"] == []
    assert field.client.get(f"/draw?upload={checked['upload_id']}&number=1").status_code == 404


def test_what_to_do_is_said_without_options_of_the_command_line(field: Person) -> None:
    named = {
        check_id for check_id, check in check_table().items() if "--" in check.mend_zh or "{option}" in check.mend_zh
    }
    assert named <= {*MEND}
    assert not any("--" in words for words in MEND.values())


def test_a_plane_file_without_a_system_is_read_when_its_sender_names_one(field: Person) -> None:
    corners = shapely.get_coordinates(shapely.box(115.80, 37.60, 115.803, 37.603))[:-1].T
    plane = zip(*Transformer.from_crs(4490, 4548, always_xy=True).transform(*corners), strict=True)
    rows = "\n".join(f"地块1,{n},{x:.3f},{y:.3f}" for n, (x, y) in enumerate(plane, 1))
    sent = field.send(f"地块编号,点号,X,Y\n{rows}\n".encode(), name="坐标.csv").json()["upload_id"]
    waits = field.settled(sent)["told"]
    assert (waits["ready"], [found["check"] for found in waits["findings"]].count("unknown_crs")) == (0, 1)
    page = field.client.get(f"/uploads/{sent}").text
    assert "横坐标 6 位，中央经线 117 度" in page
    assert "--crs" not in page
    assert field.call("POST", f"/api/uploads/{sent}/check", json={"crs": "经纬度"}).status_code == 200
    assert field.settled(sent)["told"]["refused"]
    assert field.call("POST", f"/api/uploads/{sent}/check", json={**ASKED, "crs": "117度"}).status_code == 200
    read = field.settled(sent)["told"]
    assert (read["ready"], read["measured_mu"]) == (1, "132.31"), read


def test_a_sender_reads_what_is_asked_about_plots_that_can_be_submitted(field: Person) -> None:
    claims = [{"编号": "Q-1", "上报面积(亩)": "240"}, {"编号": "Q-2", "上报面积(亩)": ""}]
    document = json.loads(plots(x=115.86, count=2))
    for feature, said in zip(document["features"], claims, strict=True):
        feature["properties"] = said
    sent = field.send(json.dumps(document).encode()).json()["upload_id"]
    told = field.settled(sent)["told"]
    assert told["ready"] == 2, told
    assert ["Q-1" in one["plot"] for one in told["asked"]] == [True], told
    page = field.client.get(f"/uploads/{sent}").text
    assert "请核对（1 处）" in page
    assert told["asked"][0]["zh"] in page


def test_a_reviewer_is_told_of_a_repair_and_of_every_plot_that_is_held_in_words_of_the_page(
    field: Person, reviewer: Person
) -> None:
    x = 115.90
    crossed = field.send(plots(x=x, count=1, crossed=True)).json()["upload_id"]
    field.settled(crossed)
    field.call("POST", f"/api/uploads/{crossed}/check", json={**ASKED, "repairs": ["make_valid"]})
    field.settled(crossed)
    assert field.call("POST", f"/api/uploads/{crossed}/submit").status_code == 202
    found = reviewer.call("GET", f"/api/review/{field.settled(crossed)['submission_id']}").json()["plots_list"]
    repair = [one["zh"] for one in found[1]["findings"] if "已按建议修复边界" in one["zh"]]
    assert re.search(r"面积由[\d.]+平方米变为[\d.]+平方米", repair[0])

    assert rule(reviewer, [plot["version_id"] for plot in found], "accept").json() == {"decided": 2}
    over = {f"H-{n}": shapely.box(x, 37.5 + n * 0.001, x + 0.003, 37.5009 + n * 0.001) for n in range(3)}
    sent = field.submitted(boundaries(over))
    refused = rule(reviewer, [sent["submission_id"]], "accept")
    assert (refused.status_code, refused.json()["error"]) == (409, "HeldHere")
    words = refused.json()["zh"]
    assert all(name in words for name in ("有 3 块", "H-0", "H-1", "H-2", "在“意见”里写明理由", "照样通过"))
    assert "--" not in words
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", words)
    allowed = rule(reviewer, [sent["submission_id"]], "accept", despite=True, reason="现场核实，界线无误")
    assert allowed.json() == {"decided": 1}  # one decision about the whole submission


def test_the_queue_is_paged_and_filtered(field: Person, reviewer: Person) -> None:
    for k in range(3):
        field.submitted(plots(x=115.30 + k * 0.02, count=1), name=f"批次{k}.geojson")
    page = reviewer.client.get("/review?q=批次1").text
    assert ("批次1.geojson" in page, "批次2.geojson" in page) == (True, False)
    assert "没有符合的" in reviewer.client.get("/review?q=没有这个").text
    assert "批次1.geojson" not in reviewer.client.get("/review?unit=131122").text


def test_the_ground_is_for_people_of_the_field(bureau: Person, field: Person) -> None:
    told = field.call("GET", "/api/ground").json()
    assert told["sketch"] is True
    assert "131121" in [county["code"] for county in told["counties"]]
    assert bureau.call("GET", "/api/ground").status_code == 404


def test_the_code_leads_phones_to_the_name_of_the_office(portal: Served, bureau: Person) -> None:
    port = portal.url.rpartition(":")[2]
    answer = bureau.client.get("/qr.svg")
    wanted = io.BytesIO()
    segno.make(f"http://bangong.example:{port}/", error="m", micro=False).save(wanted, kind="svg", scale=6, border=4)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content == wanted.getvalue()
    assert "/qr.svg" in bureau.client.get("/").text
    assert "/qr.svg" in httpx.get(f"{portal.url}/sign-in", trust_env=False).text


def test_every_upload_stays_to_be_seen_however_many_there_are(bureau: Person) -> None:
    worker = hire(bureau, "zq-77", ("field", "131121"))
    sent = [worker.send(b"{}", name=f"{number:03}.geojson").status_code for number in range(52)]
    assert sent == [201] * 52
    seen, page = [], "/"
    while page:
        text = worker.client.get(page).text
        seen += re.findall(r"<b>(\d{3})\.geojson</b>", text)
        found = re.search(r'href="(/\?before=\d+)"', text)
        page = found[1] if found else ""
    assert seen == [f"{number:03}" for number in reversed(range(52))]
