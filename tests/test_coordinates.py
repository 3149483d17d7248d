"""The one gate into EPSG:4490: what is declared wins, what is told is said in words, the rest waits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod

from ecotrack.coordinates import LONG_EDGE_M, ZONE_EPSG, crs_label, parse_crs, read_crs, split_long_edges, to_stored
from ecotrack.errors import RefusedCRS, StrayCoordinates, UnknownCRS
from ecotrack.geometry.codec import from_wkb

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
GEOD = Geod(a=6378137.0, rf=298.257222101)


def gauss_forward(lon: float, lat: float, *, meridian: float) -> tuple[float, float]:
    """Gauss-Kruger easting (without false easting) and northing in m by Kruger's series to n^4, on CGCS2000.

    Written here from the series, so that the transform under test has a second opinion.
    """
    f = 1 / 298.257222101
    n = f / (2 - f)
    e = math.sqrt(f * (2 - f))
    phi, lam = math.radians(lat), math.radians(lon - meridian)
    t = math.sinh(math.atanh(math.sin(phi)) - e * math.atanh(e * math.sin(phi)))
    xi, eta = math.atan2(t, math.cos(lam)), math.atanh(math.sin(lam) / math.hypot(1, t))
    a = 6378137.0 / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    alpha = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
        61 * n**3 / 240 - 103 * n**4 / 140,
        49561 * n**4 / 161280,
    )
    x = eta + sum(c * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, c in enumerate(alpha, 1))
    y = xi + sum(c * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, c in enumerate(alpha, 1))
    return a * x, a * y


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(GEOD.inv(*a, *b)[2])


def stored_point(x: float, y: float, crs: str | None) -> tuple[float, float]:
    reading = read_crs(crs, (x, y, x, y), extent=HENGSHUI)
    return to_stored(shapely.Point(x, y), reading).geometry.coords[0]


@pytest.mark.parametrize("lonlat", [(115.61, 37.63), (115.2, 37.1), (116.6, 38.4)])
@pytest.mark.parametrize(
    ("crs", "meridian", "false_easting"),
    [
        ("EPSG:4526", 114, 38_500_000),
        ("EPSG:4527", 117, 39_500_000),
        ("EPSG:4547", 114, 500_000),
        ("EPSG:4548", 117, 500_000),
    ],
)
def test_each_three_degree_zone_comes_in_within_a_millimetre(
    lonlat: tuple[float, float], crs: str, meridian: float, false_easting: float
) -> None:
    east, north = gauss_forward(*lonlat, meridian=meridian)
    assert metres_between(stored_point(east + false_easting, north, crs), lonlat) < 1e-3


@pytest.mark.parametrize(("zone", "meridian"), [(38, 114), (39, 117)])
def test_zone_digits_tell_the_zone_and_it_is_said(zone: int, meridian: float) -> None:
    east, north = gauss_forward(115.6, 37.6, meridian=meridian)
    x = zone * 1e6 + 500_000 + east
    reading = read_crs(None, (x, north, x, north), extent=HENGSHUI)
    assert (reading.crs, reading.declared) == (f"EPSG:{ZONE_EPSG[zone]}", False)
    assert f"{zone}带" in reading.evidence.zh
    assert reading.crs in reading.evidence.zh
    assert metres_between(stored_point(x, north, None), (115.6, 37.6)) < 1e-3


def test_the_zone_table_agrees_with_the_registry() -> None:
    for zone, code in ZONE_EPSG.items():
        parameters = {item.name: item.value for item in CRS.from_epsg(code).coordinate_operation.params}
        assert parameters["False easting"] == zone * 1e6 + 500_000
        assert parameters["Longitude of natural origin"] == zone * 3


def test_degrees_inside_the_workspace_are_read_as_cgcs2000_and_it_is_said() -> None:
    reading = read_crs(None, (115.6, 37.6, 115.7, 37.7), extent=HENGSHUI)
    assert (reading.crs, reading.declared, reading.swapped) == ("EPSG:4490", False, False)
    assert "EPSG:4490" in reading.evidence.zh
    assert "EPSG:4490" in reading.evidence.en


@pytest.mark.parametrize("crs", [None, "EPSG:4490", "EPSG:4326"])
def test_swapped_degrees_are_turned_and_it_is_said(crs: str | None) -> None:
    reading = read_crs(crs, (37.6, 115.6, 37.7, 115.7), extent=HENGSHUI)
    assert reading.swapped
    assert "对调" in reading.evidence.zh
    assert stored_point(37.6, 115.6, crs) == (115.6, 37.6)


@pytest.mark.parametrize("crs", [None, "EPSG:4527"])
def test_northing_before_easting_is_turned(crs: str | None) -> None:
    east, north = gauss_forward(115.6, 37.6, meridian=117)
    assert metres_between(stored_point(north, 39_500_000 + east, crs), (115.6, 37.6)) < 1e-3


@pytest.mark.parametrize(
    "bounds",
    [
        (376_000.0, 4_150_000.0, 377_000.0, 4_151_000.0),  # no zone digits: 114 or 117, UTM or Gauss
        (10.0, 50.0, 10.1, 50.1),  # degrees, far away
        (39_376_000.0, 1_000_000.0, 39_377_000.0, 1_001_000.0),  # zone digits, but not inside the workspace
        (38_999_000.0, 4_150_000.0, 39_001_000.0, 4_151_000.0),  # two zones at once
        (0.0, 0.0, 1.0, 1.0),
        (math.inf, 0.0, math.inf, 1.0),
    ],
)
def test_numbers_that_do_not_tell_wait(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(UnknownCRS, match="--crs"):
        read_crs(None, bounds, extent=HENGSHUI)


def test_a_declared_crs_wins_over_what_the_numbers_suggest() -> None:
    reading = read_crs("EPSG:4326", (115.6, 37.6, 115.7, 37.7), extent=HENGSHUI)
    assert (reading.crs, reading.declared) == ("EPSG:4326", True)


def test_wgs84_is_taken_as_cgcs2000_without_a_shift_and_it_is_said() -> None:
    assert stored_point(115.61234, 37.65432, "EPSG:4326") == (115.61234, 37.65432)
    assert "WGS84" in read_crs("EPSG:4326", None, extent=HENGSHUI).evidence.zh


@pytest.mark.parametrize("crs", ["EPSG:4610", "EPSG:2363", "EPSG:4214", "EPSG:2435", "EPSG:4555"])
def test_xian_and_beijing_are_refused_with_the_reason(crs: str) -> None:
    with pytest.raises(RefusedCRS) as caught:
        read_crs(crs, None, extent=HENGSHUI, where="a.shp")
    assert "CGCS2000" in caught.value.message("zh")
    assert ("西安80" if crs in ("EPSG:4610", "EPSG:2363") else "北京54") in caught.value.message("zh")


@pytest.mark.parametrize(
    "text", ["EPSG:999999", "nonsense", 'LOCAL_CS["Unknown"]', "EPSG:5773", "+proj=longlat +a=6370000 +b=6370000"]
)
def test_what_is_no_crs_on_the_earth_is_unknown(text: str) -> None:
    with pytest.raises(UnknownCRS):
        parse_crs(text)


@pytest.mark.parametrize(("ellipsoid", "name"), [("krass", "北京54"), ("IAU76", "西安80")])
def test_an_unnamed_datum_is_told_by_its_old_ellipsoid_and_refused(ellipsoid: str, name: str) -> None:
    with pytest.raises(RefusedCRS) as caught:
        read_crs(f"+proj=longlat +ellps={ellipsoid} +type=crs", None, extent=HENGSHUI)
    assert name in caught.value.message("zh")


def test_an_unnamed_datum_on_the_same_ellipsoid_is_read_as_cgcs2000_and_it_is_said() -> None:
    unnamed = (
        'GEOGCS["x",DATUM["D_unknown",SPHEROID["GRS80",6378137,298.257222101]],'
        'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]'
    )
    assert "未写基准面" in read_crs(unnamed, None, extent=HENGSHUI).evidence.zh
    assert stored_point(115.61234, 37.65432, unnamed) == (115.61234, 37.65432)


def test_compound_and_esri_texts_give_their_code() -> None:
    assert crs_label(parse_crs("EPSG:4326+5773")) == "EPSG:4326"
    assert crs_label(parse_crs(CRS.from_epsg(4527).to_wkt("WKT1_ESRI"))) == "EPSG:4527"


def test_a_crs_without_a_code_keeps_its_own_words() -> None:
    custom = CRS.from_epsg(4547).to_wkt().replace("114", "115.5").replace('ID["EPSG",4547]', 'REMARK["city grid"]')
    label = crs_label(parse_crs(custom))
    assert not label.startswith("EPSG")
    east, north = gauss_forward(115.6, 37.6, meridian=115.5)
    assert metres_between(stored_point(500_000 + east, north, custom), (115.6, 37.6)) < 1e-3


def test_stored_geometry_is_flat_snapped_normalised_and_little_endian() -> None:
    ring = shapely.from_wkt("POLYGON Z ((115.6 37.6 5, 115.7 37.6 5, 115.7 37.71234567891234 5, 115.6 37.6 5))")
    stored = to_stored(ring, read_crs("EPSG:4490", None, extent=HENGSHUI))
    xy = shapely.get_coordinates(stored.geometry)
    assert not stored.geometry.has_z
    assert (xy == np.round(xy, 9)).all()
    assert stored.wkb[0] == 1
    assert stored.geometry.equals_exact(stored.geometry.normalize(), tolerance=0)
    assert from_wkb([stored.wkb])[0].equals_exact(stored.geometry, tolerance=0)
    assert stored.crs == "EPSG:4490"


def test_the_gate_changes_nothing_that_is_already_inside() -> None:
    reading = read_crs("EPSG:4527", None, extent=HENGSHUI)
    once = to_stored(shapely.box(39376000, 4150000, 39376500, 4150300), reading)
    again = to_stored(once.geometry, read_crs("EPSG:4490", None, extent=HENGSHUI))
    assert again.wkb == once.wkb


@pytest.mark.parametrize(("length", "parts"), [(70.0, 1), (70.001, 2), (139.9, 2), (140.0, 3), (700.0, 11)])
def test_a_projected_edge_is_split_as_the_survey_rule_says(length: float, parts: int) -> None:
    line = split_long_edges(shapely.LineString([(0, 0), (length, 0)]), limit=LONG_EDGE_M)
    xy = shapely.get_coordinates(line)
    assert len(xy) == parts + 1
    assert np.allclose(np.diff(xy[:, 0]), length / parts)


def test_edges_in_degrees_are_not_split() -> None:
    stored = to_stored(shapely.box(115.2, 37.2, 116.2, 38.2), read_crs("EPSG:4490", None, extent=HENGSHUI))
    assert len(stored.geometry.exterior.coords) == 5


def test_a_plane_in_feet_is_split_by_metres() -> None:
    reading = read_crs("EPSG:2263", None, extent=HENGSHUI)
    stored = to_stored(shapely.box(980_000, 190_000, 980_300, 190_300), reading)  # 300 ft = 91.4 m
    assert len(stored.geometry.exterior.coords) == 9


@given(
    st.lists(
        st.tuples(st.floats(-5e3, 5e3, allow_nan=False), st.floats(-5e3, 5e3, allow_nan=False)), min_size=3, max_size=12
    )
)
@settings(max_examples=60, deadline=None)
def test_splitting_keeps_every_vertex_and_leaves_no_long_edge(corners: list[tuple[float, float]]) -> None:
    line = shapely.LineString(corners)
    xy = shapely.get_coordinates(split_long_edges(line, limit=70.0))
    assert {tuple(point) for point in np.asarray(line.coords)} <= {tuple(point) for point in xy}
    assert (np.hypot(*np.diff(xy, axis=0).T) <= 70.0 * (1 + 1e-9)).all()


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e308, -1e12])
def test_a_number_that_is_no_place_is_an_error_that_names_the_vertex(bad: float) -> None:
    ring = shapely.Polygon([(39376000, 4150000), (39376100, bad), (39376100, 4150100)])
    with pytest.raises(StrayCoordinates, match=r"a\.shp #3.*vertex 2"):
        to_stored(ring, read_crs("EPSG:4527", None, extent=HENGSHUI), where="a.shp #3")


def test_metres_declared_as_degrees_are_an_error() -> None:
    with pytest.raises(StrayCoordinates):
        to_stored(shapely.box(376000, 4150000, 376100, 4150100), read_crs("EPSG:4490", None, extent=HENGSHUI))


def test_an_edge_that_would_split_without_end_is_an_error() -> None:
    line = shapely.LineString([(0, 0), (1e9, 0)])
    with pytest.raises(StrayCoordinates, match="vertices"):
        split_long_edges(line, limit=70.0)


@pytest.mark.parametrize(
    ("declared", "east", "meant", "said"),
    [
        ("EPSG:4548", 39_376_000.0, "EPSG:4527", "横坐标却带39带号"),
        ("EPSG:4527", 376_000.0, "EPSG:4548", "横坐标却不带"),
        ("EPSG:4509", 20_376_000.0, "EPSG:4498", "横坐标却带20带号"),
    ],
)
def test_a_plane_of_the_same_meridian_is_read_with_or_without_its_digits_and_said(
    declared: str, east: float, meant: str, said: str
) -> None:
    for swapped in (False, True):
        box = (east, 4_150_000.0, east + 100, 4_150_100.0)
        bounds = (box[1], box[0], box[3], box[2]) if swapped else box
        reading = read_crs(declared, bounds, extent=HENGSHUI)
        assert (reading.crs, reading.declared, reading.swapped) == (meant, False, swapped)
        assert said in reading.evidence.zh


def test_another_meridian_than_the_declared_one_is_not_taken_for_it() -> None:
    reading = read_crs("EPSG:4547", (39_376_000.0, 4_150_000.0, 39_376_100.0, 4_150_100.0), extent=HENGSHUI)
    assert (reading.crs, reading.declared) == ("EPSG:4547", True)
