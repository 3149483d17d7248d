"""Gaps in shelterbelts: where the parts of one belt lie too far apart to be one belt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.geometry.area import Geometries
from ecotrack.geometry.boxes import Ints
from ecotrack.geometry.width import local_metres
from ecotrack.intake.check_shape import MAX_PLACES, Measures, Subject, places_text
from ecotrack.intake.checks import Check
from ecotrack.model.findings import Finding


class Gap(NamedTuple):
    """A break in a belt: the middle of the shortest line across it (EPSG:4490 degrees), and that line's length."""

    lonlat: tuple[float, float]
    length_m: float


def belt_findings(
    subjects: Sequence[Subject], geometries: Geometries, measures: Measures, checks: Mapping[str, Check]
) -> Iterator[Finding]:
    """Yield a finding for each belt (form 林带) that a gap splits into several.

    A gap longer than three times the width of the belt splits it. The factor is a setting of ours without a source:
    forest inventories are remembered to have such a rule (GB/T 26424-2010), and no text of it was found. So the check
    only asks, and an office sets its threshold.

    Parameters
    ----------
    geometries, measures
        Of the subjects, EPSG:4490.
    """
    check = checks["belt_gap"]
    light = measures.corners <= checks["many_vertices"].limit
    several = light & (shapely.get_num_geometries(geometries) > 1)
    for i in np.flatnonzero(several).tolist():
        if not subjects[i].asked(check):
            continue
        width_m = float(measures.width_m[i])
        gaps = gaps_of(geometries[i], longest_m=check.limit * width_m)
        if gaps:
            longest = max(gaps, key=lambda gap: gap.length_m)
            place = subjects[i].place._replace(lonlat=longest.lonlat)
            facts = {"count": str(len(gaps)), "gap_m": f"{longest.length_m:.1f}", "width_m": f"{width_m:.1f}"}
            places = places_text([gap.lonlat for gap in gaps])
            yield place.finding_of(check, parts=str(len(gaps) + 1), places=places, **facts)


def gaps_of(belt: shapely.Geometry, *, longest_m: float) -> list[Gap]:
    """Return the gaps that split a belt of several parts: each joins a piece to those before it by the shortest way.

    Parameters
    ----------
    belt
        EPSG:4490 degrees.
    longest_m
        Parts at most so far apart are one piece; of more than `MAX_PLACES` + 1 pieces the rest is not told.

    Examples
    --------
    >>> east, west = shapely.box(115.602, 37.6, 115.603, 37.6001), shapely.box(115.6, 37.6, 115.601, 37.6001)
    >>> belt = shapely.MultiPolygon([west, east])
    >>> [round(gap.length_m, 1) for gap in gaps_of(belt, longest_m=33)], gaps_of(belt, longest_m=100)
    ([88.3], [])
    """
    scale = local_metres(np.ones((1, 2)), shapely.bounds(belt)[1])[0]
    parts = shapely.get_parts(shapely.transform(belt, lambda lonlat: lonlat * scale))
    piece = _pieces(parts, longest_m)
    shapes = [shapely.MultiPolygon(parts[piece == number].tolist()) for number in np.unique(piece)[: MAX_PLACES + 1]]
    gaps = []
    for number in range(1, len(shapes)):
        apart = shapely.distance(shapes[number], np.array(shapes[:number], dtype=object))
        line = shapely.shortest_line(shapes[number], shapes[int(np.argmin(apart))])
        lon, lat = (shapely.get_coordinates(line).mean(axis=0) / scale).tolist()
        gaps.append(Gap((lon, lat), float(apart.min())))
    return gaps


def _pieces(parts: Geometries, longest_m: float) -> Ints:
    """Return for each part the number of the piece that it belongs to."""
    tree, piece = shapely.STRtree(parts), np.arange(len(parts))
    for i, part in enumerate(parts):
        # One part at a time: a belt of thousands of crumbs would have millions of pairs.
        near = np.append(tree.query(part, predicate="dwithin", distance=longest_m), i)
        joined = np.unique(piece[near])
        piece[np.isin(piece, joined)] = joined[0]
    return piece
