"""How much ground pairs of polygons share; pairs that could run away are measured in a child with limits."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.errors import TimedOut, UnreadableFile
from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.boxes import Boxes, Ints, in_order
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.width import mean_widths_m, perimeters_m
from ecotrack.intake.kept import BLOCK
from ecotrack.sandbox import Limits, run

MAX_PAIRS = 200_000
"""Pairs of one file, with accepted plots or inside it, that are measured; a file with more lies about its plots."""

LIGHT_CROSSINGS = 1_000_000
"""Crossings that a pair may have at worst (corners by corners) to be measured in this process; the size of a block."""

DEADLINE_S = 10.0
"""How long the pairs that are measured here may take together; between blocks the clock is looked at."""

LIMITS = Limits(wall_s=15.0, cpu_s=15)
"""What the child may use for the others."""

_CHILD = "ecotrack.intake.ground_pairs:main"


class Shared(NamedTuple):
    """Ground that pairs share; shape (k,) each.

    Attributes
    ----------
    area_m2, width_m
        Its area and mean width; NaN where it could not be measured in time.
    lonlat
        A point on it, EPSG:4490 degrees; shape (k, 2).
    """

    area_m2: Floats
    width_m: Floats
    lonlat: Floats


@dataclass
class Effort:
    """What comparing the plots of one file may still cost: every comparison takes of it.

    Attributes
    ----------
    pairs
        Pairs that may still be measured.
    light_s
        Seconds for the pairs that are measured in this process.
    heavy_s
        Seconds for those that are measured in a child.
    """

    pairs: int = MAX_PAIRS
    light_s: float = DEADLINE_S
    heavy_s: float = LIMITS.wall_s


class Near(NamedTuple):
    """Pairs of polygons that may meet: positions in the one and the other list, and whether there were too many."""

    left: Ints
    right: Ints
    crowded: bool


def near_pairs(left: Geometries, right: Geometries, effort: Effort) -> Near:
    """Return the pairs whose bounds meet, by position, sorted; none where there are more than may be measured."""
    i, j = shapely.STRtree(right).query(left)
    return _affordable(*in_order(i, j), effort)


def near_inside(bounds: Floats, effort: Effort) -> Near:
    """Return the pairs of one list whose bounds meet, ``left < right``, sorted.

    Parameters
    ----------
    bounds
        West, south, east, north in EPSG:4490 degrees; shape (n, 4).
    """
    return _affordable(*Boxes(bounds).meetings(), effort)


def _affordable(left: Ints, right: Ints, effort: Effort) -> Near:
    if len(left) > effort.pairs:
        effort.pairs = 0
        return Near(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), True)
    effort.pairs -= len(left)
    return Near(left, right, False)


def shared_between(left: Geometries, right: Geometries, effort: Effort) -> Shared:
    """Measure the ground that each pair shares.

    Parameters
    ----------
    left, right
        Valid polygons, EPSG:4490, pair by pair; shape (k,) each.
    effort
        What it may take; what it took is taken off.

    Returns
    -------
    Shared
        NaN for pairs that could not be measured inside `LIMITS`.
    """
    crossings = shapely.get_num_coordinates(left).astype(float) * shapely.get_num_coordinates(right)
    result = _unmeasured(len(left))
    light, heavy = np.flatnonzero(crossings <= LIGHT_CROSSINGS), np.flatnonzero(crossings > LIGHT_CROSSINGS)
    for rows in _blocks(light, crossings):
        if effort.light_s <= 0:
            break
        began = time.monotonic()
        _put(result, rows, _measured(left[rows], right[rows]))
        effort.light_s -= time.monotonic() - began
    if len(heavy) and effort.heavy_s >= 1:
        began = time.monotonic()
        told = _in_child(left[heavy], right[heavy], effort.heavy_s)
        effort.heavy_s -= time.monotonic() - began
        if told is not None:
            _put(result, heavy, told)
    return result


def shared_inside(wkb: Sequence[bytes], pairs: Near, effort: Effort) -> Shared:
    """Measure the ground that pairs of one list share, a block of pairs at a time.

    Parameters
    ----------
    wkb
        Valid polygons, EPSG:4490.
    """
    result = _unmeasured(len(pairs.left))
    for start in range(0, len(pairs.left), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(pairs.left)))
        needed, place = np.unique(np.concatenate([pairs.left[rows], pairs.right[rows]]), return_inverse=True)
        shapes = from_wkb([wkb[i] for i in needed.tolist()])[place]
        _put(result, rows, shared_between(shapes[: len(rows)], shapes[len(rows) :], effort))
    return result


def _unmeasured(count: int) -> Shared:
    return Shared(np.full(count, np.nan), np.full(count, np.nan), np.full((count, 2), np.nan))


def _blocks(rows: npt.NDArray[np.intp], crossings: Floats) -> list[npt.NDArray[np.intp]]:
    """Cut rows into blocks of at most about `LIGHT_CROSSINGS` each, in their order."""
    number = np.floor(np.cumsum(crossings[rows]) / LIGHT_CROSSINGS)
    return np.split(rows, np.flatnonzero(np.diff(number)) + 1) if len(rows) else []


def _put(result: Shared, rows: npt.NDArray[np.intp], found: Shared) -> None:
    for column, values in zip(result, found, strict=True):
        column[rows] = values


def _measured(left: Geometries, right: Geometries) -> Shared:
    ground = shapely.intersection(left, right)
    areas = area_m2(ground)
    real = np.flatnonzero(areas > 0)
    widths, lonlat = np.zeros(len(left)), np.full((len(left), 2), np.nan)
    widths[real] = mean_widths_m(areas[real], perimeters_m(ground[real]))
    lonlat[real] = shapely.get_coordinates(shapely.point_on_surface(ground[real]))
    return Shared(areas, widths, lonlat)


def _in_child(left: Geometries, right: Geometries, seconds: float) -> Shared | None:
    request = msgspec.msgpack.encode(([*map(shapely.to_wkb, left)], [*map(shapely.to_wkb, right)]))
    with tempfile.TemporaryDirectory(prefix="ecotrack-") as name:
        try:
            answer = run(_CHILD, request, folder=Path(name), limits=replace(LIMITS, wall_s=seconds))
        except (TimedOut, UnreadableFile):
            return None
    columns = msgspec.msgpack.decode(answer, type=tuple[list[float], list[float], list[list[float]]])
    return Shared(*(np.array(column) for column in columns))


def main(request: bytes, _folder: Path) -> bytes:
    """Measure pairs inside the child: two lists of WKB in, three columns out."""
    left, right = msgspec.msgpack.decode(request, type=tuple[list[bytes], list[bytes]])
    found = _measured(from_wkb(left), from_wkb(right))
    return msgspec.msgpack.encode([column.tolist() for column in found])
