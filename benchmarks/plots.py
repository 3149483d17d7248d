"""Seeded plots and records of a city: columns of numpy, block by block, the same for the same seed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.geometry.codec import snap

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

BLOCK = 200_000
"""Plots that are drawn together: more would only take more memory."""

RECORDS_PER_PLOT = 6
SEASONS = tuple(f"{year}-{part}" for year in (2016, 2017, 2018, 2019) for part in ("spring", "autumn"))
MEAN_MU = 13.7
_M2_PER_MU = 10_000 / 15
_RIDERS_SHARE = 0.05  # each lies on another plot, so that a tenth of the plots overlap
_BOW_TIE_SHARE = 0.01
_M_PER_DEG = 111_195.0
_PLANTED = {"spring": (4, 1), "autumn": (10, 25)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plots:
    """Plots as columns of shape (n,).

    Attributes
    ----------
    first
        Number of the first of them; they are numbered on without a gap.
    geometry
        Valid polygons and multipolygons, EPSG:4490 longitude/latitude, snapped to 1e-9 degrees.
    county
        Position of the county in which the middle of the plot lies (the nearest one for plots outside).
    season
        Position in `SEASONS`.
    repaired
        How many were drawn as bow-ties and came through the repair that intake proposes.
    """

    first: int
    geometry: Geometries
    county: Codes
    season: Codes
    repaired: int

    @property
    def year(self) -> Ints:
        """Year of the planting season."""
        return np.array([int(name[:4]) for name in SEASONS])[self.season]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Progress records as columns, six a plot, in the order of recording.

    Attributes
    ----------
    day
        Effective day, ``datetime64[D]``.
    kind
        Position in `KINDS`.
    live
        Live holes of 100 for checks, percent for retention; -1 for the rest.
    """

    plot: npt.NDArray[np.int32]
    day: npt.NDArray[np.datetime64]
    kind: Codes
    live: Codes


KINDS = (
    ("status", "已整地"),
    ("status", "已造林"),
    ("check", "县"),
    ("check", "市"),
    ("check", "省"),
    ("retention", ""),
)
"""Kind of each of a plot's six records, with its state or its level."""

_DAYS_AFTER_PLANTING = (-20, 5, 200, 380, 560, 1100)


def draw_plots(count: int, *, seed: int, counties: Geometries) -> Iterator[Plots]:
    """Yield plots of 12 to 60 vertices, 13.7 mu on average, a tenth of them in overlaps, 1 % drawn as bow-ties.

    Above 200,000 plots the city has no room for plots of that size, so the mean area shrinks in proportion.

    Parameters
    ----------
    count
        Number of plots; they come in blocks of at most `BLOCK`, in no order of place.
    seed
        The same seed gives the same plots.
    counties
        Coverage over which they are spread, EPSG:4490; a few plots lie across its outer border.
    """
    dice = np.random.default_rng([seed, count])
    area_m2 = dice.lognormal(-0.18, 0.6, count) * MEAN_MU * _M2_PER_MU * min(1.0, 200_000 / count)
    radius_m = np.sqrt(area_m2 / np.pi)
    riders = int(count * _RIDERS_SHARE)
    base = _cells(count - riders, dice, counties)
    on, angle = dice.integers(0, len(base), riders), dice.uniform(0, 2 * np.pi, riders)
    reach_m = 0.7 * (radius_m[on] + radius_m[len(base) :])
    riding = base[on] + _degrees(np.column_stack([np.cos(angle), np.sin(angle)]) * reach_m[:, None], base[on, 1])
    middle = np.concatenate([base, riding])
    order = dice.permutation(count)
    for first in range(0, count, BLOCK):
        some = order[first : first + BLOCK]
        geometry, repaired = _repaired(_polygons(middle[some], radius_m[some], dice))
        season = dice.integers(0, len(SEASONS), len(some)).astype(np.int8)
        county = _county_of(middle[some], counties)
        yield Plots(first=first, geometry=geometry, county=county, season=season, repaired=repaired)


def _county_of(middle: Floats, counties: Geometries) -> Codes:
    shapely.prepare(counties)
    tree, points = shapely.STRtree(counties), shapely.points(middle)
    result = np.full(len(middle), -1, dtype=np.int8)
    point, county = tree.query(points, predicate="within")
    result[point] = county
    outside = np.flatnonzero(result < 0)
    result[outside] = tree.nearest(points[outside])
    return result


def _cells(count: int, dice: np.random.Generator, counties: Geometries) -> Floats:
    """Return middles of ``count`` cells of a grid over the city, shape (count, 2), a few beyond its border."""
    city = shapely.union_all(counties).buffer(0.001)
    west, south, east, north = city.bounds
    shape = np.array([1 / np.cos(np.radians((south + north) / 2)), 1.0])
    step = np.sqrt(city.area / shape.prod() / count) * 0.99
    shapely.prepare(city)
    inside = np.empty((0, 2))
    while len(inside) < count:
        x, y = np.meshgrid(np.arange(west, east, step * shape[0]), np.arange(south, north, step * shape[1]))
        inside = np.column_stack([x.ravel(), y.ravel()])[shapely.contains_xy(city, x.ravel(), y.ravel())]
        step *= 0.99
    chosen = np.sort(dice.choice(len(inside), count, replace=False))
    return np.asarray(inside[chosen] + dice.uniform(-0.1, 0.1, (count, 2)) * step * shape)


def _degrees(offset_m: Floats, lat: Floats) -> Floats:
    return np.asarray(offset_m / _M_PER_DEG / np.column_stack([np.cos(np.radians(lat)), np.ones(len(lat))]))


def _polygons(middle: Floats, radius_m: Floats, dice: np.random.Generator) -> Geometries:
    """Draw a star-shaped ring round each middle; one in a hundred has two vertices in the wrong order."""
    vertices = dice.integers(12, 61, len(middle))
    owner = np.repeat(np.arange(len(middle)), vertices)
    starts = np.cumsum(vertices) - vertices
    place = np.arange(len(owner)) - starts[owner]
    angle = (place + dice.uniform(-0.3, 0.3, len(owner))) * (2 * np.pi / vertices[owner])
    for first in starts[dice.random(len(middle)) < _BOW_TIE_SHARE]:
        angle[[first + 2, first + 5]] = angle[[first + 5, first + 2]]
    reach_m = radius_m[owner] * dice.uniform(0.85, 1.15, len(owner))
    offset_m = np.column_stack([np.cos(angle), np.sin(angle)]) * reach_m[:, None]
    lonlat = np.round(middle[owner] + _degrees(offset_m, middle[owner, 1]), 9)
    return np.asarray(shapely.polygons(shapely.linearrings(lonlat, indices=owner)), dtype=object)


def _repaired(drawn: Geometries) -> tuple[Geometries, int]:
    """Repair bow-ties as intake proposes it, snapped like every stored geometry."""
    broken = np.flatnonzero(~shapely.is_valid(drawn))
    result = drawn.copy()
    result[broken] = snap(shapely.make_valid(drawn[broken], method="structure", keep_collapsed=False))
    unmended = broken[~shapely.is_valid(result[broken])]
    result[unmended] = shapely.convex_hull(result[unmended])
    return np.asarray(shapely.normalize(result), dtype=object), len(broken)


def planted_on(season: int) -> dt.date:
    """Return the planting day of a season of `SEASONS`."""
    year, _, part = SEASONS[season].partition("-")
    return dt.date(int(year), *_PLANTED[part])


def make_records(season: Codes, *, seed: int) -> Records:
    """Draw six records a plot: two states, three field checks, one survey of retention; in order of their days.

    Parameters
    ----------
    season
        Season of every plot, shape (n,): position in `SEASONS`.
    """
    count = len(season)
    dice = np.random.default_rng([seed, count, 1])
    planted = np.array([planted_on(number) for number in range(len(SEASONS))], dtype="datetime64[D]")[season]
    offset = np.array(_DAYS_AFTER_PLANTING) + dice.integers(0, 20, (count, RECORDS_PER_PLOT))
    day = (planted[:, None] + offset.astype("timedelta64[D]")).ravel()
    kind = np.tile(np.arange(RECORDS_PER_PLOT, dtype=np.int8), count)
    live = np.where(kind >= 2, np.clip(dice.normal(90, 8, len(kind)), 20, 100), -1).astype(np.int8)
    order = np.argsort(day, kind="stable")
    plot = np.repeat(np.arange(count, dtype=np.int32), RECORDS_PER_PLOT)
    return Records(plot=plot[order], day=day[order], kind=kind[order], live=live[order])
