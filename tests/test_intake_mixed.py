"""Files put together from several sources: each plot where it is, each oddity named; what cannot be told waits."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import fiona
import pytest
import shapely
from pyproj import CRS, Transformer
from shapely.geometry import mapping

from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Reading
from ecotrack.intake.child import read_upload

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
Points = list[tuple[float, float]]
PLANES = {38: 4526, 39: 4527, 114: 4547, 117: 4548}
TO_PLANE = {name: Transformer.from_crs("EPSG:4490", f"EPSG:{code}", always_xy=True) for name, code in PLANES.items()}
TITLES = "地块编号,点号,X,Y"


def plot(lon: float, lat: float) -> Points:
    return [(lon, lat), (lon + 0.003, lat + 0.0002), (lon + 0.003, lat + 0.002), (lon + 0.0001, lat + 0.0019)]


WEST, MIDDLE, EAST = plot(115.4, 37.7), plot(115.498, 37.8), plot(115.6, 37.6)


def plane(points: Points, name: int, *, metres: float = 1.0) -> Points:
    moved = (TO_PLANE[name].transform(*point) for point in points)
    return [(x / metres, y / metres) for x, y in moved]


def swapped(points: Points) -> Points:
    return [(y, x) for x, y in points]


def read(folder: Path, data: bytes, name: str = "小班.csv", *, crs: str | None = None) -> Reading:
    (folder / UPLOAD_NAME).write_bytes(data)
    return read_upload(Ask(file_name=name, extent=HENGSHUI, crs=crs), folder)


def table(**plots: Points) -> bytes:
    rows = [f"{name},{n},{x:.12g},{y:.12g}" for name, corners in plots.items() for n, (x, y) in enumerate(corners, 1)]
    return "\n".join([TITLES, *rows]).encode()


def shapefile(folder: Path, plots: list[Points], prj: str = "") -> bytes:
    schema = {"geometry": "Polygon", "properties": {"MC": "str:20"}}
    with fiona.open(folder / "a.shp", "w", driver="ESRI Shapefile", schema=schema) as file:
        for corners in plots:
            shape = mapping(shapely.Polygon(corners))
            file.write({"type": "Feature", "geometry": shape, "properties": {"MC": "1"}})
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as container:
        for kind in ("shp", "shx", "dbf"):
            container.write(folder / f"a.{kind}", f"a.{kind}")
        if prj:
            container.writestr("a.prj", prj)
    return memory.getvalue()


def esri(code: int) -> str:
    return str(CRS.from_epsg(code).to_wkt("WKT1_ESRI"))


def lies_at(reading: Reading, *expected: Points | None) -> bool:
    """Tell whether the plots are the ones expected within 1 cm; ``None`` expects one that waits."""
    for item, corners in zip(reading.candidates, expected, strict=True):
        assert (item.wkb is None) == (corners is None), [found.message.zh for found in item.findings]
        if item.wkb is not None and corners is not None:
            drawn, meant = shapely.from_wkb(item.wkb), shapely.Polygon(corners)
            if shapely.hausdorff_distance(drawn.exterior, meant.exterior) * 111_000 > 0.01:
                return False
    return True


def told(reading: Reading) -> list[str]:
    return [found.check for found in reading.all_findings]


def test_zones_of_38_and_39_in_one_table_are_each_read_by_their_own(tmp_path: Path) -> None:
    reading = read(tmp_path, table(甲=plane(EAST, 39), 乙=plane(WEST, 38), 丙=plane(MIDDLE, 39)))
    assert lies_at(reading, EAST, WEST, MIDDLE)
    assert told(reading) == ["mixed_readings", "own_reading"]
    assert "39带（2块）、38带（1块：第2块）" in reading.findings[0].message.zh


def test_so_are_those_of_a_shapefile_without_a_prj(tmp_path: Path) -> None:
    data = shapefile(tmp_path, [plane(WEST, 38), plane(EAST, 39), plane(MIDDLE, 39)])
    assert lies_at(read(tmp_path, data, "a.zip"), WEST, EAST, MIDDLE)


def test_corners_of_one_plot_in_two_zones_are_joined_and_named(tmp_path: Path) -> None:
    reading = read(tmp_path, table(甲=plane(MIDDLE[:2], 39) + plane(MIDDLE[2:], 38)))
    assert lies_at(reading, MIDDLE)
    [finding] = [found for found in reading.all_findings if found.check == "torn_mended"]
    assert finding.level == "warns"
    assert finding.facts["count"] == "2"
    assert "第3（" in finding.message.zh


def test_plots_and_corners_with_latitude_first_are_turned_and_named(tmp_path: Path) -> None:
    torn = EAST[:2] + swapped(EAST[2:])
    reading = read(tmp_path, table(甲=MIDDLE, 乙=swapped(WEST), 丙=torn))
    assert lies_at(reading, MIDDLE, WEST, EAST)
    assert [[found.check for found in item.findings] for item in reading.candidates] == [
        [],
        ["own_reading"],
        ["torn_mended"],
    ]


def test_degrees_beside_metres_in_one_plot_wait(tmp_path: Path) -> None:
    reading = read(tmp_path, table(甲=EAST, 乙=WEST[:2] + plane(WEST[2:], 38)))
    assert lies_at(reading, EAST, None)
    assert [(found.check, found.answer) for found in reading.candidates[1].findings] == [
        ("torn_corners", "not_checked")
    ]


def test_a_stray_plot_waits_and_its_neighbours_do_not(tmp_path: Path) -> None:
    reading = read(tmp_path, table(甲=EAST, 乙=[(0, 0), (0, 1), (1, 1)], 丙=WEST))
    assert lies_at(reading, EAST, None, WEST)
    assert [found.check for found in reading.candidates[1].findings] == ["unknown_crs"]


def test_a_file_that_lies_elsewhere_but_for_one_plot_waits_as_a_whole(tmp_path: Path) -> None:
    far = [(110.0, 30.0), (110.1, 30.0), (110.1, 30.1)]
    assert lies_at(read(tmp_path, table(甲=far, 乙=far, 丙=EAST)), None, None, None)


@pytest.mark.parametrize(("metres", "unit"), [(1000.0, "公里"), (10_000.0, "万米"), (0.001, "毫米")])
def test_a_plane_in_another_unit_is_told_by_its_digits_and_said(tmp_path: Path, metres: float, unit: str) -> None:
    reading = read(tmp_path, table(甲=plane(EAST, 39, metres=metres), 乙=plane(WEST, 39, metres=metres)))
    assert lies_at(reading, EAST, WEST)
    [finding] = reading.all_findings
    assert (finding.check, unit in finding.message.zh) == ("told_crs", True)


def test_kilometres_without_digits_wait_and_come_in_when_somebody_names_the_plane(tmp_path: Path) -> None:
    data = table(甲=plane(EAST, 117, metres=1000.0))
    waiting = read(tmp_path, data)
    assert lies_at(waiting, None)
    assert "117度带（39带，不带带号），以公里为单位；UTM 50带，以公里为单位" in waiting.all_findings[0].message.zh
    assert lies_at(read(tmp_path, data, crs="EPSG:4548"), EAST)


@pytest.mark.parametrize(
    ("declared", "drawn", "fits"), [(4527, 38, "38带（带号开头）"), (4547, 117, "117度带（39带，不带带号）")]
)
def test_a_prj_of_another_meridian_is_named_and_the_plot_waits(
    tmp_path: Path, declared: int, drawn: int, fits: str
) -> None:
    reading = read(tmp_path, shapefile(tmp_path, [plane(EAST, drawn)], esri(declared)), "a.zip")
    [finding] = reading.all_findings
    assert (finding.check, finding.level, finding.answer) == ("contradicted_plane", "blocks", "not_checked")
    assert fits in finding.message.zh


def test_a_prj_that_contradicts_itself_is_named_even_where_its_plots_lie_in_the_city(tmp_path: Path) -> None:
    prj = esri(4526).replace("114.0", "117.0")
    crs = Transformer.from_crs("EPSG:4490", prj, always_xy=True)
    reading = read(tmp_path, shapefile(tmp_path, [[crs.transform(*point) for point in EAST]], prj), "a.zip")
    assert lies_at(reading, EAST)
    assert "中央经线是117度，横坐标的带号却是38" in reading.findings[0].message.zh


def test_a_table_with_its_titles_down_the_side_is_turned_and_told(tmp_path: Path) -> None:
    def line(title: str, cells: list[str]) -> str:
        return ",".join([title, *cells])

    def block(name: str, points: Points) -> list[str]:
        numbers = [[f"{value:.4f}" for value in axis] for axis in zip(*points, strict=True)]
        return [line("地块编号", [name]), line("X", numbers[0]), line("Y", numbers[1])]

    rows = ["枣强县造林地块坐标表", *block("甲", plane(EAST, 39)), *block("乙", plane(WEST, 39))]
    reading = read(tmp_path, "\n".join(rows).encode())
    assert lies_at(reading, EAST, WEST)
    assert [item.attributes["地块编号"] for item in reading.candidates] == ["甲", "乙"]
    assert told(reading).count("turned_table") == 1


def test_columns_of_numbered_corners_are_turned_too(tmp_path: Path) -> None:
    lines = ["地块编号,甲,乙"]
    for n, ((x, y), (u, v)) in enumerate(zip(EAST, WEST, strict=True), 1):
        lines += [f"经度{n},{x},{u}", f"纬度{n},{y},{v}"]
    assert lies_at(read(tmp_path, "\n".join(lines).encode()), EAST, WEST)
