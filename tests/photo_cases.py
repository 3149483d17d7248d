"""Photographs as phones make them, and as nobody should."""

from __future__ import annotations

import io
import random
import struct
import zlib

from PIL import Image

TAKEN = "2026:05:01 10:20:30"


def photo(seed: int = 1, *, place: tuple[float, float] | None = None, taken: bool = False, quality: int = 90) -> bytes:
    """Return a JPEG of coloured squares; with a place (longitude, latitude) and time in its EXIF block where asked."""
    colours = random.Random(seed)
    image = Image.new("RGB", (640, 480))
    for x in range(0, 640, 40):
        for y in range(0, 480, 40):
            image.paste(tuple(colours.randrange(256) for _ in range(3)), (x, y, x + 40, y + 40))
    exif = Image.Exif()
    if place:
        lon, lat = place
        exif.get_ifd(0x8825).update({1: "N", 2: (lat, 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0)})
    if taken:
        exif.get_ifd(0x8769)[36867] = TAKEN
    kept = io.BytesIO()
    image.save(kept, "JPEG", exif=exif, quality=quality)
    return kept.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Return a small PNG that says it is enormous."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
