"""Which image a file is: Sentinel-2, Landsat Collection 2, Gaofen, ZY-3, or what a band table says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ecotrack.errors import BadBandTable, EmptyFile, MissingFile, UnknownSensor, Untold
from ecotrack.imagery.chip_bands import role_of
from ecotrack.imagery.landsat import is_landsat, landsat_scenes, unpacked
from ecotrack.imagery.read import open_raster
from ecotrack.imagery.scene import MASK_KINDS, ROLES, Band, CloudMask, MaskKind, Role, Scene
from ecotrack.imagery.sentinel import BASELINE_OFFSET, NEW_BASELINE_ON, S2_BANDS, find_products, read_product

_FOUR_BANDS: tuple[Role, ...] = ("blue", "green", "red", "nir")
_CHINESE = re.compile(r"(?<![A-Z0-9])(GF1[BCD]?|GF[26]|ZY30?[123]?A?)(?=[_-])")
_GF6_WIDE = 8
"""Bands of Gaofen-6's wide field: its first four are those of the others."""
_DAY = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d{2}$)")


class _TableBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    file: str | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None


class _TableMask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    file: str | None = None
    index: int = 1


class BandTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A band table (TOML): which band of a raster is which, and how its numbers become reflectance."""

    bands: dict[str, _TableBand]
    sensor: str = ""
    date: dt.date | None = None
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    mask: _TableMask | None = None
    sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneAsked:
    """What a call says about files beside the files themselves.

    Attributes
    ----------
    table
        A band table.
    scale, offset
        For numbers whose scale no file tells; reflectance = number * scale + offset.
    mask, mask_kind
        A raster that tells cloud, and how.
    """

    table: Path | None = None
    acquired_on: dt.date | None = None
    sensor: str = ""
    scale: float | None = None
    offset: float | None = None
    mask: Path | None = None
    mask_kind: MaskKind = "cloud"
    sample: bool = False


def read_band_table(path: Path) -> BandTable:
    """Return a band table.

    Raises
    ------
    MissingFile, BadBandTable
        The file is not there, or is no band table; the message says where.
    """
    try:
        table = msgspec.toml.decode(path.read_bytes(), type=BandTable)
    except FileNotFoundError:
        raise MissingFile(path) from None
    except msgspec.MsgspecError as error:
        raise BadBandTable(path, zh=str(error), en=str(error)) from error
    unknown = [name for name in table.bands if name not in ROLES]
    if unknown or not table.bands:
        named, known = ", ".join(unknown) or "-", ", ".join(ROLES)
        raise BadBandTable(path, zh=f"波段名 {named} 不在 {known} 之中", en=f"{named} is none of {known}")
    if table.mask is not None and table.mask.kind not in MASK_KINDS:
        kinds = ", ".join(MASK_KINDS)
        raise BadBandTable(path, zh=f"mask.kind 应为 {kinds} 之一", en=f"mask.kind must be one of {kinds}")
    return table


def recognise(paths: list[Path], asked: SceneAsked | None = None) -> list[Scene]:
    """Return the scenes that some files or folders hold.

    Parameters
    ----------
    paths
        SAFE folders or zips, folders of Landsat bands, single bands, stacks.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        A file is not there, is empty, or no raster.
    UnknownSensor, BadBandTable, Untold
        What a file is, its day, its scale or its offset cannot be told, and the call does not say it.
    """
    asked = asked or SceneAsked()
    for path in paths:
        if not path.exists():
            raise MissingFile(path)
        if path.is_file() and path.stat().st_size == 0:
            raise EmptyFile(path)
    if asked.table is not None:
        return [_by_table(path, read_band_table(asked.table), asked) for path in paths]
    scenes = [read_product(product) for path in paths for product in find_products(path)]
    files = [file for path in paths if not find_products(path) for file in _rasters(path)]
    inside = [name for file in files for name in unpacked(file)]
    scenes += landsat_scenes([*inside, *(str(file) for file in files if is_landsat(file.name))])
    packed = [file for file in files if file.suffix.lower() == ".tar"]
    if packed and not scenes:
        raise UnknownSensor(packed[0])
    plain = [file for file in files if file not in packed and not is_landsat(file.name)]
    single, rest = _single_bands(plain, asked)
    scenes += [*single, *(_stack(file, asked) for file in rest)]
    if not scenes:
        raise UnknownSensor("、".join(str(path) for path in paths))
    return scenes


def _rasters(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix.lower() in (".tif", ".tiff", ".jp2", ".img"))


def _by_table(path: Path, table: BandTable, asked: SceneAsked) -> Scene:
    count = band_count(path)
    bands: dict[Role, Band] = {}
    for role in ROLES:
        row = table.bands.get(role)
        if row is None:
            continue
        if row.file is None and row.index > count:
            zh = f"{role} 是第 {row.index} 波段，文件只有 {count} 个波段"
            raise BadBandTable(path, zh=zh, en=f"{role} is band {row.index} of a file of {count}")
        bands[role] = Band(
            path=str(path.parent / row.file if row.file else path),
            index=row.index,
            scale=table.scale if row.scale is None else row.scale,
            offset=table.offset if row.offset is None else row.offset,
            nodata=table.nodata if row.nodata is None else row.nodata,
        )
    mask = _given_mask(asked)
    if mask is None and table.mask is not None:
        file = path.parent / table.mask.file if table.mask.file else path
        mask = CloudMask(path=str(file), kind=table.mask.kind, index=table.mask.index)  # type: ignore[arg-type]
    return Scene(
        scene_id=path.stem,
        sensor=asked.sensor or table.sensor or "unknown",
        acquired_on=asked.acquired_on or table.date or _day(path.name, path),
        bands=bands,
        mask=mask,
        sample=table.sample or asked.sample,
    )


def band_count(path: Path) -> int:
    """Return how many bands a raster has.

    Raises
    ------
    UnreadableFile
        It is no raster.
    """
    with open_raster(str(path)) as file:
        return int(file.count)


def _given_mask(asked: SceneAsked) -> CloudMask | None:
    if asked.mask is None:
        return None
    if not asked.mask.exists():
        raise MissingFile(asked.mask)
    return CloudMask(path=str(asked.mask), kind=asked.mask_kind)


_SINGLE = re.compile(r"(T\d\d[A-Z]{3}_(\d{8})T\d{6})_(B\d[\dA]|SCL|TCI|AOT|WVP)(?:_\d0m)?$")


def _single_bands(files: list[Path], asked: SceneAsked) -> tuple[list[Scene], list[Path]]:
    by_scene: dict[str, dict[str, Path]] = {}
    rest = []
    for file in files:
        found = _SINGLE.match(file.stem)
        if found is None:
            rest.append(file)
        else:
            by_scene.setdefault(found.group(1), {}).setdefault(found.group(3), file)
    return [_single_scene(name, parts, asked) for name, parts in by_scene.items()], rest


def _single_scene(name: str, parts: Mapping[str, Path], asked: SceneAsked) -> Scene:
    day = asked.acquired_on or _as_day(name.split("_")[1][:8])
    offset = asked.offset
    if offset is None and day >= NEW_BASELINE_ON:
        # Some sources take the offset of baseline 04.00 back, others do not: the file alone does not tell.
        raise Untold(name, zh="是否已减去04.00基线的偏移", en="whether the offset of baseline 04.00 is in it",
                     option=f"--offset {BASELINE_OFFSET / 10_000}（未减）或 --offset 0（已减）")  # fmt: skip
    scale = 1e-4 if asked.scale is None else asked.scale
    bands = {
        role: Band(path=str(parts[part]), scale=scale, offset=offset or 0.0, nodata=0)
        for part, role in S2_BANDS.items()
        if part in parts
    }
    if "nir" not in bands and "B8A" in parts:
        # The bands of 20 m hold the narrow near infrared alone.
        bands["nir"] = Band(path=str(parts["B8A"]), scale=scale, offset=offset or 0.0, nodata=0)
    mask = CloudMask(path=str(parts["SCL"]), kind="scl") if "SCL" in parts else None
    return Scene(scene_id=name, sensor="Sentinel-2", acquired_on=day, bands=bands, mask=_given_mask(asked) or mask,
                 sample=asked.sample)  # fmt: skip


def _stack(path: Path, asked: SceneAsked) -> Scene:
    """Return a stack whose bands are told by their descriptions, or by the satellite in its name."""
    roles = _described(path)
    chinese = _CHINESE.search(path.name.upper())
    count = band_count(path)
    if not roles and chinese and (count == len(_FOUR_BANDS) or (chinese.group(1), count) == ("GF6", _GF6_WIDE)):
        roles = {role: number for number, role in enumerate(_FOUR_BANDS, start=1)}
    if not roles:
        raise UnknownSensor(path)
    if asked.scale is None:
        raise Untold(path, zh="数值乘多少才是反射率", en="by what its numbers become reflectance", option="--scale")
    bands = {
        role: Band(path=str(path), index=number, scale=asked.scale, offset=asked.offset or 0.0, nodata=None)
        for role, number in roles.items()
    }
    return Scene(
        scene_id=path.stem,
        sensor=asked.sensor or (chinese.group(1) if chinese else "unknown"),
        acquired_on=asked.acquired_on or _day(path.name, path),
        bands=bands,
        mask=_given_mask(asked),
        sample=asked.sample,
    )


def _described(path: Path) -> dict[Role, int]:
    with open_raster(str(path)) as file:
        described = [str(text or "").strip() for text in file.descriptions]
    found: dict[Role, int] = {}
    for number, text in enumerate(described, start=1):
        role = S2_BANDS.get(text.upper()) or _named(text, described)
        if role is not None:
            found.setdefault(role, number)
    return found


def _named(text: str, described: list[str]) -> Role | None:
    """Return the role of a description in words, or of a Sentinel-2 number without its nought.

    Landsat writes ``B2`` for another band than ``B02``: where its fifth stands and nothing of Sentinel-2's own does, no
    number is taken.
    """
    role = role_of(text)
    if role is None or not re.fullmatch(r"[Bb]\d+", text):
        return None if text.isascii() and len(text) == 1 else role
    names = {one.upper() for one in described}
    return role if "B5" not in names or names & {"B8A", "B12"} else None


def _day(name: str, path: Path) -> dt.date:
    for found in _DAY.finditer(name):
        try:
            return dt.date(*(int(part) for part in found.groups()))
        except ValueError:
            continue
    raise Untold(path, zh="影像日期", en="the day of the image", option="--date")


def _as_day(text: str) -> dt.date:
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
