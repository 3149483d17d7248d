"""The value of a water index that parts water from land, and the word that there is none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecotrack.errors import NoWaterEdge

Counts = npt.NDArray[np.int64]

BINS = 400
"""Steps of 0.005 from -1 to 1."""
_MIDDLES = (np.arange(BINS) + 0.5) * (2 / BINS) - 1
LEAST_PIXELS = 50
"""Pixels that each side of the edge needs."""
LEAST_GAP = 0.15
"""Least difference of the two sides' medians."""
DEEPEST_VALLEY = 0.5
"""Highest the histogram may stand between its two hills, as a share of the lower hill."""
_SPLITS = 4
_SMOOTH = np.ones(7) / 7


class WaterEdge(NamedTuple):
    """A threshold on a water index.

    Attributes
    ----------
    value
        Pixels at or above it are water.
    land, water
        Medians of the index on both sides.
    method
        ``otsu`` or ``fixed``.
    """

    value: float
    land: float
    water: float
    method: str = "otsu"


def histogram(index: npt.NDArray[np.float32]) -> Counts:
    """Return how many finite values lie in each step from -1 to 1, shape (BINS,); what lies beyond counts at the end.

    Examples
    --------
    >>> int(histogram(np.float32([0.5, np.nan, 7.0]))[-1])
    1
    """
    values = index[np.isfinite(index)]
    steps = np.clip((values + np.float32(1)) * np.float32(BINS / 2), 0, BINS - 1).astype(np.int16)
    return np.bincount(steps, minlength=BINS).astype(np.int64)


def otsu(counts: Counts) -> int:
    """Return the last step of the lower class that makes the variance between two classes largest.

    Otsu (1979), a threshold selection method from gray-level histograms.

    Examples
    --------
    >>> counts = np.zeros(BINS, np.int64)
    >>> counts[100], counts[300] = 10, 10
    >>> 100 <= otsu(counts) < 300
    True
    """
    weight = np.cumsum(counts).astype(float)
    moment = np.cumsum(counts * _MIDDLES)
    total, mean = weight[-1], moment[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean * weight / total - moment) ** 2 / (weight * (total - weight))
    between = np.nan_to_num(between, posinf=0.0)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    # Where the hills stand apart every step of the empty valley is as good: its middle is the least biased.
    return int(best[len(best) // 2])


def find_edge(counts: Counts, *, where: str = "") -> WaterEdge:
    """Return Otsu's threshold between water and land, once the two are really there.

    Land itself parts into soil and plants, water into clear and turbid: while both sides are land, the upper one is
    parted again, while both are water, the lower one. An index of water is above 0 for water and below 0 for
    land by its making (McFeeters 1996, Xu 2006); so says the median of each side here.

    Raises
    ------
    NoWaterEdge
        There is only one kind of ground, one side is too small, or the histogram has no valley between them.
    """
    first, last = 0, BINS
    for _ in range(_SPLITS):
        part = counts[first:last]
        if part.sum() < 2 * LEAST_PIXELS:
            raise NoWaterEdge(where, reason_zh="像元太少", reason_en="too few pixels")
        padded = np.zeros(BINS, dtype=np.int64)
        padded[first:last] = part
        cut = otsu(padded) + 1
        low, high = _median(counts[first:cut], first), _median(counts[cut:last], cut)
        if low < 0 <= high:
            return _proven(counts, cut, low, high, where)
        first, last = (cut, last) if high < 0 else (first, cut)
    kind = ("全是陆地", "it is all land") if high < 0 else ("全是水面", "it is all water")
    raise NoWaterEdge(where, reason_zh=kind[0], reason_en=kind[1])


def parted_at(counts: Counts) -> tuple[WaterEdge | None, int]:
    """Return Otsu's threshold of two hills, whatever they are, and the first step above it.

    ``None`` where one side is too small, the two hardly differ, or no valley parts them.

    Examples
    --------
    >>> counts = np.zeros(BINS, np.int64)
    >>> counts[180:190], counts[300:310] = 90, 10
    >>> parted_at(counts)[0].method
    'otsu'
    """
    if counts.sum() < 2 * LEAST_PIXELS:
        return None, BINS
    cut = otsu(counts) + 1
    try:
        return _proven(counts, cut, _median(counts[:cut], 0), _median(counts[cut:], cut), ""), cut
    except NoWaterEdge:
        return None, cut


def foot_of(counts: Counts, edge: WaterEdge, *, land_below: float) -> float:
    """Return the valley right under the water's hill where a hill of land stands between it and the threshold.

    Parameters
    ----------
    land_below
        A hill whose top lies below is land.

    Examples
    --------
    >>> counts = np.zeros(BINS, np.int64)
    >>> counts[100:110], counts[200:210], counts[300:310] = 90, 40, 90
    >>> foot_of(counts, WaterEdge(-0.1, -0.5, 0.5), land_below=0.1) > 0.04
    True
    >>> foot_of(counts, WaterEdge(-0.1, -0.5, 0.5), land_below=0.0)
    -0.1
    """
    smooth = np.convolve(counts, _SMOOTH, mode="same")
    cut = int((edge.value + 1) * BINS / 2)
    above = max(cut, int((land_below + 1) * BINS / 2))
    down = smooth[cut : above + int(smooth[above:].argmax()) + 1][::-1]
    lowest = np.minimum.accumulate(down)
    risen = np.flatnonzero(down * DEEPEST_VALLEY > lowest + 3)
    if len(risen) == 0 or _MIDDLES[cut + len(down) - 1 - (risen[0] + int(down[risen[0] :].argmax()))] >= land_below:
        return edge.value
    run = np.flatnonzero(lowest[: risen[0]] == lowest[risen[0]])
    return round(float(_MIDDLES[cut + len(down) - 1 - int(run[len(run) // 2])]), 4)


def valley_below(counts: Counts, least: float, value: float) -> float | None:
    """Return the middle of the valley under a hill that stands between two values; ``None`` without such a hill.

    Examples
    --------
    >>> counts = np.zeros(BINS, np.int64)
    >>> counts[180:190], counts[224:232] = 90, 40
    >>> 0 < valley_below(counts, 0.1, 0.3) < 0.1
    True
    """
    smooth = np.convolve(counts, _SMOOTH, mode="same")
    first, last = (int((one + 1) * BINS / 2) for one in (least, value))
    if last <= first:
        return None
    below, peak = int(smooth[:first].argmax()), first + int(smooth[first:last].argmax())
    valley = smooth[below : peak + 1]
    lowest = np.flatnonzero(valley == valley.min())
    if valley.min() > DEEPEST_VALLEY * min(smooth[below], smooth[peak]):
        return None
    return round(float(_MIDDLES[below + int(lowest[len(lowest) // 2])]), 4)


def _median(counts: Counts, first: int) -> float:
    if counts.sum() == 0:
        return float("nan")
    return float(_MIDDLES[first + int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))])


def _proven(counts: Counts, cut: int, low: float, high: float, where: str) -> WaterEdge:
    sides = int(counts[:cut].sum()), int(counts[cut:].sum())
    if min(sides) < LEAST_PIXELS or high - low < LEAST_GAP:
        raise NoWaterEdge(where, reason_zh="两类地物相差太小", reason_en="the two sides hardly differ")
    smooth = np.convolve(counts, _SMOOTH, mode="same")
    below, above = int(smooth[:cut].argmax()), cut + int(smooth[cut:].argmax())
    valley, hill = smooth[below : above + 1].min(), min(smooth[below], smooth[above])
    if valley > DEEPEST_VALLEY * hill:
        raise NoWaterEdge(where, reason_zh="直方图没有谷", reason_en="the histogram has no valley")
    return WaterEdge(round(2 * cut / BINS - 1, 4), round(low, 4), round(high, 4))


def fixed_edge(value: float, counts: Counts) -> WaterEdge:
    """Return a threshold that was given, with the medians of both sides."""
    cut = int(np.clip(np.ceil((value + 1) * BINS / 2), 0, BINS))
    return WaterEdge(value, round(_median(counts[:cut], 0), 4), round(_median(counts[cut:], cut), 4), "fixed")
