"""The reports of intake: what came in a file stays text, whatever it says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import shapely
from shapely.geometry import mapping

import worst_folder
from ecotrack.desk.work import said_of
from ecotrack.intake.candidates import Place
from ecotrack.intake.check import Checked, Order, check_upload
from ecotrack.intake.read import Upload
from ecotrack.model.findings import Finding
from ecotrack.reports.intake_json import checked_json, write_json
from ecotrack.reports.intake_listed import drawn_of, listed_of
from ecotrack.reports.intake_page import check_page
from ecotrack.reports.intake_terminal import SHOWN, Groups, summary
from ecotrack.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
EVIL = "</script><img src=x onerror=alert(1)>${alert(2)}"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, folder / name)
    return Workspace.open(folder)


@pytest.fixture(scope="module")
def checked(workspace: Workspace) -> Checked:
    rows = [
        {"type": "Feature", "properties": {"编号": EVIL, "XIAN": EVIL, EVIL: EVIL}, "geometry": mapping(shape)}
        for shape in (shapely.box(115.7, 37.5, 115.7001, 37.5001), shapely.box(115.71, 37.5, 115.713, 37.503))
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    data = json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}).encode()
    order = Order(defaults={"season": "2016-spring", "kind": "造林"}, submitted_on=dt.date(2016, 5, 1))
    return check_upload(workspace, Upload(f"{EVIL}.geojson", data), order)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_in_a_file_are_no_markup_in_its_page(checked: Checked, workspace: Workspace, lang: str) -> None:
    page = check_page(checked, units=workspace.units, lang="zh" if lang == "zh" else "en")
    assert "<img src=x" not in page
    assert page.count("</script>") == 3  # the data, leaflet, and our own script
    assert "default-src 'none'" in page
    assert "unsafe-inline" not in page


def test_the_page_is_the_same_for_the_same_findings(checked: Checked, workspace: Workspace) -> None:
    assert check_page(checked, units=workspace.units, lang="zh") == check_page(
        checked, units=workspace.units, lang="zh"
    )


def test_the_json_holds_every_answer_and_adds_up(checked: Checked) -> None:
    written = io.StringIO()
    write_json(checked_json(checked), written)
    document = json.loads(written.getvalue())
    for check in document["checks"]:
        counted = check["passed"] + check["failed"] + check["not_checked"] + check["not_asked"]
        assert counted == document["features"], check["check"]
    assert len(document["findings"]) == len(checked.findings)
    assert {plot["state"] for plot in document["plots"]} == {"waits"}


def test_findings_that_say_the_same_stand_in_one_row_the_gravest_first(checked: Checked) -> None:
    rows = Groups(checked.findings, "zh").rows()
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), key=["须改正", "请核对", "说明"].index)
    assert len(rows) == len({row[2] for row in rows})


def test_a_file_that_is_wrong_everywhere_keeps_few_rows_and_counts_all() -> None:
    said = [Place(f"a.shp #{n}", str(n)).finding("tiny_plot", area_m2=str(n % 100)) for n in range(1000)]
    groups = Groups([*said, Place("a.shp #1", "1").finding("open_ring", found="1")], "zh")
    assert groups.count == 1001
    assert [row.findings for row in groups.rows()] == [10] * SHOWN


PROGRAMMERS = (
    "--", "EPSG", "WKT", "WKB", "GEOS", "GDAL", "OGR", "PROJ", "SRID", "CRS", "null", "None", "NaN", "Traceback",
    "Error", "make_valid", "drop_dup", "clip_", "geometry", "Polygon", "polygon", "feature", "driver", "codec",
    "latin", "gb18030", "utf-8", "bytes", "JSON", "ring", "vertex", "schema", "命令行", "按参数", "字节", "异常",
)  # fmt: skip
"""Words that a field worker has never had to know."""


def said_on(page: str) -> str:
    """Return what a page says to whoever drew the plots: its texts and those of its list, not the office's corner."""
    page = re.sub(r'<details class="office">.*?</details>', "", page, flags=re.DOTALL)
    data = re.search(r'id="ecotrack-intake">(.*?)</script>', page, re.DOTALL)
    plots = json.loads(data[1])["plots"] if data else []
    listed = [text for plot in plots for found in plot["findings"] for text in (found["what"], found["mend"])]
    shown = re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join([shown, *listed])


def test_the_worst_folder_is_told_without_a_word_that_only_a_programmer_knows(
    workspace: Workspace, tmp_path: Path
) -> None:
    files = worst_folder.make(tmp_path)
    assert len(files) == 12
    order = Order(defaults={"season": "2016-spring", "kind": "造林"}, submitted_on=dt.date(2016, 5, 1))
    for path in files:
        checked = check_upload(workspace, Upload.from_path(path), order)
        page = check_page(checked, units=workspace.units, lang="zh")
        said = said_on(page).replace(path.name, "")
        assert not [word for word in PROGRAMMERS if word in said], path.name
        wrong = [finding for finding in checked.findings if finding.level == "blocks"]
        assert wrong, path.name
        assert all(finding.mend.zh in said for finding in wrong), path.name


def test_a_page_of_a_file_that_is_wrong_everywhere_lists_the_gravest_and_counts_the_rest(
    checked: Checked, workspace: Workspace
) -> None:
    listed = listed_of(checked, most=1)
    assert [*listed.by_feature] == [1]
    assert listed.left == 1
    told = Counter(finding.check for finding in checked.findings if finding.feature == "2")
    assert listed.left_by_check == told
    assert [item.number for item in drawn_of(checked, listed)] == [1, 2]


def test_the_portal_lists_a_large_files_findings_gravest_first_and_counts_the_rest() -> None:
    def found(check: str, number: int, **facts: str) -> Finding:
        return Place(f"a.shp #{number}", str(number)).finding(check, **facts)

    small = [found("tiny_plot", n, area_m2=str(n)) for n in range(250)]
    repeated = [found("duplicate_vertex", n, count="1") for n in range(70)]
    rows = said_of([*repeated, *small])
    assert [row["level"] for row in rows][:2] == ["blocks", "blocks"]
    assert sum(row["count"] for row in rows) == 320
    assert len(rows) == 102
    assert [(row["check"], row["count"]) for row in rows if row["zh"].startswith("另有")] == [("tiny_plot", 150)]


def data_in(page: str) -> dict[str, object]:
    found = re.search(r'id="ecotrack-intake">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.fixture(scope="module")
def unsettled(workspace: Workspace) -> Checked:
    row = {"type": "Feature", "properties": {}, "geometry": mapping(shapely.box(115.7, 37.5, 115.702, 37.502))}
    data = json.dumps({"type": "FeatureCollection", "features": [row]}).encode()
    order = Order(defaults={"season": "2016-spring", "kind": "造林"}, submitted_on=dt.date(2016, 5, 1))
    return check_upload(workspace, Upload("新块.geojson", data), order)


def test_each_reading_of_an_unsettled_file_is_told_with_its_county_and_its_distance_to_the_others(
    unsettled: Checked, workspace: Workspace
) -> None:
    page = check_page(unsettled, units=workspace.units, lang="zh")
    assert unsettled.ground is not None
    for under in unsettled.ground.under.values():
        assert under.county is not None
        assert f"{under.county}（示意）" in page
        for far in under.apart_m.values():
            assert f"{far:,.0f}米" in page
    assert 300 < unsettled.ground.under["WGS84"].apart_m["GCJ-02"] < 900
    data = data_in(page)
    assert data["view"] is not None
    assert data["counties"]


def test_where_only_sketches_lie_near_the_page_says_so_and_what_to_ask(
    unsettled: Checked, workspace: Workspace
) -> None:
    page = check_page(unsettled, units=workspace.units, lang="zh")
    assert "附近没有位置可靠的已知地物" in page
    assert "拍一张带手机定位经纬度的照片" in page
    assert "3公里内没有" in page


def test_the_legend_of_a_page_names_only_what_is_drawn(
    checked: Checked, unsettled: Checked, workspace: Workspace
) -> None:
    legend = data_in(check_page(checked, units=workspace.units, lang="zh"))["legend"]
    assert isinstance(legend, list)
    assert [text for _, text in legend] == ["改正后再报"]


def test_where_no_place_is_settled_the_summary_says_that_overlap_was_not_checked(unsettled: Checked) -> None:
    told = summary(dataclasses.replace(unsettled, compared=0)).zh
    assert "没有检查与已认定地块是否重叠" in told
    assert "比对过" not in told


def test_plots_are_named_by_their_own_ids_with_the_number_in_brackets(workspace: Workspace) -> None:
    places = ((115.7, "JZ-1"), (115.701, "JZ-2"))
    rows = [
        {
            "type": "Feature",
            "properties": {"小班号": name},
            "geometry": mapping(shapely.box(x, 37.5, x + 0.003, 37.503)),
        }
        for x, name in places
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    data = json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}).encode()
    order = Order(defaults={"season": "2016-spring", "kind": "造林"}, submitted_on=dt.date(2016, 5, 1))
    named = check_upload(workspace, Upload("片.geojson", data), order)
    about = [finding for finding in named.findings if finding.feature == "1"]
    assert {finding.where for finding in about} == {"片.geojson JZ-1（#1）"}
    assert any("“JZ-2”（第2个图形）" in finding.message.zh for finding in about)
