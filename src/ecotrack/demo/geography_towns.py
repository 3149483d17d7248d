"""Sketch of the built-up areas, and of sponge-city drainage zones that cover them.

No page gives a built-up line or a drainage zone of the years 2016-2020, so both are shapes of about the right size
round each seat. They exist to be replaced; their areas are facts about the sketch and about nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.demo.geography_facts import CountyFact
from ecotrack.demo.geography_features import FeatureCollection, sketch_feature
from ecotrack.geometry.features import Feature

YEAR = 2016
CORNERS = 16
ZONES_REACH_OUT = 1.08
"""Drainage zones go this much further out than the built-up line: figures must clip them to it."""

Floats = npt.NDArray[np.float64]


def blob(county: CountyFact, *, scale: float = 1.0) -> shapely.Polygon:
    """Return a rounded shape of the town's order of size round its seat, EPSG:4490.

    The direction in which it is longer follows from the county's code, so that towns do not look alike.

    Examples
    --------
    >>> from ecotrack.demo.geography_facts import county_facts
    >>> town = blob(county_facts()[0])
    >>> town.covers(shapely.Point(county_facts()[0].seat)), len(town.exterior.coords)
    (True, 17)
    """
    angles = np.arange(CORNERS) * (2 * np.pi / CORNERS)
    turn = int(county.code) % 7
    swell = 1 + 0.14 * np.cos(2 * angles + turn) + 0.06 * np.cos(3 * angles + 2 * turn)
    radius_m = scale * np.sqrt(county.builtup_order_km2 * 1e6 / np.pi) * swell
    xy = radius_m[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    return shapely.Polygon(np.asarray(county.seat) + xy / _degree_m(county))


def _degree_m(county: CountyFact) -> Floats:
    return 111_195.0 * np.array([np.cos(np.radians(county.seat[1])), 1.0])


def town_outline(
    county: CountyFact, *, land: shapely.Polygon, water: shapely.Polygon, scale: float = 1.0
) -> shapely.Polygon:
    """Return the blob of a town inside its county and outside the lake: the part that holds the seat."""
    parts = shapely.get_parts(blob(county, scale=scale).intersection(land).difference(water))
    polygons = [part for part in parts if isinstance(part, shapely.Polygon)]
    return min(polygons, key=lambda part: part.distance(shapely.Point(county.seat)))


def zones_of(outline: shapely.Polygon, *, county: CountyFact) -> list[shapely.Polygon]:
    """Divide an outline into the county's number of drainage zones: one in the middle, the others round it.

    Returns
    -------
    list of Polygon
        A partition of ``outline``: cells nearest to one of the chosen points.
    """
    count = county.sponge_zone_count
    angles = np.arange(count - 1) * (2 * np.pi / (count - 1)) + int(county.code) % 5
    radius_m = 0.62 * np.sqrt(county.builtup_order_km2 * 1e6 / np.pi)
    around = radius_m * np.column_stack([np.cos(angles), np.sin(angles)]) / _degree_m(county)
    seeds = shapely.MultiPoint(np.asarray(county.seat) + np.vstack([np.zeros((1, 2)), around]))
    cells = shapely.voronoi_polygons(seeds, extend_to=outline.buffer(0.1), ordered=True)
    pieces = [shapely.get_parts(cell.intersection(outline)) for cell in cells.geoms]
    return [max(parts, key=lambda part: part.area) for parts in pieces if len(parts)]


def build_builtup(
    counties: Sequence[CountyFact], *, lands: FeatureCollection, water: shapely.Polygon
) -> FeatureCollection:
    """Return the layer ``builtup``: one sketched line per town, of the year 2016."""
    return tuple(
        sketch_feature(
            town_outline(county, land=land.geometry, water=water),
            code=f"builtup-{county.code}-{YEAR}",
            name=f"{county.town}建成区",
            source="sketch round the seat; order of size only",
            confidence="low",
            city=county.town,
            city_code=county.code,
            year=YEAR,
            version="sketch-1",
        )
        for county, land in zip(counties, lands, strict=True)
    )


def build_sponge_zones(
    counties: Sequence[CountyFact], *, lands: FeatureCollection, water: shapely.Polygon
) -> FeatureCollection:
    """Return the layer ``sponge_zones``: drainage zones that cover each built-up area and a little more."""
    found: list[Feature] = []
    for county, land in zip(counties, lands, strict=True):
        outline = town_outline(county, land=land.geometry, water=water, scale=ZONES_REACH_OUT)
        for number, zone in enumerate(zones_of(outline, county=county), start=1):
            found.append(_zone(county, number, zone))
    return tuple(found)


def _zone(county: CountyFact, number: int, zone: shapely.Polygon) -> Feature:
    return sketch_feature(
        zone,
        code=f"sponge-{county.code}-{number:02d}",
        name=f"{county.name}排水分区{number:02d}",
        source="invented division of the sketched built-up area",
        confidence="low",
        city=county.town,
        city_code=county.code,
    )
