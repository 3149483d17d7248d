"""The sender's file comes back whole: every row that came, in its order, with what was found as columns."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import shutil
import zipfile
from pathlib import Path

import fiona
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.check import Order, check_upload
from ecotrack.intake.give_back import give_back
from ecotrack.intake.read import Upload
from ecotrack.units import mu_from_m2
from ecotrack.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
X, Y = 115.6, 37.6
PLOT = shapely.box(X, Y, X + 0.002, Y + 0.002)
BESIDE = shapely.box(X + 0.01, Y, X + 0.012, Y + 0.002)
WALK = shapely.LineString([(X, Y), (X + 0.01, Y)])
ORDER = Order(
    defaults={"unit": "131103", "season": "2016-spring", "kind": "造林"},
    submitted_on=dt.date(2016, 5, 1),
    sender="张三",
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Workspace.open(tmp_path)


def shapefile(folder: Path, kind: str, shapes: list[shapely.Geometry | None]) -> Upload:
    schema = {"geometry": kind, "properties": {"NAME": "str:20"}}
    with fiona.open(folder / "a.shp", "w", driver="ESRI Shapefile", crs="EPSG:4490", schema=schema) as sink:
        for number, shape in enumerate(shapes, 1):
            drawn = mapping(shape) if shape is not None else None
            sink.write({"type": "Feature", "geometry": drawn, "properties": {"NAME": f"N{number}"}})
    return Upload.from_path(folder / "a.shp")


def document(*shapes: shapely.Geometry) -> bytes:
    rows = [{"type": "Feature", "properties": {"编号": "1"}, "geometry": mapping(shape)} for shape in shapes]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}).encode()


@pytest.mark.parametrize(
    ("kind", "shapes"), [("Polygon", [PLOT, None, BESIDE]), ("LineString", [WALK, None]), ("Polygon", [None, None])]
)
def test_a_row_without_a_polygon_stays_in_the_shapefile_that_comes_back(
    workspace: Workspace, tmp_path: Path, kind: str, shapes: list[shapely.Geometry | None]
) -> None:
    checked = check_upload(workspace, shapefile(tmp_path, kind, shapes), ORDER)
    packed = give_back(checked, tmp_path / "退回", lang="zh")
    with zipfile.ZipFile(packed) as container:
        container.extractall(tmp_path / "解开")
    with fiona.open(tmp_path / "解开" / "layer1.shp") as source:
        rows = list(source)
    assert [row.properties["NAME"] for row in rows] == [f"N{number}" for number in range(1, len(shapes) + 1)]
    assert [row.geometry is None for row in rows] == [shape is None for shape in shapes]
    told = {row.properties["JC_JL"] for row, shape in zip(rows, shapes, strict=True) if shape is None}
    assert told == {"改正后再报"}


def test_two_geojson_files_in_one_zip_come_back_both(workspace: Workspace, tmp_path: Path) -> None:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as container:
        container.writestr("东.geojson", document(PLOT))
        container.writestr("西.geojson", document(BESIDE))
    checked = check_upload(workspace, Upload("两片.zip", memory.getvalue()), ORDER)
    back = give_back(checked, tmp_path / "退回", lang="zh")
    counts = []
    for layer in fiona.listlayers(back):
        with fiona.open(back, layer=layer) as source:
            counts.append(len(list(source)))
    assert counts == [1, 1]


def test_after_a_repair_was_taken_the_area_told_is_that_of_what_is_registered(workspace: Workspace) -> None:
    tip = [(X + 0.002, Y + 0.002), (X + 0.002 + 1e-8, Y + 0.002), (X, Y + 0.00201)]
    shape = shapely.Polygon([(X, Y), (X + 0.002, Y), *tip])
    order = dataclasses.replace(ORDER, repairs=frozenset({"drop_duplicates"}))
    checked = check_upload(workspace, Upload("a.geojson", document(shape)), order)
    assert "repair_taken" in {finding.check for finding in checked.findings}
    [version] = checked.proposal.versions
    registered_mu = mu_from_m2(float(area_m2(from_wkb([version.wkb]))[0]))
    assert checked.area_mu[1] == registered_mu
    offered = check_upload(workspace, Upload("a.geojson", document(shape)), ORDER)
    assert offered.area_mu[1] != registered_mu


def test_a_table_in_a_description_gives_attributes_and_the_placemarks_own_win(workspace: Workspace) -> None:
    ring = " ".join(f"{x},{y}" for x, y in PLOT.exterior.coords)
    table = (
        "<html><table border=1><tr><th colspan='2'>地块</th></tr><tr><td>&#x5C0F;班号</td><td>来自表格</td></tr>"
        "<tr><td colspan=2><table><tr><td>树种</td><td> 速生杨\n<b>107</b></td><tr><td>备注<td>a &lt; b</table>"
        "</td></tr><tr><td><script>x()</script></td><td>3</td></tr></table></html>"
    )
    data = '<ExtendedData><Data name="小班号"><value>JZ-7</value></Data></ExtendedData>'
    bare = f"<LinearRing><coordinates>{ring}</coordinates></LinearRing>"
    shape = f"<Polygon><outerBoundaryIs>{bare}</outerBoundaryIs></Polygon>"
    mark = f"<Placemark><name>一</name><description><![CDATA[{table}]]></description>{data}{shape}</Placemark>"
    kml = f'<?xml version="1.0" encoding="UTF-8"?><kml><Document>{mark}</Document></kml>'
    checked = check_upload(workspace, Upload("a.kml", kml.encode()), dataclasses.replace(ORDER, read_as="WGS84"))
    [item] = checked.proposal.subjects
    assert (item.version.feature_id, item.version.species) == ("JZ-7", "速生杨 107")
    assert item.version.attributes["备注"] == "a < b"
    assert item.version.attributes["Description"] == table.strip()


HELD_OFF = {"ambiguous_position"}
CLOSED = [(X, Y), (X + 0.002, Y), (X + 0.002, Y + 0.002), (X, Y + 0.002), (X, Y)]


def unsaid(kind: str, folder: Path) -> Upload:
    """Return one plot in degrees of which the file does not say what they are."""
    properties = {"小班号": "JZ-1", "面积": 33.8, "株数": 120, "代码": "007"}
    row = {"type": "Feature", "properties": properties, "geometry": mapping(PLOT)}
    if kind == "geojson":
        return Upload("新块.geojson", json.dumps({"type": "FeatureCollection", "features": [row]}).encode())
    if kind == "kml":
        ring = " ".join(f"{x},{y}" for x, y in CLOSED)
        data = "".join(f'<Data name="{name}"><value>{value}</value></Data>' for name, value in properties.items())
        edge = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
        mark = f"<Placemark><ExtendedData>{data}</ExtendedData><Polygon>{edge}</Polygon></Placemark>"
        return Upload("新块.kml", f'<?xml version="1.0"?><kml><Document>{mark}</Document></kml>'.encode())
    driver, name = {"shp": ("ESRI Shapefile", "a.shp"), "gpkg": ("GPKG", "a.gpkg")}[kind]
    fields = {"小班号": "str", "面积": "float", "株数": "int", "代码": "str"}
    schema = {"geometry": "Polygon", "properties": fields}
    with fiona.open(folder / name, "w", driver=driver, schema=schema, encoding="UTF-8") as sink:
        sink.write(row)
    return Upload.from_path(folder / name)


@pytest.mark.parametrize("kind", ["geojson", "shp", "gpkg", "kml"])
def test_degrees_that_nobody_has_settled_are_as_open_in_the_file_given_back(
    workspace: Workspace, tmp_path: Path, kind: str
) -> None:
    first = check_upload(workspace, unsaid(kind, tmp_path), ORDER)
    assert {finding.check for finding in first.findings if finding.level == "blocks"} == HELD_OFF
    back = give_back(first, tmp_path / "退回", lang="zh")
    if back.suffix == ".geojson":
        assert "crs" not in json.loads(back.read_text(encoding="utf-8"))
    again = check_upload(workspace, Upload.from_path(back), ORDER)
    assert {finding.check for finding in again.findings if finding.level == "blocks"} == HELD_OFF
    assert again.proposal.versions == []
    twice = give_back(again, tmp_path / "再退", lang="en")
    assert check_upload(workspace, Upload.from_path(twice), ORDER).proposal.versions == []
    [came], [went] = first.reading.candidates, again.reading.candidates
    assert shapely.equals_exact(shapely.from_wkb(went.submitted_wkb), shapely.from_wkb(came.submitted_wkb), 1e-9)
    chosen = check_upload(workspace, Upload.from_path(back), dataclasses.replace(ORDER, read_as="GCJ-02"))
    assert len(chosen.proposal.versions) == 1


def test_a_crs_that_a_program_writes_into_the_file_given_back_does_not_settle_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    back = give_back(check_upload(workspace, unsaid("geojson", tmp_path), ORDER), tmp_path, lang="zh")
    saved = json.loads(back.read_text(encoding="utf-8"))
    saved["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    again = check_upload(workspace, Upload(back.name, json.dumps(saved).encode()), ORDER)
    assert {finding.check for finding in again.findings if finding.level == "blocks"} == HELD_OFF


@pytest.mark.parametrize("said", [True, False])
def test_a_file_given_back_unsettled_and_saved_in_a_plane_is_not_taken_for_settled(
    workspace: Workspace, tmp_path: Path, said: bool
) -> None:
    back = give_back(check_upload(workspace, unsaid("geojson", tmp_path), ORDER), tmp_path, lang="zh")
    saved = json.loads(back.read_text(encoding="utf-8"))
    plane = Transformer.from_crs(4490, 4527, always_xy=True)
    row = saved["features"][0]
    row["geometry"] = mapping(shapely.transform(PLOT, plane.transform, interleaved=False))
    if said:
        saved["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4527"}}
    again = check_upload(workspace, Upload(back.name, json.dumps(saved).encode()), ORDER)
    assert "marked_plane" in {finding.check for finding in again.findings if finding.level == "blocks"}
    assert again.proposal.versions == []


@pytest.mark.parametrize("kind", ["geojson", "shp", "gpkg", "kml"])
def test_shifted_degrees_lie_at_the_same_place_when_the_file_given_back_is_checked(
    workspace: Workspace, tmp_path: Path, kind: str
) -> None:
    order = dataclasses.replace(ORDER, read_as="GCJ-02")
    first = check_upload(workspace, unsaid(kind, tmp_path), order)
    again = check_upload(workspace, Upload.from_path(give_back(first, tmp_path / "退回", lang="zh")), ORDER)
    places = [shapely.from_wkb(one.proposal.versions[0].wkb) for one in (first, again)]
    assert shapely.equals_exact(*places, 1e-8)


@pytest.mark.parametrize("kind", ["geojson", "shp", "gpkg"])
def test_numbers_stay_numbers_in_the_file_given_back(workspace: Workspace, tmp_path: Path, kind: str) -> None:
    back = give_back(check_upload(workspace, unsaid(kind, tmp_path), ORDER), tmp_path / "退回", lang="zh")
    with fiona.open(f"zip://{back}" if back.suffix == ".zip" else back) as source:
        [row] = source
    told = {name: row.properties[name] for name in ("面积", "株数", "代码")}
    assert told == {"面积": 33.8, "株数": 120, "代码": "007"}


def test_numbers_of_a_sheet_stay_numbers_and_ids_with_a_zero_in_front_stay_texts(
    workspace: Workspace, tmp_path: Path
) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["小班号", "面积", "WKT"])
    book.active.append(["007", 33.8, PLOT.wkt])
    book.save(tmp_path / "表.xlsx")
    checked = check_upload(workspace, Upload.from_path(tmp_path / "表.xlsx"), ORDER)
    back = openpyxl.load_workbook(give_back(checked, tmp_path / "退回", lang="zh")).active
    header, row = ([cell.value for cell in line] for line in back.iter_rows())
    told = dict(zip(header, row, strict=True))
    assert (told["小班号"], told["面积"]) == ("007", 33.8)
    assert "坐标未定" in told
