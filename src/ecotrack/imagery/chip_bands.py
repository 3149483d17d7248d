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
from ecotrack.imagery.stored_numbers import NOTHING, Levels, refuse_raw

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
_SIZES = ("10m", "20m", "60m")
_NARROW = "b8a"
"""Sentinel-2's narrow near infrared, taken where the wide one is not given."""
ORDERS: dict[int, tuple[str, ...]] = {
    4: ("B02", "B03", "B04", "B08"),
    5: ("B02", "B03", "B04", "B08", "B11"),
    6: ("B02", "B03", "B04", "B08", "B11", "B12"),
    10: ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"),
    12: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"),
    13: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"),
}
"""Order of the bands of stacks that do not say it, by their number: by wavelength, as they are always stacked."""
EIGHT_BIT = 0.4 / 255
"""Scale of numbers in bytes where nothing is said: pictures are stretched about so far; an index hardly minds."""
_RAW = 100.0
"""Median from which numbers are stored ones; reflectance in percent stays below and must say its scale."""


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
    for part in (name, name.partition(",")[0]):
        plain = _plain(part)
        found = next((role for role, names in _NAMES.items() if plain in names), None)
        if found is not None:
            return found
    return None


def _plain(name: str) -> str:
    plain = name.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
    plain = next((plain.removesuffix(size) for size in _SIZES if plain.endswith(size)), plain)
    return f"b{plain[2:]}" if plain[:2] == "b0" else plain


def stored_bands(
    given: Given, bands: Places | None, others: Mapping[Role, npt.ArrayLike | None]
) -> tuple[Stored, list[Text]]:
    """Return the stored arrays by role, and what was taken for granted about them.

    Parameters
    ----------
    given
        The green band; or a mapping of names to bands, a stack (bands, rows, columns), or the path of a raster. Where
        ``others`` are given without ``bands`` it is the green band, as an array or a file.
    bands
        Which band of a stack or of a raster is which: names in order, or name to number from 1. A raster's own
        descriptions serve where it is left out, else the usual order of so many bands (`ORDERS`).
    others
        Further bands by role, arrays or files with one band.

    Raises
    ------
    NoBand
        There is no green band.
    BadBandTable
        ``bands`` names what the stack does not have, or is missing for a stack.
    MissingFile, UnreadableFile
        The raster is not there, or none.
    """
    taken: list[Text] = []
    further = {role: _band(band) for role, band in others.items() if band is not None}
    if isinstance(given, Mapping):
        places = _roles(list(given))
        found = {role: _band(given[name]) for role, name in places.items()}
    elif further and bands is None:
        found = {"green": _band(given)}
    elif isinstance(given, str | Path):
        found, taken = _from_file(Path(given), bands)
    elif (stack := _array(given)).ndim == 3:
        stack, named = _bands_first(stack, given)
        order, taken = _order(bands or named, len(stack))
        found = {role: stack[place - 1] for role, place in _places(order, len(stack), "").items()}
    else:
        found = {"green": stack}
    found |= further
    if "green" not in found:
        raise NoBand("", bands="green")
    return found, taken


def _bands_first(stack: npt.NDArray[Any], given: Any) -> tuple[npt.NDArray[Any], Places | None]:
    """Return a stack with its bands first, and their names where it says them; pictures elsewhere have bands last."""
    for axis, dimension in enumerate(getattr(given, "dims", ())):
        names = [str(name) for name in np.asarray(given[dimension])]
        if _roles(names):
            return np.moveaxis(stack, axis, 0), names
    most = max(ORDERS)
    return (np.moveaxis(stack, -1, 0) if stack.shape[-1] <= most < stack.shape[0] else stack), None


def _order(bands: Places | None, count: int) -> tuple[Places, list[Text]]:
    """Return which band is which: as said, or the usual order with a word that it was taken for granted.

    Raises
    ------
    BadBandTable
        So many bands have no usual order.
    """
    if bands is not None:
        return bands, []
    if count not in ORDERS:
        known = ", ".join(ROLES)
        raise BadBandTable("", zh=f"请用 bands= 说明波段（{known}）", en=f"say bands= ({known})")
    order = ORDERS[count]
    zh, en = "、".join(order), ", ".join(order)
    return order, [Text(f"没有说明波段，按 {zh} 的次序（bands=）", f"the bands were taken as {en} (bands=)")]


def _roles(names: Sequence[str]) -> dict[Role, str]:
    """Return the names of bands by role; of the two near infrared bands the wide one."""
    found = {role: name for name in names if (role := role_of(name)) is not None}
    narrow = [name for name in names if _plain(name.partition(",")[0]) == _NARROW]
    return found if "nir" in found or not narrow else {**found, "nir": narrow[0]}


def _band(given: Any) -> npt.NDArray[Any]:
    """Return one band, of an array or of a raster with one band.

    Raises
    ------
    BadBandTable
        The raster has several.
    """
    if not isinstance(given, str | Path):
        return _array(given)
    found, _ = _from_file(Path(given), ("green",))
    return found["green"]


def _array(band: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return an array without outer sides of one; where a masked array hides pixels they become not numbers."""
    if isinstance(band, np.ma.MaskedArray) and np.ma.getmaskarray(band).any():
        band = np.ma.filled(np.ma.asarray(band, dtype=np.float64), np.nan)
    plain = np.asarray(band)
    while plain.ndim > 2 and 1 in (plain.shape[0], plain.shape[-1]):
        plain = plain[0] if plain.shape[0] == 1 else plain[..., 0]
    return plain


def _places(bands: Places, count: int, where: str) -> dict[Role, int]:
    named = dict(bands) if isinstance(bands, Mapping) else {name: n for n, name in enumerate(bands, start=1)}
    if not isinstance(bands, Mapping) and len(bands) != count:
        zh, en = f"说了 {len(bands)} 个波段，共 {count} 个", f"{len(bands)} bands are named, there are {count}"
        raise BadBandTable(where, zh=zh, en=en)
    found = {role: named[name] for role, name in _roles(list(named)).items()}
    for role, place in found.items():
        if not 1 <= place <= count:
            raise BadBandTable(where, zh=f"{role} 是第 {place} 波段，共 {count} 个", en=f"{role} is {place} of {count}")
    return found


def _from_file(path: Path, bands: Places | None) -> tuple[Stored, list[Text]]:
    try:
        with rasterio.open(path) as file:
            described = [text or "" for text in file.descriptions]
            order, taken = (described, []) if bands is None and any(described) else _order(bands, file.count)
            found = _places(order, file.count, str(path))
            if not found:
                known = ", ".join(ROLES)
                raise BadBandTable(path, zh=f"请用 bands= 说明波段（{known}）", en=f"say bands= ({known})")
            return {role: _numbers(file, place) for role, place in found.items()}, taken
    except RasterioError as error:
        if not path.exists():
            raise MissingFile(path) from None
        raise UnreadableFile(path, detail=Text("不是影像，或文件不完整", "it is no raster, or not whole")) from error


def _numbers(file: rasterio.DatasetReader, place: int) -> npt.NDArray[Any]:
    """Return a band, as reflectance where the file itself says scale and offset."""
    numbers = _array(file.read(place, masked=True))
    scale, offset = file.scales[place - 1], file.offsets[place - 1]
    return numbers if (scale, offset) == (1.0, 0.0) else numbers.astype(np.float64) * scale + offset


def reflectances(
    stored: Stored, *, scale: float | None, offset: float | None, nodata: float | None, clear: npt.ArrayLike | None
) -> ChipBands:
    """Return reflectance by role.

    Parameters
    ----------
    scale, offset
        Reflectance = number * scale + offset; told from the numbers where they are left out.
    nodata
        Stored number that stands for nothing; the usual ones (`NOTHING`) where it is left out. Pixels that are 0 in
        every band are never seen.

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
        seen &= np.isfinite(band) & ~np.isin(band, NOTHING if nodata is None else (nodata,))
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
    bytes_alone = all(band.dtype == np.uint8 for band in stored.values())
    if median < _RAW and not bytes_alone:
        return 1.0, []
    factor = EIGHT_BIT if bytes_alone else SCALE
    zh = f"没有说明比例：数值按 {factor:.2g} 换算成反射率（scale=）"
    return factor, [
        Text(zh, f"no scale was given: the numbers were taken as reflectance times {1 / factor:.0f} (scale=)")
    ]


def _offset(bands: Mapping[Role, Reflectance], seen: Mask, given: float | None) -> tuple[float, list[Text]]:
    """Return the offset; the one of baseline 04.00 where no band has a dark pixel, which real ground always has."""
    if given is not None or not seen.any():
        return given or 0.0, []
    levels = Levels()
    levels.add(bands, seen)
    if not levels.lifted:
        return 0.0, []
    return OFFSET, [
        Text(
            f"所有波段都没有暗像元：看来偏移还在数值里，已按 offset={OFFSET} 减去（哨兵二号 04.00 版起）",
            "no band has a dark pixel: the offset seems to be in the numbers still and was taken back, "
            f"offset={OFFSET} (Sentinel-2 since baseline 04.00)",
        )
    ]
