"""Repairs: proposed with what they change, taken only when somebody says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.errors import Text
from ecotrack.geometry.area import Geometries, area_m2
from ecotrack.geometry.codec import snap, to_wkb
from ecotrack.geometry.width import metres_per_degree
from ecotrack.intake.check_shape import Subject
from ecotrack.intake.checks import Check
from ecotrack.model.findings import Finding

REPAIRS: dict[str, Text] = {
    "make_valid": Text("改正自己相交的边界", "mend a boundary that crosses itself"),
    "drop_duplicates": Text("删去重复拐点", "drop repeated corners"),
    "clip_slivers": Text("裁去与相邻地块重叠的细缝", "clip the slivers shared with the plots beside it"),
}
"""Every repair, by the id with which it is accepted."""

MAX_CHANGE = 0.01
"""A repair of a valid boundary that would change more than this share of its area is not proposed."""


class Repair(NamedTuple):
    """A repair of one feature: what it would become (EPSG:4490), and its area before and after."""

    number: int
    id: str
    geometry: shapely.Geometry
    before_m2: float
    after_m2: float

    def facts(self) -> dict[str, str]:
        """Return what a finding says of it."""
        words = REPAIRS[self.id]
        areas = {"before_m2": f"{self.before_m2:.2f}", "after_m2": f"{self.after_m2:.2f}"}
        return {"repair": self.id, "zh": words.zh, "en": words.en, **areas}


def proposed_repairs(
    subjects: Sequence[Subject],
    geometries: Geometries,
    *,
    repeated: frozenset[int],
    slivers: Mapping[int, Sequence[shapely.Geometry]],
    apart_m: float,
) -> Iterator[Repair]:
    """Yield the repairs of valid boundaries, one after the other for each feature.

    Parameters
    ----------
    repeated
        Numbers of features with repeated corners.
    slivers
        Number of a feature to the plots beside it that it only shares a sliver with.
    apart_m
        Corners nearer than this are repeated.
    """
    shapes = np.array(geometries, dtype=object)
    numbers = [item.number for item in subjects]
    rows = [i for i, number in enumerate(numbers) if number in repeated]
    steps = apart_m / metres_per_degree(shapely.bounds(shapes[rows])[:, 1])[1]
    found = _repairs(numbers, "drop_duplicates", shapes, rows, shapely.remove_repeated_points(shapes[rows], steps))
    for i, repair in found:
        shapes[i] = repair.geometry
    beside = [i for i, number in enumerate(numbers) if slivers.get(number)]
    others = [shapely.union_all(np.array(slivers[numbers[i]], dtype=object)) for i in beside]
    clipped = shapely.difference(shapes[beside], np.array(others, dtype=object))
    found += _repairs(numbers, "clip_slivers", shapes, beside, clipped)
    yield from (repair for _, repair in sorted(found, key=lambda pair: pair[0]))


def _repairs(
    numbers: Sequence[int], name: str, before: Geometries, rows: Sequence[int], after: Geometries
) -> list[tuple[int, Repair]]:
    """Return the repairs, by position, that leave a valid polygon of nearly the same area."""
    mended = shapely.normalize(snap(after))
    result = []
    good = ~shapely.is_empty(mended) & shapely.is_valid(mended)
    old_m2, new_m2 = area_m2(before[rows]), area_m2(mended)
    good &= (np.abs(new_m2 - old_m2) <= MAX_CHANGE * old_m2) & ~shapely.equals_exact(mended, before[rows], 0)
    for k in np.flatnonzero(good).tolist():
        if "Polygon" in mended[k].geom_type:
            result.append((rows[k], Repair(numbers[rows[k]], name, mended[k], float(old_m2[k]), float(new_m2[k]))))
    return result


def with_repairs(
    subjects: Sequence[Subject], repairs: Sequence[Repair], taken: frozenset[str], checks: Mapping[str, Check]
) -> tuple[list[Subject], list[Finding]]:
    """Return the subjects with the repairs taken, and what is said of every repair."""
    places = {item.number: item for item in subjects}
    findings = []
    for repair in repairs:
        item = places[repair.number]
        check = checks["repair_taken" if repair.id in taken else "repair_offered"]
        findings.append(item.place.finding_of(check, **repair.facts()))
        if repair.id in taken:
            version = replace(item.version, wkb=to_wkb(repair.geometry))
            places[repair.number] = item._replace(version=version)
    return list(places.values()), findings
