"""Planes by their codes, their zone digits and their plain names, and the words that say how numbers are read."""

from __future__ import annotations

from pyproj import CRS

from ecotrack.errors import Text
from ecotrack.geometry.codec import STORED_CRS

ZONE_EPSG = {zone: 4513 + zone - 25 for zone in range(25, 46)}
"""CGCS2000 3-degree zones whose eastings begin with the zone's digits: 38 is EPSG:4526, 39 EPSG:4527."""

WIDE_ZONE_EPSG = {zone: 4491 + zone - 13 for zone in range(13, 24)}
"""CGCS2000 6-degree zones, whose digits are below those of the 3-degree ones: 20 is EPSG:4498."""

SCALES = {
    1000.0: Text("公里", "kilometres"),
    10_000.0: Text("万米", "tens of kilometres"),
    0.001: Text("毫米", "millimetres"),
}
"""Metres of the units, other than the metre, in which plane coordinates are written."""

SHIFTED_WORDS = {
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


def crs_name(text: str) -> str:
    """Return the CRS that a plain word means, or the text itself.

    Examples
    --------
    >>> crs_name("39带"), crs_name("经纬度"), crs_name("火星坐标"), crs_name("EPSG:4527")
    ('EPSG:4527', 'EPSG:4490', 'GCJ-02', 'EPSG:4527')
    """
    plain = text.strip().replace(" ", "").upper()
    return _PLAIN_NAMES.get(plain, text)


def told_words(epsg: str, swapped: bool) -> Text:
    """Say that nothing is declared and what the numbers tell.

    Examples
    --------
    >>> told_words("EPSG:4527", False).en
    'no CRS is declared; eastings begin with zone 39, read as CGCS2000 3-degree zone (EPSG:4527)'
    """
    if epsg == STORED_CRS:
        found = Text(
            "文件未声明坐标系，数值是工作区范围内的经纬度，按CGCS2000（EPSG:4490）读取",
            "no CRS is declared; the numbers are degrees inside the workspace, read as CGCS2000 (EPSG:4490)",
        )
    else:
        both = ((3, ZONE_EPSG, "三"), (6, WIDE_ZONE_EPSG, "六"))
        width, zone, word = next(
            (w, z, t) for w, zones, t in both for z, code in zones.items() if epsg[5:] == str(code)
        )
        found = Text(
            f"文件未声明坐标系，横坐标带{zone}带号，按CGCS2000{word}度带（{epsg}）读取",
            f"no CRS is declared; eastings begin with zone {zone}, read as CGCS2000 {width}-degree zone ({epsg})",
        )
    return with_swap(found, swapped)


def worded_words(epsg: str) -> Text:
    """Say that the words around the numbers name the plane of a meridian.

    Examples
    --------
    >>> worded_words("EPSG:4548").en
    'its name or its text says CGCS2000 with the central meridian 117, read so (EPSG:4548)'
    """
    meridian = 3 * (int(epsg.removeprefix("EPSG:")) - 4534 + 25)
    return Text(
        f"文件名或表里写明是国家2000、中央经线{meridian}度，按它（{epsg}）读取",
        f"its name or its text says CGCS2000 with the central meridian {meridian}, read so ({epsg})",
    )


def with_swap(found: Text, swapped: bool) -> Text:
    """Add that the coordinates had changed places.

    Examples
    --------
    >>> with_swap(Text("按度读取", "read as degrees"), True).en
    'read as degrees; the first number is the northing, swapped'
    """
    if not swapped:
        return found
    return Text(found.zh + "；第一列是纬度或纵坐标，已对调", found.en + "; the first number is the northing, swapped")


def with_scale(found: Text, scale: float) -> Text:
    """Add the unit, other than the metre, in which the numbers are written.

    Examples
    --------
    >>> with_scale(Text("按39带读取", "read in zone 39"), 1.0).en
    'read in zone 39'
    """
    if scale == 1.0:
        return found
    unit = SCALES[scale]
    zh = f"；数值以{unit.zh}为单位才落在本市，已换算成米"
    return Text(found.zh + zh, f"{found.en}; in {unit.en} they lie in the city, so they were brought to metres")


def odd_false_easting(crs: CRS) -> Text | None:
    """Say that the zone digits of a declared false easting are those of another central meridian.

    Examples
    --------
    >>> odd_false_easting(CRS("EPSG:4527")) is None
    True
    """
    operation = crs.coordinate_operation
    params = operation.params if operation is not None else []
    values = {item.name.lower(): float(item.value) for item in params if isinstance(item.value, int | float)}
    meridian, easting = values.get("longitude of natural origin"), values.get("false easting")
    if meridian is None or easting is None or easting < 1e6:
        return None
    zone = int(easting // 1e6)
    if not 13 <= zone <= 45 or meridian in (3 * zone, 6 * zone - 3):
        return None
    zh = f"；但它写的中央经线是{meridian:g}度，横坐标的带号却是{zone}（{zone}带是{3 * zone}度），两者矛盾，请核实"
    return Text(zh, f"; but its central meridian {meridian:g} contradicts the zone digits {zone} of its eastings")


def false_easting_words(zone: int, label: str, *, has_digits: bool) -> Text:
    """Say that eastings have zone digits that the declared plane lacks, or lack those that it has.

    Examples
    --------
    >>> false_easting_words(39, "EPSG:4548", has_digits=True).en
    'the declared CRS (EPSG:4548) has no zone digits, but eastings begin with 39; same meridian, read so'
    """
    if has_digits:
        return Text(
            f"文件声明的坐标系不带带号（{label}），横坐标却带{zone}带号；中央经线相同，按带{zone}带号读取",
            f"the declared CRS ({label}) has no zone digits, but eastings begin with {zone}; same meridian, read so",
        )
    return Text(
        f"文件声明的坐标系带{zone}带号（{label}），横坐标却不带；中央经线相同，按不带带号读取",
        f"the declared CRS ({label}) begins eastings with {zone}, but these have no digits; same meridian, read so",
    )
