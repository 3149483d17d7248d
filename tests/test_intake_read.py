"""Reading an upload: every format through one way, nothing lost without a word, nothing hostile gets out."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import fiona
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import CRS, Transformer
from shapely.geometry import mapping

from ecotrack.coordinates.shifted import to_gcj02
from ecotrack.errors import EmptyFile, MissingFile
from ecotrack.intake.candidates import Reading
from ecotrack.intake.read import Upload, read

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
PLOT = shapely.box(115.60, 37.60, 115.61, 37.61)
SMALL = shapely.Polygon([(115.62, 37.62), (115.63, 37.62), (115.63, 37.63)])
GRID = Transformer.from_crs("EPSG:4490", "EPSG:4527", always_xy=True)


def in_grid(geometry: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(geometry, lambda x, y: GRID.transform(x, y), interleaved=False)


def write(path: Path, driver: str, geometries: list[Any], *, crs: str | None = "EPSG:4490", **options: Any) -> Path:
    kind = "Unknown" if driver in ("KML", "DXF") else "Polygon"
    columns = {} if driver == "DXF" else {"Name" if driver == "KML" else "name": "str"}
    schema = {"geometry": kind, "properties": columns}
    with fiona.open(
        str(path), "w", driver=driver, crs=crs, schema=schema, allow_unsupported_drivers=True, **options
    ) as sink:
        for number, geometry in enumerate(geometries, 1):
            values = dict.fromkeys(columns, f"第{number}块")
            sink.write({"geometry": mapping(geometry) if geometry else None, "properties": values})
    return path


def take(path: Path, **options: Any) -> Reading:
    return read(Upload.from_path(path), extent=HENGSHUI, **options)


def bytes_in(data: bytes, name: str, **options: Any) -> Reading:
    return read(Upload(name, data), extent=HENGSHUI, **options)


def checks(reading: Reading) -> list[str]:
    return [finding.check for finding in reading.all_findings]


def stored(reading: Reading) -> list[shapely.Geometry]:
    return [shapely.from_wkb(item.wkb) for item in reading.candidates if item.wkb is not None]


def vertex_gap(found: shapely.Geometry, drawn: shapely.Geometry) -> float:
    """Greatest distance in degrees from a drawn corner to the nearest stored vertex (edges were split)."""
    vertices = shapely.MultiPoint(shapely.get_coordinates(found))
    return max(vertices.distance(shapely.Point(corner)) for corner in shapely.get_coordinates(drawn))


def geojson(*geometries: Any, **members: Any) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"名称": f"第{n}块"},
            "geometry": geometry if isinstance(geometry, dict) or geometry is None else mapping(geometry),
        }
        for n, geometry in enumerate(geometries, 1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}, ensure_ascii=False).encode()


def zipped(members: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in members.items():
            container.writestr(name, data)
    return memory.getvalue()


@pytest.mark.parametrize(
    ("driver", "extension", "crs"),
    [
        ("ESRI Shapefile", ".shp", "EPSG:4490"),
        ("GeoJSON", ".geojson", "EPSG:4326"),
        ("GeoJSONSeq", ".geojsonl", "EPSG:4326"),
        ("GPKG", ".gpkg", "EPSG:4490"),
        ("FlatGeobuf", ".fgb", "EPSG:4490"),
        ("GML", ".gml", "EPSG:4326"),
        ("KML", ".kml", "EPSG:4326"),
        ("MapInfo File", ".tab", "EPSG:4326"),
        ("MapInfo File", ".mif", "EPSG:4326"),
        ("OpenFileGDB", ".gdb", "EPSG:4490"),
    ],
)
def test_every_format_brings_in_geometry_count_and_names(tmp_path: Path, driver: str, extension: str, crs: str) -> None:
    encoding = {"encoding": "UTF-8"} if driver in ("ESRI Shapefile", "MapInfo File") else {}
    path = write(tmp_path / f"地块{extension}", driver, [PLOT, SMALL], crs=crs, **encoding)
    reading = take(path)
    found = stored(reading)
    assert len(found) == 2, reading.all_findings
    # MapInfo keeps integers inside its bounds: a few millimetres.
    tolerance = 1e-7 if extension == ".tab" else 2e-9
    names = [item.attributes.get("name") or item.attributes.get("Name") for item in reading.candidates]
    # FlatGeobuf puts its features in an order of its own.
    for geometry, name in zip(found, names, strict=True):
        assert vertex_gap(geometry, {"第1块": PLOT, "第2块": SMALL}[str(name)]) < tolerance
    assert sorted(map(str, names)) == ["第1块", "第2块"]
    assert not [finding for finding in reading.all_findings if finding.level == "blocks"]


@pytest.mark.parametrize("wrong_name", ["plots.txt", "plots.shp", "plots"])
def test_the_format_is_told_from_content_and_not_from_the_name(wrong_name: str) -> None:
    assert len(stored(bytes_in(geojson(PLOT), wrong_name))) == 1


def test_a_dxf_without_crs_waits_until_somebody_says_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dxf", "DXF", [shapely.box(376000, 4150000, 376200, 4150200)], crs=None)
    waiting = take(path)
    assert "unknown_crs" in checks(waiting)
    assert stored(waiting) == []
    said = take(path, crs="EPSG:4548")
    assert len(stored(said)) + checks(said).count("wrong_geometry") == 1


def test_a_kmz_and_a_zip_of_several_files_come_in_with_all_their_features(tmp_path: Path) -> None:
    kml = write(tmp_path / "a.kml", "KML", [PLOT, SMALL], crs="EPSG:4326").read_bytes()
    assert len(stored(bytes_in(zipped({"doc.kml": kml, "files/photo.png": b"x"}), "a.kmz"))) == 2
    several = zipped({"一/a.geojson": geojson(PLOT), "二/b.geojson": geojson(SMALL, PLOT)})
    reading = bytes_in(several, "全部.zip")
    assert len(stored(reading)) == 3
    assert [item.number for item in reading.candidates] == [1, 2, 3]
    assert reading.candidates[1].where.startswith("二/b.geojson")


def test_geoparquet_is_read_with_its_crs_and_without_metadata_it_waits(tmp_path: Path) -> None:
    column = pa.array([shapely.to_wkb(in_grid(PLOT))], pa.binary())
    about = {
        "primary_column": "geometry",
        "version": "1.0.0",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
    }
    about["columns"]["geometry"]["crs"] = CRS.from_epsg(4527).to_json_dict()  # type: ignore[index]
    table = pa.table({"名称": ["甲"], "geometry": column})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(about)}), tmp_path / "a.parquet")
    reading = take(tmp_path / "a.parquet")
    assert vertex_gap(stored(reading)[0], PLOT) < 1e-8
    assert reading.candidates[0].submitted_crs == "EPSG:4527"
    assert reading.candidates[0].attributes == {"名称": "甲"}
    pq.write_table(table, tmp_path / "b.parquet")
    told = take(tmp_path / "b.parquet")
    assert told.candidates[0].submitted_crs == "EPSG:4527"
    assert "told_crs" in checks(told)


def test_tables_with_wkt_or_corner_columns_become_polygons(tmp_path: Path) -> None:
    wkt = f'编号,名称,WKT\n1,甲,"{PLOT.wkt}"\n2,乙,"{SMALL.wkt}"\n'.encode("gb18030")
    reading = bytes_in(wkt, "a.csv")
    assert [item.attributes["名称"] for item in reading.candidates] == ["甲", "乙"]
    assert stored(reading)[1].equals(SMALL)
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [("地块编号", "经度", "纬度"), *(("A1", x, y) for x, y in SMALL.exterior.coords[:-1])]:
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    corners = take(tmp_path / "a.xlsx")
    assert stored(corners)[0].equals(SMALL)
    assert "told_crs" in checks(corners)


def test_a_gbk_shapefile_in_zone_39_comes_in_within_a_millimetre_with_its_names(tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"小班号": "str:20", "MIAN_JI": "float:10.2"}}
    with fiona.open(
        tmp_path / "枣强.shp", "w", driver="ESRI Shapefile", crs="EPSG:4527", schema=schema, encoding="GBK"
    ) as sink:
        sink.write({"geometry": mapping(in_grid(PLOT)), "properties": {"小班号": "速生杨镕①", "MIAN_JI": 13.7}})
    (tmp_path / "枣强.cpg").unlink()
    reading = take(tmp_path / "枣强.shp")
    assert reading.candidates[0].attributes == {"小班号": "速生杨镕①", "MIAN_JI": 13.7}
    assert reading.layers[0].crs == "EPSG:4527"
    assert vertex_gap(stored(reading)[0], PLOT) < 1e-8  # 1e-8 degrees are 1.1 mm at most
    drawn = shapely.from_wkb(reading.candidates[0].submitted_wkb)
    assert drawn.normalize().equals_exact(in_grid(PLOT).normalize(), tolerance=1e-6)


def test_zone_digits_without_prj_are_read_and_it_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", "ESRI Shapefile", [in_grid(PLOT)], crs="EPSG:4527", encoding="UTF-8")
    path.with_suffix(".prj").unlink()
    reading = take(path)
    assert vertex_gap(stored(reading)[0], PLOT) < 1e-8
    told = next(finding for finding in reading.findings if finding.check == "told_crs")
    assert "39带" in told.message.zh


def test_geojson_in_metres_that_says_nothing_is_not_taken_for_degrees() -> None:
    reading = bytes_in(geojson(in_grid(PLOT)), "a.geojson")
    assert reading.candidates[0].submitted_crs == "EPSG:4527"
    assert vertex_gap(stored(reading)[0], PLOT) < 1e-8


def test_old_datums_are_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", "ESRI Shapefile", [in_grid(PLOT)], crs="EPSG:2363", encoding="UTF-8")
    reading = take(path)
    assert stored(reading) == []
    assert "西安80" in reading.all_findings[-1].message.zh


def test_one_bad_feature_never_refuses_its_neighbours() -> None:
    bow = {
        "type": "Polygon",
        "coordinates": [[[115.6, 37.6], [115.61, 37.61], [115.61, 37.6], [115.6, 37.61], [115.6, 37.6]]],
    }
    open_ring = {"type": "Polygon", "coordinates": [[[115.6, 37.6], [115.61, 37.61], [115.61, 37.6], [115.6, 37.61]]]}
    point = {"type": "Point", "coordinates": [115.6, 37.6]}
    reading = bytes_in(geojson(PLOT, None, point, bow, open_ring, SMALL), "a.geojson")
    found = {item.number: [finding.check for finding in item.findings] for item in reading.candidates}
    assert found == {1: [], 2: ["no_geometry"], 3: ["wrong_geometry"], 4: ["invalid"], 5: ["open_ring"], 6: []}
    assert [item.number for item in reading.candidates if not item.blocked] == [1, 6]


def test_a_repair_is_proposed_with_its_place_and_areas_and_taken_only_when_asked() -> None:
    bow = {
        "type": "Polygon",
        "coordinates": [[[115.6, 37.6], [115.62, 37.62], [115.62, 37.6], [115.6, 37.62], [115.6, 37.6]]],
    }
    item = bytes_in(geojson(bow), "a.geojson").candidates[0]
    finding = item.findings[0]
    assert finding.lonlat == pytest.approx((115.61, 37.61))
    assert float(finding.facts["after_m2"]) > float(finding.facts["before_m2"])
    assert item.blocked
    assert not shapely.is_valid(shapely.from_wkb(item.wkb))
    taken = item.with_repair()
    assert not taken.blocked
    assert shapely.is_valid(shapely.from_wkb(taken.wkb))
    assert [note.check for note in taken.findings] == ["repaired"]


def test_lines_that_cross_again_and_again_end_with_an_answer_and_their_neighbour_comes_in() -> None:
    up = [[115.6 + i * 1e-5, 37.6 if i % 2 else 37.62] for i in range(150)]
    across = [[115.6 if i % 2 else 115.62, 37.6 + i * 1e-5] for i in range(150)]
    knot = {"type": "Polygon", "coordinates": [[*up, *across, up[0]]]}
    reading = bytes_in(geojson(knot, SMALL), "a.geojson")
    assert reading.all_findings[0].check in ("beyond_repair", "invalid")
    assert [item.number for item in reading.candidates if not item.blocked] == [2]


def test_a_place_outside_the_workspace_is_a_warning_and_no_refusal() -> None:
    reading = bytes_in(geojson(shapely.box(2, 48, 2.1, 48.1)), "a.geojson")
    assert [(finding.check, finding.level) for finding in reading.all_findings] == [("outside_extent", "warns")]
    assert len(stored(reading)) == 1


@pytest.mark.parametrize(
    ("data", "name", "check"),
    [
        (geojson(), "a.geojson", "no_features"),
        (b"id,name\n1,a\n", "a.csv", "refused"),
        (zipped({}), "a.zip", "refused"),
        (zipped({"readme.pdf": b"%PDF"}), "a.zip", "refused"),
        (b"   \n", "a.geojson", "refused"),
        (b"\x00\x01\x02 nothing", "a.bin", "refused"),
        (zipped({"a.shp": b"\x00\x00\x27\x0a" + bytes(96)}), "a.zip", "refused"),
        (zipped({"a.dbf": b"\x03" + bytes(40), "a.prj": b"x"}), "a.zip", "refused"),
        (geojson(PLOT)[:-40], "a.geojson", "refused"),
    ],
)
def test_nothing_is_silently_empty(data: bytes, name: str, check: str) -> None:
    reading = bytes_in(data, name)
    assert reading.candidates == []
    assert check in checks(reading)
    assert any(finding.level == "blocks" for finding in reading.findings)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e308"])
def test_a_number_that_is_no_place_is_a_finding_on_its_feature(number: str) -> None:
    text = geojson(PLOT, SMALL).decode().replace("115.63", number)
    reading = bytes_in(text.encode(), "a.geojson")
    blocked = [item for item in reading.candidates if item.blocked]
    assert not reading.candidates or len(blocked) >= 1
    assert any(finding.level == "blocks" for finding in reading.all_findings)


def _link() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as container:
        info = zipfile.ZipInfo("a.geojson")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        container.writestr(info, "/etc/passwd")
    return memory.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        zipped({"../../evil.geojson": geojson(PLOT)}),
        zipped({"/etc/evil.geojson": geojson(PLOT)}),
        zipped({"C:\\evil.geojson": geojson(PLOT)}),
        zipped({"..\\evil.geojson": geojson(PLOT)}),
        _link(),
        zipped({f"{n}.txt": b"x" for n in range(2100)}),
        zipped({"a.geojson": bytes(450 << 20)}),
    ],
    ids=["dots", "absolute", "drive", "backslash", "link", "many", "bomb"],
)
def test_an_unsafe_archive_is_refused_whole(data: bytes) -> None:
    reading = bytes_in(data, "a.zip")
    assert reading.candidates == []
    assert "压缩包不安全" in reading.findings[0].message.zh


def test_an_archive_inside_an_archive_is_refused_and_its_neighbour_comes_in() -> None:
    inner = zipped({"a.geojson": geojson(PLOT)})
    reading = bytes_in(zipped({"inner.zip": inner, "b.geojson": geojson(SMALL)}), "a.zip")
    assert len(stored(reading)) == 1
    assert checks(reading) == ["refused"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
            b"</OGRVRTDataSource>",
            "VRT",
        ),
        (b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>', "DOCTYPE"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE kml [<!ENTITY a "b">]><kml/>'.encode("utf-16"), "DOCTYPE"),
        (b"SQLite format 3\x00" + bytes(200), "SQLite"),
        (b"AC1015" + bytes(50), "DWG"),
        (b"\xd0\xcf\x11\xe0" + bytes(50), "Excel"),
        (b"POLYGON ((0 0, 1 0, 1 1, 0 0))", "WKT"),
        (b"PMTiles\x03" + bytes(50), "PMTiles"),
        (b"Rar!\x1a\x07" + bytes(50), "zip"),
        (b"OviO" + bytes(50), "ovkml"),
        (b'{"Version":"V10.6.2","Type":1,"ObjItems":[{"Type":7}]}', "ovkml"),
    ],
)
def test_what_is_not_on_the_list_is_refused_by_name(data: bytes, words: str) -> None:
    reading = bytes_in(data, "a.kml")
    assert reading.candidates == []
    assert words in reading.findings[0].message.zh + reading.findings[0].mend.zh


def test_an_ovkml_is_read_as_gcj02_and_it_is_said(tmp_path: Path) -> None:
    shown = shapely.transform(PLOT, to_gcj02)
    data = write(tmp_path / "a.kml", "KML", [shown], crs="EPSG:4326").read_bytes()
    reading = bytes_in(data, "路线.ovkml")
    assert reading.candidates[0].submitted_crs == "GCJ-02"
    assert vertex_gap(stored(reading)[0], PLOT) < 1e-8
    assert "GCJ-02" in next(found for found in reading.findings if found.check == "chosen_reading").message.zh


@pytest.mark.parametrize(("wanted", "number"), [("Polygon", 1), ("LineString", 2), ("Point", 3)])
def test_a_layer_takes_its_own_kind_and_says_what_the_others_are(wanted: Any, number: int) -> None:
    line = {"type": "LineString", "coordinates": [[115.6, 37.6], [115.7, 37.7]]}
    point = {"type": "Point", "coordinates": [115.6, 37.6]}
    reading = bytes_in(geojson(PLOT, line, point), "a.geojson", geometry=wanted)
    assert [item.number for item in reading.candidates if not item.blocked] == [number]
    assert checks(reading) == ["wrong_geometry", "wrong_geometry"]
    assert {"Polygon": "面", "LineString": "线", "Point": "点"}[wanted] in reading.all_findings[0].message.zh


def test_of_mixed_geometry_only_the_wanted_part_is_taken_and_it_is_said() -> None:
    mixed = shapely.GeometryCollection([PLOT, shapely.Point(115.6, 37.6), shapely.MultiPolygon([SMALL])])
    reading = bytes_in(geojson(mixed), "a.geojson")
    assert stored(reading)[0].equals(shapely.MultiPolygon([PLOT, SMALL]))
    assert [(finding.check, finding.level) for finding in reading.all_findings] == [("collection", "warns")]


def test_a_loose_shapefile_is_packed_the_same_way_every_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", "ESRI Shapefile", [PLOT], encoding="UTF-8")
    (tmp_path / "other.txt").write_text("not mine")
    first = Upload.from_path(path)
    assert first.sha256 == Upload.from_path(path).sha256
    with zipfile.ZipFile(io.BytesIO(first.data)) as container:
        assert sorted(container.namelist()) == ["a.cpg", "a.dbf", "a.prj", "a.shp", "a.shx"]


def test_a_missing_and_an_empty_file_are_errors_that_say_so(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"none\.shp"):
        Upload.from_path(tmp_path / "none.shp")
    (tmp_path / "empty.kml").touch()
    with pytest.raises(EmptyFile):
        Upload.from_path(tmp_path / "empty.kml")


def test_a_text_that_is_no_table_is_refused_in_one_language_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "说明.txt").write_text("这里没有表格，只有一句话。\n", encoding="utf-8")
    [finding] = take(tmp_path / "说明.txt").findings
    assert "没有认出表头" in finding.message.zh
    assert "no header row" in finding.message.en
    assert "no header row" not in finding.message.zh
