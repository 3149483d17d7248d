"""Which pixels of a grid each plot covers, and how much of each: computed once for a grid, and kept.

Scenes of one satellite lie on the same grid, so the second scene costs only its reading.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.errors import MissingExtra
from ecotrack.imagery.grid import Grid, to_pixels
from ecotrack.imagery.shore import grown

Ints = npt.NDArray[np.int64]
Cells = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
_CHUNK = 20_000
"""Plots that are covered at a time."""
_STRIP = 1024
_VERSION = "2"
_FULL = 0.999
"""Share from which a pixel counts as wholly inside."""


@dataclass(frozen=True, eq=False, slots=True)
class Coverage:
    """Pixels of plots on one grid; plots in order of the last row that they touch.

    Attributes
    ----------
    plot
        Number of each plot in the caller's order, shape (n,).
    start
        First of its pixels in ``cell``, shape (n + 1,).
    cell, share
        Pixel (row * width + column) and the share of it that the plot covers, shape (m,).
    box
        First row, first column, last row, last column, shape (n, 4); -1 where the plot lies off the grid.
    size_px
        Area of the whole plot in pixels, inside the grid or not, shape (n,).
    core
        Share of its area in pixels that lie wholly inside it, shape (n,): small for narrow belts.
    taken
        Pixels that no control ring may use: touched by a plot, or beside one; bits, eight pixels a byte.
    """

    plot: Ints
    start: Ints
    cell: npt.NDArray[np.int32]
    share: npt.NDArray[np.float32]
    box: npt.NDArray[np.int32]
    size_px: npt.NDArray[np.float32]
    core: npt.NDArray[np.float32]
    taken: npt.NDArray[np.uint8]

    def taken_rows(self, first: int, last: int, width: int) -> npt.NDArray[np.bool_]:
        """Return the pixels of some rows that no control ring may use, shape (last - first, width)."""
        wide = -(-width // 8)
        rows = np.asarray(self.taken[first * wide : last * wide]).reshape(last - first, wide)
        return np.unpackbits(rows, axis=1, count=width).view(bool)


def cover(geometries: npt.NDArray[np.object_], grid: Grid) -> Coverage:
    """Return the pixels that plots cover, with exact shares; overlapping plots each get their own.

    Parameters
    ----------
    geometries
        Shape (n,), EPSG:4490 longitude/latitude.

    Raises
    ------
    MissingExtra
        exactextract is not installed.

    Examples
    --------
    A square of one and a half pixels a side:

    >>> from affine import Affine
    >>> grid = Grid("EPSG:4490", Affine(0.001, 0, 115.6, 0, -0.001, 37.6), 4, 4)
    >>> found = cover(np.array([shapely.box(115.601, 37.5975, 115.6025, 37.599)]), grid)
    >>> found.cell.tolist(), found.share.round(3).tolist()
    ([5, 6, 9, 10], [1.0, 0.5, 0.5, 0.25])
    """
    pixels = to_pixels(geometries, grid)
    bounds = shapely.bounds(pixels)
    with np.errstate(invalid="ignore"):
        on_grid = (bounds[:, :2] < (grid.width, grid.height)).all(axis=1) & (bounds[:, 2:] > 0).all(axis=1)
    order = np.argsort(np.where(on_grid, bounds[:, 3], np.inf), kind="stable")
    found = [_chunk(pixels[order[first : first + _CHUNK]], grid) for first in range(0, len(order), _CHUNK)]
    size_px = shapely.area(pixels[order]).astype(np.float32)
    del pixels
    counts = _joined([part.counts for part in found], np.int64)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    box, core = _joined([part.box for part in found], np.int32, 4), _joined([part.core for part in found], np.float32)
    # The cells are by far the largest: one kind at a time stands in memory twice.
    cell, shares = _joined([part.cell for part in found], np.int32), [part.share for part in found]
    del found
    return Coverage(
        plot=order.astype(np.int64),
        start=start,
        cell=cell,
        share=_joined(shares, np.float32),
        box=box,
        size_px=size_px,
        core=core,
        taken=_taken(cell, grid),
    )


class _Chunk(NamedTuple):
    """What some plots cover, as in `Coverage`; ``counts`` says how many pixels each plot has."""

    counts: Ints
    cell: npt.NDArray[np.int32]
    share: npt.NDArray[np.float32]
    box: npt.NDArray[np.int32]
    core: npt.NDArray[np.float32]


def _chunk(pixels: npt.NDArray[np.object_], grid: Grid) -> _Chunk:
    """Return what some plots cover; they are given in (column, row)."""
    found = list(cells_of(pixels, height=grid.height, width=grid.width))
    cell, share = _joined([one for one, _ in found], np.int32), _joined([one for _, one in found], np.float32)
    counts = np.array([len(one) for one, _ in found], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return _Chunk(counts, cell, share, _boxes(cell, start, grid), _core(share, start))


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type[np.generic], *columns: int) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros((0, *columns), kind), *parts])


def cells_of(pixels: npt.NDArray[np.object_], *, height: int, width: int) -> Iterator[Cells]:
    """Yield cells (row * width + column) and exact shares of polygons in (column, row), in their order.

    Raises
    ------
    MissingExtra
        exactextract is not installed.
    """
    try:
        from exactextract import exact_extract
        from exactextract.raster import NumPyRasterSource

        from ecotrack.imagery.plot_source import CellWriter, WkbSource
    except ImportError:
        raise MissingExtra(name="exactextract", extra="imagery") from None
    # exactextract counts rows from the top of a grid whose y grows upward.
    flipped = shapely.transform(pixels, lambda xy: np.column_stack((xy[:, 0], height - xy[:, 1])))
    # The values do not matter: one zero stands for the whole grid.
    nothing = np.broadcast_to(np.uint8(0), (height, width))
    raster = NumPyRasterSource(nothing, xmin=0, ymin=0, xmax=width, ymax=height)
    writer = CellWriter()
    exact_extract(raster, WkbSource(shapely.to_wkb(flipped)), ["cell_id", "coverage"], output=writer)
    yield from writer.found


def _reduced(kind: np.ufunc, values: npt.NDArray[Any], start: Ints, *, empty: float) -> npt.NDArray[Any]:
    """Return a reduction of the values of each plot; ``empty`` where it has no pixels."""
    result = np.full(len(start) - 1, empty, dtype=values.dtype)
    filled = start[1:] > start[:-1]
    if filled.any():
        result[filled] = kind.reduceat(values, start[:-1][filled])
    return result


def _boxes(cell: npt.NDArray[np.int32], start: Ints, grid: Grid) -> npt.NDArray[np.int32]:
    rows, cols = cell // grid.width, cell % grid.width
    ends = [(np.minimum, rows), (np.minimum, cols), (np.maximum, rows), (np.maximum, cols)]
    return np.column_stack([_reduced(kind, values, start, empty=-1) for kind, values in ends]).astype(np.int32)


def sums(values: npt.NDArray[np.floating[Any]], start: Ints) -> npt.NDArray[np.float64]:
    """Return the sum of the values of each plot, shape (n,); 0 where it has none.

    Examples
    --------
    >>> sums(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 2, 3])).tolist()
    [3.0, 0.0, 4.0]
    """
    return np.asarray(_reduced(np.add, values.astype(np.float64), start, empty=0.0))


def _core(share: npt.NDArray[np.float32], start: Ints) -> npt.NDArray[np.float32]:
    whole = sums(np.where(share >= _FULL, share, np.float32(0)), start)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(whole / sums(share, start)).astype(np.float32)


def _taken(cell: npt.NDArray[np.int32], grid: Grid) -> npt.NDArray[np.uint8]:
    touched = np.zeros(grid.height * grid.width, dtype=bool)
    touched[cell] = True
    rows = touched.reshape(grid.height, grid.width)
    packed = []
    for first in range(0, grid.height, _STRIP):
        last = min(first + _STRIP, grid.height)
        above, below = max(first - 1, 0), min(last + 1, grid.height)
        wide = grown(rows[above:below], 1)[first - above : first - above + last - first]
        packed.append(np.packbits(wide, axis=1).ravel())
    return np.concatenate([np.zeros(0, np.uint8), *packed])


def coverage_key(geometries: npt.NDArray[np.object_], grid: Grid) -> str:
    """Return a name that changes with the grid (its first part) and with any vertex of any plot (its second)."""
    lies = f"{_VERSION}|{grid.crs}|{tuple(grid.transform)}|{grid.height}|{grid.width}"
    plots = hashlib.sha256()
    for wkb in shapely.to_wkb(geometries):
        plots.update(wkb)
    return f"{hashlib.sha256(lies.encode()).hexdigest()[:16]}-{plots.hexdigest()[:24]}"


def kept_coverage(geometries: npt.NDArray[np.object_], grid: Grid, folder: Path) -> Coverage:
    """Return the coverage of plots on a grid, from what was kept or computed and kept now.

    One is kept for each grid: that of plots as they were before goes. Where the disk takes none, or another run keeps
    the same at the same time, nothing is lost but time.
    """
    place = folder / coverage_key(geometries, grid)
    try:
        return _load(place, len(geometries), grid)
    except (OSError, ValueError, EOFError):
        shutil.rmtree(place, ignore_errors=True)
    found = cover(geometries, grid)
    with suppress(OSError):
        _keep(found, place)
    return found


def _keep(found: Coverage, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{place.name}.", dir=place.parent))
    try:
        for field in fields(Coverage):
            np.save(beside / f"{field.name}.npy", getattr(found, field.name))
        beside.replace(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    of_grid, _, _ = place.name.partition("-")
    for older in place.parent.glob(f"{of_grid}-*"):
        # What another run is writing at this moment bears a dot.
        if older.name != place.name and "." not in older.name:
            shutil.rmtree(older, ignore_errors=True)


def _load(place: Path, plots: int, grid: Grid) -> Coverage:
    """Return what was kept; a ValueError says that it does not fit together."""
    found = Coverage(**{one.name: np.load(place / f"{one.name}.npy", mmap_mode="r") for one in fields(Coverage)})
    sizes = (len(found.plot), len(found.start), len(found.box), len(found.core), len(found.size_px))
    pixels = int(found.start[-1]) if len(found.start) else -1
    taken = grid.height * -(-grid.width // 8)
    if sizes != (plots, plots + 1, plots, plots, plots) or len(found.taken) != taken:
        raise ValueError(place)
    if len(found.cell) != pixels or len(found.share) != pixels:
        raise ValueError(place)
    return found


def strips_of(coverage: Coverage, *, rows: int, below_px: int) -> Sequence[slice]:
    """Return the plots that end in the same strip of rows, as slices; plots off the grid are left out.

    Parameters
    ----------
    rows
        Rows of a strip.
    below_px
        Rows below a plot that belong to it.
    """
    strip = np.where(coverage.box[:, 0] < 0, -1, (coverage.box[:, 2] + below_px) // rows)
    edges = np.flatnonzero(np.diff(strip, prepend=-2, append=-2))
    return [slice(a, b) for a, b in pairwise(edges.tolist()) if strip[a] >= 0]
