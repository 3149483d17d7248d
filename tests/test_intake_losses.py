"""What other readers lose without a word: shapes without a row, a plot beside another, text of a drawing."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
import shapely
from pyproj import Transformer

from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Reading
from ecotrack.intake.child import read_upload

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
ZONE = Transformer.from_crs("EPSG:4490", "EPSG:4527", always_xy=True)
Points = list[tuple[float, float]]


def plot(lon: float, lat: float) -> Points:
    corners = ((lon, lat), (lon, lat + 0.002), (lon + 0.003, lat + 0.002), (lon + 0.003, lat))
    return [ZONE.transform(*corner) for corner in corners]


EAST, WEST = plot(115.6, 37.6), plot(115.5, 37.7)


def read(folder: Path, data: bytes, name: str) -> Reading:
    (folder / UPLOAD_NAME).write_bytes(data)
    return read_upload(Ask(file_name=name, extent=HENGSHUI), folder)


def told(reading: Reading) -> list[str]:
    return [found.check for found in reading.all_findings if found.check != "told_crs"]


def table_of(rows: list[str], *, deleted: tuple[int, ...] = ()) -> bytes:
    """Return a DBF of one column ``MC``, made byte by byte."""
    head = struct.pack("<B3BLHH20x", 3, 119, 4, 1, len(rows), 65, 21) + b"MC".ljust(11, b"\0") + b"C" + b"\0" * 4
    head += bytes([20, 0]) + b"\0" * 14 + b"\r"
    marks = (b"*" if number in deleted else b" " for number in range(len(rows)))
    return (
        head + b"".join(mark + row.encode("gb18030").ljust(20) for mark, row in zip(marks, rows, strict=True)) + b"\x1a"
    )


def shapefile(plots: list[Points], table: bytes) -> bytes:
    """Return a zipped shapefile made byte by byte."""
    box = struct.pack("<4d", *shapely.total_bounds([shapely.Polygon(plot) for plot in plots]))
    body, index, at = b"", b"", 50
    for number, corners in enumerate(plots, 1):
        ring = [*corners, corners[0]]
        content = struct.pack("<i", 5) + struct.pack("<4d", *shapely.Polygon(ring).bounds)
        content += struct.pack("<3i", 1, len(ring), 0) + b"".join(struct.pack("<2d", *point) for point in ring)
        body += struct.pack(">2i", number, len(content) // 2) + content
        index += struct.pack(">2i", at, len(content) // 2)
        at += 4 + len(content) // 2
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as container:
        for name, part in (("a.shp", body), ("a.shx", index)):
            head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 50 + len(part) // 2) + struct.pack("<2i", 1000, 5)
            container.writestr(name, head + box + bytes(32) + part)
        container.writestr("a.dbf", table)
    return memory.getvalue()


@pytest.mark.parametrize(
    ("rows", "deleted", "plots", "findings"),
    [
        (["甲", "乙"], (), 2, []),
        (["甲"], (), 2, ["rows_short"]),
        ([], (), 2, ["rows_short"]),
        (["甲", "乙", "丙"], (), 2, ["rows_left"]),
        (["甲", "乙"], (1,), 1, ["rows_deleted"]),
    ],
    ids=["as many", "too few rows", "no rows", "too many rows", "a deleted row"],
)
def test_no_shape_of_a_shapefile_is_lost_for_want_of_a_row(
    tmp_path: Path, rows: list[str], deleted: tuple[int, ...], plots: int, findings: list[str]
) -> None:
    reading = read(tmp_path, shapefile([EAST, WEST], table_of(rows, deleted=deleted)), "a.zip")
    assert len([item for item in reading.candidates if item.wkb is not None]) == plots
    assert [item.attributes["MC"] for item in reading.candidates[: len(rows)]] == rows[:plots]
    assert told(reading) == findings


def sheet(*titles: str, second: Points) -> bytes:
    pairs = zip(EAST, second, strict=True)
    rows = [f"{n},{x:.3f},{y:.3f},{n},{u:.3f},{v:.3f}" for n, ((x, y), (u, v)) in enumerate(pairs, 1)]
    return "\n".join([",".join(titles), *rows]).encode()


def test_plots_side_by_side_are_all_read(tmp_path: Path) -> None:
    reading = read(tmp_path, sheet("点号", "X", "Y", "点号", "X", "Y", second=WEST), "a.csv")
    centres = [shapely.from_wkb(item.wkb).centroid for item in reading.candidates if item.wkb]
    assert [(round(point.x, 2), round(point.y, 2)) for point in centres] == [(115.6, 37.6), (115.5, 37.7)]
    assert told(reading) == []


def test_a_second_pair_of_the_same_corners_is_left_and_told(tmp_path: Path) -> None:
    reading = read(tmp_path, sheet("点号", "X", "Y", "高程", "X", "Y", second=WEST), "a.csv")
    assert len(reading.candidates) == 1
    assert told(reading) == ["pair_left"]


def test_the_layers_of_a_drawing_without_a_code_page_are_read_as_chinese(tmp_path: Path) -> None:
    corners = "".join(f"10\n{x}\n20\n{y}\n" for x, y in EAST)
    drawing = f"0\nSECTION\n2\nENTITIES\n0\nLWPOLYLINE\n8\n小班界\n90\n4\n70\n1\n{corners}0\nENDSEC\n0\nEOF\n"
    reading = read(tmp_path, drawing.encode("gbk"), "a.dxf")
    assert [item.attributes["Layer"] for item in reading.candidates] == ["小班界"]


def test_a_kml_whose_names_bear_a_prefix_is_read(tmp_path: Path) -> None:
    ring = "115.6,37.6 115.603,37.6 115.603,37.602 115.6,37.6"
    polygon = (
        f"<k:outerBoundaryIs><k:LinearRing><k:coordinates>{ring}</k:coordinates></k:LinearRing></k:outerBoundaryIs>"
    )
    mark = f"<k:Placemark><k:name>甲</k:name><k:Polygon>{polygon}</k:Polygon></k:Placemark>"
    text = f'<k:kml xmlns:k="http://www.opengis.net/kml/2.2"><k:Document>{mark}</k:Document></k:kml>'
    reading = read(tmp_path, text.encode(), "a.kml")
    assert [(item.attributes["Name"], item.wkb is not None) for item in reading.candidates] == [("甲", True)]


def test_a_ring_that_is_not_closed_is_told_once_with_the_name_of_its_placemark(tmp_path: Path) -> None:
    ring = "115.6,37.6 115.603,37.6 115.603,37.602 115.6,37.602"
    drawn = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
    polygon = f"<Polygon>{drawn}</Polygon>"
    text = f"<kml><Document><Placemark><name>甲</name>{polygon}</Placemark></Document></kml>"
    reading = read(tmp_path, text.encode(), "a.kml")
    assert [item.attributes["Name"] for item in reading.candidates] == ["甲"]
    assert told(reading) == ["open_ring"]


def test_a_boundary_that_is_no_boundary_keeps_the_attributes_of_its_placemark_and_is_told_once(tmp_path: Path) -> None:
    ring = "115.6，37.6 115.603，37.6 115.603，37.602 115.6，37.6"
    drawn = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
    text = f"<kml><Document><Placemark><name>甲</name><Polygon>{drawn}</Polygon></Placemark></Document></kml>"
    reading = read(tmp_path, text.encode(), "a.kml")
    assert [item.attributes["Name"] for item in reading.candidates] == ["甲"]
    assert told(reading) == ["no_geometry"]


def test_headers_in_traditional_writing_are_known(tmp_path: Path) -> None:
    rows = "\n".join(f"甲,{x:.3f},{y:.3f}" for x, y in EAST)
    reading = read(tmp_path, f"地塊編號,橫座標,縱座標\n{rows}\n".encode(), "a.csv")
    assert [item.attributes["地塊編號"] for item in reading.candidates if item.wkb] == ["甲"]
