"""The one gate through which geometry enters EPSG:4490 (CGCS2000 longitude/latitude).

A file's coordinates are first *read* (`read_crs`): a declared CRS wins, zone digits and the extent of
the workspace speak where none is declared, and anything else stays unknown. Then `to_stored` brings
geometry in: edges over 70 m that were drawn in a projected plane are split in that plane (TD/T 1055),
transformed, made 2D, snapped to 1e-9 degrees once and normalised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.enums import WktVersion
from pyproj.exceptions import CRSError

from ecotrack.coordinates.edges import LONG_EDGE_M, split_long_edges, with_long_edges
from ecotrack.coordinates.extent import Extent, inside, scaled, turned
from ecotrack.coordinates.planes import (
    SCALES,
    SHIFTED_WORDS,
    WIDE_ZONE_EPSG,
    ZONE_EPSG,
    false_easting_words,
    odd_false_easting,
    told_words,
    with_scale,
    with_swap,
    worded_words,
)
from ecotrack.coordinates.shifted import SHIFTED, unshifted
from ecotrack.errors import RefusedCRS, StrayCoordinates, Text, UnknownCRS
from ecotrack.geometry.codec import STORED_CRS, snap

_MOST_DEGREES = 360.0
_CGCS2000 = ("cgcs2000", "china 2000", "china2000", "china geodetic coordinate system 2000")
_WGS84 = ("wgs 84", "wgs84", "wgs 1984", "world geodetic system 1984")
_MODERN_AXIS_M = 6378137.0
_OLD_AXES_M = {6378140.0: Text("西安80", "Xian 1980"), 6378245.0: Text("北京54", "Beijing 1954")}
"""Semi-major axes that tell the datum where a file leaves it unnamed: IAG 1975 and Krassowsky."""
_NO_DATUM = ("undefined", "unknown", "not specified", "unnamed")
_REFUSED = {
    "xian 1980": Text("西安80", "Xian 1980"),
    "xian80": Text("西安80", "Xian 1980"),
    "beijing 1954": Text("北京54", "Beijing 1954"),
    "beijing54": Text("北京54", "Beijing 1954"),
    "new beijing": Text("新北京54", "New Beijing"),
}


class StoredGeometry(NamedTuple):
    """A geometry inside the gate.

    Attributes
    ----------
    geometry
        EPSG:4490 longitude/latitude, 2D, on the 1e-9 degree grid, normalised.
    wkb
        Its little-endian WKB.
    """

    geometry: shapely.Geometry
    wkb: bytes
    crs: str = STORED_CRS


@dataclass(frozen=True, slots=True, kw_only=True)
class CRSReading:
    """How the coordinates of a file are read.

    Attributes
    ----------
    crs
        EPSG code, or WKT where the CRS has no code.
    declared
        Whether the file (or the user) says it; else it was told from the numbers.
    swapped
        Whether the first number is the northing or latitude.
    scale
        What the numbers are multiplied by before anything else: metres of the unit in which a plane is written.
    evidence
        The reading in words, for the submission and the report.
    """

    crs: str
    declared: bool
    swapped: bool = False
    scale: float = 1.0
    evidence: Text = Text("", "")


def read_crs(
    declared: str | None, bounds: Extent | None, *, extent: Extent, worded: str | None = None, where: str = ""
) -> CRSReading:
    """Decide how coordinates are to be read.

    Parameters
    ----------
    declared
        What the file or the user says: an EPSG code, WKT or PROJJSON; ``None`` where nothing is said.
    bounds
        Least and greatest first and second coordinate of the file, as the numbers stand.
    extent
        The workspace's extent, EPSG:4490 degrees.
    worded
        EPSG code of the plane that words around the numbers name (`named_in`): asked where they do not tell it.

    Raises
    ------
    RefusedCRS
        Xian 1980, Beijing 1954 and other datums that have no public shift to CGCS2000.
    UnknownCRS
        Nothing is declared and the numbers do not tell.

    Examples
    --------
    >>> hengshui = (115.10, 37.00, 116.65, 38.45)
    >>> read_crs(None, (39376000.0, 4150000.0, 39377000.0, 4151000.0), extent=hengshui).crs
    'EPSG:4527'
    >>> read_crs(None, (37.6, 115.6, 37.7, 115.7), extent=hengshui).swapped
    True
    """
    if declared in SHIFTED:
        return _shifted(declared, bounds, extent)
    if declared:
        return _declared(declared, bounds, extent, where)
    for scale, swapped in product((1.0, *SCALES), (False, True)):
        if bounds is not None:
            epsg = _told_by_numbers(turned(scaled(bounds, scale), swapped), extent)
            if epsg is not None and (scale == 1.0 or epsg != STORED_CRS):
                return told_reading(epsg, swapped=swapped, scale=scale)
    if worded is not None and bounds is not None and max(map(abs, bounds)) > _MOST_DEGREES:
        reading = _declared(worded, bounds, extent, where)
        words = with_scale(with_swap(worded_words(worded), reading.swapped), reading.scale)
        return replace(reading, declared=False, evidence=words)
    raise UnknownCRS(where)


def told_reading(epsg: str, *, swapped: bool = False, scale: float = 1.0) -> CRSReading:
    """Return the reading that the numbers themselves tell: degrees, or a plane by its zone digits, with the words.

    Examples
    --------
    >>> found = told_reading("EPSG:4527")
    >>> found.crs, found.declared
    ('EPSG:4527', False)
    """
    words = with_scale(told_words(epsg, swapped), scale)
    return CRSReading(crs=epsg, declared=False, swapped=swapped, scale=scale, evidence=words)


def _shifted(system: str, bounds: Extent | None, extent: Extent) -> CRSReading:
    title = SHIFTED_WORDS[system]
    found = Text(f"按{title.zh}坐标读取，已换算到CGCS2000", f"read as {title.en} and brought to CGCS2000")
    swapped = bounds is not None and not inside(bounds, extent) and inside(turned(bounds, True), extent)
    return CRSReading(crs=system, declared=True, swapped=swapped, evidence=with_swap(found, swapped))


def parse_crs(text: str, *, where: str = "") -> CRS:
    """Return the horizontal CRS that a text names.

    Raises
    ------
    UnknownCRS
        The text names none that is tied to the earth.

    Examples
    --------
    >>> parse_crs("EPSG:4527").name
    'CGCS2000 / 3-degree Gauss-Kruger zone 39'
    """
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        raise UnknownCRS(where) from None
    while crs.is_bound or crs.is_compound:
        crs = crs.source_crs if crs.is_bound and crs.source_crs else crs.sub_crs_list[0]
    on_earth = crs.is_geographic or crs.is_projected
    if not on_earth or crs.name.lower().startswith("undefined") or crs.ellipsoid is None:
        raise UnknownCRS(where)
    if _has_no_datum(crs) and crs.ellipsoid.semi_major_metre not in (_MODERN_AXIS_M, *_OLD_AXES_M):
        raise UnknownCRS(where)
    return crs


def crs_label(crs: CRS) -> str:
    """Return ``EPSG:n`` where the CRS has such a code, else its WKT.

    Examples
    --------
    >>> crs_label(parse_crs("urn:ogc:def:crs:EPSG::4490"))
    'EPSG:4490'
    """
    authority = crs.to_authority(min_confidence=70)
    if authority is None or authority[0] not in ("EPSG", "OGC", "ESRI"):
        return str(crs.to_wkt(WktVersion.WKT2_2019))
    return ":".join(authority)


def _told_by_numbers(bounds: Extent, extent: Extent) -> str | None:
    """Return the CRS that the numbers themselves tell, where they land inside the workspace."""
    if inside(bounds, extent):
        return STORED_CRS
    zone = int(bounds[0] // 1e6) if np.isfinite(bounds).all() else 0
    code = (ZONE_EPSG | WIDE_ZONE_EPSG).get(zone)
    if code is None or int(bounds[2] // 1e6) != zone:
        return None
    epsg = f"EPSG:{code}"
    return epsg if inside(to_degrees(bounds, epsg), extent) else None


def to_degrees(bounds: Extent, crs: str) -> Extent:
    """Return the degrees of two opposite corners given in a CRS.

    Examples
    --------
    >>> [round(value, 3) for value in to_degrees((39376000, 4150000, 39377000, 4151000), "EPSG:4527")]
    [115.598, 37.474, 115.609, 37.483]
    """
    corners = np.array([[bounds[0], bounds[1]], [bounds[2], bounds[3]]])
    x, y = _transformer(crs).transform(corners[:, 0], corners[:, 1])
    return (float(x[0]), float(y[0]), float(x[1]), float(y[1]))


def _declared(text: str, bounds: Extent | None, extent: Extent, where: str) -> CRSReading:
    crs = parse_crs(text, where=where)
    label = crs_label(crs)
    _refuse_old_datum(crs, where)
    _refuse_old_ellipsoid(crs, where, here=bounds is None or _may_lie_inside(bounds, label, extent))
    if (other := _other_false_easting(label, bounds, extent)) is not None:
        return other
    words = _declared_words(crs)
    if bounds is not None and (scale := _only_scaled_fits(crs, bounds, label, extent)) is not None:
        swapped = not inside(to_degrees(scaled(bounds, scale), label), extent)
        words = with_scale(with_swap(words, swapped), scale)
        return CRSReading(crs=label, declared=False, swapped=swapped, scale=scale, evidence=words)
    swapped = bounds is not None and _only_swapped_fits(bounds, label, extent)
    if (odd := odd_false_easting(crs)) is not None:
        words = Text(words.zh + odd.zh, words.en + odd.en)
    return CRSReading(crs=label, declared=odd is None, swapped=swapped, evidence=with_swap(words, swapped))


def _only_scaled_fits(crs: CRS, bounds: Extent, label: str, extent: Extent) -> float | None:
    """Return the one unit in which the numbers of a declared plane lie in the workspace, where metres do not."""
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1:
        return None

    def fits(scale: float) -> bool:
        near = scaled(bounds, scale)
        return any(inside(to_degrees(turned(near, swapped), label), extent) for swapped in (False, True))

    return None if fits(1.0) else next(filter(fits, SCALES), None)


_TWINS = {
    **{4513 + zone - 25: (4534 + zone - 25, zone) for zone in range(25, 46)},
    **{4491 + zone - 13: (4502 + zone - 13, zone) for zone in range(13, 24)},
}
"""Codes of the CGCS2000 planes with zone digits to those of the same meridian without, and the zone."""


def _other_false_easting(label: str, bounds: Extent | None, extent: Extent) -> CRSReading | None:
    """Return the reading of a plane whose eastings have zone digits that it should not have, or lack those it should.

    Both are the same plane of the same meridian, so what is declared and what is written can only mean one place.
    """
    if bounds is None:
        return None
    for digits, (bare, zone) in _TWINS.items():
        said, meant = f"EPSG:{digits}", f"EPSG:{bare}"
        if label not in (said, meant):
            continue
        if label == meant:
            said, meant = meant, said
        for swapped in (False, True):
            way = turned(bounds, swapped)
            if not inside(to_degrees(way, said), extent) and inside(to_degrees(way, meant), extent):
                words = false_easting_words(zone, label, has_digits=label == f"EPSG:{bare}")
                return CRSReading(crs=meant, declared=False, swapped=swapped, evidence=with_swap(words, swapped))
    return None


def _only_swapped_fits(bounds: Extent, crs: str, extent: Extent) -> bool:
    return not inside(to_degrees(bounds, crs), extent) and inside(to_degrees(turned(bounds, True), crs), extent)


def _declared_words(crs: CRS) -> Text:
    name = f"{crs.name} ({':'.join(crs.to_authority() or ('WKT',))})"
    if _has_no_datum(crs):
        return Text(
            f"文件声明坐标系{name}，未写基准面，椭球与CGCS2000相同，按CGCS2000读取",
            f"the declared CRS is {name}; its datum has no name, its ellipsoid is CGCS2000's, read as CGCS2000",
        )
    if _datum(crs, _CGCS2000):
        return Text(f"文件声明坐标系：国家2000{_zone_words(crs)}", f"the declared CRS is {name}")
    if _datum(crs, _WGS84):
        return Text(
            f"文件声明坐标系{name}；WGS84到CGCS2000按零平移处理（相差在厘米到分米级）",
            f"the declared CRS is {name}; WGS84 to CGCS2000 is taken as no shift (centimetres to decimetres)",
        )
    return Text(
        f"文件声明坐标系{name}，已转换到CGCS2000", f"the declared CRS is {name}, transformed to CGCS2000 by PROJ"
    )


def _zone_words(crs: CRS) -> str:
    """Return the plane of a CGCS2000 CRS in Chinese, with its code."""
    code = crs_label(crs)
    code = f"（{code}）" if len(code) < 12 else ""
    if not crs.is_projected:
        return f"经纬度{code}"
    found = re.search(r"zone (\d+)|CM (\d+)", crs.name)
    if found is None:
        return code
    return (f"{found[1]}带" if found[1] else f"{found[2]}度带") + code


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").removeprefix("d ").removeprefix("gcs ")


def _datum_names(crs: CRS) -> list[str]:
    geodetic = crs.geodetic_crs
    datum = geodetic.datum if geodetic is not None else None
    return [_plain(part.name) for part in (crs, geodetic, datum) if part is not None]


def _datum(crs: CRS, names: tuple[str, ...]) -> bool:
    return any(known in name for name in _datum_names(crs)[1:] for known in names)


def _has_no_datum(crs: CRS) -> bool:
    return _datum_names(crs)[-1].startswith(_NO_DATUM)


def _may_lie_inside(bounds: Extent, label: str, extent: Extent) -> bool:
    return any(inside(to_degrees(turned(bounds, swapped), label), extent) for swapped in (False, True))


def _refuse_old_ellipsoid(crs: CRS, where: str, *, here: bool) -> None:
    """Refuse the ellipsoids of Beijing 1954 and Xian 1980 under whatever name (``here``), and without a name anywhere.

    MapInfo has no Beijing 1954, and files from it say Pulkovo 1942; its way to CGCS2000 is no way for plots here.
    """
    old = _OLD_AXES_M.get(crs.ellipsoid.semi_major_metre) if crs.ellipsoid else None
    if old is not None and (here or _has_no_datum(crs)):
        raise RefusedCRS(where, zh=old.zh, en=old.en)


def _refuse_old_datum(crs: CRS, where: str) -> None:
    for name in _datum_names(crs):
        for known, title in _REFUSED.items():
            if known in name:
                raise RefusedCRS(where, zh=title.zh, en=title.en)


@lru_cache(maxsize=64)
def _source(label: str) -> CRS:
    return parse_crs(label)


@lru_cache(maxsize=64)
def _transformer(label: str) -> Transformer:
    crs = _source(label)
    # Degrees of WGS84 are taken as degrees of CGCS2000: the shift between the two is not known to the public.
    target = "EPSG:4326" if _datum(crs, _WGS84) else STORED_CRS
    return Transformer.from_crs(crs, target, always_xy=True)


def to_stored(geometry: shapely.Geometry, reading: CRSReading, *, where: str = "") -> StoredGeometry:
    """Bring one geometry into EPSG:4490.

    Parameters
    ----------
    geometry
        As it came: any dimension, coordinates in ``reading.crs``.
    reading
        What `read_crs` decided for the file.

    Raises
    ------
    StrayCoordinates
        A coordinate is not finite, does not transform, is no longitude/latitude, or splitting the edges
        would give more than `MAX_VERTICES` vertices.

    Examples
    --------
    >>> reading = read_crs("EPSG:4527", None, extent=(115.1, 37.0, 116.65, 38.45))
    >>> plot = shapely.box(39376000, 4150000, 39376100, 4150100)
    >>> stored = to_stored(plot, reading)
    >>> len(stored.geometry.exterior.coords)    # each 100 m edge became two
    9
    >>> [round(value, 3) for value in stored.geometry.bounds]
    [115.598, 37.474, 115.599, 37.475]
    """
    return _to_stored(np.array([geometry], dtype=object), reading, where)[0]


def to_stored_all(geometries: npt.NDArray[np.object_], reading: CRSReading) -> list[StoredGeometry | StrayCoordinates]:
    """Bring many geometries of one reading into EPSG:4490: the same as one by one, at a fifth of the time.

    Parameters
    ----------
    geometries
        Shape (n,), coordinates in ``reading.crs``.

    Returns
    -------
    list
        For each what `to_stored` returns, or the error that it raises.

    Examples
    --------
    >>> import shapely
    >>> reading = told_reading("EPSG:4527")
    >>> plots = np.array([shapely.box(39376000, 4150000, 39376050, 4150050), shapely.box(1e300, 0, 1e301, 1)])
    >>> [type(found).__name__ for found in to_stored_all(plots, reading)]
    ['StoredGeometry', 'StrayCoordinates']
    """
    try:
        return list(_to_stored(geometries, reading, ""))
    except StrayCoordinates as error:
        if len(geometries) == 1:
            return [error]
    half = len(geometries) // 2
    return [*to_stored_all(geometries[:half], reading), *to_stored_all(geometries[half:], reading)]


def _to_stored(geometries: npt.NDArray[np.object_], reading: CRSReading, where: str) -> list[StoredGeometry]:
    flat = shapely.force_2d(geometries)
    if reading.scale != 1.0:
        flat = shapely.transform(flat, lambda xy: xy * reading.scale)
    _refuse_stray(shapely.get_coordinates(flat), where)
    if reading.swapped:
        flat = shapely.transform(flat, lambda xy: xy[:, ::-1])
    crs = None if reading.crs in SHIFTED else _source(reading.crs)
    if crs is not None and crs.is_projected:
        limit = LONG_EDGE_M / crs.axis_info[0].unit_conversion_factor
        for i in with_long_edges(flat, limit):
            flat[i] = split_long_edges(flat[i], limit=limit, where=where)
    degrees = shapely.transform(flat, lambda xy: _lonlat(xy, reading.crs))
    _refuse_stray(shapely.get_coordinates(degrees), where, degrees=True)
    stored = shapely.normalize(snap(degrees))
    blobs = shapely.to_wkb(stored, byte_order=1, output_dimension=2)
    return [StoredGeometry(shape, bytes(blob)) for shape, blob in zip(stored, blobs, strict=True)]


def _lonlat(xy: npt.NDArray[np.float64], crs: str) -> npt.NDArray[np.float64]:
    if crs in SHIFTED:
        return unshifted(xy, crs)
    x, y = _transformer(crs).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


def _refuse_stray(xy: npt.NDArray[np.float64], where: str, *, degrees: bool = False) -> None:
    good = np.isfinite(xy).all(axis=1) & (np.abs(xy) < 1e10).all(axis=1)
    if degrees:
        good &= (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)
    if not good.all():
        first = int(np.argmin(good))
        detail = f"{first + 1}: {xy[first, 0]:g}, {xy[first, 1]:g}"
        raise StrayCoordinates(where, vertex=detail)
