"""What the numbers of coordinates say by themselves: in which plane, order and unit they lie in the workspace.

A file whose features were put together from several sources holds several of these at once: eastings of zone 38 in one
row and of zone 39 in the next, or latitude first in half of the rows. Each corner can be told apart from the others,
since the windows in which the workspace lies are far from each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from ecotrack.coordinates.extent import EXTENT_MARGIN_DEG, Extent, inside, scaled, turned
from ecotrack.coordinates.gate import CRSReading, parse_crs, to_degrees, told_reading
from ecotrack.coordinates.planes import SCALES, WIDE_ZONE_EPSG, ZONE_EPSG
from ecotrack.coordinates.shifted import SHIFTED
from ecotrack.errors import Text
from ecotrack.geometry.area import Floats
from ecotrack.geometry.codec import STORED_CRS

NONE = -1
"""What a corner tells that lies in no window."""

_FAR_DEG = 6
"""Meridians farther than this from the workspace are no plane of it."""

_PLANES = {
    "EPSG:4547": Text("114度带（38带，不带带号）", "CGCS2000 CM 114E"),
    "EPSG:4548": Text("117度带（39带，不带带号）", "CGCS2000 CM 117E"),
    "EPSG:4526": Text("38带（带号开头）", "CGCS2000 zone 38"),
    "EPSG:4527": Text("39带（带号开头）", "CGCS2000 zone 39"),
    "EPSG:32650": Text("UTM 50带", "UTM zone 50N"),
    "EPSG:3857": Text("网络墨卡托（网页地图用的平面）", "web Mercator"),
}


class Told(NamedTuple):
    """One way in which numbers can lie in the workspace: the reading, and its window in numbers as they stand."""

    reading: CRSReading
    window: Extent


def possible_readings(bounds: Extent, *, extent: Extent) -> list[Text]:
    """Return the planes in which numbers of unknown CRS would land inside the workspace, in words.

    Examples
    --------
    >>> hengshui = (115.10, 37.00, 116.65, 38.45)
    >>> [fit.en for fit in possible_readings((376000.0, 4170000.0, 377000.0, 4171000.0), extent=hengshui)]
    ['CGCS2000 CM 117E', 'UTM zone 50N']
    >>> [fit.en for fit in possible_readings((376.0, 4170.0, 377.0, 4171.0), extent=hengshui)]
    ['CGCS2000 CM 117E, in kilometres', 'UTM zone 50N, in kilometres']
    """
    return [
        words if scale == 1.0 else Text(f"{words.zh}，以{SCALES[scale].zh}为单位", f"{words.en}, in {SCALES[scale].en}")
        for scale in (1.0, *SCALES)
        for _, words in fitting_planes(scaled(bounds, scale), extent=extent)
    ]


def fitting_planes(bounds: Extent, *, extent: Extent) -> list[tuple[str, Text]]:
    """Return the planes in which bounds in metres would land inside the workspace: code and words.

    Examples
    --------
    >>> found = fitting_planes((376000, 4150000, 377000, 4151000), extent=(115.10, 37.00, 116.65, 38.45))
    >>> [crs for crs, _ in found]
    ['EPSG:4548', 'EPSG:32650']
    """
    if not np.isfinite(bounds).all() or max(map(abs, bounds)) > 1e8 or max(map(abs, bounds)) < 1e4:
        return []
    return [
        (crs, words)
        for crs, words in _PLANES.items()
        if any(inside(to_degrees(turned(bounds, swapped), crs), extent) for swapped in (False, True))
    ]


def crs_title(crs: str) -> Text:
    """Return a CRS by the words of a plane, or its own name.

    Examples
    --------
    >>> crs_title("EPSG:4527").zh, crs_title("EPSG:32649").zh
    ('39带（带号开头）', 'WGS 84 / UTM zone 49N')
    """
    name = _PLANES[crs].en if crs in _PLANES else parse_crs(crs).name
    return _PLANES.get(crs, Text(name, name))


@lru_cache(maxsize=64)
def is_plane(crs: str) -> bool:
    """Tell whether a CRS is a plane, and no degrees, whatever these are.

    Examples
    --------
    >>> is_plane("EPSG:4527"), is_plane("EPSG:4490"), is_plane("GCJ-02")
    (True, False, False)
    """
    return crs not in SHIFTED and bool(parse_crs(crs).is_projected)


@lru_cache(maxsize=8)
def ways_of(extent: Extent) -> tuple[Told, ...]:
    """Return every way in which numbers tell by themselves that they lie in the workspace, likeliest first.

    Examples
    --------
    >>> likeliest = ways_of((115.10, 37.00, 116.65, 38.45))[0]
    >>> likeliest.reading.crs, likeliest.reading.swapped
    ('EPSG:4490', False)
    """
    return tuple(_ways(extent))


def _ways(extent: Extent) -> Iterator[Told]:
    west, south, east, north = extent
    margin = EXTENT_MARGIN_DEG
    city = (west - margin, south - margin, east + margin, north + margin)
    for swapped in (False, True):
        yield Told(told_reading(STORED_CRS, swapped=swapped), turned(city, swapped))
    middle = (west + east) / 2
    near = [(abs(3 * zone - middle), zone, code) for zone, code in ZONE_EPSG.items()]
    near += [(abs(6 * zone - 3 - middle), zone, code) for zone, code in WIDE_ZONE_EPSG.items()]
    for scale in (1.0, *SCALES):
        for apart, zone, code in sorted(near):
            if apart > _FAR_DEG:
                break
            window = scaled(_window(city, zone, code), 1 / scale)
            for swapped in (False, True):
                reading = told_reading(f"EPSG:{code}", swapped=swapped, scale=scale)
                yield Told(reading, turned(window, swapped))


def _window(city: Extent, zone: int, code: int) -> Extent:
    """Return the bounds of a box of degrees in a plane, as far as its eastings begin with the zone's digits."""
    box = shapely.segmentize(shapely.box(*city), 0.1)
    lon, lat = shapely.get_coordinates(box).T
    x, y = Transformer.from_crs(STORED_CRS, f"EPSG:{code}", always_xy=True).transform(lon, lat)
    return (max(float(x.min()), zone * 1e6), float(y.min()), min(float(x.max()), zone * 1e6 + 999_999), float(y.max()))


def tell(xy: Floats, *, extent: Extent) -> npt.NDArray[np.int16]:
    """Return for each pair of numbers its place in `ways_of`, `NONE` where they lie in no window; shape (n,).

    Examples
    --------
    >>> hengshui = (115.10, 37.00, 116.65, 38.45)
    >>> pairs = np.array([[115.6, 37.6], [37.6, 115.6], [38640000.0, 4163045.0], [39376.1, 4163.2], [1.0, 2.0]])
    >>> places = tell(pairs, extent=hengshui).tolist()
    >>> [ways_of(hengshui)[place].reading.crs for place in places[:4]], places[4]
    (['EPSG:4490', 'EPSG:4490', 'EPSG:4526', 'EPSG:4527'], -1)
    """
    told = np.full(len(xy), NONE, dtype=np.int16)
    left = np.arange(len(xy))
    for place, way in enumerate(ways_of(extent)):
        if not len(left):
            break
        x, y = xy[left].T
        west, south, east, north = way.window
        hit = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        told[left[hit]] = place
        left = left[~hit]
    return told


def carried(xy: Floats, source: CRSReading, target: CRSReading) -> Floats:
    """Return numbers of one reading as they would stand in another; shape (n, 2).

    Examples
    --------
    >>> first, second = (told_reading(code) for code in ("EPSG:4526", "EPSG:4527"))
    >>> carried(np.array([[38640000.0, 4163045.0]]), first, second).round(1).tolist()
    [[39375030.4, 4162804.9]]
    """
    plain = xy * source.scale
    x, y = (plain[:, ::-1] if source.swapped else plain).T
    moved = Transformer.from_crs(source.crs, target.crs, always_xy=True).transform(x, y)
    result = np.column_stack(moved) / target.scale
    return np.asarray(result[:, ::-1] if target.swapped else result)


def reading_title(reading: CRSReading) -> Text:
    """Return the short name of a reading.

    Examples
    --------
    >>> reading_title(told_reading("EPSG:4526")).zh, reading_title(told_reading(STORED_CRS, swapped=True)).zh
    ('38带', '经纬度，纬度在前')
    """
    zone = next((zone for codes in (ZONE_EPSG, WIDE_ZONE_EPSG) for zone, code in codes.items()
                 if f"EPSG:{code}" == reading.crs), None)  # fmt: skip
    found = Text(f"{zone}带", f"zone {zone}") if zone else Text("经纬度", "degrees")
    if reading.scale != 1.0:
        unit = SCALES[reading.scale]
        found = Text(f"{found.zh}，以{unit.zh}为单位", f"{found.en} in {unit.en}")
    if reading.swapped:
        first = Text("纵坐标在前", "northing first") if zone else Text("纬度在前", "latitude first")
        found = Text(f"{found.zh}，{first.zh}", f"{found.en}, {first.en}")
    return found
