"""Boxes decide what need not be read: they may take too much, and never leave anything out."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.boxes import Boxes
from ecotrack.geometry.codec import rings_of, to_wkb
from ecotrack.geometry.measure import measure
from ecotrack.geometry.overlap import overlap_pairs
from ecotrack.geometry.split import split


def squares(places: list[tuple[float, float]], side: float = 0.01) -> np.ndarray:
    return np.array([shapely.box(x, y, x + side, y + side) for x, y in places], dtype=object)


places = st.lists(st.tuples(st.floats(115.5, 115.7), st.floats(37.5, 37.7)), min_size=1, max_size=30)
corners = st.lists(st.tuples(st.floats(115.4, 115.8), st.floats(37.4, 37.8)), min_size=3, max_size=12)


@given(places, corners)
@settings(max_examples=80)
def test_every_plot_that_a_border_meets_comes_near_it(where, outline) -> None:
    border = shapely.convex_hull(shapely.MultiPoint(outline)).buffer(0.001)
    plots = squares(where)
    near = Boxes(shapely.bounds(plots)).near(np.array([border], dtype=object))
    assert not (shapely.intersects(plots, border.boundary) & ~near).any()


def test_a_long_straight_border_keeps_plots_beside_it_far() -> None:
    """One edge of a degree does not put the whole city under its box."""
    county = np.array([shapely.Polygon([(115, 37), (116, 37.9), (116, 37)])], dtype=object)
    assert Boxes(shapely.bounds(squares([(115.2, 37.7)]))).near(county).tolist() == [False]


@given(places)
def test_meetings_are_those_of_the_boxes(where) -> None:
    bounds = shapely.bounds(squares(where))
    left, right = Boxes(bounds).meetings()
    meet = shapely.intersects(*np.meshgrid(shapely.box(*bounds.T), shapely.box(*bounds.T)))
    assert {*zip(left.tolist(), right.tolist(), strict=True)} == {*zip(*np.nonzero(np.triu(meet, 1)), strict=True)}


@pytest.mark.parametrize("count", [3, 300])
def test_few_and_many_newcomers_meet_the_same_neighbours(count: int) -> None:
    dice = np.random.default_rng(1)
    old, new = (shapely.bounds(squares(list(dice.uniform((115.5, 37.5), (116, 38), (n, 2))))) for n in (400, count))
    expected = shapely.STRtree(shapely.box(*old.T)).query(shapely.box(*new.T))
    here, there = Boxes(old).met_by(new)
    assert {*zip(there.tolist(), here.tolist(), strict=True)} == {*zip(*expected.tolist(), strict=True)}


def test_an_empty_plot_meets_nothing() -> None:
    boxes = Boxes(np.array([[np.nan] * 4, [0, 0, 1, 1]]))
    assert [len(ends) for ends in boxes.meetings()] == [0, 0]


def test_stored_bytes_are_measured_like_shapes() -> None:
    ring = shapely.box(115.6, 37.6, 115.61, 37.61)
    holed = ring.difference(shapely.box(115.603, 37.603, 115.605, 37.605))
    parts = shapely.MultiPolygon([ring, shapely.box(115.7, 37.6, 115.71, 37.61)])
    county = shapely.Point(115.6, 37.6).buffer(0.4, 300)
    shapes = np.array([ring, holed, parts, county, shapely.Polygon()], dtype=object)
    blobs = [to_wkb(shape) for shape in shapes]
    found = measure(np.arange(5), lambda rows: [blobs[row] for row in rows.tolist()])
    assert found.area_m2.tolist() == area_m2(shapely.from_wkb(blobs)).tolist()
    np.testing.assert_array_equal(found.bounds, shapely.bounds(shapes))
    assert rings_of(blobs).rest.tolist() == [1, 2, 4]


@given(st.floats(0.0005, 0.0569), st.floats(20, 50))
def test_the_polynomial_and_the_series_give_one_area(half_deg: float, lat: float) -> None:
    """A low ring as it is, and as a part of one that is high: what lies between them is measured the same."""
    low = shapely.box(115.5, lat, 115.6, lat + half_deg)
    rest = shapely.box(115.5, lat + half_deg, 115.6, lat + 0.3)
    whole, parts = area_m2([shapely.box(115.5, lat, 115.6, lat + 0.3)])[0], area_m2([low, rest])
    assert parts.sum() == pytest.approx(whole, rel=2e-12)


def test_only_plots_near_a_border_are_asked_for() -> None:
    halves = np.array([shapely.box(115, 37, 115.6, 38), shapely.box(115.6, 37, 116, 38)], dtype=object)
    plots = squares([(115.2, 37.5), (115.595, 37.5), (115.8, 37.5), (117.0, 37.5)])
    pieces = split(plots, halves)
    assert pieces.polygon.tolist() == [0, 1, 1, 2]
    assert pieces.whole.tolist() == [True, False, False, True]
    assert pieces.outside_m2.tolist() == [0, 0, 0, pytest.approx(area_m2(plots)[3])]


def test_pairs_that_only_touch_share_nothing() -> None:
    assert len(overlap_pairs(squares([(115.5, 37.5), (115.51, 37.5)])).left) == 0
