"""What offices and their programs write around and into a file: it is read, or it waits; it is never guessed."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import fiona
import pytest
import shapely
from pyproj import CRS, Transformer
from shapely.geometry import mapping

from ecotrack.coordinates.shifted import to_gcj02
from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Reading
from ecotrack.intake.child import read_upload
from ecotrack.intake.read_encoding import dbf_encoding
from test_intake_layouts import CORNERS, HENGSHUI, PLANE, PLOT, is_the_plot, point_rows, workbook, written

NORTH_FIRST = [(y, x) for x, y in PLANE]
BARE = Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)
NO_DIGITS = [BARE.transform(*corner)[::-1] for corner in CORNERS]
TITLES = ["点号", "X", "Y"]
DMS = [(written(x, "°′″"), written(y, "°′″")) for x, y in CORNERS]
RING = [*CORNERS, CORNERS[0]]


def read(folder: Path, data: bytes | str, name: str, *, crs: str | None = None) -> Reading:
    (folder / UPLOAD_NAME).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_upload(Ask(file_name=name, extent=HENGSHUI, crs=crs), folder)


def told(reading: Reading) -> list[str]:
    return [found.check for found in reading.all_findings]


def shapefile(
    folder: Path, xy: list[Any], *, crs: int | None, stem: str, texts: tuple[str, str] = ("甲", "gbk")
) -> bytes:
    schema = {"geometry": "Polygon", "properties": {"MC": "str:20"}}
    with fiona.open(folder / "a.shp", "w", driver="ESRI Shapefile", schema=schema, encoding=texts[1]) as file:
        file.write({"geometry": mapping(shapely.Polygon(xy)), "properties": {"MC": texts[0]}})
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as container:
        for kind in ("shp", "shx", "dbf"):
            container.write(folder / f"a.{kind}", f"{stem}.{kind}")
        if crs:
            container.writestr(f"{stem}.prj", CRS.from_epsg(crs).to_wkt("WKT1_ESRI"))
    return memory.getvalue()


# --- a datum in words --------------------------------------------------------------------------------------------

OLD = {
    "in the title": (workbook([["拐点坐标表（1980西安坐标系 39带）"], TITLES, *point_rows(NORTH_FIRST)]), "小班.xlsx"),
    "in a header": (workbook([["点号", "X（西安80）", "Y（西安80）"], *point_rows(NORTH_FIRST)]), "小班.xlsx"),
    "in a note": (workbook([TITLES, *point_rows(NORTH_FIRST), ["注：坐标系为北京54"]]), "小班.xlsx"),
    "in the file's name": (workbook([TITLES, *point_rows(NORTH_FIRST)]), "枣强县_Xian_1980.xlsx"),
    "in a column": (
        workbook([["点号", "坐标系", "X", "Y"], *([n, "西安80", x, y] for n, x, y in point_rows(NORTH_FIRST))]),
        "小班.xlsx",
    ),
    "beside the new one": (workbook([["西安80转2000"], TITLES, *point_rows(NORTH_FIRST)]), "小班.xlsx"),
}


@pytest.mark.parametrize("place", OLD)
def test_an_old_datum_in_words_is_named_and_the_file_waits_until_somebody_says_what_it_is(
    place: str, tmp_path: Path
) -> None:
    data, name = OLD[place]
    waiting = read(tmp_path, data, name)
    assert [item.wkb for item in waiting.candidates] == [None]
    assert told(waiting) == ["named_datum"]
    assert is_the_plot(read(tmp_path, data, name, crs="EPSG:4527"))


@pytest.mark.parametrize(
    ("stem", "crs", "waits"),
    [
        ("枣强西安80", None, True),
        ("枣强西安80", 4527, True),
        ("枣强西安80转2000", 4527, False),
        ("枣强5400亩", 4527, False),
    ],
)
def test_a_name_holds_back_what_a_prj_declares_only_where_it_contradicts_it(
    stem: str, crs: int | None, waits: bool, tmp_path: Path
) -> None:
    reading = read(tmp_path, shapefile(tmp_path, PLANE, crs=crs, stem=stem), f"{stem}.zip")
    assert ("named_datum" in told(reading)) == waits
    assert waits or is_the_plot(reading)


def test_words_name_the_plane_of_metres_without_digits_and_that_is_told(tmp_path: Path) -> None:
    sheet = [TITLES, *point_rows(NO_DIGITS)]
    named = read(tmp_path, workbook([["CGCS2000坐标系，3度带，中央子午线117°"], *sheet]), "小班.xlsx")
    assert is_the_plot(named)
    assert {"told_crs", "axes_swapped"} <= {*told(named)}
    for title in ("2016年春季造林", "中央子午线117°", "国家2000坐标系", "国家2000，38带或39带"):
        waiting = read(tmp_path, workbook([[title], *sheet]), "小班.xlsx")
        assert told(waiting) == ["unknown_crs"], title


def test_words_never_overrule_the_digits_of_the_zone(tmp_path: Path) -> None:
    data = workbook([["国家2000坐标系，38带"], TITLES, *point_rows(NORTH_FIRST)])
    assert is_the_plot(read(tmp_path, data, "小班.xlsx"))


@pytest.mark.parametrize("headers", [("gcj02_lng", "gcj02_lat"), ("火星坐标经度", "火星坐标纬度")])
def test_a_header_that_names_a_shifted_system_is_taken_at_its_word(headers: tuple[str, str], tmp_path: Path) -> None:
    shifted = to_gcj02(shapely.get_coordinates(PLOT)[:4]).tolist()
    rows = [f"{n},{x!r},{y!r}" for n, (x, y) in enumerate(shifted, 1)]
    reading = read(tmp_path, "\n".join([",".join(["id2", *headers]), *rows]), "a.csv")
    assert is_the_plot(reading, within_m=0.1)
    assert not any(layer.open for layer in reading.layers)


@pytest.mark.parametrize("datum", ["1001", "999, 3, 0, 0, 0", "9999, 3, 0, 0, 0, 0, 0, 0, 0, 0"])
def test_the_old_ellipsoid_is_refused_under_whatever_name_mapinfo_gives_it(datum: str, tmp_path: Path) -> None:
    corners = "\n".join(f"{east} {north}" for north, east in [*NO_DIGITS, NO_DIGITS[0]])
    head = f'Version 300\nCharset "WindowsSimpChinese"\nCoordSys Earth Projection 8, {datum}, "m", 117, 0, 1, 500000, 0'
    reading = read(tmp_path, f"{head}\nColumns 0\nData\nRegion 1\n5\n{corners}\n", "a.mif")
    assert [item.wkb for item in reading.candidates] == [None]
    assert "北京54" in reading.all_findings[0].message.zh


# --- drawings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "page", "layer", "codec"),
    [
        ("AC1032", "ANSI_936", "小班", "utf-8"),
        ("AC1021", "ANSI_1252", "小班", "utf-8"),
        ("AC1015", "ANSI_936", "小班", "gbk"),
        ("AC1015", "ANSI_1252", "小班", "gbk"),
        ("AC1015", "ANSI_1252", r"\U+5C0F\U+73ED", "ascii"),
    ],
)
def test_the_layers_of_a_drawing_keep_their_names_whatever_its_head_says(
    version: str, page: str, layer: str, codec: str, tmp_path: Path
) -> None:
    head = ["0", "SECTION", "2", "HEADER", "9", "$ACADVER", "1", version, "9", "$DWGCODEPAGE", "3", page, "0", "ENDSEC"]
    body = ["0", "SECTION", "2", "ENTITIES", "0", "LWPOLYLINE", "8", layer, "90", "4", "70", "1"]
    corners = [text for x, y in PLANE for text in ("10", repr(x), "20", repr(y))]
    lines = [*head, *body, *corners, "0", "ENDSEC", "0", "EOF", ""]
    reading = read(tmp_path, "\n".join(lines).encode(codec), "a.dxf")
    assert [item.attributes["Layer"] for item in reading.candidates] == ["小班"]


# --- tables as programs print them -------------------------------------------------------------------------------

PRINTED: dict[str, tuple[bytes | str, str]] = {
    "a corner table of a land survey, the side's length between two corners": (
        workbook(
            [["界址点成果表"], ["界址点号", "坐标", "", "边长"], ["", "x(m)", "y(m)", ""]]
            + [row for n, north, east in point_rows(NORTH_FIRST) for row in ([n, north, east], ["", "", "", 261.2])],
            "B2:C2",
        ),
        "a.xlsx",
    ),
    "lines of coordinates under a title": ("枣强县 1号地\n" + "\n".join(f"{x},{y}" for x, y in CORNERS), "a.txt"),
    "both degrees in one cell, no sign between": (
        workbook([["点号", "坐标"], *([f"J{n}", f"E{x}N{y}"] for n, (x, y) in enumerate(DMS, 1))]),
        "a.xlsx",
    ),
    "both in one cell in words": (
        workbook([["点号", "坐标"], *([n, f"东经{x}，北纬 {y}"] for n, (x, y) in enumerate(DMS, 1))]),
        "a.xlsx",
    ),
    "X and Y by name in one cell": (
        workbook([["点号", "坐标"], *([n, f"X：{x:.3f}，Y：{y:.3f}"] for n, x, y in point_rows(NORTH_FIRST))]),
        "a.xlsx",
    ),
    "lines with X and Y by name": (
        "\n".join(f"{n} X={x:.3f} Y={y:.3f}" for n, x, y in point_rows(NORTH_FIRST)),
        "a.txt",
    ),
    "points of a receiver, each with a name": (
        "\n".join(f"pt{n[1:]},{x:.3f},{y:.3f},21.3" for n, x, y in point_rows(NORTH_FIRST)),
        "a.txt",
    ),
    "minutes with an acute accent": (
        "\n".join(["点号,经度,纬度", *(f"{n},{x},{y}".replace("′", "´") for n, (x, y) in enumerate(DMS, 1))]),
        "a.csv",
    ),
    "a WKT column and no other": (f'WKT\n"{PLOT.wkt}"\n', "a.csv"),
    "WKT behind a bar": (f"fid|geom_wkt\n7|{PLOT.wkt}\n", "a.csv"),
    "WKT with the number of its plane": (f'id,wkt\n1,"SRID=4527;{shapely.Polygon(PLANE).wkt}"\n', "a.csv"),
}


@pytest.mark.parametrize("layout", PRINTED)
def test_what_programs_print_gives_the_plot(layout: str, tmp_path: Path) -> None:
    assert is_the_plot(read(tmp_path, *PRINTED[layout]))


HEADERS = (
    ("经度(E)", "纬度(N)"),
    ("GPS经度", "GPS纬度"),
    ("拐点经度", "拐点纬度"),
    ("X经度", "Y纬度"),
    ("LONGITUDE", "LATITUDE"),
    ("北坐标(X)", "东坐标(Y)"),
    ("X(东)", "Y(北)"),
    ("界址点X坐标", "界址点Y坐标"),
    ("2000国家大地坐标系X", "2000国家大地坐标系Y"),
    ("大地坐标X", "大地坐标Y"),
    ("X_COORD", "Y_COORD"),
    ("N", "E"),
)


@pytest.mark.parametrize("headers", HEADERS)
def test_a_coordinate_is_known_by_any_of_its_titles(headers: tuple[str, str], tmp_path: Path) -> None:
    degrees = any(word in headers[0] for word in ("经度", "LONGITUDE"))
    rows = [["A1", n, *corner] for n, corner in enumerate(CORNERS if degrees else NORTH_FIRST, 1)]
    assert is_the_plot(read(tmp_path, workbook([["地块编号", "点号", *headers], *rows]), "a.xlsx"))


def test_the_centre_of_a_plot_is_no_corner(tmp_path: Path) -> None:
    rows = [[f"A{n}", *corner] for n, corner in enumerate(CORNERS, 1)]
    reading = read(tmp_path, workbook([["地块编号", "中心点经度", "中心点纬度"], *rows]), "a.xlsx")
    assert [item.wkb for item in reading.candidates if item.wkb] == []


def packed(value: float) -> float:
    degrees, minutes, seconds = (float(part) for part in written(value, "   ").split())
    return round(degrees + minutes / 100 + seconds / 10_000, 10)


def test_a_title_says_that_minutes_and_seconds_are_packed_behind_the_point(tmp_path: Path) -> None:
    rows = [[n, packed(x), packed(y)] for n, (x, y) in enumerate(CORNERS, 1)]
    told = read(tmp_path, workbook([["点号", "经度（度.分秒）", "纬度（度.分秒）"], *rows]), "a.xlsx")
    assert is_the_plot(told)
    degrees = read(tmp_path, workbook([["点号", "经度（度分秒）", "纬度（度分秒）"], *point_rows(CORNERS)]), "a.xlsx")
    assert [item.wkb for item in degrees.candidates] == [None]


def rewritten(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(memory, "w") as sink:
        for name in source.namelist():
            inner = source.read(name)
            assert name != part or re.search(old, inner, re.DOTALL)
            sink.writestr(name, re.sub(old, new, inner, flags=re.DOTALL) if name == part else inner)
    return memory.getvalue()


LOOKS = {
    "a fill without a kind": ("xl/styles.xml", rb"<fill>.*?</fill>", b"<fill/>"),
    "a family of fonts that does not exist": ("xl/styles.xml", rb'<family val="\d+" ?/>', b'<family val="50"/>'),
    "a day of making that is none": ("docProps/core.xml", rb"\d{4}-\d\d-\d\dT", b"2016-13-45T"),
    "a rule for typing": (
        "xl/worksheets/sheet1.xml",
        rb"</sheetData>",
        b'</sheetData><dataValidations count="1"><dataValidation errorStyle="x" sqref="A1"/></dataValidations>',
    ),
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_looks_of_a_workbook_keep_nobody_from_its_values(look: str, tmp_path: Path) -> None:
    day = dt.date(2016, 4, 5)
    sheet = workbook([["地块编号", "造林日期", "X", "Y"], *(["A1", day, x, y] for x, y in NORTH_FIRST)])
    reading = read(tmp_path, rewritten(sheet, *LOOKS[look]), "a.xlsx")
    assert is_the_plot(reading)
    assert reading.candidates[0].attributes["造林日期"] == "2016-04-05"


def test_points_of_two_plots_are_parted_by_the_letters_before_their_numbers(tmp_path: Path) -> None:
    lines = [
        f"{letter}{n},{x + add},{y}" for letter, add in (("A", 0), ("B", 0.01)) for n, (x, y) in enumerate(CORNERS)
    ]
    reading = read(tmp_path, "\n".join(lines), "a.txt")
    assert [item.attributes["编号"] for item in reading.candidates] == ["A", "B2"]


def test_the_number_of_an_old_plane_before_a_wkt_is_refused_by_name(tmp_path: Path) -> None:
    reading = read(tmp_path, f'id,wkt\n1,"SRID=2363;{shapely.Polygon(PLANE).wkt}"\n', "a.csv")
    assert reading.candidates[0].wkb is None
    assert "西安80" in reading.all_findings[-1].message.zh


def test_a_curve_in_a_table_is_told_and_its_neighbour_comes_in(tmp_path: Path) -> None:
    curve = "CURVEPOLYGON(CIRCULARSTRING(115.6 37.6, 115.7 37.7, 115.6 37.6))"
    reading = read(tmp_path, f'id,wkt\n1,"{curve}"\n2,"{PLOT.wkt}"\n', "a.csv")
    assert [item.wkb is not None for item in reading.candidates] == [False, True]
    assert "圆弧" in reading.candidates[0].findings[0].message.zh


def test_a_list_of_places_is_no_plot(tmp_path: Path) -> None:
    rows = ["名称,经度,纬度", *(f"{name},{x},{y}" for name, (x, y) in zip("恩察苏大", CORNERS, strict=True))]
    assert set(told(read(tmp_path, "\n".join(rows), "a.csv"))) == {"wrong_geometry", "told_crs"}


# --- columns that hold more than one kind of value ------------------------------------------------------------------


def collection(*properties: dict[str, Any]) -> str:
    features = [{"type": "Feature", "properties": some, "geometry": mapping(PLOT)} for some in properties]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def test_a_column_with_numbers_and_texts_ends_no_file(tmp_path: Path) -> None:
    values = [7, "07-1", "甲", 1.5, {"树种": "杨"}, [1, 2], None]
    reading = read(tmp_path, collection(*({"小班号": value} for value in values)), "a.geojson")
    read_as = [item.attributes["小班号"] for item in reading.candidates]
    assert read_as == ["7", "07-1", "甲", "1.5", '{"树种": "杨"}', "[1, 2]", None]


def test_a_day_that_is_none_is_kept_as_it_is_written_and_ends_no_file(tmp_path: Path) -> None:
    days = ["2016-02-30", "2016/13/01", "2016-04-05"]
    reading = read(tmp_path, collection(*({"造林日期": day} for day in days)), "a.geojson")
    assert [str(item.attributes["造林日期"]).replace("/", "-") for item in reading.candidates] == [
        day.replace("/", "-") for day in days
    ]


@pytest.mark.parametrize("day", ["20160230", "2016.4.5", "********"])
def test_so_is_one_in_the_table_of_a_shapefile(day: str, tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"N": "int", "RQ": "date"}}
    with fiona.open(tmp_path / "a.shp", "w", driver="ESRI Shapefile", schema=schema, crs="EPSG:4527") as file:
        for n in (1, 2):
            row = {"N": n, "RQ": f"2016-04-0{n}"}
            file.write({"geometry": mapping(shapely.Polygon(PLANE)), "properties": row})
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as container:
        for part in ("shp", "shx", "dbf", "prj"):
            data = (tmp_path / f"a.{part}").read_bytes()
            container.writestr(f"a.{part}", data.replace(b"20160401", day.encode()))
    reading = read(tmp_path, memory.getvalue(), "a.zip")
    assert [item.attributes["RQ"] for item in reading.candidates] == [day, "20160402"]


def test_a_list_of_numbers_is_kept_or_its_column_is_told(tmp_path: Path) -> None:
    kept = read(tmp_path, collection({"株数": [1, 2]}, {"株数": [3]}), "a.geojson")
    assert [item.attributes["株数"] for item in kept.candidates] == ["[1, 2]", "[3]"]
    lines = "\n".join(json.dumps(f) for f in json.loads(collection({"zs": [1, 2]}, {"zs": [3]}))["features"])
    left = read(tmp_path, lines, "a.geojsonl")
    [found] = [found for found in left.findings if found.check == "unread_fields"]
    assert found.facts == {"found": "zs"}


def test_the_drawing_rules_that_a_gis_keeps_in_a_geopackage_are_no_layer(tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"MC": "str"}}
    with fiona.open(tmp_path / "a.gpkg", "w", driver="GPKG", crs="EPSG:4490", layer="小班", schema=schema) as file:
        file.write({"geometry": mapping(PLOT), "properties": {"MC": "甲"}})
    with sqlite3.connect(tmp_path / "a.gpkg") as store:
        store.execute("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleQML TEXT)")
        about = "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, 'attributes', ?)"
        store.execute(about, ("layer_styles", "layer_styles"))
    store.close()
    reading = read(tmp_path, (tmp_path / "a.gpkg").read_bytes(), "a.gpkg")
    assert is_the_plot(reading)
    assert told(reading) == []


# --- KML as it is written by hand -----------------------------------------------------------------------------------


def ring(corners: list[Any], between: str = ",") -> str:
    text = " ".join(between.join((repr(x), repr(y), "0")) for x, y in corners)
    return f"<LinearRing><coordinates>{text}</coordinates></LinearRing>"


HOLE = shapely.box(115.601, 37.6005, 115.602, 37.601)
OUTER = f"<outerBoundaryIs>{ring(RING)}</outerBoundaryIs>"
PLACEMARKS = {
    "a hole before the outer ring": (
        f"<name>甲</name><Polygon><innerBoundaryIs>{ring(list(HOLE.exterior.coords))}</innerBoundaryIs>{OUTER}</Polygon>"
    ),
    "blanks behind the commas": (
        f"<name>甲</name><Polygon><outerBoundaryIs>{ring(RING, ', ')}</outerBoundaryIs></Polygon>"
    ),
    "a name over two lines": f"<name>甲\n   地块</name><Polygon>{OUTER}</Polygon>",
}


@pytest.mark.parametrize("body", PLACEMARKS.values(), ids=PLACEMARKS)
def test_a_placemark_keeps_boundary_and_attributes_however_it_is_written(body: str, tmp_path: Path) -> None:
    data = '<ExtendedData><Data name="F1"><displayName>小班号</displayName><value>7</value></Data></ExtendedData>'
    document = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark>{body}{data}</Placemark></kml>'
    reading = read(tmp_path, document, "a.kml")
    [item] = reading.candidates
    assert item.attributes["小班号"] == "7"
    assert item.wkb is not None
    assert shapely.hausdorff_distance(shapely.from_wkb(item.wkb), PLOT) < 2e-3
    assert told(reading) == []


@pytest.mark.parametrize(
    ("types", "name", "system"),
    [
        (["CGCS2000"], "a.ovkml", "WGS84"),
        (["WGS84"], "a.kml", "WGS84"),
        (["GCJ02"], "a.ovkml", "GCJ-02"),
        (["GCJ-02"], "a.kml", "GCJ-02"),
        ([], "a.ovkml", "GCJ-02"),
        (["2"], "a.ovkml", "GCJ-02"),
        ([], "a.kml", None),
    ],
)
def test_what_ovital_says_of_its_objects_stands_above_the_suffix(
    types: list[str], name: str, system: str | None, tmp_path: Path
) -> None:
    corners = shapely.get_coordinates(PLOT)[:4]
    shown = (to_gcj02(corners) if system == "GCJ-02" else corners).tolist()
    body = f"<Polygon><outerBoundaryIs>{ring([*shown, shown[0]])}</outerBoundaryIs></Polygon>"
    marks = "".join(f"<Placemark><OvCoordType>{said}</OvCoordType>{body}</Placemark>" for said in types)
    document = f"<kml xmlns='http://www.opengis.net/kml/2.2'>{marks or f'<Placemark>{body}</Placemark>'}</kml>"
    reading = read(tmp_path, document, name)
    assert [layer.open for layer in reading.layers] == [system is None]
    assert system is None or is_the_plot(reading, within_m=0.1)


def test_objects_of_ovital_that_say_different_things_wait(tmp_path: Path) -> None:
    body = f"<Polygon>{OUTER}</Polygon>"
    marks = "".join(
        f"<Placemark><OvCoordType>{said}</OvCoordType>{body}</Placemark>" for said in ("CGCS2000", "GCJ-02")
    )
    reading = read(tmp_path, f"<kml xmlns='http://www.opengis.net/kml/2.2'>{marks}</kml>", "a.ovkml")
    assert told(reading) == ["mixed_objects"] * 2
    assert reading.candidates[0].wkb is None


def test_a_point_without_coordinates_is_told_once_and_lies_nowhere(tmp_path: Path) -> None:
    document = '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>甲</name><Point/></Placemark></kml>'
    reading = read(tmp_path, document, "a.kml")
    assert [item.attributes["Name"] for item in reading.candidates] == ["甲"]
    assert told(reading) == ["no_geometry"]


def test_corners_that_are_parted_by_commas_are_not_closed_up(tmp_path: Path) -> None:
    text = ", ".join(f"{x},{y}" for x, y in RING)
    polygon = OUTER.replace(
        OUTER[OUTER.index("<coordinates>") : OUTER.index("</LinearRing>")], f"<coordinates>{text}</coordinates>"
    )
    document = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><Polygon>{polygon}</Polygon></Placemark></kml>'
    reading = read(tmp_path, document, "a.kml")
    assert all(item.wkb is None for item in reading.candidates) or is_the_plot(reading)


# --- letters and neighbours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        ("Région", "cp1252", "cp1252"),
        ("枣强县A区", "gbk", "gb18030"),
        ("阜城", "gbk", "gb18030"),
        ("A林b", "gbk", "cp1252"),
    ],
)
def test_accents_that_read_as_single_chinese_characters_are_told_from_chinese(
    text: str, codec: str, expected: str, tmp_path: Path
) -> None:
    shapefile(tmp_path, CORNERS, crs=None, stem="a", texts=(text, codec))
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    table = bytearray((tmp_path / "a.dbf").read_bytes())
    table[29] = 0
    (tmp_path / "a.dbf").write_bytes(table)
    assert dbf_encoding(tmp_path / "a.dbf").encoding == expected


def test_an_image_beside_the_boundaries_in_a_zip_stops_nobody(tmp_path: Path) -> None:
    memory = io.BytesIO(shapefile(tmp_path, PLANE, crs=4527, stem="小班"))
    with zipfile.ZipFile(memory, "a") as container:
        for name in ("正射影像.tif", "正射影像.tfw", "正射影像.aux.xml", "录像.mp4"):
            container.writestr(name, b"II*\0")
    reading = read(tmp_path, memory.getvalue(), "a.zip")
    assert is_the_plot(reading)
    assert told(reading) == []
