"""Looks at one photograph that came from outside: in a child with limits, since its bytes may be hostile."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from ecotrack.errors import BadPhoto
from ecotrack.sandbox import Limits

LIMITS = Limits(wall_s=20.0, cpu_s=15, memory_bytes=900 << 20, output_bytes=32 << 20)
"""What the child that looks at a photograph may use."""

MAX_PIXELS = {"JPEG": 250_000_000, "PNG": 50_000_000, "WEBP": 50_000_000}
"""Pixels of the largest picture that is decoded, by format: phones give JPEG, which is shrunk while it is decoded."""

_PREVIEW_PX = 1280
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN, _TAKEN_OFFSET = 36867, 36881
_HASH_PX = 8
_LEAST_CONTRAST = 24


def look(request: bytes, folder: Path) -> bytes:
    """Return what a photograph says of itself, as a line of JSON, and after it a preview (JPEG) that says nothing more.

    Parameters
    ----------
    request
        The photograph's bytes.

    Raises
    ------
    BadPhoto
        It is no JPEG, PNG or WebP, or larger than `MAX_PIXELS`.
    """
    Image.MAX_IMAGE_PIXELS = None  # the bound is checked below, before anything is decoded
    with Image.open(io.BytesIO(request), formats=tuple(MAX_PIXELS)) as image:
        width, height = image.size
        if width * height > MAX_PIXELS[image.format or "PNG"]:
            raise BadPhoto("", detail=f"{width}×{height}")
        told = {"format": image.format, "width": width, "height": height, **_said(image.getexif())}
        image.draft("RGB", (_PREVIEW_PX, _PREVIEW_PX))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((_PREVIEW_PX, _PREVIEW_PX))
    told["dhash"] = dhash(upright)
    preview = io.BytesIO()
    upright.save(preview, "JPEG", quality=80)
    return json.dumps(told).encode() + b"\n" + preview.getvalue()


def _said(exif: Image.Exif) -> dict[str, Any]:
    inner = exif.get_ifd(_EXIF_IFD)
    place = position(exif.get_ifd(_GPS_IFD))
    taken, offset = str(inner.get(_TAKEN, "")).strip("\0 "), str(inner.get(_TAKEN_OFFSET, "")).strip("\0 ")
    return {
        "exif_lon": place[0] if place else None,
        "exif_lat": place[1] if place else None,
        "exif_at": f"{taken[:10].replace(':', '-')}{taken[10:]} {offset}".strip()[:40] if taken[:4].isdigit() else "",
    }


def position(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    """Return longitude and latitude (degrees) of the GPS part of an EXIF block; ``None`` where it holds none.

    Tags and their meaning after CIPA DC-008 (Exif 2.32), table 15.

    Examples
    --------
    >>> position({1: "N", 2: (37.0, 30.0, 0.0), 3: "E", 4: (115.0, 48.0, 0.0)})
    (115.8, 37.5)
    >>> position({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}) is None
    True
    """
    try:
        lat, lon = (_degrees(gps[tag]) * (-1 if str(gps[tag - 1])[:1] in "SW" else 1) for tag in (2, 4))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    fine = math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0, 0)
    return (round(lon, 7), round(lat, 7)) if fine else None


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def dhash(image: Image.Image) -> str:
    """Return the difference hash of a picture: 64 bits in hexadecimal, or nothing where it shows too little.

    Each bit says whether a cell of an 8 by 8 grid of mean greys is brighter than the one to its right (the dHash of
    N. Krawetz, 2013). Pictures that were shrunk or saved again differ in few bits.

    Examples
    --------
    >>> slope = Image.linear_gradient("L").rotate(90)
    >>> dhash(slope) == dhash(slope.resize((100, 100)))
    True
    >>> dhash(Image.new("RGB", (50, 50), "white"))
    ''
    """
    small = image.convert("L").resize((_HASH_PX + 1, _HASH_PX), Image.Resampling.BOX)
    greys = list(small.tobytes())
    if max(greys) - min(greys) < _LEAST_CONTRAST:
        return ""
    rows = (greys[at : at + _HASH_PX + 1] for at in range(0, len(greys), _HASH_PX + 1))
    bits = "".join("1" if left > right else "0" for row in rows for left, right in pairwise(row))
    return f"{int(bits, 2):016x}"
