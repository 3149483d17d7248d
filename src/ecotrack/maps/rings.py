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
        x = np.radians(lonlat[:, 0])
        y = np.log(np.tan(np.pi / 4 + np.radians(lonlat[:, 1]) / 2))
        return np.rint(np.column_stack([x, y]) * (RADIUS_M / self.step)).astype(np.int64)


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
        oriented = shapely.orient_polygons(geometries)
        ring, plot, hole = _rings(oriented)
        lonlat, of_ring = shapely.get_coordinates(ring, return_index=True)
        whole = self.grid.whole(lonlat)
        begins = _begins(of_ring)
        # The closing corner is implied, and so is a corner that the grid laid upon the one before.
        same = np.zeros(len(whole), dtype=bool)
        same[1:] = (whole[1:] == whole[:-1]).all(axis=1)
        kept = ~np.append(begins[1:], True) & ~(same & ~begins)
        whole, of_ring = whole[kept], of_ring[kept]
        begins = _begins(of_ring)
        self._keep_rings(whole[begins], plot, hole, np.bincount(of_ring, minlength=len(ring)), len(geometries))
        self._keep_steps(whole, begins, of_ring)
        self._measure_reach(whole, plot[of_ring])

    def _keep_rings(self, first: Ints, plot: Ints, hole: Ints, count: Ints, plots: int) -> None:
        rings = np.bincount(plot, minlength=plots)
        for name, values in (("rings", rings), ("count", count), ("x", first[:, 0]), ("y", first[:, 1])):
            self._columns[name].append(values)
        # Whether a ring is a hole needs saying only where a plot has more than one.
        self._columns["hole"].append(hole[rings[plot] > 1])

    def _keep_steps(self, whole: Ints, begins: npt.NDArray[np.bool_], of_ring: Ints) -> None:
        # Half the width is half the time; a city is far below two thousand million units.
        step = np.zeros(whole.shape, dtype=np.int32)
        step[1:] = whole[1:] - whole[:-1]
        inner = ~begins
        before = np.zeros_like(step)
        before[1:] = step[:-1]
        before[begins] = 0
        # The step before the first one of a ring is the anchor's, which says nothing.
        before[1:][begins[:-1]] = 0
        rings = int(of_ring[-1]) + 1 if len(of_ring) else 0
        taken, owner = step[inner], of_ring[inner]
        length = np.hypot(taken[:, 0].astype(np.float32), taken[:, 1].astype(np.float32))
        total = np.bincount(owner, weights=length, minlength=rings)
        mean = total / np.maximum(np.bincount(owner, minlength=rings), 1)
        size = np.minimum(np.rint(3 * np.log2(mean + 1)).astype(np.int64), SIZES - 1)
        self._columns["size"].append(size)
        came = before[inner]
        kind = size.astype(np.int16)[owner] * np.int16(DIRECTIONS) + direction(came[:, 0], came[:, 1])
        coded = zigzag(taken)
        self._wide.append(coded[coded >= _ESCAPE])
        # Sixteen bits are sorted by counting.
        order = np.argsort(kind, kind="stable")
        cuts = np.cumsum(np.bincount(kind, minlength=SIZES * DIRECTIONS))[:-1]
        small = np.minimum(coded, _ESCAPE).astype(np.uint8)[order]
        self._steps.append([np.split(np.ascontiguousarray(small[:, axis]), cuts) for axis in (0, 1)])

    def _measure_reach(self, whole: Ints, plot: Ints) -> None:
        if len(whole):
            starts = np.flatnonzero(np.append(True, plot[1:] != plot[:-1]))
            anchor = whole[starts][np.cumsum(np.append(True, plot[1:] != plot[:-1])) - 1]
            self._reach = max(self._reach, int(np.abs(whole - anchor).max()))

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


def _begins(owner: Ints) -> npt.NDArray[np.bool_]:
    return np.append(True, owner[1:] != owner[:-1])[: len(owner)]


def _rings(geometries: Geometries) -> tuple[Geometries, Ints, Ints]:
    """Return the rings in order, the plot of each, and whether it is a hole; its plot's first ring is an outer one."""
    kinds = {int(kind) for kind in np.unique(shapely.get_type_id(geometries))}
    if kinds - {-1, 3, 6}:
        raise ValueError(f"geometry types {sorted(kinds)}: only polygons and multipolygons can be packed")
    if kinds == {3}:
        part, plot = geometries, np.arange(len(geometries))
    else:
        part, plot = shapely.get_parts(geometries, return_index=True)
    ring, of_part = shapely.get_rings(part, return_index=True)
    hole = 1 - _begins(of_part).astype(np.int64)
    return ring, plot[of_part], hole
