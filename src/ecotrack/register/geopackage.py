"""The geometry codec of GeoPackage and the SQL functions that its spatial index calls."""

from __future__ import annotations

import sqlite3
import struct

import shapely

_HEADER = struct.Struct("<2sBBi4d")
WKB_FROM = _HEADER.size
"""Where the WKB begins in a blob that `encode` made."""

_SRS_ID = 4490
_FLAGS = 0b00000011  # little endian, envelope of two dimensions (OGC 12-128r19, clause 2.1.3)
_EMPTY = 0b00010000


def encode(wkb: bytes) -> bytes:
    """Return the GeoPackage blob of a WKB geometry in EPSG:4490."""
    geometry = shapely.from_wkb(wkb)
    flags = _FLAGS | (_EMPTY if geometry.is_empty else 0)
    west, south, east, north = geometry.bounds
    return _HEADER.pack(b"GP", 0, flags, _SRS_ID, west, east, south, north) + wkb


def decode(blob: bytes) -> bytes:
    """Return the WKB of a blob that `encode` made."""
    return blob[WKB_FROM:]


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that the rtree triggers call; no SpatiaLite is needed."""

    def bound(position: int) -> object:
        def read(blob: bytes | None) -> float | None:
            return None if blob is None else float(_HEADER.unpack_from(blob)[position])

        return read

    for name, position in (("ST_MinX", 4), ("ST_MaxX", 5), ("ST_MinY", 6), ("ST_MaxY", 7)):
        connection.create_function(name, 1, bound(position), deterministic=True)  # type: ignore[arg-type]
    connection.create_function("ST_IsEmpty", 1, _is_empty, deterministic=True)


def _is_empty(blob: bytes | None) -> int | None:
    return None if blob is None else int(bool(blob[3] & _EMPTY))
