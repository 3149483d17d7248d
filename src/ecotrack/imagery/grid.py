"""Pixel grids: from longitude/latitude to pixel coordinates and back, whatever way a raster is turned.

Everything is asked in pixel coordinates (column, row): a grid that is rotated, runs south-up or lies in degrees
is then no special case.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from pyproj import Transformer

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import STORED_CRS

Floats = npt.NDArray[np.float64]
LONGEST_EDGE_PX = 7.0
"""Pixel edges are split to this length before they become edges in longitude/latitude: 70 m at 10 m."""
AREA_BLOCK_PX = 16
"""Side of the blocks of pixels whose area is measured as one."""


class Window(NamedTuple):
    """A rectangle of pixels: first row and column, and how many."""

    row: int
    col: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.height, self.width)


class Grid(NamedTuple):
    """The pixel grid of a raster.

    Attributes
    ----------
    crs
        EPSG code or WKT.
    transform
        From (column, row) to coordinates of ``crs``.
    """

    crs: str
    transform: Affine
    height: int
    width: int

    @property
    def whole(self) -> Window:
        """The window of all pixels."""
        return Window(0, 0, self.height, self.width)


@lru_cache(maxsize=16)
def _between(crs: str, inverse: bool) -> Transformer:
    ends = (STORED_CRS, crs) if inverse else (crs, STORED_CRS)
    return Transformer.from_crs(*ends, always_xy=True)


def to_pixels(geometries: Sequence[Any] | npt.NDArray[np.object_], grid: Grid) -> npt.NDArray[np.object_]:
    """Return geometries of EPSG:4490 longitude/latitude in (column, row) of a grid, shape (n,)."""
    back = ~grid.transform

    def bring(lonlat: Floats) -> Floats:
        x, y = _between(grid.crs, True).transform(lonlat[:, 0], lonlat[:, 1])
        return _apply(back, np.asarray(x), np.asarray(y))

    return np.asarray(shapely.transform(np.asarray(geometries, dtype=object), bring))


def to_lonlat(geometries: Sequence[Any] | npt.NDArray[np.object_], grid: Grid) -> npt.NDArray[np.object_]:
    """Return geometries in (column, row) of a grid as EPSG:4490 longitude/latitude, edges split first."""

    def bring(pixels: Floats) -> Floats:
        placed = _apply(grid.transform, pixels[:, 0], pixels[:, 1])
        return np.column_stack(_between(grid.crs, False).transform(placed[:, 0], placed[:, 1]))

    split = shapely.segmentize(np.asarray(geometries, dtype=object), LONGEST_EDGE_PX)
    return np.asarray(shapely.transform(split, bring))


def _apply(transform: Affine, x: Floats, y: Floats) -> Floats:
    a, b, c, d, e, f = transform[:6]
    return np.column_stack((a * x + b * y + c, d * x + e * y + f))


def window_around(pixels: npt.NDArray[np.object_], grid: Grid, *, margin_px: int = 0) -> Window | None:
    """Return the part of a grid that holds geometries given in (column, row); ``None`` where they lie outside."""
    bounds = shapely.total_bounds(pixels)
    if not np.isfinite(bounds).all():
        return None
    west, north = np.floor(bounds[:2]).astype(int) - margin_px
    east, south = np.ceil(bounds[2:]).astype(int) + margin_px
    first_row, first_col = max(int(north), 0), max(int(west), 0)
    height, width = min(int(south), grid.height) - first_row, min(int(east), grid.width) - first_col
    return Window(first_row, first_col, height, width) if height > 0 and width > 0 else None


def counted_area_m2(counted: npt.NDArray[np.bool_], grid: Grid, window: Window) -> float:
    """Return the ground that the marked pixels of a window cover, on the ellipsoid.

    The area of every block of 16 by 16 pixels is measured as `ecotrack.geometry.area` measures a plot, and
    shared out evenly among its pixels; inside a block areas differ by less than 1e-4 even in degrees.

    Examples
    --------
    One thousandth of a degree at the lake, as one pixel:

    >>> grid = Grid("EPSG:4490", Affine(0.001, 0, 115.6, 0, -0.001, 37.6), 1, 1)
    >>> round(counted_area_m2(np.ones((1, 1), bool), grid, grid.whole), 1)
    9801.2
    """
    rows = np.arange(0, window.height, AREA_BLOCK_PX)
    cols = np.arange(0, window.width, AREA_BLOCK_PX)
    marked = np.add.reduceat(np.add.reduceat(counted, rows, axis=0, dtype=np.int32), cols, axis=1)
    at_row, at_col = np.nonzero(marked)
    if len(at_row) == 0:
        return 0.0
    top, left = rows[at_row], cols[at_col]
    low, right = np.minimum(top + AREA_BLOCK_PX, window.height), np.minimum(left + AREA_BLOCK_PX, window.width)
    blocks = shapely.box(left + window.col, top + window.row, right + window.col, low + window.row)
    share = marked[at_row, at_col] / ((low - top) * (right - left))
    return float((area_m2(to_lonlat(blocks, grid)) * share).sum())
