"""Ground counts once: credited and disputed ground add up to the union, and every loss is accounted for."""

from __future__ import annotations

from math import fsum

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.overlap import credit, net_area_m2, overlap_pairs
from ecotrack.geometry.split import split

boxes = st.builds(
    lambda x, y, w, h: shapely.box(115.6 + x, 37.6 + y, 115.6 + x + w, 37.6 + y + h),
    st.floats(0, 0.02), st.floats(0, 0.02), st.floats(1e-4, 0.01), st.floats(1e-4, 0.01),
)  # fmt: skip
sets = st.lists(boxes, min_size=1, max_size=12).map(lambda items: np.array(items, dtype=object))


@given(sets, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_credited_and_disputed_ground_add_up_to_the_union(geometries, random) -> None:
    pairs = overlap_pairs(geometries)
    claim = list(range(len(geometries)))
    random.shuffle(claim)
    disputed = np.array([random.random() < 0.4 for _ in pairs.left], dtype=bool)
    result = credit(area_m2(geometries), claim=claim, pairs=pairs, disputed=disputed)
    union = area_m2([shapely.union_all(geometries)])[0]
    assert result.net_m2 == pytest.approx(union, rel=1e-9)
    parts = result.credited_m2 + result.disputed_m2 + result.lost_overlap_m2 + result.lost_dispute_m2
    assert parts == pytest.approx(area_m2(geometries), rel=1e-9, abs=1e-5)


@given(sets)
@settings(deadline=None)
def test_net_area_equals_the_full_union_in_any_order(geometries) -> None:
    union = area_m2([shapely.union_all(geometries)])[0]
    assert net_area_m2(geometries) == pytest.approx(union, rel=1e-9)
    assert net_area_m2(geometries[::-1].copy()) == pytest.approx(union, rel=1e-9)


def test_the_earlier_claim_takes_the_ground() -> None:
    plots = np.array([shapely.box(115.60, 37.6, 115.62, 37.61), shapely.box(115.61, 37.6, 115.63, 37.61)])
    pairs = overlap_pairs(plots)
    strip = pairs.shared_m2[0]
    result = credit(area_m2(plots), claim=[5, 2], pairs=pairs)
    assert result.credited_m2[1] == pytest.approx(area_m2(plots)[1], rel=1e-12)
    assert result.credited_m2[0] == pytest.approx(area_m2(plots)[0] - strip, rel=1e-12)
    assert result.lost_overlap_m2.tolist() == [pytest.approx(strip), 0.0]


def test_disputed_ground_is_credited_to_neither_and_stands_in_both_losses() -> None:
    plots = np.array([shapely.box(115.60, 37.6, 115.62, 37.61), shapely.box(115.61, 37.6, 115.63, 37.61)])
    pairs = overlap_pairs(plots)
    strip = pairs.shared_m2[0]
    result = credit(area_m2(plots), claim=[0, 1], pairs=pairs, disputed=np.array([True]))
    assert result.credited_m2 == pytest.approx(area_m2(plots) - strip, rel=1e-12)
    assert result.disputed_m2.tolist() == [pytest.approx(strip), 0.0]
    assert result.lost_dispute_m2.tolist() == [0.0, pytest.approx(strip)]


@given(sets, st.floats(115.601, 115.628))
@settings(deadline=None)
def test_pieces_and_outside_add_up_to_each_plot(geometries, border) -> None:
    cells = np.array([shapely.box(115.5, 37.5, border, 37.7), shapely.box(border, 37.5, 115.625, 37.7)])
    if border >= 115.625:
        return
    pieces = split(geometries, cells)
    inside = np.bincount(pieces.polygon, weights=pieces.area_m2, minlength=len(geometries))
    assert inside + pieces.outside_m2 == pytest.approx(area_m2(geometries), rel=1e-9)
    assert fsum(pieces.area_m2) <= fsum(area_m2(geometries)) * (1 + 1e-12)
