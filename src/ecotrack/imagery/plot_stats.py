"""What a scene says about each plot and about the ground round it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.imagery.coverage import Coverage, strips_of, sums
from ecotrack.imagery.grid import Window
from ecotrack.imagery.indices import compute, index_roles
from ecotrack.imagery.read import OpenScene, Pixels
from ecotrack.imagery.scene import Role, Scene

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

GREENNESS = ("NDVI", "EVI", "SAVI")
RING_PX = 10
"""Width of the control ring in pixels: 100 m at Sentinel-2's 10 m."""
ROWS = 512


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
        Share of the clear pixels that an index calls open water (NDWI above 0).
    """

    seen_px: Floats
    seen_share: Floats
    core: Floats
    mean: Mapping[str, Floats]
    deviation: Mapping[str, Floats]
    ring_px: Floats
    ring: Mapping[str, Floats]
    water_share: Floats


def stats_roles(scene: Scene) -> tuple[Role, ...]:
    """Return the bands that the numbers of a scene need: those of every index that it allows."""
    needed = [role for name in (*allowed(scene), "NDWI") for role in index_roles(name)]
    return tuple(dict.fromkeys(needed))


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
    columns |= {f"{part}-{name}": np.zeros(count) for part in ("sum", "square", "ring") for name in names}
    for plots in strips_of(coverage, rows=ROWS):
        _add_strip(opened, coverage, plots, names, columns)
    return _result(coverage, names, columns)


def _add_strip(
    opened: OpenScene, coverage: Coverage, plots: slice, names: tuple[str, ...], columns: dict[str, Any]
) -> None:
    """Fill in the columns of the plots that begin in one strip of rows."""
    box, width = np.asarray(coverage.box[plots]), opened.grid.width
    first = max(int(box[:, 0].min()) - RING_PX, 0)
    last = min(int(box[:, 2].max()) + RING_PX + 1, opened.grid.height)
    pixels = opened.read(Window(first, 0, last - first, width))
    start = np.asarray(coverage.start[plots.start : plots.stop + 1])
    here = slice(int(start[0]), int(start[-1]))
    cell = np.asarray(coverage.cell[here]) - first * width
    clear = pixels.clear.ravel()[cell]
    share, start = np.where(clear, np.asarray(coverage.share[here]), np.float32(0)), start - start[0]
    columns["seen"][plots] = sums(share, start)
    water = compute("NDWI", pixels.bands).ravel()[cell] > 0
    columns["water"][plots] = sums(np.where(water, share, np.float32(0)), start)
    free = pixels.clear & ~coverage.taken_rows(first, last, width)
    frame = _frames(box, first, free.shape)
    columns["ring"][plots] = _in_frames(free.astype(np.float32), frame)
    for name in names:
        _add_index(name, pixels, cell, share, start, free, frame, plots, columns)


def _add_index(
    name: str,
    pixels: Pixels,
    cell: npt.NDArray[np.int32],
    share: Floats,
    start: npt.NDArray[np.int64],
    free: Mask,
    frame: npt.NDArray[np.int64],
    plots: slice,
    columns: dict[str, Any],
) -> None:
    values = np.nan_to_num(compute(name, pixels.bands), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    own = values.ravel()[cell]
    columns[f"sum-{name}"][plots] = sums(own * share, start)
    columns[f"square-{name}"][plots] = sums(own * own * share, start)
    columns[f"ring-{name}"][plots] = _in_frames(np.where(free, values, np.float32(0)), frame)


def _frames(box: npt.NDArray[np.int32], first: int, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return the outer frame of each plot: top, left, low, right of half-open ranges, shape (4, n)."""
    grown = box.astype(np.int64) + np.array([-RING_PX, -RING_PX, RING_PX + 1, RING_PX + 1])
    rows, cols = np.clip(grown[:, ::2] - first, 0, shape[0]), np.clip(grown[:, 1::2], 0, shape[1])
    return np.stack([rows[:, 0], cols[:, 0], rows[:, 1], cols[:, 1]])


def _in_frames(values: Floats, frame: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the sum of a raster in many frames, from one table of running sums."""
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(values, axis=0, out=table[1:, 1:], dtype=np.float64)
    np.cumsum(table[1:, 1:], axis=1, out=table[1:, 1:])
    top, left, low, right = frame
    return np.asarray(table[low, right] - table[top, right] - table[low, left] + table[top, left])


def _result(coverage: Coverage, names: tuple[str, ...], columns: dict[str, Any]) -> PlotStats:
    def placed(values: npt.NDArray[Any]) -> Floats:
        result = np.empty(len(values), dtype=np.float32)
        result[coverage.plot] = values
        return result

    with np.errstate(divide="ignore", invalid="ignore"):
        mean = {name: columns[f"sum-{name}"] / columns["seen"] for name in names}
        spread = {name: columns[f"square-{name}"] / columns["seen"] - mean[name] ** 2 for name in names}
        ring = {name: columns[f"ring-{name}"] / np.round(columns["ring"]) for name in names}
        water, part = columns["water"] / columns["seen"], columns["seen"] / np.asarray(coverage.size_px)
    return PlotStats(
        seen_px=placed(columns["seen"]),
        seen_share=placed(np.nan_to_num(part)),
        core=placed(np.asarray(coverage.core)),
        mean={name: placed(mean[name]) for name in names},
        deviation={name: placed(np.sqrt(np.maximum(spread[name], 0))) for name in names},
        ring_px=placed(np.round(columns["ring"])),
        ring={name: placed(ring[name]) for name in names},
        water_share=placed(water),
    )
