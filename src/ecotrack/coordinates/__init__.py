"""Coordinates: the one gate into EPSG:4490, shifted Chinese web coordinates, degrees as people write them."""

from ecotrack.coordinates.edges import LONG_EDGE_M, MAX_VERTICES, split_long_edges
from ecotrack.coordinates.gate import (
    ZONE_EPSG,
    CRSReading,
    Extent,
    StoredGeometry,
    crs_label,
    crs_name,
    parse_crs,
    possible_readings,
    read_crs,
    to_stored,
    to_stored_all,
)
from ecotrack.coordinates.shifted import SHIFTED, unshifted

__all__ = [
    "LONG_EDGE_M",
    "MAX_VERTICES",
    "SHIFTED",
    "ZONE_EPSG",
    "CRSReading",
    "Extent",
    "StoredGeometry",
    "crs_label",
    "crs_name",
    "parse_crs",
    "possible_readings",
    "read_crs",
    "split_long_edges",
    "to_stored",
    "to_stored_all",
    "unshifted",
]
