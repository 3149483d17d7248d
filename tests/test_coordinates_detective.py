"""Shifted coordinates: the way back agrees with an independent implementation, and nothing is certain unproved."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import CRS
from shapely.geometry import mapping

from ecotrack.coordinates import SHIFTED, unshifted
from ecotrack.coordinates.degrees import read_ordinate
from ecotrack.coordinates.detective import READINGS, Detected, detect, read_as
from ecotrack.coordinates.shifted import to_bd09, to_gcj02
from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Reading
from ecotrack.intake.child import read_upload
from test_coordinates import GEOD, HENGSHUI, gauss_forward

POINTS = Path(__file__).with_name("data") / "shifted_points.csv"


def points() -> np.ndarray:
    with POINTS.open(encoding="utf-8") as stream:
        rows = csv.DictReader(line for line in stream if not line.startswith("#"))
        return np.array([[float(value) for value in row.values()] for row in rows])


def metres(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2])


@pytest.mark.parametrize(("system", "first"), [("GCJ-02", 2), ("BD-09", 4)])
def test_shift_and_way_back_agree_with_an_independent_implementation_within_two_centimetres(
    system: str, first: int
) -> None:
    known = points()
    shown = known[:, first : first + 2]
    assert metres(SHIFTED[system](known[:, :2]), shown).max() < 0.02
    assert metres(unshifted(shown, system), known[:, :2]).max() < 0.02


@pytest.mark.parametrize("system", SHIFTED)
def test_there_and_back_is_the_same_point(system: str) -> None:
    known = points()[:, :2]
    assert metres(unshifted(SHIFTED[system](known), system), known).max() < 1e-4


def test_the_shift_over_the_city_has_the_published_size() -> None:
    known = points()[:, :2]
    gcj, bd = metres(to_gcj02(known), known), metres(to_bd09(known), known)
    assert (gcj.min() > 480, gcj.max() < 580) == (True, True)
    assert (bd.min() > 1260, bd.max() < 1400) == (True, True)


@pytest.mark.parametrize(
    "text",
    ["115.5085", "115°30′30.6″", "115°30'30.6\"", "115度30分30.6秒", "东经115°30′30.6″", "115 30 30.6", "115-30-30.6",
     "115:30:30.6", "E115°30′30.6″", "115°30′30.6″E", "115°30.51′", "g115.5085"],
)  # fmt: skip
def test_degrees_minutes_and_seconds_are_read_however_they_are_written(text: str) -> None:
    found = read_ordinate(text)
    assert found is not None
    assert found.value == pytest.approx(115.5085, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["", "甲", "115°60′00″", "115°30′60″", "1153030.6秒", "115°-30′", "NaN", "一百", "12/5"]
)
def test_what_is_no_coordinate_is_refused(text: str) -> None:
    assert read_ordinate(text) is None


# --- one plot in many encodings ---------------------------------------------------------------------------------

PLOT = points()[:4]
LONLAT, GCJ, BD = PLOT[:, :2], PLOT[:, 2:4], PLOT[:, 4:6]
Write = Callable[[Path], Path]


def plane(meridian: float, easting: float) -> np.ndarray:
    found = np.array([gauss_forward(lon, lat, meridian=meridian) for lon, lat in LONLAT])
    return np.asarray(found + np.array([easting, 0.0]))


def vector(folder: Path, name: str, xy: np.ndarray, driver: str, crs: str | None, *, prj: bool = True) -> Path:
    path = folder / name
    with fiona.open(
        path, "w", driver=driver, crs=crs, schema={"geometry": "Polygon", "properties": {"Name": "str"}}
    ) as s:
        s.write({"geometry": mapping(shapely.Polygon(xy)), "properties": {"Name": "甲"}})
    if not prj:
        path.with_suffix(".prj").unlink()
    if driver != "ESRI Shapefile":
        return path
    packed = folder / (path.stem + ".zip")
    with zipfile.ZipFile(packed, "w") as container:
        for part in folder.glob(path.stem + ".*"):
            if part != packed:
                container.write(part, part.name)
    return packed


def text(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


def table(folder: Path, xy: np.ndarray, write: Callable[[float], str] = repr) -> Path:
    rows = "\n".join(f"A,{write(float(x))},{write(float(y))}" for x, y in xy)
    return text(folder, "a.csv", f"地块编号,经度,纬度\n{rows}\n")


def dms(value: float) -> str:
    minutes, seconds = divmod(round(value * 3600, 4), 60)
    degrees, minutes = divmod(int(minutes), 60)
    return f"{degrees}°{minutes:02d}′{seconds:07.4f}″"


def geojson(folder: Path, xy: np.ndarray, crs: str | None = None) -> Path:
    document: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": mapping(shapely.Polygon(xy))}],
    }
    if crs:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    return text(folder, "a.geojson", json.dumps(document))


def gpx(folder: Path, xy: np.ndarray, creator: str) -> Path:
    walk = "".join(f'<trkpt lat="{y!r}" lon="{x!r}"/>' for x, y in [*xy.tolist(), xy[0].tolist()])
    head = f'<gpx version="1.1" creator="{creator}" xmlns="http://www.topografix.com/GPX/1/1">'
    return text(folder, "a.gpx", f"{head}<trk><name>甲</name><trkseg>{walk}</trkseg></trk></gpx>")


def kml(folder: Path, name: str, xy: np.ndarray) -> Path:
    ring = " ".join(f"{x!r},{y!r}" for x, y in [*xy.tolist(), xy[0].tolist()])
    shape = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
    mark = f"<Placemark><name>甲</name><Polygon>{shape}</Polygon></Placemark>"
    return text(folder, name, f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{mark}</Document></kml>')


def parquet(folder: Path) -> Path:
    wkb = shapely.to_wkb(shapely.Polygon(plane(117, 39_500_000)))
    columns = {"geometry": {"encoding": "WKB", "geometry_types": [], "crs": CRS.from_epsg(4527).to_json_dict()}}
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": columns}
    found = pa.table({"geometry": pa.array([wkb], pa.binary())}).replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(found, folder / "a.parquet")
    return folder / "a.parquet"


SHP = "ESRI Shapefile"
LANDS: dict[str, Write] = {
    "shp, zone 39 with digits": lambda f: vector(f, "a.shp", plane(117, 39_500_000), SHP, "EPSG:4527"),
    "shp, zone 38 with digits": lambda f: vector(f, "a.shp", plane(114, 38_500_000), SHP, "EPSG:4526"),
    "shp, 117 without digits": lambda f: vector(f, "a.shp", plane(117, 500_000), SHP, "EPSG:4548"),
    "shp, digits, no prj": lambda f: vector(f, "a.shp", plane(117, 39_500_000), SHP, "EPSG:4527", prj=False),
    "shp, degrees of 4490": lambda f: vector(f, "a.shp", LONLAT, SHP, "EPSG:4490"),
    "gpkg, 114 without digits": lambda f: vector(f, "a.gpkg", plane(114, 500_000), "GPKG", "EPSG:4547"),
    "GeoJSON in metres": lambda f: geojson(f, plane(117, 39_500_000)),
    "GeoJSON with axes swapped": lambda f: geojson(f, LONLAT[:, ::-1], "urn:ogc:def:crs:EPSG::4490"),
    "GeoParquet": parquet,
    "ovkml": lambda f: kml(f, "a.ovkml", GCJ),
    "Ovital text, g": lambda f: text(f, "a.txt", "".join(f"g{x},{y}\n" for x, y in GCJ)),
    "Ovital text, b": lambda f: text(f, "a.txt", "".join(f"b{x},{y}\n" for x, y in BD)),
    "GPX of a Garmin": lambda f: gpx(f, LONLAT, "Garmin eTrex 20"),
    "northing before easting": lambda f: table(f, plane(117, 39_500_000)[:, ::-1]),
}  # fmt: skip
WAITS: dict[str, Write] = {
    "KML, WGS84": lambda f: kml(f, "a.kml", LONLAT),
    "KML, GCJ-02": lambda f: kml(f, "a.kml", GCJ),
    "KML, BD-09": lambda f: kml(f, "a.kml", BD),
    "GeoJSON, GCJ-02, no crs": lambda f: geojson(f, GCJ),
    "CSV, degrees of BD-09": lambda f: table(f, BD),
    "CSV, DMS": lambda f: table(f, LONLAT, dms),
    "GPX of a phone": lambda f: gpx(f, GCJ, "2bulu"),
    "shp in degrees, no prj": lambda f: vector(f, "a.shp", LONLAT, SHP, "EPSG:4490", prj=False),
}
UNKNOWN: dict[str, Write] = {
    "shp, no digits, no prj": lambda f: vector(f, "a.shp", plane(117, 500_000), SHP, "EPSG:4548", prj=False),
    "shp, Xian 1980": lambda f: vector(f, "a.shp", plane(117, 39_500_000), SHP, "EPSG:2363"),
    "shp, Beijing 1954": lambda f: vector(f, "a.shp", plane(117, 39_500_000), SHP, "EPSG:2435"),
}


def taken(path: Path, folder: Path) -> Reading:
    folder.mkdir()
    (folder / UPLOAD_NAME).write_bytes(path.read_bytes())
    return read_upload(Ask(file_name=path.name, extent=HENGSHUI), folder)


@pytest.mark.parametrize("write", LANDS.values(), ids=LANDS.keys())
def test_one_plot_in_many_encodings_lands_within_a_metre(write: Write, tmp_path: Path) -> None:
    reading = taken(write(tmp_path), tmp_path / "child")
    assert [layer.open for layer in reading.layers] == [False]
    corners = shapely.get_coordinates(shapely.from_wkb(reading.candidates[0].wkb))
    for corner in LONLAT:
        assert metres(corners, np.repeat([corner], len(corners), axis=0)).min() < 1.0


@pytest.mark.parametrize("write", WAITS.values(), ids=WAITS.keys())
def test_degrees_that_nobody_vouches_for_stay_open(write: Write, tmp_path: Path) -> None:
    assert all(layer.open for layer in taken(write(tmp_path), tmp_path / "child").layers)


@pytest.mark.parametrize("write", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_and_old_systems_are_named_and_wait(write: Write, tmp_path: Path) -> None:
    reading = taken(write(tmp_path), tmp_path / "child")
    assert [item.wkb for item in reading.candidates] == [None]
    assert {found.check for found in reading.all_findings} & {"unknown_crs", "refused"}


# --- the rates of the detective ---------------------------------------------------------------------------------


def blob(rng: np.random.Generator, x: float, y: float) -> shapely.Polygon:
    angle = np.sort(rng.uniform(0, 2 * np.pi, 14))
    radius = rng.uniform(0.0006, 0.0012, 14)
    return shapely.Polygon(np.column_stack([x + radius * np.cos(angle) / 0.79, y + radius * np.sin(angle)]))


def neighbourhood(rng: np.random.Generator, *, far: bool) -> tuple[shapely.Polygon, np.ndarray]:
    """Return a new plot, and accepted plots: one that it was snapped to, others about; or others only."""
    x, y = rng.uniform(115.2, 116.5), rng.uniform(37.1, 38.3)
    others = [blob(rng, x + dx, y + dy) for dx, dy in rng.uniform(-0.02, 0.02, (25, 2))]
    new = blob(rng, x, y)
    if not far:
        shared = np.array(new.exterior.coords)[:9] + rng.normal(0, 2e-6, (9, 2))
        others.append(shapely.Polygon([*shared.tolist(), (x + 0.004, y + 0.004)]))
    return new, shapely.boundary(np.array(others, dtype=object))


def cases(*, far: bool, count: int) -> Iterator[tuple[str, Detected]]:
    rng = np.random.default_rng(17 + far)
    for _ in range(count):
        new, lines = neighbourhood(rng, far=far)
        for system in READINGS:
            shown = shapely.transform(new, SHIFTED[system]) if system in SHIFTED else new
            yield system, detect(np.array([shown], dtype=object), lines=lines, known=[])


def test_beside_known_lines_the_reading_is_told_and_never_wrong() -> None:
    found = list(cases(far=False, count=40))
    wrong = [told for true, told in found if told.system not in (None, true)]
    missed = [told for _, told in found if told.system is None]
    assert wrong == []
    assert len(missed) <= 0.05 * len(found)


def test_far_from_known_lines_it_is_ambiguous_every_time() -> None:
    assert {told.system for _, told in cases(far=True, count=40)} == {None}


def test_a_known_plot_that_comes_again_tells_the_reading_and_two_voices_that_differ_do_not() -> None:
    before = shapely.Polygon(LONLAT)
    nothing = np.zeros(0, dtype=object)
    for system in READINGS:
        shown = shapely.transform(before, SHIFTED[system]) if system in SHIFTED else before
        assert detect(np.array([shown]), lines=nothing, known=[(shown, before)]).system == system
    moved = shapely.transform(before, SHIFTED["GCJ-02"])
    lines = np.array([shapely.boundary(shapely.transform(before, partial(read_as, system="WGS84")))])
    dense = shapely.segmentize(moved, 1e-4)
    on_the_spot = np.array([shapely.boundary(dense)])
    assert detect(np.array([dense]), lines=on_the_spot, known=[(dense, before)]).system is None
    assert detect(np.array([moved]), lines=lines, known=[(moved, before)]).system == "GCJ-02"


def field(rng: np.random.Generator, corner: np.ndarray, size: np.ndarray, *, aside: np.ndarray) -> shapely.Polygon:
    """Return a field of a row, drawn with a corner every 25 m, all of it a little aside of where it is (metres)."""
    ring = shapely.get_coordinates(shapely.segmentize(shapely.box(0, 0, *size), 25.0))
    return shapely.Polygon(corner + (ring + aside + rng.normal(0, 0.1, (1, 2))) / np.array([88_000.0, 111_000.0]))


def test_fields_in_rows_do_not_make_a_wrong_reading_certain() -> None:
    """Under a wrong reading a whole side may come to lie on the lines of a row: one direction proves nothing."""
    rng, wrong, count = np.random.default_rng(20), 0, 0
    for _ in range(60):
        origin = rng.uniform((115.2, 37.1), (116.5, 38.3))
        size = rng.uniform((30, 60), (120, 300))
        step = size / np.array([88_000.0, 111_000.0])
        here = np.zeros(2)
        rows = [(i, j) for i in range(-25, 26) for j in range(-5, 6) if (i, j) != (0, 0) and rng.random() < 0.5]
        lines = shapely.boundary(
            np.array([field(rng, origin + step * place, size, aside=here) for place in rows], dtype=object)
        )
        new = field(rng, origin, size, aside=rng.uniform(-20, 20, 2))
        for system in READINGS:
            shown = shapely.transform(new, SHIFTED[system]) if system in SHIFTED else new
            told = detect(np.array([shown], dtype=object), lines=lines, known=[]).system
            wrong, count = wrong + (told not in (None, system)), count + 1
    assert wrong <= 0.005 * count
