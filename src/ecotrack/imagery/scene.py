"""A scene: which file holds which band, how its numbers become reflectance, and what tells cloud."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ecotrack.errors import Text

Role = Literal["blue", "green", "red", "nir", "swir1", "swir2"]
ROLES: tuple[Role, ...] = ("blue", "green", "red", "nir", "swir1", "swir2")
ROLE_NAMES: dict[Role, Text] = {
    "blue": Text("蓝", "blue"),
    "green": Text("绿", "green"),
    "red": Text("红", "red"),
    "nir": Text("近红外", "near infrared"),
    "swir1": Text("短波红外1", "shortwave infrared 1"),
    "swir2": Text("短波红外2", "shortwave infrared 2"),
}
MaskKind = Literal["scl", "qa_pixel", "clear", "cloud"]
MASK_KINDS: tuple[MaskKind, ...] = ("scl", "qa_pixel", "clear", "cloud")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band of a raster: reflectance = stored number * scale + offset.

    Attributes
    ----------
    path
        What GDAL opens: a file, or a place inside a zip (``/vsizip/...``).
    index
        Number of the band in the file, from 1.
    nodata
        Stored number that stands for nothing.
    """

    path: str
    index: int = 1
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudMask:
    """A raster that tells which pixels are seen clearly.

    Attributes
    ----------
    kind
        ``scl`` (Sentinel-2 scene classification), ``qa_pixel`` (Landsat Collection 2 bits), ``clear``
        (other than 0 is clear) or ``cloud`` (other than 0 is hidden).
    """

    path: str
    kind: MaskKind
    index: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One image of one day.

    Attributes
    ----------
    scene_id
        The producer's name for it, or the file's.
    bands
        Bands by their role.
    mask
        ``None`` where the image brings none: then every pixel with data counts as seen.
    level
        What the numbers are, in the producer's words (``L2A``, ``L1C``, ``C2 L2``).
    sample
        Whether the image is made up (示例).
    """

    scene_id: str
    sensor: str
    acquired_on: dt.date
    bands: Mapping[Role, Band]
    mask: CloudMask | None = None
    level: str = ""
    sample: bool = False
