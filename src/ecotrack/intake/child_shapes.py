"""Shapes inside the child: what of a geometry is wanted, its way into EPSG:4490, its validity and repair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.coordinates import CRSReading, Extent, crs_title, fitting_planes, to_stored_all
from ecotrack.errors import StrayCoordinates, Text
from ecotrack.geometry.area import Geometries, area_m2
from ecotrack.geometry.codec import snap, to_wkb
from ecotrack.intake.candidates import Candidate, Place
from ecotrack.model.findings import Finding
from ecotrack.model.layers import GeometryKind

MAX_CHECKED_VERTICES = 200_000
MAX_REPAIRED_VERTICES = 50_000
FAMILIES: dict[GeometryKind, tuple[str, ...]] = {
    "Polygon": ("Polygon", "MultiPolygon"),
    "LineString": ("LineString", "LinearRing", "MultiLineString"),
    "Point": ("Point", "MultiPoint"),
    "none": (),
}
WORDS: dict[GeometryKind, Text] = {
    "Polygon": Text("面", "polygon"),
    "LineString": Text("线", "line"),
    "Point": Text("点", "point"),
    "none": Text("表格", "table"),
}

_KINDS = {
    "Point": "点",
    "MultiPoint": "多点",
    "LineString": "线",
    "LinearRing": "线",
    "MultiLineString": "多段线",
    "Polygon": "面",
    "MultiPolygon": "多块面",
    "GeometryCollection": "混合图形",
    "solid": "立体表面",
}
BODY = "solid"
"""Word for a surface that stands upright somewhere: a mesh of the ground or of a building, and no boundary."""

SOLID_DRIVERS = ("ESRI Shapefile", "DXF")
"""Formats that hold such surfaces beside boundaries, without a word by which to tell them."""

RING_GAP = 0.001
"""Share of its length that the ends of a line may lie apart to be taken for a ring."""


def kind_words(kinds: str) -> str:
    """Return kinds of geometry in Chinese.

    Examples
    --------
    >>> kind_words("GeometryCollection: LineString, Point")
    '混合图形（线、点）'
    """
    outer, _, inner = kinds.rpartition(": ")
    told = "、".join(dict.fromkeys(_KINDS.get(kind, "其他图形") for kind in inner.split(", ")))
    return f"{_KINDS.get(outer, outer)}（{told}）" if outer else told


_MULTIPLE: dict[GeometryKind, type[shapely.Geometry]] = {
    "Polygon": shapely.MultiPolygon,
    "LineString": shapely.MultiLineString,
    "Point": shapely.MultiPoint,
}


def parts_of(geometry: shapely.Geometry, wanted: GeometryKind) -> tuple[shapely.Geometry | None, list[tuple[str, str]]]:
    """Return what of a geometry is of the wanted kind, and the findings on whatever else it is."""
    family = FAMILIES[wanted]
    if geometry.geom_type in family:
        return geometry, []
    if geometry.geom_type != "GeometryCollection":
        return None, [("wrong_geometry", geometry.geom_type)]
    flat = _flattened(geometry)
    kinds = ", ".join(sorted({part.geom_type for part in flat}))
    parts = [single for part in flat if part.geom_type in family for single in shapely.get_parts(part)]
    if not parts:
        return None, [("wrong_geometry", f"GeometryCollection: {kinds}")]
    found = parts[0] if len(parts) == 1 else _MULTIPLE[wanted](parts)
    mixed = any(part.geom_type not in family for part in flat)
    return found, [("collection", kinds)] if mixed else []


def is_body(geometry: shapely.Geometry) -> bool:
    """Tell whether a face of a surface stands upright.

    Examples
    --------
    >>> wall = "MULTIPOLYGON Z (((0 0 0, 1 0 0, 1 0 5, 0 0 5, 0 0 0)))"
    >>> is_body(shapely.from_wkt(wall)), is_body(shapely.box(0, 0, 1, 1))
    (True, False)
    """
    if not geometry.has_z or "Polygon" not in geometry.geom_type:
        return False
    parts = shapely.get_parts(geometry)
    flat = parts[shapely.area(parts) < 1e-9 * shapely.length(parts) ** 2]
    return any(np.ptp(shapely.get_coordinates(part, include_z=True)[:, 2]) > 0 for part in flat)


def ring_of(geometry: shapely.Geometry) -> shapely.Geometry | None:
    """Return the polygon that a line goes round whose end is its start; ``None`` where it is no such line.

    Examples
    --------
    >>> line = shapely.LineString([(0, 0), (9, 0), (9, 9), (0, 0.001)])
    >>> ring_of(line).wkt, ring_of(shapely.LineString([(0, 0), (9, 0), (9, 9)]))
    ('POLYGON ((0 0, 9 0, 9 9, 0 0))', None)
    """
    if "LineString" not in geometry.geom_type or shapely.get_num_geometries(geometry) != 1:
        return None
    xy = shapely.get_coordinates(geometry)
    if len(xy) < 4 or not np.isfinite(xy).all():
        return None
    if np.hypot(*(xy[-1] - xy[0])) > RING_GAP * shapely.length(geometry):
        return None
    polygon = shapely.Polygon([*xy[:-1], xy[0]])
    return polygon if shapely.area(shapely.convex_hull(polygon)) > 0 else None


def _flattened(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    waiting, flat = [geometry], []
    while waiting:
        part = waiting.pop()
        if part.geom_type == "GeometryCollection":
            waiting += list(part.geoms)
        else:
            flat.append(part)
    return flat


class Drawn(NamedTuple):
    """A feature whose geometry is of the wanted kind, on its way into EPSG:4490, with what was found so far."""

    draft: Candidate
    shape: shapely.Geometry
    findings: list[Finding]
    reading: CRSReading


def stored_all(drawn: Sequence[Drawn], crs: CRSReading, *, extent: Extent) -> list[Candidate]:
    """Bring features into EPSG:4490, check their validity, and propose a repair where they are invalid.

    Parameters
    ----------
    extent
        West, south, east, north of the workspace; what lies outside is asked about.
    """
    result = []
    inside = to_stored_all(np.array([item.shape for item in drawn], dtype=object), crs)
    shapes = np.array([None if isinstance(found, StrayCoordinates) else found.geometry for found in inside])
    sound = _quick_validity(shapes)
    bounds = shapely.bounds(shapes)
    for item, found, valid, box in zip(drawn, inside, sound.tolist(), bounds.tolist(), strict=True):
        here = Place(item.draft.where, str(item.draft.number))
        if isinstance(found, StrayCoordinates):
            findings = [*item.findings, here.refusal(StrayCoordinates(item.draft.where, **found.facts))]
            result.append(msgspec.structs.replace(item.draft, findings=findings))
            continue
        west, south, east, north = box
        findings = list(item.findings)
        if east < extent[0] or west > extent[2] or north < extent[1] or south > extent[3]:
            findings.append(_outside(item.shape, crs, here, f"{west:.4f}, {south:.4f}", extent=extent))
        proposed, wrong = (None, []) if valid else _validity(found.geometry, here)
        done = {"wkb": found.wkb, "proposed_wkb": proposed, "findings": [*findings, *wrong]}
        result.append(msgspec.structs.replace(item.draft, **done))
    return result


def _outside(shape: shapely.Geometry, crs: CRSReading, here: Place, found: str, *, extent: Extent) -> Finding:
    """Say that a shape lies outside the workspace, and whether its numbers lie inside by another plane's meridian."""
    west, south, east, north = shapely.bounds(shape).tolist()
    fits = fitting_planes((west, south, east, north), extent=extent)
    if not fits or crs.crs in dict(fits):
        return here.finding("outside_extent", found=found)
    zh, en = "、".join(words.zh for _, words in fits), ", ".join(words.en for _, words in fits)
    declared = crs_title(crs.crs)
    facts = {"declared_zh": declared.zh, "declared_en": declared.en, "fits_zh": zh, "fits_en": en}
    return here.finding("contradicted_plane", found=found, **facts)


def _quick_validity(shapes: Geometries) -> npt.NDArray[np.bool_]:
    """Return which shapes are valid beyond doubt; those of very many corners are left to `_validity`."""
    few = shapely.get_num_coordinates(shapes) <= MAX_CHECKED_VERTICES
    result = np.zeros(len(shapes), dtype=bool)
    result[few] = shapely.is_valid(shapes[few])
    return result


def _validity(geometry: shapely.Geometry, here: Place) -> tuple[bytes | None, list[Finding]]:
    """Check a stored geometry; propose a repair where it is invalid."""
    vertices = shapely.get_num_coordinates(geometry)
    if vertices > MAX_CHECKED_VERTICES:
        return None, [here.finding("too_many_corners", found=str(vertices))]
    if geometry.geom_type not in FAMILIES["Polygon"] or shapely.is_valid(geometry):
        return None, []
    reason = str(shapely.is_valid_reason(geometry))
    spot = here._replace(lonlat=_place(reason))
    words = _reason_words(reason, spot.lonlat)
    mended = _mended(geometry) if vertices <= MAX_REPAIRED_VERTICES else None
    if mended is None or mended.is_empty or not shapely.is_valid(mended):
        return None, [spot.finding("beyond_repair", zh=words.zh, en=words.en)]
    before, after = area_m2(np.array([geometry, mended], dtype=object))
    areas = {"before_m2": f"{before:.2f}", "after_m2": f"{after:.2f}"}
    return to_wkb(mended), [spot.finding("invalid", zh=words.zh, en=words.en, **areas)]


def _mended(geometry: shapely.Geometry) -> shapely.Geometry | None:
    try:
        repaired = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    except shapely.errors.GEOSException:
        # Lines that cross a million times need more memory than one file may have.
        return None
    return parts_of(snap(repaired), "Polygon")[0]


_REASONS = {
    "Self-intersection": "边界自己相交",
    "Ring Self-intersection": "同一圈边界自己碰到自己",
    "Hole lies outside shell": "洞在外圈之外",
    "Holes are nested": "洞里套洞",
    "Interior is disconnected": "内部被隔断",
    "Nested shells": "面里套面",
    "Duplicate Rings": "有重复的圈",
    "Too few points in geometry component": "拐点太少",
    "Invalid Coordinate": "坐标无效",
    "Ring is not closed": "没有闭合",
}


def _reason_words(reason: str, place: tuple[float, float] | None) -> Text:
    """Say GEOS's reason in both languages, with the place."""
    what = reason.partition("[")[0].strip()
    at = f" ({place[0]:.6f}, {place[1]:.6f})" if place else ""
    return Text(_REASONS.get(what, what) + at, what.lower() + at)


def _place(reason: str) -> tuple[float, float] | None:
    _, bracket, rest = reason.partition("[")
    numbers = rest.rstrip("]").split()
    return (float(numbers[0]), float(numbers[1])) if bracket and len(numbers) >= 2 else None
