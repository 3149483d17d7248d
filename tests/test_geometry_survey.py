"""The area of record beside the survey series of TD/T 1055: equal by the 70 m rule, and bounded without it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.geometry.area import area_m2
from survey_area import drawn_in_plane, series_m2
from test_geometry_area import GEOD, geod_area_m2, plot

ZONES = st.sampled_from((4526, 4527))
KM_DEG = 0.0105
"""About a kilometre at 37.7 N, in degrees of the mean of both directions."""


def stars(least: float, most: float, corners: int = 24) -> st.SearchStrategy[shapely.Polygon]:
    """Star-shaped plots, radii in km."""
    radii = st.lists(st.floats(least * KM_DEG, most * KM_DEG), min_size=3, max_size=corners)
    return st.builds(plot, st.floats(115.1, 116.6), st.floats(37.0, 38.4), radii)


def shrunk(polygon: shapely.Polygon, share: float) -> shapely.Polygon:
    centre = np.array(shapely.get_coordinates(shapely.centroid(polygon))[0])
    return shapely.transform(polygon, lambda xy: (xy - centre) * share + centre)


@st.composite
def shapes(draw: st.DrawFn, least: float = 0.02, most: float = 2.0) -> shapely.Geometry:
    """A plot of any shape: star, with holes, or several of them apart."""
    first = draw(stars(least, most))
    hole = shrunk(first, draw(st.floats(0.1, 0.6)))
    if draw(st.booleans()) and first.contains_properly(hole):
        first = shapely.Polygon(first.exterior, [hole.exterior])
    if not draw(st.booleans()):
        return first
    west, _, east, _ = first.bounds
    step = (east - west) * draw(st.floats(1.01, 1.5))
    return shapely.MultiPolygon([first, shapely.transform(first, lambda xy: np.add(xy, [step, 0.0]))])


@given(shapes(), ZONES)
@settings(max_examples=60)
def test_plots_of_any_shape_measure_what_the_survey_series_measures_along_the_same_edges(shape, zone) -> None:
    drawn = drawn_in_plane(shape, zone)
    # The series takes the mean longitude of an edge: exact as edges get short.
    expected = series_m2(shapely.segmentize(drawn, 7 * KM_DEG / 1000))
    assert area_m2([drawn])[0] == pytest.approx(expected, rel=1e-8, abs=1e-3)


@given(stars(5.0, 10.0, corners=12), ZONES)
@settings(max_examples=15)
def test_rings_with_edges_to_20_km_measure_what_the_survey_series_measures(ring, zone) -> None:
    drawn = drawn_in_plane(ring, zone)
    assert area_m2([drawn])[0] == pytest.approx(series_m2(drawn), rel=1e-7)
    expected = series_m2(shapely.segmentize(drawn, 10 * KM_DEG / 1000))
    assert area_m2([drawn])[0] == pytest.approx(expected, rel=1e-8)


@given(shapes(), ZONES)
def test_the_series_by_the_70_m_rule_stays_within_the_lenses_of_its_edges(shape, zone) -> None:
    drawn = drawn_in_plane(shape, zone)
    assert abs(area_m2([drawn])[0] - series_m2(drawn)) <= lenses_m2(drawn) + 1e-3


def lenses_m2(lonlat: shapely.Geometry) -> float:
    """Bound of what the mean longitude of an edge leaves out: x y^2 tan(lat) / 12 R for each edge of x by y metres."""
    radius = 6378137.0
    total = 0.0
    for ring in shapely.get_rings(shapely.get_parts(lonlat)):
        lon, lat = np.radians(shapely.get_coordinates(ring)).T
        x, y = np.diff(lon) * np.cos(lat[1:]) * radius, np.diff(lat) * radius
        total += float(np.sum(np.abs(x) * y**2 * np.tan(lat[1:]) / (12 * radius)))
    return total * 1.02


@given(shapes(most=1.0))
@settings(max_examples=30)
def test_plots_with_holes_and_several_parts_agree_with_geod(shape) -> None:
    assert area_m2([shape])[0] == pytest.approx(geod_area_m2(shape, 2e-5), rel=1e-8, abs=1e-3)


@given(stars(15.0, 30.0, corners=60))
@settings(max_examples=20)
def test_county_rings_agree_with_geod(ring) -> None:
    assert area_m2([ring])[0] == pytest.approx(geod_area_m2(ring, 5e-4), rel=1e-6)


@pytest.mark.parametrize(("edge_m", "bound"), [(70, 5.3e-7), (200, 1.5e-6), (1000, 7.6e-6), (5000, 3.8e-5)])
def test_the_difference_to_geodesic_edges_is_bounded_by_their_length(edge_m: float, bound: float) -> None:
    sides = [edge_m * KM_DEG / 1000 * np.array(way) for way in ((1, 0), (0, 1), (1, 1))]
    for side in sides:
        across = side[::-1] * [-1, 1]
        ring = shapely.Polygon(np.array([115.6, 37.9]) + np.array([0 * side, side, side + across, across]))
        geodesic = abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(ring))[0])
        assert abs(area_m2([ring])[0] / geodesic - 1) <= bound
