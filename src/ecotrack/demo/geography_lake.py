"""Sketch of Hengshui Lake in its two basins, and of the zone two kilometres round it."""

from __future__ import annotations

import numpy as np
import pyproj
import shapely

from ecotrack.demo.geography_counties import fit_areas
from ecotrack.demo.geography_facts import LonLat
from ecotrack.demo.geography_features import FeatureCollection, sketch_feature

DIKE: tuple[LonLat, ...] = ((115.572, 37.562), (115.578, 37.590), (115.582, 37.620), (115.583, 37.642))
"""The dike between the basins, from south to north."""
EAST_SHORE: tuple[LonLat, ...] = (
    *((115.605, 37.646), (115.628, 37.637), (115.641, 37.615), (115.642, 37.590)),
    *((115.630, 37.568), (115.600, 37.557)),
)
"""From the dike's north end round to its south end."""
WEST_SHORE: tuple[LonLat, ...] = (
    *((115.555, 37.562), (115.536, 37.573), (115.524, 37.600), (115.530, 37.628)),
    *((115.555, 37.641),),
)
"""From the dike's south end round to its north end."""

EAST_KM2, WEST_KM2 = "42.5", "32.5"
"""Surfaces at the design level of 21.0 m [Hengshui hydrology bureau, 2011; high]."""
DESIGN_LEVEL_M = "21.0"
OUTLINE_VERSION = "design-outline-sketch-1"
RING_M = 2000.0
"""Width of the ring-lake zone: "within 2 km" of the city's papers of 2017."""
LONGEST_PLANE_EDGE_M = 70.0
"""Plane edges are split to this length before they become edges in longitude/latitude (TD/T 1055)."""

_SOURCE = "sketch from the published extent of the reserve, the two basins' areas and the dike"
_PLANE = "+proj=tmerc +lat_0=0 +lon_0=115.6 +k=1 +x_0=0 +y_0=0 +ellps=GRS80"


def basin_outlines() -> tuple[shapely.Polygon, shapely.Polygon]:
    """Return the east and the west basin, which share the dike, with their published areas.

    The drawn shores are moved until the areas fit; the dike stays.

    Examples
    --------
    >>> from ecotrack.geometry.area import area_m2
    >>> [round(float(area) / 1e6, 2) for area in area_m2(list(basin_outlines()))]
    [42.5, 32.5]
    """
    vertices = np.array([*DIKE, *EAST_SHORE, *WEST_SHORE])
    dike = list(range(len(DIKE)))
    east = list(range(len(DIKE), len(DIKE) + len(EAST_SHORE)))
    west = list(range(east[-1] + 1, len(vertices)))
    # Counter-clockwise: up the west side of the east basin would be clockwise, so it goes down the dike.
    rings = [[*dike[::-1], *east[::-1], dike[-1]], [*dike, *west[::-1], dike[0]]]
    fitted = fit_areas(
        vertices,
        rings=rings,
        targets_m2=[float(EAST_KM2) * 1e6, float(WEST_KM2) * 1e6],
        held=np.arange(len(vertices)) < len(DIKE),
    )
    return shapely.Polygon(fitted[rings[0]]), shapely.Polygon(fitted[rings[1]])


def design_outline() -> shapely.Polygon:
    """Return both basins as one polygon, EPSG:4490."""
    return shapely.coverage_union(*basin_outlines())


def build_lake() -> FeatureCollection:
    """Return the layer ``lake``: the east and the west basin at the design level."""
    east, west = basin_outlines()
    rows = (("lake-east", "衡水湖东湖", EAST_KM2, east), ("lake-west", "衡水湖西湖", WEST_KM2, west))
    return tuple(
        sketch_feature(
            basin,
            code=code,
            name=name,
            source=_SOURCE,
            confidence="low",
            design_surface_km2=km2,
            design_level_m=DESIGN_LEVEL_M,
            # No page names the datum of the 21 m, so none is given.
            datum=None,
            version=OUTLINE_VERSION,
        )
        for code, name, km2, basin in rows
    )


def ring_around(outline: shapely.Polygon, *, width_m: float) -> shapely.Polygon:
    """Return the zone within a distance of an outline, without the outline itself.

    Parameters
    ----------
    outline
        EPSG:4490 longitude/latitude, near 115.6 E.
    width_m
        Distance on the ellipsoid in metres (to about 1e-6: the plane's meridian is 115.6 E).

    Returns
    -------
    Polygon
        EPSG:4490, its hole is ``outline`` vertex by vertex; outer edges are at most 70 m.

    Examples
    --------
    >>> lake = shapely.box(115.58, 37.58, 115.62, 37.62)
    >>> ring = ring_around(lake, width_m=1000)
    >>> len(ring.interiors), ring.intersection(lake).area
    (1, 0.0)
    """
    plane = pyproj.Proj(_PLANE)
    drawn = shapely.transform(
        shapely.segmentize(outline, 0.0005), lambda lonlat: np.column_stack(plane(lonlat[:, 0], lonlat[:, 1]))
    )
    # 64 pieces a quarter keep the chords of a 2 km arc within 0.2 m of it.
    grown = shapely.segmentize(drawn.buffer(width_m, quad_segs=64), LONGEST_PLANE_EDGE_M)
    outer = shapely.transform(grown.exterior, lambda xy: np.column_stack(plane(xy[:, 0], xy[:, 1], inverse=True)))
    return shapely.Polygon(outer, [outline.exterior]).normalize()


def build_ring_zone() -> FeatureCollection:
    """Return the layer ``ring_zone``: the zone of 2 km round the design outline, without the lake."""
    zone = ring_around(design_outline(), width_m=RING_M)
    feature = sketch_feature(
        zone,
        code="ring-2km",
        name="环湖造林区（2公里）",
        source=f"buffer of {RING_M:.0f} m round the sketched design outline",
        confidence="low",
        version=OUTLINE_VERSION,
        width_m=int(RING_M),
    )
    return (feature,)
