"""Parts add up to the whole: at borders, over overlaps, and to the last digit in whatever order rows stand."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from math import fsum

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import snap
from ecotrack.geometry.overlap import credit, net_area_m2, overlap_pairs, shared_ground
from ecotrack.geometry.split import split
from test_geometry_survey import shapes, stars


def stored(geometries: list[shapely.Geometry]) -> np.ndarray:
    """Geometries as the register holds them: snapped, valid, normalised."""
    found = np.array([shapely.normalize(snap(shape)) for shape in geometries], dtype=object)
    return found[shapely.is_valid(found)]


def crowd(least: int, most: int) -> st.SearchStrategy[np.ndarray]:
    """Plots of any shape, with holes and in parts, heaped on few square kilometres so that they overlap."""
    heaped = st.builds(
        lambda shape, x, y: shapely.transform(shape, lambda xy: xy - shape.bounds[:2] + [115.6 + x, 37.6 + y]),
        shapes(least=0.2, most=1.5), st.floats(0, 0.02), st.floats(0, 0.02),
    )  # fmt: skip
    return st.lists(heaped, min_size=least, max_size=most).map(stored)


@given(stars(0.5, 2.5), st.floats(0.05, 0.95), st.floats(-0.8, 0.8))
def test_a_plot_with_edges_to_5_km_and_cut_by_a_border_adds_up(plot, share, lean) -> None:
    """The border runs through every plot at any slant; the two sides and nothing else make the plot."""
    west, south, east, north = plot.bounds
    foot, height = west + share * (east - west), north - south
    top = foot + lean * height
    left = shapely.Polygon(
        [(west - 1, south - 1), (foot - lean, south - 1), (top + lean, north + 1), (west - 1, north + 1)]
    )
    right = shapely.Polygon(
        [(foot - lean, south - 1), (east + 1, south - 1), (east + 1, north + 1), (top + lean, north + 1)]
    )
    plots = np.array([plot], dtype=object)
    pieces = split(plots, np.array([left, right], dtype=object))
    assert fsum([*pieces.area_m2, *pieces.outside_m2]) == pytest.approx(area_m2(plots)[0], rel=1e-9)


@given(crowd(1, 8))
@settings(max_examples=60)
def test_net_area_equals_the_full_union_of_plots_of_any_shape(plots) -> None:
    assert net_area_m2(plots) == pytest.approx(area_m2([shapely.union_all(plots)])[0], rel=1e-9)


@given(crowd(2, 8), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_the_rows_changes_no_digit(plots, dice: random.Random) -> None:
    claim = np.array(dice.sample(range(len(plots)), len(plots)))
    disputes = {frozenset(pair) for pair in _pairs(plots, range(len(plots))) if dice.random() < 0.3}
    order = np.array(dice.sample(range(len(plots)), len(plots)))
    first = _credited(plots, claim, disputes, np.arange(len(plots)))
    again = _credited(plots, claim, disputes, order)
    assert again == first


def _pairs(plots: np.ndarray, order) -> list[tuple[int, int]]:
    pairs = overlap_pairs(plots[list(order)])
    return [(int(order[i]), int(order[j])) for i, j in zip(pairs.left, pairs.right, strict=True)]


def _credited(plots, claim, disputes, order) -> tuple[dict[int, tuple[float, ...]], float]:
    """What each plot gets and loses, by its name, and the net area; rows stand in the given order."""
    pairs = overlap_pairs(plots[order])
    contested = np.array([frozenset(pair) in disputes for pair in _pairs(plots, order)], dtype=bool)
    found = credit(area_m2(plots[order]), claim=claim[order], pairs=pairs, disputed=contested)
    columns = (found.credited_m2, found.disputed_m2, found.lost_overlap_m2, found.lost_dispute_m2)
    return {int(name): tuple(c[row] for c in columns) for row, name in enumerate(order)}, found.net_m2


@pytest.mark.parametrize("workers", [2, 8])
def test_blocks_of_work_done_at_once_in_any_order_give_what_one_worker_gives(workers: int) -> None:
    """Areas, shared ground and border pieces of blocks, put back in their order, are equal to the digit."""
    dice = random.Random(workers)
    plots = stored([_star(dice) for _ in range(300)])
    cells = np.array([shapely.box(115.5, 37.5, 115.62, 37.8), shapely.box(115.62, 37.5, 115.8, 37.8)], dtype=object)
    whole = overlap_pairs(plots)
    blocks = np.array_split(np.arange(len(plots)), 13)
    pairs = np.array_split(np.arange(len(whole.left)), 13)

    def work(number: int) -> tuple[np.ndarray, ...]:
        rows, some = blocks[number], pairs[number]
        cut = split(plots[rows], cells.copy())
        shared = shared_ground(plots, whole.left[some], whole.right[some])
        return area_m2(plots[rows]), shared.shared_m2, cut.area_m2, cut.outside_m2

    order = dice.sample(range(13), 13)
    with ThreadPoolExecutor(workers) as pool:
        done = dict(zip(order, pool.map(work, order), strict=True))
    columns = [np.concatenate([done[i][column] for i in range(13)]) for column in range(4)]
    alone = split(plots, cells)
    expected = (area_m2(plots), whole.shared_m2, alone.area_m2, alone.outside_m2)
    assert all(np.array_equal(found, one) for found, one in zip(columns, expected, strict=True))


def _star(dice: random.Random) -> shapely.Polygon:
    angles = np.linspace(0, 2 * np.pi, dice.randrange(3, 15), endpoint=False)
    radii = np.array([dice.uniform(0.0005, 0.006) for _ in angles])
    centre = 115.60 + dice.random() * 0.05, 37.60 + dice.random() * 0.05
    return shapely.Polygon(np.c_[centre[0] + np.cos(angles) * radii, centre[1] + np.sin(angles) * radii])
