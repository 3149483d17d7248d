"""The one gate through which geometry enters EPSG:4490 (CGCS2000 longitude/latitude).

A file's coordinates are first *read* (`read_crs`): a declared CRS wins, zone digits and the extent of
the workspace speak where none is declared, and anything else stays unknown. Then `to_stored` brings
geometry in: edges over 70 m that were drawn in a projected plane are split in that plane (TD/T 1055),
transformed, made 2D, snapped to 1e-9 degrees once and normalised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.enums import WktVersion
from pyproj.exceptions import CRSError

from ecotrack.coordinates.edges import LONG_EDGE_M, split_long_edges, with_long_edges
from ecotrack.coordinates.shifted import SHIFTED, unshifted
from ecotrack.errors import RefusedCRS, StrayCoordinates, Text, UnknownCRS
from ecotrack.geometry.codec import STORED_CRS, snap

ZONE_EPSG = {zone: 4513 + zone - 25 for zone in range(25, 46)}
"""CGCS2000 3-degree zones whose eastings begin with the zone's digits: 38 is EPSG:4526, 39 EPSG:4527."""

_WIDE_ZONE_EPSG = {zone: 4491 + zone - 13 for zone in range(13, 24)}
"""CGCS2000 6-degree zones, whose digits are below those of the 3-degree ones: 20 is EPSG:4498."""

_EXTENT_MARGIN_DEG = 0.2
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

_SHIFTED_WORDS = {
    "GCJ-02": Text("火星（GCJ-02，高德、腾讯、奥维等）", "GCJ-02 (Amap, Tencent, Ovital)"),
    "BD-09": Text("百度（BD-09）", "BD-09 (Baidu)"),
}
_PLAIN_NAMES = {
    **{f"{zone}带": f"EPSG:{code}" for zone, code in ZONE_EPSG.items()},
    **{f"{zone * 3}度": f"EPSG:{4534 + zone - 25}" for zone in range(25, 46)},
    "经纬度": STORED_CRS,
    "CGCS2000": STORED_CRS,
    "国家2000": STORED_CRS,
    "2000": STORED_CRS,
    "WGS84": "EPSG:4326",
    "GCJ02": "GCJ-02",
    "GCJ-02": "GCJ-02",
    "火星坐标": "GCJ-02",
    "火星": "GCJ-02",
    "高德": "GCJ-02",
    "BD09": "BD-09",
    "BD-09": "BD-09",
    "百度": "BD-09",
}

Extent = tuple[float, float, float, float]
"""West, south, east, north in EPSG:4490 degrees."""


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
    evidence
        The reading in words, for the submission and the report.
    """

    crs: str
    declared: bool
    swapped: bool = False
    evidence: Text = Text("", "")


def read_crs(declared: str | None, bounds: Extent | None, *, extent: Extent, where: str = "") -> CRSReading:
    """Decide how coordinates are to be read.

    Parameters
    ----------
    declared
        What the file or the user says: an EPSG code, WKT or PROJJSON; ``None`` where nothing is said.
    bounds
        Least and greatest first and second coordinate of the file, as the numbers stand.
    extent
        The workspace's extent, EPSG:4490 degrees.

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
    if bounds is not None:
        for swapped in (False, True):
            epsg = _told_by_numbers(_turned(bounds, swapped), extent)
            if epsg is not None:
                return CRSReading(crs=epsg, declared=False, swapped=swapped, evidence=_words(epsg, swapped))
    raise UnknownCRS(where)


def _shifted(system: str, bounds: Extent | None, extent: Extent) -> CRSReading:
    title = _SHIFTED_WORDS[system]
    found = Text(f"按{title.zh}坐标读取，已换算到CGCS2000", f"read as {title.en} and brought to CGCS2000")
    swapped = bounds is not None and not _inside(bounds, extent) and _inside(_turned(bounds, True), extent)
    return CRSReading(crs=system, declared=True, swapped=swapped, evidence=_with_swap(found, swapped))


def crs_name(text: str) -> str:
    """Return the CRS that a plain word means, or the text itself.

    Examples
    --------
    >>> crs_name("39带"), crs_name("经纬度"), crs_name("火星坐标"), crs_name("EPSG:4527")
    ('EPSG:4527', 'EPSG:4490', 'GCJ-02', 'EPSG:4527')
    """
    plain = text.strip().replace(" ", "").upper()
    return _PLAIN_NAMES.get(plain, text)


_PLANES = {
    "EPSG:4547": Text("114度带（38带，不带带号）", "CGCS2000 CM 114E"),
    "EPSG:4548": Text("117度带（39带，不带带号）", "CGCS2000 CM 117E"),
    "EPSG:4526": Text("38带（带号开头）", "CGCS2000 zone 38"),
    "EPSG:4527": Text("39带（带号开头）", "CGCS2000 zone 39"),
    "EPSG:32650": Text("UTM 50带", "UTM zone 50N"),
}


def possible_readings(bounds: Extent, *, extent: Extent) -> list[Text]:
    """Return the planes in which numbers of unknown CRS would land inside the workspace, in words.

    Examples
    --------
    >>> hengshui = (115.10, 37.00, 116.65, 38.45)
    >>> [fit.en for fit in possible_readings((376000.0, 4170000.0, 377000.0, 4171000.0), extent=hengshui)]
    ['CGCS2000 CM 117E', 'UTM zone 50N']
    """
    if not np.isfinite(bounds).all() or max(map(abs, bounds)) > 1e8 or max(map(abs, bounds)) < 1e4:
        return []
    return [
        words
        for crs, words in _PLANES.items()
        if any(_inside(_to_degrees(_turned(bounds, swapped), crs), extent) for swapped in (False, True))
    ]


def parse_crs(text: str, *, where: str = "") -> CRS:
    """Return the horizontal CRS that a text names.

    Raises
    ------
    UnknownCRS
        The text names none that is tied to the earth.
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
    """Return ``EPSG:n`` where the CRS has such a code, else its WKT."""
    authority = crs.to_authority(min_confidence=70)
    if authority is None or authority[0] not in ("EPSG", "OGC", "ESRI"):
        return str(crs.to_wkt(WktVersion.WKT2_2019))
    return ":".join(authority)


def _turned(bounds: Extent, swapped: bool) -> Extent:
    return (bounds[1], bounds[0], bounds[3], bounds[2]) if swapped else bounds


def _inside(bounds: Extent, extent: Extent) -> bool:
    west, south, east, north = extent
    margin = _EXTENT_MARGIN_DEG
    return (
        west - margin <= bounds[0] <= bounds[2] <= east + margin
        and south - margin <= bounds[1] <= bounds[3] <= north + margin
    )


def _told_by_numbers(bounds: Extent, extent: Extent) -> str | None:
    """Return the CRS that the numbers themselves tell, where they land inside the workspace."""
    if _inside(bounds, extent):
        return STORED_CRS
    zone = int(bounds[0] // 1e6) if np.isfinite(bounds).all() else 0
    code = (ZONE_EPSG | _WIDE_ZONE_EPSG).get(zone)
    if code is None or int(bounds[2] // 1e6) != zone:
        return None
    epsg = f"EPSG:{code}"
    return epsg if _inside(_to_degrees(bounds, epsg), extent) else None


def _to_degrees(bounds: Extent, crs: str) -> Extent:
    corners = np.array([[bounds[0], bounds[1]], [bounds[2], bounds[3]]])
    x, y = _transformer(crs).transform(corners[:, 0], corners[:, 1])
    return (float(x[0]), float(y[0]), float(x[1]), float(y[1]))


def _words(epsg: str, swapped: bool) -> Text:
    if epsg == STORED_CRS:
        found = Text(
            "文件未声明坐标系，数值是工作区范围内的经纬度，按CGCS2000（EPSG:4490）读取",
            "no CRS is declared; the numbers are degrees inside the workspace, read as CGCS2000 (EPSG:4490)",
        )
    else:
        both = ((3, ZONE_EPSG, "三"), (6, _WIDE_ZONE_EPSG, "六"))
        width, zone, word = next(
            (w, z, t) for w, zones, t in both for z, code in zones.items() if epsg[5:] == str(code)
        )
        found = Text(
            f"文件未声明坐标系，横坐标带{zone}带号，按CGCS2000{word}度带（{epsg}）读取",
            f"no CRS is declared; eastings begin with zone {zone}, read as CGCS2000 {width}-degree zone ({epsg})",
        )
    return _with_swap(found, swapped)


def _with_swap(found: Text, swapped: bool) -> Text:
    if not swapped:
        return found
    return Text(found.zh + "；第一列是纬度或纵坐标，已对调", found.en + "; the first number is the northing, swapped")


def _declared(text: str, bounds: Extent | None, extent: Extent, where: str) -> CRSReading:
    crs = parse_crs(text, where=where)
    _refuse_old_datum(crs, where)
    label = crs_label(crs)
    if (other := _other_false_easting(label, bounds, extent)) is not None:
        return other
    swapped = bounds is not None and _only_swapped_fits(bounds, label, extent)
    return CRSReading(crs=label, declared=True, swapped=swapped, evidence=_with_swap(_declared_words(crs), swapped))


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
            turned = _turned(bounds, swapped)
            if not _inside(_to_degrees(turned, said), extent) and _inside(_to_degrees(turned, meant), extent):
                words = _false_easting_words(zone, label, has_digits=label == f"EPSG:{bare}")
                return CRSReading(crs=meant, declared=False, swapped=swapped, evidence=_with_swap(words, swapped))
    return None


def _false_easting_words(zone: int, label: str, *, has_digits: bool) -> Text:
    if has_digits:
        return Text(
            f"文件声明的坐标系不带带号（{label}），横坐标却带{zone}带号；中央经线相同，按带{zone}带号读取",
            f"the declared CRS ({label}) has no zone digits, but eastings begin with {zone}; same meridian, read so",
        )
    return Text(
        f"文件声明的坐标系带{zone}带号（{label}），横坐标却不带；中央经线相同，按不带带号读取",
        f"the declared CRS ({label}) begins eastings with {zone}, but these have no digits; same meridian, read so",
    )


def _only_swapped_fits(bounds: Extent, crs: str, extent: Extent) -> bool:
    return not _inside(_to_degrees(bounds, crs), extent) and _inside(_to_degrees(_turned(bounds, True), crs), extent)


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


def _refuse_old_datum(crs: CRS, where: str) -> None:
    old = _OLD_AXES_M.get(crs.ellipsoid.semi_major_metre) if _has_no_datum(crs) and crs.ellipsoid else None
    if old is not None:
        raise RefusedCRS(where, zh=old.zh, en=old.en)
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
