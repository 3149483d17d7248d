"""A plot cut with the part of a border around it comes out as if it were cut with all of the border."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.windows import cut_off, cut_with, local_parts

_TURN = np.linspace(0, 2 * np.pi, 900, endpoint=False)
_WAVES = 0.3 + 0.02 * np.sin(9 * _TURN) + 0.004 * np.sin(71 * _TURN)
COUNTY = shapely.difference(
    shapely.Polygon(np.column_stack([115.6 + _WAVES * np.cos(_TURN), 37.7 + _WAVES * np.sin(_TURN)])),
    shapely.Point(115.62, 37.72).buffer(0.05, quad_segs=60),
)
SQUARE = shapely.segmentize(shapely.box(115.60, 37.60, 115.80, 37.80), 0.002)
"""Its sides run along lines of the windows' grid."""

plots = st.builds(
    lambda turn, reach, size, hole: shapely.difference(
        shapely.Point(115.6 + reach * np.cos(turn), 37.7 + reach * np.sin(turn)).buffer(size, quad_segs=5),
        shapely.Point(115.6 + reach * np.cos(turn), 37.7 + reach * np.sin(turn)).buffer(size * hole, quad_segs=3),
    ),
    st.floats(0, 6.3), st.floats(0.0, 0.4), st.floats(1e-4, 0.08), st.floats(0, 0.8),
)  # fmt: skip


@given(st.lists(plots, min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_plots_of_any_size_cut_with_windows_are_as_cut_with_the_whole_border(some) -> None:
    shapes, beyond = np.array(some, dtype=object), [COUNTY, SQUARE]
    whole = area_m2(shapes)
    for county in (COUNTY, SQUARE):
        inside, expected = area_m2(cut_with(shapes, county)), area_m2(shapely.intersection(shapes, county))
        assert (np.abs(inside - expected) <= whole * 1e-10).all()
    outside = area_m2(cut_off(shapes, np.array(beyond)))
    assert (np.abs(outside - area_m2(shapely.difference(shapes, shapely.union_all(beyond)))) <= whole * 1e-10).all()


@given(st.lists(plots, min_size=2, max_size=8))
@settings(deadline=None, max_examples=40)
def test_what_else_is_cut_changes_no_digit(some) -> None:
    shapes = np.array(some, dtype=object)
    together = cut_with(shapes, COUNTY)
    alone = [cut_with(shapes[i : i + 1], COUNTY)[0] for i in range(len(shapes))]
    assert shapely.to_wkb(together).tolist() == shapely.to_wkb(alone).tolist()


def test_a_plot_along_a_side_of_the_grid_is_cut_as_it_lies() -> None:
    """A border on the window's own edge leaves lines and points there, with which nothing could be cut."""
    touching, across = shapely.box(115.59, 37.64, 115.60, 37.65), shapely.box(115.595, 37.64, 115.605, 37.65)
    found = area_m2(cut_with(np.array([touching, across]), SQUARE))
    assert found[0] == 0.0
    assert found[1] == pytest.approx(area_m2([across])[0] / 2, rel=1e-9)


def test_a_plot_wider_than_a_window_meets_the_whole_border() -> None:
    wide = shapely.box(115.3, 37.6, 115.9, 37.7)
    assert local_parts(COUNTY, np.array([wide.bounds]))[0] is COUNTY


def test_a_shape_without_ground_stays_without() -> None:
    assert area_m2(cut_with(np.array([shapely.Polygon()]), COUNTY)).tolist() == [0.0]
