"""Checks of one boundary: spikes, repeated corners, area and width by the rule of its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.boxes import Ints
from ecotrack.geometry.width import local_metres, mean_widths_m, perimeters_m
from ecotrack.intake.candidates import Place
from ecotrack.intake.checks import Check
from ecotrack.model import FeatureVersion
from ecotrack.model.findings import Finding
from ecotrack.units import mu_from_m2

_CLUSTER_M = 0.05
"""Corners closer than this are taken as one when angles are measured, so that a blunt tip is a spike too."""

MAX_PLACES = 50
"""Places of one finding that are told."""


class Subject(NamedTuple):
    """A feature that is checked: its number in the file, where it stands there, and what it would become."""

    number: int
    where: str
    version: FeatureVersion

    @property
    def place(self) -> Place:
        """Where its findings stand."""
        return Place(self.where, str(self.number))

    def asked(self, check: Check) -> bool:
        """Tell whether a check applies to it."""
        return check.applies(kind=self.version.kind, form=self.version.form)


class Measures(NamedTuple):
    """Area, perimeter, mean width and number of corners of features; shape (n,) each."""

    area_m2: Floats
    length_m: Floats
    width_m: Floats
    corners: Ints


def measures_of(geometries: Geometries) -> Measures:
    """Measure polygons (EPSG:4490 degrees)."""
    areas, lengths = area_m2(geometries), perimeters_m(geometries)
    return Measures(areas, lengths, mean_widths_m(areas, lengths), shapely.get_num_coordinates(geometries))


def shape_findings(
    subjects: Sequence[Subject], geometries: Geometries, measures: Measures, checks: Mapping[str, Check]
) -> list[Finding]:
    """Return what is wrong with the shapes of valid polygons.

    Parameters
    ----------
    geometries
        Stored geometry of the subjects, EPSG:4490.
    checks
        The table as the office has set it.
    """
    found = [finding for i, item in enumerate(subjects) for finding in _sizes(item, measures, i, checks)]
    sharp, repeated = corners_of(geometries, angle_deg=checks["spike"].limit, apart_m=checks["duplicate_vertex"].limit)
    for owner, spikes in sharp.items():
        worst = min(spikes, key=lambda spike: spike.angle_deg)
        place = subjects[owner].place._replace(lonlat=worst.lonlat)
        facts = {"count": str(len(spikes)), "angle": f"{worst.angle_deg:.2f}", "arm": f"{worst.arm_m:.1f}"}
        found.append(place.finding_of(checks["spike"], places=places_text([s.lonlat for s in spikes]), **facts))
    for owner, points in repeated.items():
        place = subjects[owner].place._replace(lonlat=points[0])
        facts = {"count": str(len(points)), "places": places_text(points)}
        found.append(place.finding_of(checks["duplicate_vertex"], **facts))
    return found


def places_text(points: Sequence[tuple[float, float]]) -> str:
    """Return places as the text in which a finding keeps them; of more than `MAX_PLACES` the first."""
    return ";".join(f"{lon:.9f} {lat:.9f}" for lon, lat in points[:MAX_PLACES])


def _sizes(item: Subject, measures: Measures, i: int, checks: Mapping[str, Check]) -> Iterator[Finding]:
    area, mu, width = float(measures.area_m2[i]), mu_from_m2(float(measures.area_m2[i])), float(measures.width_m[i])
    facts = {"area_m2": f"{area:.1f}", "area_mu": f"{mu:.3f}", "mu": f"{mu:.0f}", "width_m": f"{width:.1f}"}
    corners = int(measures.corners[i])
    tiny, small = checks["tiny_plot"], checks["small_plot"]
    least_mu = small.limit * (1 - float(small.tolerance or 0))
    wrong = {
        "many_vertices": corners > checks["many_vertices"].limit,
        "tiny_plot": area < tiny.limit,
        "small_plot": mu < least_mu and not (item.asked(tiny) and area < tiny.limit),
        "huge_plot": mu > checks["huge_plot"].limit,
        "narrow_plot": width < checks["narrow_plot"].limit and area >= tiny.limit,
        "narrow_belt": width < checks["narrow_belt"].limit,
    }
    for name, failed in wrong.items():
        if failed and item.asked(checks[name]):
            yield item.place.finding_of(checks[name], found=str(corners), **facts)


class Spike(NamedTuple):
    """A corner with hardly any angle: its place (EPSG:4490 degrees), the angle, and its shorter arm."""

    lonlat: tuple[float, float]
    angle_deg: float
    arm_m: float


Corners = tuple[dict[int, list[Spike]], dict[int, list[tuple[float, float]]]]


def corners_of(geometries: Geometries, *, angle_deg: float, apart_m: float) -> Corners:
    """Find spikes and repeated corners at every vertex of every ring, the first and last included.

    Parameters
    ----------
    angle_deg
        Corners with less are spikes, however long their arms.
    apart_m
        A corner less than this from the one before repeats it.

    Returns
    -------
    tuple
        Spikes and places of repeated corners by position of the geometry.

    Examples
    --------
    >>> ring = [(115.6, 37.6), (115.61, 37.6), (115.61, 37.605), (115.7, 37.60505), (115.61, 37.6051), (115.61, 37.61)]
    >>> spikes, repeated = corners_of(np.array([shapely.Polygon(ring)]), angle_deg=3, apart_m=0.01)
    >>> spikes[0][0].lonlat, round(spikes[0][0].angle_deg, 2), repeated
    ((115.7, 37.60505), 0.08, {})
    """
    rings, owner = shapely.get_rings(geometries, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if len(xy) == 0:
        return {}, {}
    plane = local_metres(xy, xy[:, 1])
    # The last vertex of a ring repeats its first, so a step inside a ring leads to each vertex but the first.
    step = np.hypot(*np.diff(plane, axis=0).T)
    same = np.append(False, (step < apart_m) & (ring[1:] == ring[:-1]))
    repeated: dict[int, list[tuple[float, float]]] = {}
    for i in np.flatnonzero(same).tolist():
        repeated.setdefault(int(owner[ring[i]]), []).append((float(xy[i, 0]), float(xy[i, 1])))
    keep = np.append(False, (step >= _CLUSTER_M) & (ring[1:] == ring[:-1]))
    return _spikes(xy[keep], plane[keep], ring[keep], owner, angle_deg), repeated


def _spikes(xy: Floats, plane: Floats, ring: Ints, owner: Ints, angle_deg: float) -> dict[int, list[Spike]]:
    """Measure the angle at each vertex of rings that no longer repeat their first one."""
    if len(xy) == 0:
        return {}
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    lengths = np.diff(np.append(starts, len(ring)))
    first, place = np.repeat(starts, lengths), np.arange(len(ring))
    size = np.repeat(lengths, lengths)
    before = plane[first + (place - first - 1) % size] - plane
    after = plane[first + (place - first + 1) % size] - plane
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    angle = np.degrees(np.abs(np.arctan2(cross, (before * after).sum(axis=1))))
    arm = np.minimum(np.hypot(*before.T), np.hypot(*after.T))
    found: dict[int, list[Spike]] = {}
    for i in np.flatnonzero((angle < angle_deg) & (arm > 0) & (size > 2)).tolist():
        spike = Spike((float(xy[i, 0]), float(xy[i, 1])), float(angle[i]), float(arm[i]))
        found.setdefault(int(owner[ring[i]]), []).append(spike)
    return found
