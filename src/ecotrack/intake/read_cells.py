"""Boundaries that stand in one row of a table: as WKT, WKB or GeoJSON in a cell, or corner after corner."""

from __future__ import annotations

import re
from collections.abc import Sequence

import shapely

from ecotrack.coordinates.degrees import Ordinate, read_ordinate

Corner = tuple[Ordinate | None, Ordinate | None]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){9,}")
_SRID = re.compile(r"SRID\s*=\s*(\d+)\s*;\s*", re.IGNORECASE)
_PAIRS = re.compile(r"[;；|\n\r]+")
_NUMBERS = re.compile(r"[,，\s]+")
_SIDES = "东经|西经|北纬|南纬|经度|纬度"
_ENDS = "°º˚度′’'´分″”\"秒"
_JOINT = re.compile(rf"(?<=[{_ENDS}=:：])(?<![″”\"秒])\s+(?=[\d=:：])|\s+(?=[{_ENDS}=:：])|(?<=[经纬])\s+")
_LETTER = re.compile(rf"(?<![\d{_ENDS}])([EWNS])\s+(?=\d)", re.IGNORECASE)
_BORDER = re.compile(rf"(?<=[\d{_ENDS}])(?={_SIDES}|[EWNS]\d|[XY][=:：])", re.IGNORECASE)


def read_shape(text: str) -> shapely.Geometry:
    """Return the geometry that a cell holds as WKT (with or without ``SRID=...;``), hexadecimal WKB or GeoJSON.

    Raises
    ------
    GEOSException
        It is none of them.
    NotImplementedError
        It has curves.

    Examples
    --------
    >>> read_shape("SRID=4490;POINT (115.6 37.6)").wkt, read_shape('{"type":"Point","coordinates":[115.6,37.6]}').wkt
    ('POINT (115.6 37.6)', 'POINT (115.6 37.6)')
    """
    plain = text.strip()
    if plain.startswith("{"):
        return shapely.from_geojson(plain)
    if _HEX.fullmatch(plain):
        return shapely.from_wkb(plain)
    return shapely.from_wkt(_SRID.sub("", plain, count=1))


def srid_of(text: str) -> int:
    """Return the CRS number that stands before a WKT or inside a WKB; 0 where there is none.

    Examples
    --------
    >>> srid_of("SRID=4527;POINT (39376366 4164022)"), srid_of("POINT (115.6 37.6)")
    (4527, 0)
    """
    if found := _SRID.match(text.strip()):
        return int(found[1])
    if not _HEX.fullmatch(text.strip()):
        return 0
    shape = shapely.from_wkb(text.strip(), on_invalid="ignore")
    return int(shapely.get_srid(shape)) if shape is not None else 0


def read_corners(text: str) -> list[Corner]:
    """Return the corners that a cell lists: a pair behind another, or all numbers in a row.

    Examples
    --------
    >>> [len(read_corners(text)) for text in ("115.6,37.6;115.7,37.6;115.7,37.7", "115.6 37.6|115.7 37.6|115.7 37.7",
    ...                                       "115.6,37.6 115.7,37.6 115.7,37.7", "115.6,37.6,115.7,37.6,115.7,37.7")]
    [3, 3, 3, 3]
    >>> [read_corners(text)[0][1].value for text in ("E115°36′00″，N37°36′00″", "东经 115° 36′ 00″ 北纬 37° 36′ 00″",
    ...                                              "E115°36′00″N37°36′00″", "115°36′00″E 37°36′00″N")]
    [37.6, 37.6, 37.6, 37.6]
    """
    parts = [part for part in _PAIRS.split(joined(text.strip())) if part.strip()]
    if len(parts) == 1:
        parts = _apart(parts[0])
    return [_corner(part) for part in parts]


def joined(text: str) -> str:
    """Return a text of coordinates with no blank inside of one, and one between any two.

    Examples
    --------
    >>> joined("J1 X = 4164022.65Y = 39376366.48"), joined("115° 36′ 00″, 37° 36′ 00″")
    ('J1 X=4164022.65 Y=39376366.48', '115°36′00″, 37°36′00″')
    """
    return _BORDER.sub(" ", _LETTER.sub(r"\1", _JOINT.sub("", text)))


def _apart(text: str) -> list[str]:
    """Return the pairs of a text that has no sign between them but blanks, or none at all."""
    words = text.split()
    if len(words) > 2 and all(len(_split(word)) in (2, 3) for word in words):
        return words
    numbers = _split(text)
    return [",".join(numbers[i : i + 2]) for i in range(0, len(numbers), 2)]


def _split(text: str) -> list[str]:
    return [number for number in _NUMBERS.split(text.strip().strip("()（）[]【】")) if number]


def _corner(text: str) -> Corner:
    numbers = _split(text)
    # A corner's own number or name may stand before the pair.
    pair: Sequence[str] = numbers[1:] if len(numbers) == 3 and read_ordinate(numbers[0]) is None else numbers[:2]
    return (read_ordinate(pair[0]), read_ordinate(pair[1])) if len(pair) == 2 else (None, None)
