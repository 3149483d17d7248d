"""Sketch geography of Hengshui, made from published facts; every feature of it is marked as a sketch (示意).

Run ``python -m ecotrack.demo.geography FOLDER`` to write the layers. What each stands on is in ``geo/SOURCES.md``;
a bureau replaces them by its official files with ``ecotrack layer set``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ecotrack.demo.geography_counties import build_counties
from ecotrack.demo.geography_facts import border_facts, county_facts, course_facts, section_facts
from ecotrack.demo.geography_features import FeatureCollection
from ecotrack.demo.geography_lake import build_lake, build_ring_zone, design_outline
from ecotrack.demo.geography_reaches import build_reaches
from ecotrack.demo.geography_towns import build_builtup, build_sponge_zones
from ecotrack.demo.geography_water import CANALS_GROUP, RIVERS_GROUP, build_courses, build_sections
from ecotrack.geometry.features import write_geojson

SHORE_DEG = 0.001
"""Built-up lines keep about 100 m from the lake; drainage zones reach the shore, so that they cover the former."""

__all__ = ["FeatureCollection", "build_geography", "write_geography"]


def build_geography() -> dict[str, FeatureCollection]:
    """Return every sketch layer by name; the same features each time.

    Returns
    -------
    dict
        Features in EPSG:4490 longitude/latitude, rounded to 1e-7 degrees, with the properties ``code`` (unique in
        the layer), ``name``, ``sketch``, ``source`` and ``confidence``, by layer id as in ``layers/``.

    Raises
    ------
    MissingFile, UnreadableFile
        A table of facts is not there, or is damaged.
    BadCoverage
        The drawn borders do not close, or published areas cannot be reached.

    Examples
    --------
    >>> {layer: len(features) for layer, features in build_geography().items() if layer in ("rivers", "canals")}
    {'rivers': 9, 'canals': 8}
    """
    facts, courses, lake = county_facts(), course_facts(), design_outline()
    counties, report_units = build_counties(borders=border_facts(), counties=facts)
    rivers = build_courses(courses, group=RIVERS_GROUP)
    canals = build_courses(courses, group=CANALS_GROUP)
    return {
        "counties": counties,
        "report_units": report_units,
        "lake": build_lake(),
        "ring_zone": build_ring_zone(),
        "rivers": rivers,
        "canals": canals,
        "reaches": build_reaches(courses=rivers + canals, units=report_units),
        "builtup": build_builtup(facts, lands=counties, water=lake.buffer(SHORE_DEG)),
        "sponge_zones": build_sponge_zones(facts, lands=counties, water=lake),
        "sections": build_sections(section_facts()),
    }


def write_geography(folder: Path) -> list[Path]:
    """Write every sketch layer as ``<layer>.geojson``; each file appears whole or not at all.

    Parameters
    ----------
    folder
        Made if it is missing. Files of the same names are replaced.

    Returns
    -------
    list of Path
        The files, in the order of the layers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     [path.name for path in write_geography(Path(scratch))][:3]
    ['counties.geojson', 'report_units.geojson', 'lake.geojson']
    """
    written = []
    for layer, features in build_geography().items():
        path = folder / f"{layer}.geojson"
        write_geojson(path, features)
        written.append(path)
    return written


if __name__ == "__main__":
    for line in write_geography(Path(sys.argv[1] if len(sys.argv) > 1 else "geo")):
        print(line)
