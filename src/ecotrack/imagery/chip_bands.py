"""Bands of a chip in whatever form they come: arrays, a stack, a mapping, a raster file; reflectance comes out.

What the numbers mean is said by the caller; where it is not, the usual is taken and told as a doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import RasterioError

from ecotrack.errors import BadBandTable, BandsOfTwoSizes, MissingFile, NoBand, Text, UnreadableFile
from ecotrack.imagery.indices import Reflectance
from ecotrack.imagery.scene import ROLES, Role
from ecotrack.imagery.sentinel import BASELINE_OFFSET
from ecotrack.imagery.water import refuse_raw

Mask = npt.NDArray[np.bool_]
Stored = dict[Role, npt.NDArray[Any]]
Given = npt.ArrayLike | Mapping[str, npt.ArrayLike] | str | Path
Places = Mapping[str, int] | Sequence[str]

_NAMES: dict[Role, tuple[str, ...]] = {
    "blue": ("blue", "b2", "b", "蓝"), "green": ("green", "b3", "g", "绿"), "red": ("red", "b4", "r", "红"),
    "nir": ("nir", "b8", "n", "nir08", "nearinfrared", "近红外"),
    "swir1": ("swir1", "b11", "swir", "swir16", "s1", "短波红外1"),
    "swir2": ("swir2", "b12", "swir22", "s2", "短波红外2"),
}  # fmt: skip
"""Names that a band may have, Sentinel-2's numbers among them."""
SCALE, OFFSET = 1e-4, BASELINE_OFFSET / 10_000
"""Of stored numbers where nothing is said: Sentinel-2, and most deliveries in whole numbers."""
_RAW = 100.0
"""Median from which numbers are stored ones; reflectance in percent stays below and must say its scale."""
_LIFTED = 0.095
"""Where the darkest thousandth of every band is brighter than this, the offset is still in the numbers."""


class ChipBands(NamedTuple):
    """Reflectance by role, the pixels that have it in every band, and what was taken for granted."""

    bands: dict[Role, Reflectance]
    seen: Mask
    doubts: tuple[Text, ...]


def role_of(name: str) -> Role | None:
    """Return the role that a band's name stands for.

    Examples
    --------
    >>> [role_of(name) for name in ("B03", "NIR", "swir_1", "B8A", "coastal")]
    ['green', 'nir', 'swir1', None, None]
    """
    plain = name.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
    if plain[:2] == "b0":
        plain = f"b{plain[2:]}"
    return next((role for role, names in _NAMES.items() if plain in names), None)


def stored_bands(given: Given, bands: Places | None, others: Mapping[Role, npt.ArrayLike | None]) -> Stored:
    """Return the stored arrays by role.

    Parameters
    ----------
    given
        The green band; or a mapping of names to bands, a stack (bands, rows, columns), or the path of a raster.
    bands
        Which band of a stack or of a raster is which: names in order, or name to number from 1. A raster's own
        descriptions serve where it is left out.
    others
        Further bands by role.

    Raises
    ------
    NoBand
        There is no green band.
    BadBandTable
        ``bands`` names what the stack does not have, or is missing for a stack.
    MissingFile, UnreadableFile
        The raster is not there, or none.
    """
    if isinstance(given, str | Path):
        found = _from_file(Path(given), bands)
    elif isinstance(given, Mapping):
        found = {role: _array(band) for name, band in given.items() if (role := role_of(name)) is not None}
    elif np.ndim(given) == 3 and bands is not None:
        stack = _array(given)
        found = {role: stack[place - 1] for role, place in _places(bands, len(stack), "").items()}
    else:
        found = {"green": _array(given)}
    found |= {role: _array(band) for role, band in others.items() if band is not None}
    if "green" not in found:
        raise NoBand("", bands="green")
    return found


def _array(band: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return a band; where a masked array hides pixels they become not numbers."""
    if isinstance(band, np.ma.MaskedArray) and np.ma.getmaskarray(band).any():
        return np.asarray(np.ma.filled(np.ma.asarray(band, dtype=np.float64), np.nan))
    return np.asarray(band)


def _places(bands: Places, count: int, where: str) -> dict[Role, int]:
    named = dict(bands) if isinstance(bands, Mapping) else {name: n for n, name in enumerate(bands, start=1)}
    found = {role: place for name, place in named.items() if (role := role_of(name)) is not None}
    for role, place in found.items():
        if not 1 <= place <= count:
            raise BadBandTable(where, zh=f"{role} 是第 {place} 波段，共 {count} 个", en=f"{role} is {place} of {count}")
    return found


def _from_file(path: Path, bands: Places | None) -> Stored:
    try:
        with rasterio.open(path) as file:
            described = [text or "" for text in file.descriptions]
            found = _places(described if bands is None else bands, file.count, str(path))
            if not found:
                known = ", ".join(ROLES)
                raise BadBandTable(path, zh=f"请用 bands= 说明波段（{known}）", en=f"say bands= ({known})")
            return {role: _array(file.read(place, masked=True)) for role, place in found.items()}
    except RasterioError as error:
        if not path.exists():
            raise MissingFile(path) from None
        raise UnreadableFile(path, detail=Text("不是影像，或文件不完整", "it is no raster, or not whole")) from error


def reflectances(
    stored: Stored, *, scale: float | None, offset: float | None, nodata: float | None, clear: npt.ArrayLike | None
) -> ChipBands:
    """Return reflectance by role.

    Parameters
    ----------
    scale, offset
        Reflectance = number * scale + offset; told from the numbers where they are left out.
    nodata
        Stored number that stands for nothing. Pixels that are 0 in every band are never seen.

    Raises
    ------
    NoBand
        There is but one band.
    BandsOfTwoSizes
        The arrays differ in shape, and not by whole times.
    NotReflectance
        The numbers cannot be reflectance, and their scale is not said.
    """
    if len(stored) == 1:
        raise NoBand("", bands="nir/swir1")
    stored = _alike(stored)
    shape = stored["green"].shape
    seen = np.ones(shape, dtype=bool) if clear is None else np.asarray(clear).astype(bool)
    if seen.shape != shape:
        raise BandsOfTwoSizes("clear", shape=seen.shape, other=shape)
    seen = seen & np.logical_or.reduce([band != 0 for band in stored.values()])
    for band in stored.values():
        seen &= np.isfinite(band) if nodata is None else np.isfinite(band) & (band != nodata)
    factor, doubts = _scale(stored, seen, scale)
    bands = {
        role: np.where(seen, band.astype(np.float32) * np.float32(factor), np.nan) for role, band in stored.items()
    }
    refuse_raw(bands, tuple(bands))
    added, lifted = _offset(bands, seen, offset)
    if added:
        bands = {role: band + np.float32(added) for role, band in bands.items()}
    return ChipBands(bands, seen, (*doubts, *lifted))


def _alike(stored: Stored) -> Stored:
    """Return bands of one shape: those of pixels some whole times as wide are drawn out to the finest."""
    shape = stored["green"].shape
    found: Stored = {}
    for role, band in stored.items():
        times = shape[0] // max(1, band.shape[0]) if band.ndim == len(shape) == 2 else 0
        if times < 1 or tuple(side * times for side in band.shape) != shape:
            raise BandsOfTwoSizes(role, shape=band.shape, other=shape)
        found[role] = band.repeat(times, axis=0).repeat(times, axis=1) if times > 1 else band
    return found


def _scale(stored: Stored, seen: Mask, given: float | None) -> tuple[float, list[Text]]:
    if given is not None or not seen.any():
        return (1.0 if given is None else given), []
    median = max(float(np.median(band[seen])) for band in stored.values())
    if median < _RAW:
        return 1.0, []
    zh = f"没有说明比例：数值按 {SCALE:g} 换算成反射率（scale=）"
    return SCALE, [
        Text(zh, f"no scale was given: the numbers were taken as reflectance times {1 / SCALE:.0f} (scale=)")
    ]


def _offset(bands: Mapping[Role, Reflectance], seen: Mask, given: float | None) -> tuple[float, list[Text]]:
    """Return the offset; the one of baseline 04.00 where no band has a dark pixel, which real ground always has."""
    if given is not None or not seen.any():
        return given or 0.0, []
    if min(float(np.quantile(band[seen], 0.001)) for band in bands.values()) < _LIFTED:
        return 0.0, []
    return OFFSET, [
        Text(
            f"所有波段都没有暗像元：看来偏移还在数值里，已按 offset={OFFSET} 减去（哨兵二号 04.00 版起）",
            "no band has a dark pixel: the offset seems to be in the numbers still and was taken back, "
            f"offset={OFFSET} (Sentinel-2 since baseline 04.00)",
        )
    ]
