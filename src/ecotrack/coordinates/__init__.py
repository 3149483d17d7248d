"""Coordinates: the one gate into EPSG:4490, shifted Chinese web coordinates, degrees as people write them."""

from ecotrack.coordinates.edges import LONG_EDGE_M, MAX_VERTICES, split_long_edges
from ecotrack.coordinates.extent import Extent
from ecotrack.coordinates.gate import (
    CRSReading,
    StoredGeometry,
    crs_label,
    parse_crs,
    read_crs,
    to_stored,
    to_stored_all,
)
from ecotrack.coordinates.named import Named, named_in
from ecotrack.coordinates.numbers import (
    carried,
    crs_title,
    fitting_planes,
    is_plane,
    possible_readings,
    reading_title,
    tell,
    ways_of,
)
from ecotrack.coordinates.planes import ZONE_EPSG, crs_name
from ecotrack.coordinates.shifted import SHIFTED, unshifted

__all__ = [
    "LONG_EDGE_M",
    "MAX_VERTICES",
    "SHIFTED",
    "ZONE_EPSG",
    "CRSReading",
    "Extent",
    "Named",
    "StoredGeometry",
    "carried",
    "crs_label",
    "crs_name",
    "crs_title",
    "fitting_planes",
    "is_plane",
    "named_in",
    "parse_crs",
    "possible_readings",
    "read_crs",
    "reading_title",
    "split_long_edges",
    "tell",
    "to_stored",
    "to_stored_all",
    "unshifted",
    "ways_of",
]
