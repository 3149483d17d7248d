"""Packing of polygons: whole numbers on a metre grid, small steps, each in the company of its like.

A step from corner to corner is coded among steps that followed a step of the same direction in a ring of
the same mean step: knowing these two saves about a tenth of the bits. ``web/engine.js`` reads it back.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.maps.streams import Bytes, Ints, Streams, deflate, planes, smallest, zigzag

Geometries = npt.NDArray[np.object_]
Steps = npt.NDArray[np.signedinteger[Any]]
RADIUS_M = 6_378_137.0
"""Radius of the web Mercator sphere."""

DIRECTIONS = 9
SIZES = 28
_ESCAPE = 255
_CHUNK = 20_000
_MOST_REACH = 32_000


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid in web Mercator: ``step`` Mercator metres a unit."""

    step: float

    @classmethod
    def of(cls, geometries: Geometries, *, accuracy_m: float) -> Grid:
        """Return the coarsest grid that moves no corner further than ``accuracy_m`` on the ground."""
        edges = shapely.bounds(geometries).reshape(-1, 4)[~shapely.is_empty(geometries)]
        south, north = (float(edges[:, 1].min()), float(edges[:, 3].max())) if len(edges) else (0.0, 0.0)
        # Mercator metres are largest away from the equator; the corner of the view nearest to it decides.
        nearest = 0.0 if south < 0 < north else min(abs(south), abs(north))
        return cls(1.38 * accuracy_m / float(np.cos(np.radians(nearest))))

    def whole(self, lonlat: npt.NDArray[np.float64]) -> Ints:
        """Return longitude/latitude in degrees, shape (n, 2), as whole units east and north of 0, 0.

        Examples
        --------
        >>> Grid(1.0).whole(np.array([[115.5, 37.5]])).tolist()
        [[12857401, 4509031]]
        """
        north = np.log(np.tan(np.pi / 4 + np.radians(lonlat[:, 1]) / 2))
        units = [np.rint(axis * (RADIUS_M / self.step)).astype(np.int64) for axis in (np.radians(lonlat[:, 0]), north)]
        # Each axis lies together: corners are packed axis by axis.
        return np.stack(units).T


def hilbert(x: Ints, y: Ints, *, bits: int = 16) -> Ints:
    """Return the place of points on a Hilbert curve, so that neighbours stand together.

    Parameters
    ----------
    x, y
        Whole numbers from 0 to ``2**bits - 1``, shape (n,).

    Examples
    --------
    >>> hilbert(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0]), bits=1).tolist()
    [0, 1, 2, 3]
    """
    x, y = x.copy(), y.copy()
    place = np.zeros(len(x), dtype=np.int64)
    for side in (1 << bit for bit in range(bits - 1, -1, -1)):
        right, up = (x & side) > 0, (y & side) > 0
        place += side * side * ((3 * right) ^ up)
        turned = ~up
        mirrored = turned & right
        x[mirrored], y[mirrored] = side - 1 - (x[mirrored] & (side - 1)), side - 1 - (y[mirrored] & (side - 1))
        x[turned], y[turned] = y[turned], x[turned].copy()
        x, y = x & (side - 1), y & (side - 1)
    return place


def neighbours_first(geometries: Geometries) -> npt.NDArray[np.intp]:
    """Return the order in which plots are packed: along a Hilbert curve through the middles of their boxes."""
    bounds = np.nan_to_num(shapely.bounds(geometries).reshape(-1, 4))
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    low = middle.min(axis=0, initial=np.inf)
    span = max(float((middle - low).max(initial=0.0)), 1e-9)
    cell = ((middle - low) * (65_535 / span)).astype(np.int64)
    return np.argsort(hilbert(cell[:, 0], cell[:, 1]), kind="stable")


class RingPacker:
    """Packs polygons and multipolygons in the order in which they come, a block at a time."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._steps: list[list[list[Bytes]]] = []
        self._columns: dict[str, list[Ints]] = {name: [] for name in ("rings", "hole", "count", "size", "x", "y")}
        self._wide: list[Ints] = []
        self._reach = 0

    def pack(self, geometries: Geometries, streams: Streams) -> dict[str, Any]:
        """Pack all geometries (EPSG:4490 longitude/latitude, degrees) and return what the reader needs.

        Raises
        ------
        ValueError
            A geometry is neither a polygon nor a multipolygon.
        """
        for start in range(0, len(geometries), _CHUNK):
            self._block(geometries[start : start + _CHUNK])
        packed = {name: self._column(name, streams) for name in ("rings", "hole", "count", "size")}
        packed |= {name: self._anchors(name, streams) for name in ("x", "y")}
        wide = np.concatenate([*self._wide, np.zeros(0, dtype=np.int64)])
        parts = [((wide >> (8 * place)) & 255).astype(np.uint8) for place in range(4)]
        return {
            **packed,
            "dx": self._stepped(0, streams),
            "dy": self._stepped(1, streams),
            "wide": streams.add(deflate(parts), size=4 * len(wide)),
            "step": self.grid.step,
            "far": self._reach > _MOST_REACH,
        }

    def _block(self, geometries: Geometries) -> None:
        lonlat, of_ring, plot, hole = _rings(geometries)
        x, y = self.grid.whole(lonlat).T
        begins = _begins(of_ring)
        # The closing corner is implied, and so is a corner that the grid laid upon the one before.
        kept = np.append(~begins[1:], False)
        kept[1:] &= (x[1:] != x[:-1]) | (y[1:] != y[:-1]) | begins[1:]
        x, y, of_ring = x[kept], y[kept], of_ring[kept]
        begins = _begins(of_ring)
        count = np.bincount(of_ring, minlength=len(plot))
        self._keep_rings(x[begins], y[begins], plot, hole, count, len(geometries))
        self._keep_steps(x, y, begins, count)
        self._measure_reach(x, y, plot[of_ring])

    def _keep_rings(self, x: Ints, y: Ints, plot: Ints, hole: Ints, count: Ints, plots: int) -> None:
        rings = np.bincount(plot, minlength=plots)
        for name, values in (("rings", rings), ("count", count), ("x", x), ("y", y)):
            self._columns[name].append(values)
        # Whether a ring is a hole needs saying only where a plot has more than one.
        self._columns["hole"].append(hole[rings[plot] > 1])

    def _keep_steps(self, x: Ints, y: Ints, begins: npt.NDArray[np.bool_], count: Ints) -> None:
        steps = [_steps(axis, begins) for axis in (x, y)]
        inner = ~begins[1:]
        # The step before the first one of a ring is none, and points nowhere.
        came = direction(*steps)[:-1][inner] if len(x) else np.zeros(0, dtype=np.int16)
        across, up = (step[1:][inner] for step in steps)
        inside = np.maximum(count - 1, 0)
        owner = np.repeat(np.arange(len(count)), inside)
        total = np.bincount(
            owner, weights=np.hypot(across.astype(np.float32), up.astype(np.float32)), minlength=len(count)
        )
        size = np.minimum(np.rint(3 * np.log2(total / np.maximum(inside, 1) + 1)).astype(np.int64), SIZES - 1)
        self._columns["size"].append(size)
        kind = np.repeat(size.astype(np.int16) * np.int16(DIRECTIONS), inside) + came
        # Sixteen bits are sorted by counting.
        order = np.argsort(kind, kind="stable")
        cuts = np.cumsum(np.bincount(kind, minlength=SIZES * DIRECTIONS))[:-1]
        coded = [zigzag(across), zigzag(up)]
        far = np.flatnonzero(np.maximum(*coded) >= _ESCAPE)
        both = np.column_stack([axis[far] for axis in coded])
        self._wide.append(both[both >= _ESCAPE])
        small = [np.minimum(axis, _ESCAPE).astype(np.uint8)[order] for axis in coded]
        self._steps.append([np.split(axis, cuts) for axis in small])

    def _measure_reach(self, x: Ints, y: Ints, plot: Ints) -> None:
        starts = np.flatnonzero(_begins(plot))
        if len(starts):
            for axis in (x, y):
                high, low = np.maximum.reduceat(axis, starts), np.minimum.reduceat(axis, starts)
                self._reach = max(self._reach, int(np.maximum(high - axis[starts], axis[starts] - low).max()))

    def _column(self, name: str, streams: Streams) -> list[int]:
        values = np.concatenate([*self._columns[name], np.zeros(0, dtype=np.int64)])
        parts = planes(values)
        return [streams.add(smallest(parts), size=len(parts) * len(values)), len(parts), len(values)]

    def _anchors(self, name: str, streams: Streams) -> list[int]:
        """First corners: of a plot's first ring from the plot before, of its other rings from its first."""
        values = np.concatenate([*self._columns[name], np.zeros(0, dtype=np.int64)])
        rings = np.concatenate([*self._columns["rings"], np.zeros(0, dtype=np.int64)])
        rings = rings[rings > 0]
        starts = np.cumsum(rings) - rings
        lean = np.repeat(values[starts], rings)
        lean[starts] = np.append(0, values[starts][:-1])
        parts = planes(zigzag(values - lean))
        return [streams.add(smallest(parts), size=len(parts) * len(values)), len(parts), len(values)]

    def _stepped(self, axis: int, streams: Streams) -> list[Any]:
        kinds = [np.concatenate(parts) for parts in zip(*(block[axis] for block in self._steps), strict=True)]
        data = deflate([part for part in kinds if len(part)], strategy=zlib.Z_HUFFMAN_ONLY)
        counts = [len(part) for part in kinds]
        return [streams.add(data, size=sum(counts)), counts]


def direction(x: Steps, y: Steps) -> npt.NDArray[np.int16]:
    """Return the eighth of the circle in which steps point, 0 to 7; 8 for no step.

    Examples
    --------
    >>> direction(np.array([2, -1, 0]), np.array([1, -3, 0])).tolist()
    [0, 7, 8]
    """
    eighth = (
        (x < 0).astype(np.int16) | ((y < 0).astype(np.int16) << 1) | ((np.abs(y) > np.abs(x)).astype(np.int16) << 2)
    )
    eighth[(x == 0) & (y == 0)] = DIRECTIONS - 1
    return np.asarray(eighth)


def _steps(axis: Ints, begins: npt.NDArray[np.bool_]) -> Steps:
    """Return the step that leads to each corner, none to the first one of a ring."""
    # Half the width is half the time; a city is far below two thousand million units.
    step = np.zeros(len(axis), dtype=np.int32)
    np.subtract(axis[1:], axis[:-1], out=step[1:], casting="unsafe")
    step[begins] = 0
    return step


def _begins(owner: Ints) -> npt.NDArray[np.bool_]:
    return np.append(True, owner[1:] != owner[:-1])[: len(owner)]


def _rings(geometries: Geometries) -> tuple[npt.NDArray[np.float64], Ints, Ints, Ints]:
    """Return the corners of all rings, their ring, and for each ring its plot and whether it is a hole.

    Plots keep their order, and the first ring of a plot is an outer one. Outer rings run against the clock, holes with
    it, so that plots that overlap do not cut holes into each other when they are filled together.
    """
    kind = shapely.get_type_id(geometries)
    kinds = {int(one) for one in np.unique(kind)}
    if kinds - {-1, 3, 6}:
        raise ValueError(f"geometry types {sorted(kinds)}: only polygons and multipolygons can be packed")
    # Nearly every plot is one ring; to make geometries of rings costs more than to read their corners.
    lone = (kind == shapely.GeometryType.POLYGON) & (shapely.get_num_interior_rings(geometries) == 0)
    lone &= ~shapely.is_empty(geometries)
    plain, rest = np.flatnonzero(lone), np.flatnonzero(~lone)
    part, of_rest = shapely.get_parts(geometries[rest], return_index=True)
    ring, of_part = shapely.get_rings(part, return_index=True)
    lonlat, owner = shapely.get_coordinates(np.concatenate([geometries[plain], ring]), return_index=True)
    plot = np.concatenate([plain, rest[of_rest[of_part]]])
    hole = np.concatenate([np.zeros(len(plain), dtype=np.int64), 1 - _begins(of_part).astype(np.int64)])
    count = np.bincount(owner, minlength=len(plot))
    begin = np.cumsum(count) - count
    turned = (_turns(lonlat, begin, count) < 0) != (hole == 1)
    order = np.argsort(plot, kind="stable") if len(rest) else np.arange(len(plot))
    if len(rest) or turned.any():
        lonlat = lonlat[_places(begin[order], count[order], turned[order])]
    return lonlat, np.repeat(np.arange(len(plot)), count[order]), plot[order], hole[order]


def _turns(lonlat: npt.NDArray[np.float64], begin: Ints, count: Ints) -> npt.NDArray[np.float64]:
    """Return twice the plane area of closed rings in square degrees: positive against the clock (shoelace formula)."""
    if len(begin) == 0:
        return np.zeros(0)
    x, y = lonlat[:, 0], lonlat[:, 1] - np.repeat(lonlat[begin, 1], count)
    band = np.zeros(len(lonlat))
    band[:-1] = (x[:-1] - x[1:]) * (y[:-1] + y[1:])
    band[begin + count - 1] = 0.0  # the step from one ring to the next is no edge
    return np.asarray(np.add.reduceat(band, begin))


def _places(begin: Ints, count: Ints, turned: npt.NDArray[np.bool_]) -> Ints:
    """Return the places of the corners of rings one after the other, of some of them from their ends."""
    first = np.where(turned, begin + count - 1, begin)
    along = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(np.repeat(first, count) + along * np.repeat(np.where(turned, -1, 1), count))
