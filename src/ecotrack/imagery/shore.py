"""A second look at the shore: which mixed pixels are more than half water, and which water is suspiciously dark.

Reflectances of a mixed pixel add up, an index does not: a threshold mid-way in an index lies where a pixel is far
more than half water, since land is brighter. So the pixels on both sides of the edge are told by the band that
water darkens most, half-way between the water and the land beside them: a linear unmixing of two kinds of ground.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecotrack.imagery.grid import Window
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Role

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

DARK = 0.5
"""Water darker in green than this share of the lake's median may be cloud shadow."""
_AROUND = 4
"""Pixels on each side over which the water and the land beside a pixel are averaged."""


class Shore(NamedTuple):
    """What the second look gave.

    Attributes
    ----------
    water
        The water with its edge pixels decided again.
    dark_share
        Share of the water that is far darker in green than the rest.
    """

    water: Mask
    dark_share: float


def look_at_shore(opened: OpenScene, window: Window, water: Mask, seen: Mask, *, dark_band: Role) -> Shore:
    """Read the scene again round the water and decide the pixels at its edge.

    Parameters
    ----------
    water, seen
        Shape of the window.
    dark_band
        The band that water darkens most: ``nir``, or ``swir1`` where the index uses it.
    """
    found, greens = water.copy(), []
    for strip in opened.strips(window):
        first = strip.row - window.row
        top, low = max(first - _AROUND - 1, 0), min(first + strip.height + _AROUND + 1, window.height)
        cols = np.flatnonzero(water[top:low].any(axis=0))
        if len(cols) == 0:
            continue
        left, right = max(int(cols[0]) - _AROUND - 1, 0), min(int(cols[-1]) + _AROUND + 2, window.width)
        part = Window(window.row + top, window.col + left, low - top, right - left)
        bands = opened.read(part, roles=("green", dark_band)).bands
        wet, known = water[top:low, left:right], seen[top:low, left:right]
        inner = slice(first - top, first - top + strip.height)
        greens.append(bands["green"][inner][wet[inner]])
        found[first : first + strip.height, left:right] = edge_by_halves(bands[dark_band], wet, known)[inner]
    return Shore(found, _dark_share(greens))


def edge_by_halves(dark: npt.NDArray[np.float32], water: Mask, seen: Mask) -> Mask:
    """Return water with each pixel at its edge counted where it is more than half water.

    Parameters
    ----------
    dark
        Reflectance of a band that is lower for water than for land.

    Examples
    --------
    The middle pixel is two thirds water:

    >>> dark = np.float32([[0.02] * 5 + [0.12] + [0.32] * 5]).repeat(5, axis=0)
    >>> water = np.zeros((5, 11), dtype=bool)
    >>> water[:, :5] = True
    >>> edge_by_halves(dark, water, np.ones_like(water))[2].astype(int).tolist()
    [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    """
    wet, dry = ~grown(~water, 1), ~grown(water, 1) & seen
    edge = ~wet & ~dry & seen
    of_water, of_land = mean_around(dark, wet), mean_around(dark, dry)
    with np.errstate(invalid="ignore"):
        decided = edge & (of_water < of_land)
        return np.asarray(np.where(decided, dark < (of_water + of_land) / 2, water))


def mean_around(values: npt.NDArray[np.float32], which: Mask, reach: int = _AROUND) -> Floats:
    """Return the mean of the marked pixels in the square around each pixel; not a number where there is none.

    Parameters
    ----------
    reach
        Pixels on each side.

    Examples
    --------
    >>> mean_around(np.float32([[1, 2, 9]]), np.array([[True, True, False]]), 1)[0].tolist()
    [1.5, 1.5, 2.0]
    """
    total, count = _box_sum(np.where(which, values, 0.0), reach), _box_sum(which.astype(np.float64), reach)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0.5, total / count, np.nan)


def _box_sum(values: npt.NDArray[np.floating], reach: int) -> Floats:
    side = 2 * reach + 1
    padded = np.pad(values.astype(np.float64), ((reach + 1, reach), (reach + 1, reach)))
    table = padded.cumsum(axis=0).cumsum(axis=1)
    return np.asarray(table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side])


def grown(mask: Mask, pixels: int) -> Mask:
    """Return a mask with the pixels around it, sides and corners, some pixels deep.

    Examples
    --------
    >>> spot = np.zeros((5, 5), dtype=bool)
    >>> spot[2, 2] = True
    >>> int(grown(spot, 1).sum())
    9
    """
    found = mask
    for _ in range(pixels):
        wide = found.copy()
        wide[1:] |= found[:-1]
        wide[:-1] |= found[1:]
        found = wide.copy()
        found[:, 1:] |= wide[:, :-1]
        found[:, :-1] |= wide[:, 1:]
    return found


def _dark_share(greens: list[npt.NDArray[np.float32]]) -> float:
    green = np.concatenate(greens) if greens else np.zeros(0, dtype=np.float32)
    return float((green < DARK * np.median(green)).mean()) if green.size else 0.0
