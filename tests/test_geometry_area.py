"""The area of record equals the integral along straight lon/lat edges, and parts add up to the whole."""

from __future__ import annotations

from math import fsum

import numpy as np
import pytest
import shapely
import shapely.ops
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from ecotrack.geometry.area import area_m2

GEOD = Geod(ellps="GRS80")


def geod_area_m2(geometry: shapely.Geometry, step_deg: float) -> float:
    """Area by an independent library on the boundary densified in longitude/latitude."""
    dense = shapely.segmentize(geometry, step_deg)
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(dense))[0])


def plot(lon: float, lat: float, radii: list[float]) -> shapely.Polygon:
    """A star-shaped plot around a point, radii in degrees."""
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return shapely.Polygon(np.c_[lon + np.cos(angles) * radii, lat + np.sin(angles) * radii])


stars = st.builds(
    plot,
    st.floats(115.1, 116.6),
    st.floats(37.0, 38.4),
    st.lists(st.floats(2e-5, 2e-2), min_size=3, max_size=40),
)


@given(stars)
@settings(deadline=None)
def test_plots_agree_with_geod_on_the_densified_ring(polygon: shapely.Polygon) -> None:
    expected = geod_area_m2(polygon, 2e-5)
    assert area_m2([polygon])[0] == pytest.approx(expected, rel=1e-8, abs=1e-3)


@given(stars, st.floats(0.1, 0.6))
def test_holes_are_taken_out(polygon: shapely.Polygon, shrink: float) -> None:
    centre = polygon.representative_point()
    small = shapely.transform(polygon, lambda xy: (xy - [centre.x, centre.y]) * shrink + [centre.x, centre.y])
    if not polygon.contains(small):
        return
    ring = shapely.Polygon(polygon.exterior, [small.exterior])
    assert area_m2([ring])[0] == pytest.approx(fsum([*area_m2([polygon]), *-area_m2([small])]), rel=1e-12)


@given(stars, st.floats(-0.9, 0.9), st.floats(0, 3.1))
def test_the_parts_of_a_cut_plot_add_up(polygon: shapely.Polygon, offset: float, angle: float) -> None:
    west, south, east, north = polygon.bounds
    x, y = (west + east) / 2 + offset * (east - west) / 2, (south + north) / 2
    far = 1.0
    line = shapely.LineString(
        [(x - far * np.cos(angle), y - far * np.sin(angle)), (x + far * np.cos(angle), y + far * np.sin(angle))]
    )
    parts = shapely.get_parts(shapely.ops.split(polygon, line))
    assert fsum(area_m2(parts)) == pytest.approx(area_m2([polygon])[0], rel=1e-9, abs=1e-6)


def test_long_edges_of_a_county_ring_agree() -> None:
    county = shapely.Polygon([(115.2, 37.1), (115.9, 37.05), (116.1, 37.6), (115.7, 38.0), (115.25, 37.7)])
    assert area_m2([county])[0] == pytest.approx(geod_area_m2(county, 5e-4), rel=1e-6)


def test_a_cell_of_the_graticule_equals_its_closed_form() -> None:
    e2 = (1 / 298.257222101) * (2 - 1 / 298.257222101)
    e, b2 = np.sqrt(e2), (6378137.0 * (1 - 1 / 298.257222101)) ** 2

    def zone(lat: float) -> float:
        s = np.sin(np.radians(lat))
        return b2 / 2 * (s / (1 - e2 * s * s) + np.log((1 + e * s) / (1 - e * s)) / (2 * e))

    expected = np.radians(0.3) * (zone(37.9) - zone(37.2))
    assert area_m2([shapely.box(115.5, 37.2, 115.8, 37.9)])[0] == pytest.approx(expected, rel=1e-13)


def test_direction_and_start_of_a_ring_do_not_matter() -> None:
    polygon = plot(115.6, 37.6, [0.01, 0.02, 0.015, 0.01, 0.02])
    assert area_m2([polygon.reverse()])[0] == pytest.approx(area_m2([polygon])[0], rel=1e-14)


def test_what_has_no_area_gives_zero_and_keeps_its_place() -> None:
    mixed = [None, shapely.Point(115, 37), shapely.Polygon(), shapely.box(115, 37, 115.01, 37.01)]
    result = area_m2(mixed)
    assert result[:3].tolist() == [0, 0, 0]
    assert result[3] > 9e5


def test_a_multipolygon_is_the_sum_of_its_parts() -> None:
    parts = [shapely.box(115, 37, 115.01, 37.01), shapely.box(115.02, 37, 115.03, 37.01)]
    assert area_m2([shapely.MultiPolygon(parts)])[0] == pytest.approx(fsum(area_m2(parts)), rel=1e-15)
