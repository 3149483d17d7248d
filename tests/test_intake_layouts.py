"""One plot in the many layouts, encodings and wrappings in which offices hand it in: it is the same plot each time."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import Transformer
from shapely.affinity import translate
from shapely.geometry import mapping

from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Reading
from ecotrack.intake.child import read_upload

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
CORNERS = [(115.6, 37.6), (115.603, 37.6002), (115.6031, 37.602), (115.6001, 37.6019)]
PLOT = shapely.Polygon(CORNERS)
METRES = Transformer.from_crs("EPSG:4490", "EPSG:4527", always_xy=True)
PLANE = [METRES.transform(*corner) for corner in CORNERS]
WIDE = Transformer.from_crs("EPSG:4490", "EPSG:4498", always_xy=True)
WIDE_PLANE = [WIDE.transform(*corner) for corner in CORNERS]


def dms(value: float) -> tuple[int, int, float]:
    seconds = round(value * 3600, 4)
    return int(seconds // 3600), int(seconds % 3600 // 60), seconds % 60


def written(value: float, signs: str) -> str:
    d, m, s = dms(value)
    return f"{d}{signs[0]}{m:02d}{signs[1]}{s:.4f}{signs[2]}"


def read(folder: Path, data: bytes, name: str) -> Reading:
    (folder / UPLOAD_NAME).write_bytes(data)
    return read_upload(Ask(file_name=name, extent=HENGSHUI), folder)


def is_the_plot(reading: Reading, *, within_m: float = 0.01) -> bool:
    [item] = reading.candidates
    assert item.wkb is not None, [found.message.zh for found in reading.all_findings]
    apart = shapely.hausdorff_distance(shapely.boundary(shapely.from_wkb(item.wkb)), PLOT.exterior)
    return bool(apart * 111_000 <= within_m)


def workbook(rows: list[list[Any]], *merged: str) -> bytes:
    book, memory = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(memory)
    return memory.getvalue()


def corner_rows(*pairs: tuple[Any, Any]) -> list[list[Any]]:
    return [["A1", f"J{n}", *pair] for n, pair in enumerate(pairs, 1)]


def point_rows(corners: list[tuple[float, float]]) -> list[list[Any]]:
    return [[f"J{n}", x, y] for n, (x, y) in enumerate(corners, 1)]


LAYOUTS: dict[str, bytes] = {
    "a corner a row, under a title": workbook(
        [["2016年春季造林拐点坐标表"], ["地块编号", "点号", "经度", "纬度"], *corner_rows(*CORNERS)], "A1:D1"
    ),
    "degrees, minutes, seconds with full-width signs": workbook(
        [
            ["地块编号", "点号", "东经", "北纬"],
            *corner_rows(*((written(x, "°＇＂"), written(y, "度分秒")) for x, y in CORNERS)),
        ]
    ),
    "degrees, minutes and seconds in columns under merged titles": workbook(
        [
            ["地块编号", "点号", "经度", None, None, "纬度", None, None],
            [None, None, "度", "分", "秒", "度", "分", "秒"],
            *(["A1", n, *dms(x), *dms(y)] for n, (x, y) in enumerate(CORNERS)),
        ],
        *("C1:E1", "F1:H1"),
    ),
    "the surveyor's letters": workbook(
        [["地块", "拐点号", "横坐标(Y)", "纵坐标(X)"], *corner_rows(*PLANE)],
    ),
    "X is the northing": workbook(
        [["小班号", "点号", "X坐标", "Y坐标"], *corner_rows(*((y, x) for x, y in PLANE))],
    ),
    "a plot a row, corners side by side": workbook(
        [
            ["地块编号", *(name for n in range(1, 5) for name in (f"X{n}", f"Y{n}"))],
            ["A1", *(number for corner in CORNERS for number in corner)],
        ]
    ),
    "a plot a row, corners in one cell": workbook(
        [["地块编号", "四至坐标"], ["A1", "；".join(f"{x}，{y}" for x, y in CORNERS)]],
    ),
    "a corner in one cell": workbook(
        [["地块编号", "点号", "坐标"], *(["A1", n, f"{x},{y}"] for n, (x, y) in enumerate(CORNERS))],
    ),
    "WKB as text": f"id,geom\nA1,{shapely.to_wkb(PLOT, hex=True)}\n".encode(),
    "WKT with its number of the CRS": f'id,geom\nA1,"SRID=4490;{PLOT.wkt}"\n'.encode(),
    "UTF-16 as a spreadsheet saves it": (
        "编号\t经度\t纬度\n" + "".join(f"A1\t{x}\t{y}\n" for x, y in CORNERS)
    ).encode("utf-16"),
    "GB18030 with a mark": ("\ufeff编号,经度,纬度\n" + "".join(f"A1,{x},{y}\n" for x, y in CORNERS)).encode("gb18030"),
    "6-degree zone": "".join(f"{n},{x:.4f},{y:.4f}\n" for n, (x, y) in enumerate(WIDE_PLANE)).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_of_a_table_gives_the_same_plot(name: str, tmp_path: Path) -> None:
    assert is_the_plot(read(tmp_path, LAYOUTS[name], "表"))


def test_an_id_in_the_first_row_of_its_plot_stands_for_the_rows_below_it(tmp_path: Path) -> None:
    aside = [(x + 0.01, y) for x, y in CORNERS]
    rows = [
        [name if n == 0 else None, x, y]
        for name, corners in (("A1", CORNERS), ("A2", aside))
        for n, (x, y) in enumerate(corners)
    ]
    reading = read(tmp_path, workbook([["地块编号", "经度", "纬度"], *rows], "A2:A5", "A6:A9"), "表.xlsx")
    assert [item.attributes["地块编号"] for item in reading.candidates] == ["A1", "A2"]
    shapes = [shapely.from_wkb(item.wkb) for item in reading.candidates]
    assert [len(shape.exterior.coords) for shape in shapes] == [5, 5]
    assert not shapes[0].intersects(shapes[1])


def collection(crs: Any) -> dict[str, Any]:
    feature = {"type": "Feature", "properties": {"名称": "枣强"}, "geometry": mapping(PLOT)}
    return {"type": "FeatureCollection", "crs": crs, "features": [feature]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_geojson_in_an_encoding_of_the_office_keeps_its_words(encoding: str, tmp_path: Path) -> None:
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    reading = read(tmp_path, json.dumps(collection(named), ensure_ascii=False).encode(encoding), "a.geojson")
    assert is_the_plot(reading)
    assert reading.candidates[0].attributes["名称"] == "枣强"


@pytest.mark.parametrize(
    ("name", "crs", "is_open"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", False),
        ("epsg:4490", "EPSG:4490", False),
        ("GCJ-02", "GCJ-02", False),
        ("火星坐标", "GCJ-02", False),
        ("本地坐标", "EPSG:4326", True),
        (None, "EPSG:4326", True),
    ],
)
def test_a_crs_that_geojson_does_not_name_leaves_its_degrees_open(
    name: str | None, crs: str, is_open: bool, tmp_path: Path
) -> None:
    said = None if name is None else {"type": "name", "properties": {"name": name}}
    data = json.dumps(collection(said), ensure_ascii=False).encode()
    [layer] = read(tmp_path, data, "a.geojson").layers
    assert (layer.crs, layer.open) == (crs, is_open)


@pytest.mark.parametrize("paired", [True, False])
def test_a_geoparquet_of_nested_coordinates_is_read(paired: bool, tmp_path: Path) -> None:
    point = pa.list_(pa.float64(), 2) if paired else pa.struct([("x", pa.float64()), ("y", pa.float64())])
    ring = [[x, y] if paired else {"x": x, "y": y} for x, y in PLOT.exterior.coords]
    about = {"encoding": "polygon", "geometry_types": ["Polygon"]}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": about}}
    table = pa.table({"geometry": pa.array([[ring]], pa.list_(pa.list_(point)))})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "a.parquet")
    assert is_the_plot(read(tmp_path, (tmp_path / "a.parquet").read_bytes(), "a.parquet"))


def test_what_lies_beside_the_boundaries_in_a_zip_stops_nobody(tmp_path: Path) -> None:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as container:
        container.writestr("枣强/小班.geojson", json.dumps(collection(None)))
        container.writestr("枣强/说明.txt", "联系人：张三".encode("gb18030"))
        for name in ("小班.lyr", "工程.mxd", "工程.qgz", "Thumbs.db", "__MACOSX/._小班.geojson", "照片.jpg"):
            container.writestr(name, b"\xd0\xcf\x11\xe0" + bytes(50))
    reading = read(tmp_path, memory.getvalue(), "枣强.zip")
    assert is_the_plot(reading)
    assert [found.check for found in reading.findings if found.level != "notes"] == []
    assert "beside_text" in {found.check for found in reading.findings}


def test_a_long_file_is_kept_on_disk_and_loses_nothing(tmp_path: Path) -> None:
    shapes = [translate(PLOT, 0.004 * (n % 60), 0.003 * (n // 60)) for n in range(4500)]
    features = [
        {"type": "Feature", "properties": {"n": n}, "geometry": mapping(shape)} for n, shape in enumerate(shapes)
    ]
    reading = read(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}).encode(), "a.geojson")
    assert not isinstance(reading.candidates, list)
    assert [item.attributes["n"] for item in reading.candidates] == [*range(4500)]
    assert [item.number for item in reading.candidates] == [*range(1, 4501)]
    for place in (0, 1999, 2000, 3999, 4000, -1):
        stored = shapely.from_wkb(reading.candidates[place].wkb or b"")
        apart = np.abs(np.array(stored.bounds) - np.array(shapes[place].bounds)).max()
        assert apart < 2e-9, place


@pytest.mark.parametrize(("sheet", "count"), [(None, 2), ("春", 1), ("夏", 0)])
def test_one_sheet_of_several_is_taken_or_its_name_is_put_right(sheet: str | None, count: int, tmp_path: Path) -> None:
    book, memory = openpyxl.Workbook(), io.BytesIO()
    for title in ("春", "秋"):
        page = book.create_sheet(title)
        for row in [["地块编号", "经度", "纬度"], *(["A1", *corner] for corner in CORNERS)]:
            page.append(row)
    book.save(memory)
    (tmp_path / UPLOAD_NAME).write_bytes(memory.getvalue())
    reading = read_upload(Ask(file_name="表.xlsx", extent=HENGSHUI, sheet=sheet), tmp_path)
    assert len(reading.candidates) == count
    told = [found.message.zh for found in reading.findings if found.check == "no_sheet"]
    assert bool(told) == (count == 0)
    assert all("春、秋" in text for text in told)


@pytest.mark.parametrize("digits", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_text_of_a_land_survey_is_read_with_its_holes(digits: bool, encoding: str, tmp_path: Path) -> None:
    rings = [CORNERS, [(115.601, 37.601), (115.602, 37.601), (115.602, 37.6015)]]
    lines = [
        *("[属性描述]", "坐标系=2000国家大地坐标系", "几度分带=3", "投影类型=高斯克吕格", "计量单位=米", "带号=39"),
        *("精度=0.001", "转换参数=,,,,,,", "[地块坐标]", "9,5.1,ZQ-1,枣强1号,面,,林地,,@"),
    ]
    for number, ring in enumerate(rings, 1):
        for place, corner in enumerate([*ring, ring[0]], 1):
            east, north = METRES.transform(*corner)
            lines.append(f"J{place},{number},{north:.4f},{east - (0 if digits else 39e6):.4f}")
    reading = read(tmp_path, "\r\n".join(lines).encode(encoding), "勘界.txt")
    [item] = reading.candidates
    stored = shapely.from_wkb(item.wkb or b"")
    wanted = shapely.Polygon(rings[0], rings[1:])
    assert shapely.hausdorff_distance(stored, wanted) * 111_000 < 0.01
    assert len(stored.interiors) == 1
    assert (item.attributes["地块编号"], item.attributes["地块名称"]) == ("ZQ-1", "枣强1号")


def moved(east: float) -> list[tuple[float, float]]:
    return [(x + east, y) for x, y in CORNERS]


POINTS = ["点号", "经度", "纬度"]
SEVERAL: dict[str, list[list[Any]]] = {
    "blank rows between them": [POINTS, *point_rows(CORNERS), [], [], *point_rows(moved(0.01))],
    "a title over each": [["地块一"], POINTS, *point_rows(CORNERS), ["地块二"], POINTS, *point_rows(moved(0.01))],
    "numbered from one again": [POINTS, *point_rows(CORNERS), *point_rows(moved(0.01))],
    "each back at its first corner": [
        ["经度", "纬度"],
        *([*corner] for ring in (CORNERS, moved(0.01)) for corner in (*ring, ring[0])),
    ],
}


@pytest.mark.parametrize("rows", SEVERAL.values(), ids=SEVERAL)
def test_several_plots_below_one_another_are_several_plots(rows: list[list[Any]], tmp_path: Path) -> None:
    reading = read(tmp_path, workbook(rows), "a.xlsx")
    expected = [PLOT, translate(PLOT, 0.01)]
    assert len(reading.candidates) == 2
    for item, shape in zip(reading.candidates, expected, strict=True):
        assert item.wkb is not None
        assert shapely.hausdorff_distance(shapely.from_wkb(item.wkb), shape) < 1e-8


@pytest.mark.parametrize("lost", [[None, None], ["缺测", "缺测"]])
def test_a_corner_without_coordinates_divides_no_plot_but_is_told(lost: list[Any], tmp_path: Path) -> None:
    rows = [POINTS, *point_rows(CORNERS), ["J5", *lost], *point_rows(moved(0.001))]
    reading = read(tmp_path, workbook(rows), "a.xlsx")
    assert [found.check for item in reading.candidates for found in item.findings] == ["bad_corner"]


def test_blank_lines_between_any_two_corners_divide_nothing(tmp_path: Path) -> None:
    text = "经度,纬度\n" + "\n,\n".join(f"{x},{y}" for x, y in CORNERS)
    assert is_the_plot(read(tmp_path, text.encode(), "a.csv"))


@pytest.mark.parametrize("text", ["<table><tr><td>经度</td></tr></table>", "<!DOCTYPE html><html></html>"])
def test_a_web_page_that_is_called_a_spreadsheet_is_refused_by_name(text: str, tmp_path: Path) -> None:
    [found] = read(tmp_path, text.encode(), "拐点.xls").findings
    assert "网页" in found.message.zh
    assert "另存为 xlsx" in found.mend.zh


def test_a_closed_line_of_a_drawing_is_a_boundary_and_one_of_a_map_is_not(tmp_path: Path) -> None:
    schema = {"geometry": "LineString", "properties": {}}
    for driver, name, crs, expected in (
        ("DXF", "a.dxf", None, "closed_line"),
        ("GeoJSON", "a.geojson", "EPSG:4490", "wrong_geometry"),
    ):
        path = tmp_path / name
        with fiona.open(path, "w", driver=driver, crs=crs, schema=schema) as sink:
            ring = PLANE if driver == "DXF" else CORNERS
            sink.write({"geometry": mapping(shapely.LineString([*ring, ring[0]])), "properties": {}})
        reading = read(tmp_path, path.read_bytes(), name)
        assert expected in [found.check for found in reading.all_findings]
