"""Where sample plots may lie: free slots inside each report unit, and places on borders.

Shapely places the plots here; their areas are never measured by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_plan import Cut, Rect
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.workspace import Workspace

SLOT_LON, SLOT_LAT = 0.0040, 0.0040
"""Size of a slot in degrees: about 353 m by 444 m here; plots stay inside their slot."""

ZONE_LINE_LON = 115.5
"""The line between the 3-degree zones 38 and 39."""

# The grid is shifted by half a slot, so that the line between the zones runs through slots and not between them.
_ORIGIN_LON = SLOT_LON / 2
_SITE_HALF = 0.0007
_MIN_EDGE = 0.01


@dataclass(frozen=True, slots=True)
class Slot:
    """A free rectangle inside one report unit and one county, wholly inside or outside the ring-lake zone."""

    rect: Rect
    unit: str
    county: str
    in_ring: bool

    @property
    def on_zone_line(self) -> bool:
        """Whether the line between the zones (115.5 E) passes through it."""
        return self.rect.west < ZONE_LINE_LON - 5e-4 and self.rect.east > ZONE_LINE_LON + 5e-4


@dataclass(frozen=True, slots=True)
class Site:
    """A place on a straight piece of border, away from its ends.

    Attributes
    ----------
    unit
        County on one side, which plants here.
    holder
        Report unit that holds the ground on that side.
    """

    lon: float
    lat: float
    cut: Cut
    unit: str
    holder: str | None

    @property
    def ground(self) -> Rect:
        """The ground that a plot here may take."""
        return Rect(self.lon - _SITE_HALF, self.lat - _SITE_HALF, self.lon + _SITE_HALF, self.lat + _SITE_HALF)


def _box(rect: Rect) -> Any:
    return shapely.box(rect.west, rect.south, rect.east, rect.north)


def _grid(area: shapely.Geometry) -> npt.NDArray[np.object_]:
    low_lon, low_lat, high_lon, high_lat = area.bounds
    columns = np.arange(int(low_lon / SLOT_LON) - 1, int(high_lon / SLOT_LON) + 1)
    rows = np.arange(int(low_lat / SLOT_LAT), int(high_lat / SLOT_LAT) + 1)
    x, y = (part.ravel() for part in np.meshgrid(columns, rows))
    west, south = x * SLOT_LON + _ORIGIN_LON, y * SLOT_LAT
    return np.asarray(shapely.box(west, south, west + SLOT_LON, south + SLOT_LAT), dtype=np.object_)


def slots_of(workspace: Workspace, sites: Sequence[Site]) -> dict[str, list[Slot]]:
    """Return the free slots of each report unit.

    A slot lies wholly in its unit and in one county, off the lake and the built-up areas, and touches
    no place on a border that is taken.
    """
    taken = [*workspace.features("lake"), *workspace.features("builtup")]
    closed = shapely.union_all([*geometries_of(taken), *(_box(site.ground) for site in sites)])
    ring = shapely.union_all(geometries_of(workspace.features("ring_zone")))
    counties = workspace.features("counties")
    for shape in (closed, ring, *geometries_of(counties)):
        shapely.prepare(shape)
    return {
        unit.feature_id: list(_unit_slots(unit, counties, closed, ring)) for unit in workspace.features("report_units")
    }


def _unit_slots(
    unit: Feature, counties: Sequence[Feature], closed: shapely.Geometry, ring: shapely.Geometry
) -> Iterator[Slot]:
    shapely.prepare(unit.geometry)
    boxes = _grid(unit.geometry)
    boxes = boxes[shapely.contains_properly(unit.geometry, boxes)]
    boxes = boxes[shapely.disjoint(closed, boxes)]
    inside, outside = shapely.contains_properly(ring, boxes), shapely.disjoint(ring, boxes)
    for county in counties:
        here = shapely.contains_properly(county.geometry, boxes) & (inside | outside)
        for box, in_ring in zip(boxes[here], inside[here], strict=True):
            yield Slot(Rect(*(round(v, 7) for v in box.bounds)), unit.feature_id, county.feature_id, bool(in_ring))


def villages(slots: Sequence[Slot], dice: Dice) -> list[Slot]:
    """Return slots in the order in which they fill up: near a few invented villages first."""
    if not slots:
        return []
    xy = np.array([(slot.rect.west, slot.rect.south) for slot in slots])
    centres = np.array([dice.pick(slots).rect for _ in range(max(3, len(slots) // 300))], dtype=object)
    middles = np.array([(centre.west, centre.south) for centre in centres])
    nearest = np.sqrt(((xy[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2)).min(axis=1)
    score = [(round(float(d) * dice.between(0.4, 1.6) + dice.between(0, 0.004), 6), i) for i, d in enumerate(nearest)]
    return [slots[i] for _, i in sorted(score)]


def border_sites(workspace: Workspace, dice: Dice) -> tuple[list[Site], list[Site]]:
    """Return places on borders between counties, and places on the city's own border."""
    counties, units = workspace.features("counties"), workspace.features("report_units")
    others = [f for name in ("lake", "builtup", "ring_zone") for f in workspace.features(name)]
    closed = shapely.union_all(geometries_of(others))
    inner: list[Site] = []
    outer: list[Site] = []
    for edge, owners in sorted(_edges(counties).items()):
        for share in (0.3, 0.5, 0.7):
            site = _site(edge, share + dice.between(-0.05, 0.05), owners, counties, units)
            if site is not None and closed.disjoint(_box(site.ground)):
                (inner if len(owners) > 1 else outer).append(site)
    return inner, outer


_Edge = tuple[tuple[float, float], tuple[float, float]]


def _edges(counties: Sequence[Feature]) -> dict[_Edge, list[Feature]]:
    found: dict[_Edge, list[Feature]] = defaultdict(list)
    for county in counties:
        ring = [(float(x), float(y)) for x, y in shapely.get_coordinates(county.geometry.exterior)]
        for start, end in pairwise(ring):
            found[(start, end) if start < end else (end, start)].append(county)
    return found


def _site(
    edge: _Edge, share: float, owners: Sequence[Feature], counties: Sequence[Feature], units: Sequence[Feature]
) -> Site | None:
    (lon1, lat1), (lon2, lat2) = edge
    # Nearly level edges are left alone: there is no west and east of them.
    if abs(lat2 - lat1) < max(_MIN_EDGE / 2, abs(lon2 - lon1) / 4):
        return None
    lon, lat = lon1 + share * (lon2 - lon1), lat1 + share * (lat2 - lat1)
    aside = _SITE_HALF / 4
    west, east = _owner(lon - aside, lat, owners), _owner(lon + aside, lat, owners)
    own = str(owners[0].feature_id)
    holder = _owner(lon - aside if west == own else lon + aside, lat, units)
    site = Site(lon, lat, Cut(lon1, lat1, lon2, lat2, west, east), own, holder)
    ground = _box(site.ground)
    near = [county for county in counties if county.geometry.intersects(ground)]
    crossing = shapely.intersection(shapely.LineString(edge), ground)
    one_line = all(
        shapely.intersection(county.geometry.boundary, ground).equals_exact(crossing, 1e-9)
        or shapely.intersection(county.geometry.boundary, ground).reverse().equals_exact(crossing, 1e-9)
        for county in near
    )
    return site if len(near) == len(owners) and one_line else None


def _owner(lon: float, lat: float, owners: Sequence[Feature]) -> str | None:
    point = shapely.Point(lon, lat)
    return next((owner.feature_id for owner in owners if owner.geometry.contains(point)), None)
