"""What the bureau, a unit's office and everybody who may sign in find at the portal."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fiona
import httpx
import pytest
import shapely
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.intake.shapefile_out import ENCODINGS, column_names
from ecotrack.intake.shapefile_out import ZONES as WRITTEN
from ecotrack.register import Register
from ecotrack.web.downloads import ZONES
from ecotrack.workspace import today
from portal_cases import PASSWORD, ROOT, Person, Served, hire, plots, served, workspace_in


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A portal one of whose layers is above the level of the workspace."""
    folder = workspace_in(tmp_path_factory.mktemp("办公室") / "w")
    layer = (folder / "layers" / "builtup.toml").read_text(encoding="utf-8")
    assert 'id = "builtup"' in layer
    secret = layer.replace('id = "builtup"', 'id = "secret"').replace(
        'classification = "内部"', 'classification = "涉密"'
    )
    assert 'classification = "涉密"' in secret
    (folder / "layers" / "secret.toml").write_text(secret, encoding="utf-8")
    shutil.copy(folder / "geo" / "builtup.geojson", folder / "geo" / "secret.geojson")
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def office(bureau: Person) -> Person:
    return hire(bureau, "zq-02", ("office", "131121"))


@pytest.fixture(scope="module")
def accepted(bureau: Person) -> str:
    field = hire(bureau, "zq-01", ("field", "131121"))
    reviewer = hire(bureau, "sh-01", ("reviewer", ""))
    told = field.submitted(plots(x=115.70))
    wish = {"ids": [told["submission_id"]], "verdict": "accept"}
    assert reviewer.call("POST", "/api/review", json=wish).status_code == 200
    return str(told["submission_id"])


@pytest.fixture(scope="module")
def plot(bureau: Person, accepted: str) -> str:
    reviewer = hire(bureau, "sh-09", ("reviewer", ""))
    return str(reviewer.call("GET", f"/api/review/{accepted}").json()["plots_list"][0]["feature_id"])


def unzipped(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        container.extractall(folder)
    return next(folder.glob("*.shp"))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("zone", [*ZONES])
def test_a_shapefile_comes_in_the_zone_and_encoding_that_were_asked(
    office: Person, accepted: str, tmp_path: Path, zone: str, encoding: str
) -> None:
    answer = office.call("GET", f"/api/layers/plots.zip?zone={zone}&encoding={encoding}")
    assert answer.status_code == 200
    path = unzipped(answer.content, tmp_path)
    assert path.with_suffix(".cpg").read_text() == encoding
    with fiona.open(path) as source:
        rows = list(source)
        assert source.crs.to_epsg() == WRITTEN[zone].epsg
        assert all(len(name) <= 10 and name.isascii() for name in source.schema["properties"])
    assert {row["properties"]["UNIT"] for row in rows} == {"枣强县"}
    x, y = shapely.geometry.shape(rows[0]["geometry"]).centroid.coords[0]
    wanted = {"lonlat": (115.7, 37.5), "cm114": (650_000, 4_152_000), "zone38": (38_650_000, 4_152_000),
              "cm117": (385_000, 4_152_000), "zone39": (39_385_000, 4_152_000)}[zone]  # fmt: skip
    assert (x, y) == pytest.approx(wanted, rel=0, abs=0.1 if zone == "lonlat" else 3_000)


def test_the_page_offers_the_zones_that_are_written() -> None:
    assert {key: zone.title.zh for key, zone in WRITTEN.items()} == ZONES


def test_no_two_columns_of_a_shapefile_share_a_name() -> None:
    names = column_names([f"responsible_unit_{n}" for n in range(120)] + ["面积", "名称"])
    assert len({*names.values()}) == len(names) == 122
    assert all(len(name) <= 10 for name in names.values())


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "csv", "xlsx", "zip"])
def test_what_lies_above_the_level_of_the_workspace_is_given_to_nobody(bureau: Person, suffix: str) -> None:
    assert bureau.call("GET", f"/api/layers/secret.{suffix}").status_code == 404
    assert bureau.call("GET", f"/api/layers/builtup.{suffix}").status_code == 200


def test_no_page_and_no_collection_names_what_lies_above_the_level(bureau: Person) -> None:
    assert "secret" not in bureau.call("GET", "/downloads").text
    assert "secret" not in bureau.call("GET", "/ogc/collections").text
    assert bureau.call("GET", "/ogc/collections/secret").status_code == 404
    assert bureau.call("GET", "/ogc/collections/secret/items").status_code == 404


def test_what_was_published_can_be_computed_again_and_tells_what_moved(
    portal: Served, bureau: Person, office: Person, accepted: str
) -> None:
    day = today().isoformat()
    shown = bureau.call("GET", f"/api/publishable?as_of={day}").json()
    assert len(shown["figures"]) > 10
    wish = {"as_of": day, "seq": shown["seq"], "figures": ["units/responsible", "year"], "maps": ["hengshui", "rivers"]}
    assert office.call("POST", "/api/receipts", json=wish).status_code == 404
    made = bureau.call("POST", "/api/receipts", json=wish)
    assert made.status_code == 201, made.text
    kept = bureau.call("GET", "/api/receipts").json()
    assert {row["receipt"] for row in kept["sets"][0]["figures"]} >= {*made.json()["receipts"]}
    assert kept["sets"][0]["by"] == "admin"
    for sha256 in made.json()["maps"]:
        page = office.call("GET", f"/published/maps/{sha256}")
        assert page.status_code == 200
        assert "sandbox" in page.headers["content-security-policy"]
        assert '"receipt":null' not in page.text
    assert [one["map"] for one in kept["maps"]] == ["rivers", "hengshui"]
    unknown = bureau.call("POST", "/api/receipts", json={**wish, "maps": ["../secret"]})
    assert (unknown.status_code, unknown.json()["error"]) == (400, "UnknownMap")
    assert bureau.call("GET", "/api/restated").json() == []
    line = ["-w", str(portal.folder), "reproduce", "--all"]
    assert CliRunner().invoke(cli, line).exit_code == 0

    reviewer = Person(portal.url, "sh-01", PASSWORD)
    ruling = {"ids": [accepted], "verdict": "strike", "reason": "现场没有树"}
    assert reviewer.call("POST", "/api/review", json=ruling).status_code == 200
    moved = bureau.call("GET", "/api/restated").json()
    assert "units/responsible" in {one["figure"] for one in moved}
    words = {line["column_zh"] for one in moved for line in one["differences"] if one["figure"] == "units/responsible"}
    assert {"审核（亩）", "地块数"} <= words
    assert {line["row_zh"] for one in moved for line in one["differences"]} <= {"全部", "枣强县", "2026"}
    assert all(one["causes"] == {"decision": 1} for one in moved if one["figure"] == "units/responsible")
    stale = bureau.call("POST", "/api/receipts", json=wish)
    assert (stale.status_code, stale.json()["error"]) == (409, "NotReady")


@pytest.mark.parametrize("maps", [[], ["hengshui"]], ids=["figures", "with a map"])
def test_what_was_issued_stands_in_the_way_of_no_later_issue(
    portal: Served, bureau: Person, accepted: str, maps: list[str]
) -> None:
    def publish(figure: str) -> httpx.Response:
        shown = bureau.call("GET", f"/api/publishable?as_of={today().isoformat()}").json()
        wish = {"as_of": shown["as_of"], "seq": shown["seq"], "figures": [figure], "maps": maps}
        return bureau.call("POST", "/api/receipts", json=wish)

    at_the_desk = ["-w", str(portal.folder), "publish", "--figure", "year", "--by", "bl-01"]
    done = CliRunner().invoke(cli, at_the_desk)
    assert done.exit_code == 0, done.output
    answers = [publish("units/responsible"), publish("year")]
    assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]
    kept = {row["receipt"] for one in bureau.call("GET", "/api/receipts").json()["sets"] for row in one["figures"]}
    assert kept >= {answer.json()["receipts"][0] for answer in answers}


def test_the_trail_names_everything_that_was_recorded_a_page_at_a_time(
    portal: Served, bureau: Person, office: Person, accepted: str
) -> None:
    assert office.call("GET", "/api/trail").status_code == 404
    seen, before = [], 0
    while True:
        page = bureau.call("GET", f"/api/trail?before={before}").json()
        seen += [entry["seq"] for entry in page["entries"]]
        before = page["more"]
        if not before:
            break
    assert seen == [*range(page["seq"], 0, -1)]
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        assert (page["seq"], page["head"]) == tuple(register.head())
    mine = bureau.call("GET", "/api/trail?by=sh-01&kind=decision").json()["entries"]
    assert {(entry["by"], entry["kind"]) for entry in mine} == {("sh-01", "decision")}
    tomorrow = (today() + dt.timedelta(days=1)).isoformat()
    assert bureau.call("GET", f"/api/trail?day={tomorrow}").json()["entries"] == []
    assert sum(day["entries"] for day in page["days"]) == page["seq"]
    walked = bureau.call("POST", "/api/trail/audit").json()
    assert (walked["sound"], walked["head"]) == (True, page["head"])


def test_an_office_types_a_record_and_each_error_stands_at_its_question(bureau: Person) -> None:
    office = hire(bureau, "bl-09", ("office", ""))
    forms = {(one["layer"], one["kind"]): one for one in office.call("GET", "/api/records/forms").json()}
    asked = {field["name"]: field for field in forms["lake", "observation"]["fields"]}
    assert asked["effective_on"]["required"]
    assert "敞水面" in asked["surface_kind"]["choices"]
    values = {"feature_id": "lake-east", "effective_on": "2026-05-01", "value": "四十", "state": "采用",
              "basis": "实测", "surface_kind": "敞水面"}  # fmt: skip
    told = office.call("POST", "/api/records/lake/observation", json={"values": values}).json()
    assert (told["added"], [field["name"] for field in told["fields"]]) == (0, ["value"])
    for added, already in ((1, 0), (0, 1)):
        told = office.call("POST", "/api/records/lake/observation", json={"values": values | {"value": "41.5"}}).json()
        assert (told["added"], told["already"], told["fields"]) == (added, already, [])
    assert office.call("POST", "/api/records/lake/nothing", json={"values": {}}).status_code == 404


def test_an_office_reports_for_no_other_unit_and_is_told_which(office: Person) -> None:
    sheet = "图层,记录类别,日期,数值,状态,责任单位,依据,水面类型\nlake,observation,2026-05-01,41,采用,武邑县,"
    sheet += "实测,敞水面\n"
    other = office.call("PUT", "/api/records?name=湖.csv", content=sheet.encode())
    assert (other.status_code, other.json()["error"]) == (400, "ForeignUnit")
    assert "武邑县" in other.json()["zh"]


def work_on(reach: str, **values: str) -> dict[str, dict[str, str]]:
    common = {"feature_id": reach, "effective_on": "2026-05-01", "state": "在建", "work": "清淤", "unit": "枣强县"}
    return {"values": common | values}


def test_an_office_records_nothing_on_the_reach_of_another_unit(portal: Served, office: Person) -> None:
    told = office.call("POST", "/api/records/reaches/work", json=work_on("fuyang-02")).json()
    assert (told["added"], [field["name"] for field in told["fields"]]) == (0, ["feature_id"])
    assert "归桃城区负责" in told["fields"][0]["zh"]
    sheet = "图层,记录类别,要素编号,日期,状态,责任单位,工程类别\nreaches,work,fuyang-02,2026-05-01,在建,枣强县,清淤\n"
    sent = office.call("PUT", "/api/records?name=河.csv", content=sheet.encode()).json()
    assert (sent["added"], len(sent["errors"])) == (0, 1)
    assert "归桃城区负责" in sent["errors"][0]
    with Register.open(portal.folder / "register" / "ecotrack.gpkg", read_only=True) as register:
        assert not [record for record in register.records() if record.feature_id == "fuyang-02"]


def test_an_office_records_work_on_its_own_reach_and_on_a_shared_border(bureau: Person, office: Person) -> None:
    other = hire(bureau, "gc-01", ("office", "131126"))
    reaches = json.loads((ROOT / "geo" / "reaches.geojson").read_text(encoding="utf-8"))["features"]
    shared = next(one["properties"]["code"] for one in reaches if one["properties"]["shared_with"] == "131126")
    for person, unit in ((office, "枣强县"), (other, "故城县")):
        told = person.call("POST", "/api/records/reaches/work", json=work_on(shared, unit=unit)).json()
        assert (told["added"], told["fields"]) == (1, [])


def test_the_department_of_a_layer_and_the_bureau_record_on_every_reach(bureau: Person) -> None:
    water = hire(bureau, "sw-01", ("office", "dept-water"))
    everybody = hire(bureau, "bl-02", ("office", ""))
    for person, unit in ((water, "市水务局"), (everybody, "桃城区")):
        told = person.call("POST", "/api/records/reaches/work", json=work_on("fuyang-02", unit=unit)).json()
        assert (told["added"], told["fields"]) == (1, [])
    air = hire(bureau, "hj-01", ("office", "dept-environment"))
    refused = air.call("POST", "/api/records/reaches/work", json=work_on("fuyang-02", unit="市生态环境局"))
    assert (refused.status_code, refused.json()["error"]) == (400, "ForeignFeature")
    assert "桃城区" in refused.json()["zh"]


def test_an_office_records_nothing_on_the_plot_of_another_unit(bureau: Person, plot: str) -> None:
    other = hire(bureau, "wy-01", ("office", "131122"))
    values = {"feature_id": plot, "effective_on": today().isoformat(), "state": "核销", "unit": "武邑县"}
    told = other.call("POST", "/api/records/plots/status", json={"values": values}).json()
    assert (told["added"], [field["name"] for field in told["fields"]]) == (0, ["feature_id"])
    assert "归枣强县负责" in told["fields"][0]["zh"]


def test_no_office_puts_another_units_record_out_of_force(portal: Served, bureau: Person, office: Person) -> None:
    everybody = hire(bureau, "bl-03", ("office", ""))
    asked = work_on("fuyang-02", unit="桃城区", record_id="TC-1")
    assert everybody.call("POST", "/api/records/reaches/work", json=asked).json()["added"] == 1
    own = next(
        one["properties"]["code"]
        for one in json.loads((ROOT / "geo" / "reaches.geojson").read_text(encoding="utf-8"))["features"]
        if one["properties"]["unit"] == "131121" and not one["properties"]["shared_with"]
    )
    refused = office.call("POST", "/api/records/reaches/work", json=work_on(own, corrects="TC-1"))
    assert (refused.status_code, refused.json()["error"]) == (400, "ForeignFeature")


def test_an_office_neither_hands_itself_a_task_nor_checks_itself_for_a_level_above(
    bureau: Person, office: Person, plot: str
) -> None:
    task = {"effective_on": "2026-05-01", "value": "900", "state": "下达", "unit": "枣强县", "task_id": "2026-自",
            "title": "自加", "kind": "造林", "season": "2026-spring", "record_id": "T-1"}  # fmt: skip
    check = {"feature_id": plot, "effective_on": today().isoformat(), "state": "合格",
             "unit": "枣强县", "method": "全查", "holes_checked": "100", "holes_live": "90"}  # fmt: skip
    for kind, values, own, above in (("tasks/task", task, "自加", "市"), ("plots/check", check, "县", "省")):
        refused = office.call("POST", f"/api/records/{kind}", json={"values": values | {"level": above}})
        assert (refused.status_code, refused.json()["error"]) == (400, "ForeignLevel"), refused.text
        told = office.call("POST", f"/api/records/{kind}", json={"values": values | {"level": own}}).json()
        assert (told["added"], told["fields"]) == (1, [])
    forestry = hire(bureau, "ly-01", ("office", ""))
    handed = task | {"task_id": "2026-市", "record_id": "T-2", "level": "市"}
    assert forestry.call("POST", "/api/records/tasks/task", json={"values": handed}).json()["added"] == 1
    less = task | {"task_id": "2026-市", "record_id": "T-3", "level": "自加", "value": "1", "corrects": "T-2"}
    refused = office.call("POST", "/api/records/tasks/task", json={"values": less})
    assert (refused.status_code, refused.json()["error"]) == (400, "ForeignLevel"), refused.text


def test_a_form_says_what_is_wrong_with_its_unit_without_speaking_of_a_sheet(office: Person) -> None:
    for unit, words in (("桃城区", "责任单位填的是桃城区"), ("", "责任单位没有填")):
        refused = office.call("POST", "/api/records/reaches/work", json=work_on("fuyang-02", unit=unit))
        assert (refused.status_code, refused.json()["error"]) == (400, "ForeignEntry")
        assert words in refused.json()["zh"]
        assert "表" not in refused.json()["zh"]


def test_an_office_sees_its_own_figures_and_no_other_units(office: Person, accepted: str) -> None:
    own = office.call("GET", "/api/office/131121")
    assert own.status_code == 200
    assert own.json()["unit"] == "131121"
    assert office.call("GET", "/api/office/131122").status_code == 404
    assert office.call("GET", "/office?unit=131122").status_code == 404


def test_a_form_is_bounded_as_every_other_body_is(office: Person) -> None:
    answer = office.call("POST", "/api/records/lake/observation", content=b"{" + b" " * (1 << 20) + b"}")
    assert answer.status_code == 413


def test_the_bureau_makes_a_lost_device_void(portal: Served, bureau: Person, office: Person) -> None:
    secret = office.call("POST", "/api/tokens", json={"label": "丢了的手机"}).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{portal.url}/api/figures", headers=headers, trust_env=False, timeout=60).status_code == 200
    page = bureau.call("GET", "/accounts").text
    account, token = token_named(page, "丢了的手机")
    assert office.call("DELETE", f"/api/accounts/{account}/tokens/{token}").status_code == 404
    assert bureau.call("DELETE", f"/api/accounts/{account}/tokens/{token}").status_code == 204
    assert httpx.get(f"{portal.url}/api/figures", headers=headers, trust_env=False, timeout=60).status_code == 401


def token_named(page: str, label: str) -> tuple[str, str]:
    before, _, after = page.partition(label)
    account = before.rpartition('data-id="')[2].partition('"')[0]
    return account, after.partition('data-token="')[2].partition('"')[0]
