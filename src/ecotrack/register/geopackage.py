"""The geometry codec of GeoPackage and the SQL functions that its spatial index calls."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence

import numpy as np
import shapely

from ecotrack.geometry.codec import from_wkb

_HEADER = np.dtype([("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srs_id", "<i4"), ("envelope", "<f8", 4)])
_ENVELOPE = struct.Struct("<8x4d")
WKB_FROM = _HEADER.itemsize
"""Where the WKB begins in a blob that `encode` made."""

_SRS_ID = 4490
_FLAGS = 0b00000011  # little endian, envelope of two dimensions (OGC 12-128r19, clause 2.1.3)
_EMPTY = 0b00010000


def encode(wkb: Sequence[bytes]) -> list[bytes]:
    """Return the GeoPackage blobs of WKB geometries in EPSG:4490."""
    geometries = from_wkb(wkb)
    headers = np.zeros(len(wkb), dtype=_HEADER)
    headers["magic"], headers["srs_id"] = b"GP", _SRS_ID
    headers["flags"] = np.where(shapely.is_empty(geometries), _FLAGS | _EMPTY, _FLAGS)
    headers["envelope"] = shapely.bounds(geometries)[:, [0, 2, 1, 3]]  # west, east, south, north
    packed, width = headers.tobytes(), _HEADER.itemsize
    return [packed[i * width : (i + 1) * width] + body for i, body in enumerate(wkb)]


def decode(blob: bytes) -> bytes:
    """Return the WKB of a blob that `encode` made."""
    return blob[WKB_FROM:]


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that the rtree triggers call; no SpatiaLite is needed."""

    def bound(position: int) -> object:
        def read(blob: bytes | None) -> float | None:
            return None if blob is None else float(_ENVELOPE.unpack_from(blob)[position])

        return read

    for name, position in (("ST_MinX", 0), ("ST_MaxX", 1), ("ST_MinY", 2), ("ST_MaxY", 3)):
        connection.create_function(name, 1, bound(position), deterministic=True)  # type: ignore[arg-type]
    connection.create_function("ST_IsEmpty", 1, _is_empty, deterministic=True)


def _is_empty(blob: bytes | None) -> int | None:
    return None if blob is None else int(bool(blob[3] & _EMPTY))
