"""What a scene says about each plot and about the ground round it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.imagery.built import BRIGHTNESS, built_pixels, built_roles, tells_built, tells_soil, wet_pixels
from ecotrack.imagery.coverage import Coverage, strips_of, sums
from ecotrack.imagery.grid import Window
from ecotrack.imagery.indices import compute, index_roles
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Role, Scene

Floats = npt.NDArray[np.float32]
Sums = npt.NDArray[np.float64]
Layers = dict[str, npt.NDArray[Any]]
"""Arrays of the same rows: ``clear``, ``water`` and the indices, which are 0 where they have no number."""

GREENNESS = ("NDVI", "EVI", "SAVI")
BUILT = ("built", "brightness")
"""Layers that not every scene can give, without a ring."""
RING_PX = 10
"""Width of the control ring in pixels: 100 m at Sentinel-2's 10 m."""


@dataclass(frozen=True, slots=True, eq=False)
class PlotStats:
    """Numbers of one scene, a row for each plot in the caller's order.

    Attributes
    ----------
    seen_px
        Clear pixels of the plot, by share, shape (n,).
    seen_share
        The same as a share of the whole plot, inside the scene or not.
    core
        Share of the plot in pixels wholly inside it.
    mean, deviation
        Of each index over its clear pixels, weighted by share; not a number where there is none.
    ring_px
        Clear pixels of the control ring.
    ring
        Mean of each index over the ring.
    water_share
        Share of the clear pixels that an index calls open water (NDWI above 0, dark in the near infrared).
    built_share, brightness
        Share of the clear pixels that look built-up, and mean brightness; not numbers where the scene cannot tell.
    soil_told
        Whether the scene has the shortwave band without which some soils look built-up.
    """

    seen_px: Floats
    seen_share: Floats
    core: Floats
    mean: Mapping[str, Floats]
    deviation: Mapping[str, Floats]
    ring_px: Floats
    ring: Mapping[str, Floats]
    water_share: Floats
    built_share: Floats
    brightness: Floats
    soil_told: bool


def stats_roles(scene: Scene) -> tuple[Role, ...]:
    """Return the bands that the numbers of a scene need: those of every index that it allows, and of built-up."""
    needed = [role for name in (*allowed(scene), "NDWI") for role in index_roles(name)]
    built = (*built_roles(), *(("swir1",) if "swir1" in scene.bands else ())) if tells_built(scene) else ()
    return tuple(dict.fromkeys([*needed, *built]))


def allowed(scene: Scene) -> tuple[str, ...]:
    """Return the indices of greenness that a scene's bands allow; NDVI always."""
    return tuple(name for name in GREENNESS if name == "NDVI" or set(index_roles(name)) <= set(scene.bands))


def plot_stats(opened: OpenScene, coverage: Coverage) -> PlotStats:
    """Return the numbers of each plot.

    Parameters
    ----------
    opened
        A scene, opened with `stats_roles`.
    coverage
        Of the plots on the grid of the scene.

    Raises
    ------
    UnreadableFile
        A file ends before its pixels do.
    """
    count, names = len(coverage.plot), allowed(opened.scene)
    columns = {name: np.zeros(count) for name in ("seen", "ring", "water")}
    columns |= {name: np.zeros(count) for name in (BUILT if tells_built(opened.scene) else ())}
    columns |= {f"{part}-{name}": np.zeros(count) for part in ("sum", "square", "ring") for name in names}
    rolling = _Rolling(opened, names)
    tops = np.where(coverage.box[:, 0] < 0, opened.grid.height, coverage.box[:, 0])
    needed_from = np.minimum.accumulate(tops[::-1])[::-1] - RING_PX
    for plots in strips_of(coverage, rows=opened.strip_rows, below_px=RING_PX):
        last = min(int(coverage.box[plots, 2].max()) + RING_PX + 1, opened.grid.height)
        first = max(int(needed_from[plots.start]), 0)
        _add_strip(rolling.rows(first, last), first, coverage, plots, columns)
    return _result(coverage, names, columns, soil_told=tells_soil(opened.roles))


class _Rolling:
    """Indices of the rows that are asked for, ever further down; every strip is read and computed once."""

    def __init__(self, opened: OpenScene, names: tuple[str, ...]) -> None:
        self._opened, self._names = opened, names
        self._layers: Layers = {}
        self._first = self._end = 0

    def rows(self, first: int, last: int) -> Layers:
        """Return the layers of some rows; what lies above them is forgotten."""
        self._forget(first)
        high = self._opened.strip_rows
        while self._end < last:
            end = min((self._end // high + 1) * high, self._opened.grid.height)
            self._append(Window(self._end, 0, end - self._end, self._opened.grid.width))
            self._end = end
        return {name: layer[: last - self._first] for name, layer in self._layers.items()}

    def _forget(self, first: int) -> None:
        if first >= self._end:
            # Rows that no plot touches are skipped, whole strips of them.
            self._layers, self._first = {}, first
            self._end = first
            return
        self._layers = {name: layer[first - self._first :] for name, layer in self._layers.items()}
        self._first = first

    def _append(self, window: Window) -> None:
        pixels = self._opened.read(window)
        layers: Layers = {"clear": pixels.clear, "water": wet_pixels(pixels.bands)}
        if tells_built(self._opened.scene):
            layers["built"] = built_pixels(pixels.bands)
            layers["brightness"] = _known(compute(BRIGHTNESS, pixels.bands))
        for name in self._names:
            layers[name] = _known(compute(name, pixels.bands))
        before = self._layers
        self._layers = {name: np.concatenate([before[name], layers[name]]) for name in layers} if before else layers


def _known(values: Floats) -> Floats:
    values[~np.isfinite(values)] = 0
    return values


def _add_strip(layers: Layers, first: int, coverage: Coverage, plots: slice, columns: dict[str, Any]) -> None:
    """Fill in the columns of the plots that end in one strip of rows; ``first`` is the first row of the layers."""
    height, width = layers["clear"].shape
    start = np.asarray(coverage.start[plots.start : plots.stop + 1])
    here = slice(int(start[0]), int(start[-1]))
    cell = np.asarray(coverage.cell[here]) - first * width
    clear = layers["clear"].ravel()[cell]
    share, start = np.where(clear, np.asarray(coverage.share[here]), np.float32(0)), start - start[0]
    columns["seen"][plots] = sums(share, start)
    columns["water"][plots] = sums(np.where(layers["water"].ravel()[cell], share, np.float32(0)), start)
    free = (layers["clear"] & ~coverage.taken_rows(first, first + height, width)).astype(np.float32)
    frames = _Frames(np.asarray(coverage.box[plots]), first, free.shape)
    columns["ring"][plots] = frames.sums(free)
    for name in (key for key in BUILT if key in layers):
        columns[name][plots] = sums(layers[name].ravel()[cell] * share, start)
    for name in (key for key in layers if key not in ("clear", "water", *BUILT)):
        own = layers[name].ravel()[cell]
        weighted = own * share
        columns[f"sum-{name}"][plots] = sums(weighted, start)
        columns[f"square-{name}"][plots] = sums(own * weighted, start)
        columns[f"ring-{name}"][plots] = frames.sums(layers[name], free)


class _Frames:
    """The outer frames of plots in some rows, and sums of rasters in them from running sums down the columns."""

    def __init__(self, box: npt.NDArray[np.int32], first: int, shape: tuple[int, ...]) -> None:
        height, width = shape
        grown = box.astype(np.int64) + np.array([-RING_PX, -RING_PX, RING_PX + 1, RING_PX + 1])
        top, low = np.clip(grown[:, ::2] - first, 0, height).T
        left, right = np.clip(grown[:, 1::2], 0, width).T
        ends = np.cumsum(right - left)
        self._starts = ends - (right - left)
        # Every column of every frame: where its running sum ends, and where it begins.
        column = np.arange(ends[-1]) + np.repeat(left - self._starts, right - left)
        self._low = column + np.repeat(low * width, right - left)
        self._top = column + np.repeat(top * width, right - left)
        self._table = np.zeros((height + 1, width))

    def sums(self, values: npt.NDArray[np.float32], weights: npt.NDArray[np.float32] | None = None) -> Sums:
        """Return the sum of ``values * weights`` in each frame, shape (n,)."""
        line = np.empty(values.shape[1], dtype=np.float32)
        # Row by row: what is added next is still near the processor.
        for row, value in enumerate(values):
            part = value if weights is None else np.multiply(value, weights[row], out=line)
            np.add(self._table[row], part, out=self._table[row + 1])
        table = self._table.ravel()
        return np.asarray(np.add.reduceat(table[self._low] - table[self._top], self._starts))


def _result(coverage: Coverage, names: tuple[str, ...], columns: dict[str, Any], *, soil_told: bool) -> PlotStats:
    def placed(values: npt.NDArray[Any]) -> Floats:
        result = np.empty(len(values), dtype=np.float32)
        result[coverage.plot] = values
        return result

    with np.errstate(divide="ignore", invalid="ignore"):
        mean = {name: columns[f"sum-{name}"] / columns["seen"] for name in names}
        spread = {name: columns[f"square-{name}"] / columns["seen"] - mean[name] ** 2 for name in names}
        ring = {name: columns[f"ring-{name}"] / np.round(columns["ring"]) for name in names}
        water, part = columns["water"] / columns["seen"], columns["seen"] / np.asarray(coverage.size_px)
        none = np.full(len(part), np.nan)
        built, bright = (columns[name] / columns["seen"] if name in columns else none for name in BUILT)
    return PlotStats(
        seen_px=placed(columns["seen"]),
        seen_share=placed(np.nan_to_num(part)),
        core=placed(np.asarray(coverage.core)),
        mean={name: placed(mean[name]) for name in names},
        deviation={name: placed(np.sqrt(np.maximum(spread[name], 0))) for name in names},
        ring_px=placed(np.round(columns["ring"])),
        ring={name: placed(ring[name]) for name in names},
        water_share=placed(water),
        built_share=placed(built),
        brightness=placed(bright),
        soil_told=soil_told,
    )
