"""The portal over the wire: kept through kill -9, read by GDAL, fed by `ecotrack push` and by spreadsheets."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import random
import threading
from pathlib import Path

import fiona
import httpx
import openpyxl
import pytest
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.register import Register, audit, new_id
from portal_cases import ASKED, Person, Served, first_account, hire, plots, start, workspace_in


@pytest.fixture(scope="module")
def field(bureau: Person) -> Person:
    return hire(bureau, "zq-01", ("field", "131121"))


@pytest.fixture(scope="module")
def office(bureau: Person) -> Person:
    return hire(bureau, "bl-01", ("office", ""))


@pytest.fixture(scope="module")
def token(field: Person) -> str:
    return str(field.call("POST", "/api/tokens", json={"label": "QGIS"}).json()["secret"])


@pytest.fixture(scope="module")
def accepted(bureau: Person, field: Person) -> str:
    reviewer = hire(bureau, "sh-01", ("reviewer", ""))
    told = field.submitted(plots(x=115.70))
    wish = {"ids": [told["submission_id"]], "verdict": "accept"}
    assert reviewer.call("POST", "/api/review", json=wish).json() == {"decided": 1}
    return str(told["submission_id"])


def test_of_two_reviewers_at_once_the_second_is_told_and_nothing_of_it_is_written(
    bureau: Person, field: Person
) -> None:
    first = hire(bureau, "sh-11", ("reviewer", ""))
    second = hire(bureau, "sh-12", ("reviewer", ""))
    told = field.submitted(plots(x=115.66))
    wish = {"ids": [told["submission_id"]], "reason": "同时"}
    answers: list[httpx.Response] = []

    def rule(who: Person, verdict: str) -> None:
        answers.append(who.call("POST", "/api/review", json={**wish, "verdict": verdict}))

    threads = [threading.Thread(target=rule, args=pair) for pair in ((first, "accept"), (second, "return"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert late.json()["error"] == "DecidedMeanwhile"
    assert "有 3 块在您打开页面以后已由 sh-1" in late.json()["zh"]
    row = next(row for row in first.call("GET", "/api/review").json() if row["submission_id"] == told["submission_id"])
    assert {row["accepted"], row["returned"]} == {0, 3}
    assert row["waiting"] == 0


def test_gdal_reads_accepted_plots_as_ogc_features(
    portal: Served, token: str, accepted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "OAPIF" not in fiona.supported_drivers:
        fiona.supported_drivers["OAPIF"] = "r"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with fiona.open(f"OAPIF:{portal.url}/ogc", layer="plots", USERPWD=f"qgis:{token}") as source:
        found = list(source)
    headers = {"Authorization": f"Bearer {token}"}
    page = httpx.get(
        f"{portal.url}/ogc/collections/plots/items?limit=1000", headers=headers, trust_env=False, timeout=60
    ).json()
    # Other tests of the same portal may have had plots accepted too.
    assert len(found) == len(page["features"]) >= 3
    assert {feature["properties"]["classification"] for feature in found} == {"内部"}


def test_pages_of_features_add_up_to_the_layer(portal: Served, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    url, ids = f"{portal.url}/ogc/collections/reaches/items?limit=20", []
    while url:
        page = httpx.get(url, headers=headers, trust_env=False, timeout=60).json()
        ids += [feature["id"] for feature in page["features"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len(ids) == len(set(ids)) == page["numberMatched"] == 51


def test_push_sends_once_and_is_sent_in(portal: Served, token: str, tmp_path: Path) -> None:
    path = tmp_path / "推送.geojson"
    path.write_bytes(plots(x=115.62))
    line = ["push", str(path), "--to", portal.url, "--submit", "--json", "--unit", "131121"]
    line += ["--season", ASKED["season"], "--kind", ASKED["kind"]]
    told = []
    for _ in range(2):
        result = CliRunner().invoke(cli, line, env={"ECOTRACK_TOKEN": token})
        assert result.exit_code == 0, result.output
        told.append(json.loads(result.output)["files"][0])
    assert told[0]["submission_id"] == told[1]["submission_id"]
    assert told[0]["seq"] == told[1]["seq"]


def test_push_gives_no_token_to_a_network_in_the_open(tmp_path: Path) -> None:
    from ecotrack.desk.push import Push
    from ecotrack.errors import PushRefused

    with pytest.raises(PushRefused):
        Push("http://portal.example", "eco_x")


def test_an_offices_sheet_comes_back_with_its_errors_and_then_comes_in(office: Person) -> None:
    form = office.call("GET", "/api/records/form.xlsx?layer=lake").content
    book = openpyxl.load_workbook(io.BytesIO(form))
    sheet = book["湖面观测"]
    titles = [cell.value for cell in sheet[3]]
    row = {"feature_id": "lake-east", "effective_on": "某日", "value": 41.5, "state": "采用", "basis": "实测",
           "surface_kind": "敞水面"}  # fmt: skip
    for name, value in row.items():
        sheet.cell(4, titles.index(name) + 1, value)
    told = office.call("PUT", "/api/records?name=湖.xlsx", content=saved(book))
    assert told.status_code == 200
    assert told.json()["added"] == 0
    assert told.json()["errors"] == ["湖面观测 第4行 观测日期：“某日”不是有效日期，请写成 2017-03-16"]
    assert told.json()["marked_name"] == "湖.errors.xlsx"
    marked = openpyxl.load_workbook(io.BytesIO(base64.b64decode(told.json()["marked"])))
    back = marked["湖面观测"]
    place = [cell.value for cell in back[3]].index("错误")
    assert "不是有效日期" in back.cell(4, place + 1).value
    back.cell(4, titles.index("effective_on") + 1, "2026-05-01")
    for _, added in (("first", 1), ("again", 0)):
        told = office.call("PUT", "/api/records?name=湖.errors.xlsx", content=saved(marked))
        assert (told.status_code, told.json()["added"], told.json()["errors"]) == (200, added, [])


@pytest.mark.parametrize(
    ("name", "data"), [("乱.csv", "随便,什么\n1,2\n".encode()), ("空.csv", b""), ("x.xlsx", b"PK")]
)
def test_a_file_that_is_no_sheet_is_refused_by_its_name_alone(office: Person, name: str, data: bytes) -> None:
    told = office.call("PUT", f"/api/records?name={name}", content=data)
    assert told.status_code == 400
    assert told.json()["zh"].startswith(f"{name}：")
    assert "tmp" not in told.text


def saved(book: openpyxl.Workbook) -> bytes:
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.long
def test_an_acknowledged_upload_outlives_kill_9(tmp_path: Path) -> None:
    folder, dice = workspace_in(tmp_path / "w"), random.Random(9)
    portal = start(folder)
    field = hire(first_account(portal), "zq-01", ("field", "131121"))
    secret = field.call("POST", "/api/tokens", json={"label": "x"}).json()["secret"]
    kept: dict[str, str] = {}
    for _ in range(4):
        threads = [threading.Thread(target=_send_until_gone, args=(portal.url, secret, kept)) for _ in range(4)]
        for thread in threads:
            thread.start()
        threads[0].join(timeout=dice.uniform(0.4, 1.0))
        portal.kill()
        for thread in threads:
            thread.join()
        portal = start(folder)
    headers = {"Authorization": f"Bearer {secret}"}
    known = {
        one["upload_id"] for one in httpx.get(f"{portal.url}/api/uploads", headers=headers, trust_env=False).json()
    }
    portal.kill()
    assert kept
    with Register.open(folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        papers = {paper.document_id: paper.body["sha256"] for paper in register.documents(kind="upload")}
        for upload_id, sha256 in kept.items():
            assert papers[upload_id] == sha256
            assert hashlib.sha256(register.raw(sha256)).hexdigest() == sha256
        assert audit(register).head == register.head()
    assert known <= {*papers}
    assert len(known) == min(100, len(papers))


def _send_until_gone(url: str, secret: str, kept: dict[str, str]) -> None:
    client = httpx.Client(base_url=url, trust_env=False, headers={"Authorization": f"Bearer {secret}"})
    while True:
        data, upload_id = os.urandom(20_000), new_id()
        try:
            answer = client.put(f"/api/uploads/{upload_id}?name=a.bin", content=data)
        except httpx.TransportError:
            return
        if answer.status_code == 201:
            kept[upload_id] = hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("point", ["after the bytes", "after the chain"])
def test_killed_between_write_and_acknowledgement_the_same_send_finishes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The process ends at a named point; what another process finds, it carries on with."""
    from ecotrack.desk.arrival import Arrival
    from ecotrack.desk.counter import Counter
    from ecotrack.desk.uploads import Uploads
    from ecotrack.workspace import Workspace

    workspace, data = Workspace.open(workspace_in(tmp_path / "w")), plots()
    counter = Counter(workspace)
    upload_id = new_id()
    with counter.arrivals.part("a-1", upload_id) as part:
        part.write(data)
        sha256 = part.keep()
    arrival = Arrival(upload_id=upload_id, account_id="a-1", unit="131121", layer="plots", file_name="a.geojson",
                      sha256=sha256, size_bytes=len(data), asked={})  # fmt: skip
    if point == "after the chain":
        monkeypatch.setattr(Uploads, "take", lambda *_a, **_k: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            counter.acknowledge(arrival).result(30)
        monkeypatch.undo()
    counter.close()
    again = Counter(workspace)
    assert again.missed == (1 if point == "after the chain" else 0)
    seq = again.acknowledge(arrival).result(30)
    again.close()
    with workspace.register(read_only=True) as register:
        assert [paper.document_id for paper in register.documents(kind="upload")] == [upload_id]
        assert register.raw(sha256) == data
        assert register.head().seq == seq


def test_no_route_answers_with_an_inner_error_whatever_it_is_asked(portal: Served, token: str) -> None:
    document = httpx.get(f"{portal.url}/openapi.json", trust_env=False).json()
    asked = 0
    for path_, method in ((path, method) for path, methods in document["paths"].items() for method in methods):
        for value in ("%00", "'%F0%9F%8C%B2"):
            path = path_
            for name in ("upload_id", "submission_id", "account_id", "token_id", "layer_id", "suffix", "feature_id"):
                path = path.replace(f"{{{name}}}", value)
            answer = httpx.request(
                method.upper(),
                f"{portal.url}{path}",
                headers={"Authorization": f"Bearer {token}"},
                params={"bbox": value, "limit": value, "name": value, "layer": value},
                trust_env=False,
                timeout=60,
            )
            assert answer.status_code < 500 or answer.status_code in (503, 507), (method, path, answer.text)
            asked += 1
    assert asked > 50
