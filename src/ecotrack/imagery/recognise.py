"""Which image a file is: Sentinel-2, Landsat Collection 2, Gaofen, ZY-3, or what a band table says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from ecotrack.errors import (
    BadBandTable,
    EmptyFile,
    MissingFile,
    OtherDay,
    SaidOtherwise,
    Text,
    UnknownSensor,
    UnreadableFile,
    Untold,
)
from ecotrack.imagery.chip_bands import role_of
from ecotrack.imagery.landsat import is_landsat, landsat_scenes, unpacked
from ecotrack.imagery.read import open_raster
from ecotrack.imagery.scene import MASK_KINDS, ROLES, Band, CloudMask, MaskKind, Role, Scene
from ecotrack.imagery.sentinel import (
    BASELINE_OFFSET,
    S2_BANDS,
    Product,
    find_products,
    offset_told,
    parts_by_role,
    read_product,
)

_FOUR_BANDS: tuple[Role, ...] = ("blue", "green", "red", "nir")
_CHINESE = re.compile(r"(?<![A-Z0-9])(GF1[BCD]?|GF[26]|ZY30?[123]?A?)(?=[_-])")
_GF6_WIDE = 8
"""Bands of Gaofen-6's wide field: its first four are those of the others."""
_DAY = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?=\D|\d{6}(?!\d)|$)")
"""A day, or a day and its time without anything between."""
_READ = (".tif", ".tiff", ".jp2", ".img", ".tar")
"""Files of a folder that are looked at."""
_SENSED_FIRST = re.compile(r"S2[A-D]_MSIL|L[COTE]0[45789]_")
"""Names that tell the day of the image before that of the product."""


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

    bands: dict[str, _TableBand | int]
    sensor: str = ""
    date: dt.date | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    mask: _TableMask | None = None
    sample: bool = False

    @property
    def rows(self) -> dict[str, _TableBand]:
        """The bands; a bare number is that of the band in the raster."""
        return {name: _TableBand(row) if isinstance(row, int) else row for name, row in self.bands.items()}


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
        written = path.read_bytes()
        _refuse_odd_rows(path, msgspec.toml.decode(written))
        table = msgspec.toml.decode(written, type=BandTable)
    except FileNotFoundError:
        raise MissingFile(path) from None
    except UnicodeDecodeError:
        raise BadBandTable(path, zh="文字编码不是UTF-8，请另存为UTF-8", en="it is no UTF-8; save it as UTF-8") from None
    except msgspec.MsgspecError as error:
        raise BadBandTable(path, zh=str(error), en=str(error)) from error
    if not all(scale is None or scale > 0 for scale in (table.scale, *(row.scale for row in table.rows.values()))):
        raise BadBandTable(path, zh="scale 应大于 0", en="scale must be above 0")
    unknown = [name for name in table.bands if name not in ROLES]
    if unknown or not table.bands:
        named, known = ", ".join(unknown) or "-", ", ".join(ROLES)
        raise BadBandTable(path, zh=f"波段名 {named} 不在 {known} 之中", en=f"{named} is none of {known}")
    if table.mask is not None and table.mask.kind not in MASK_KINDS:
        kinds = ", ".join(MASK_KINDS)
        raise BadBandTable(path, zh=f"mask.kind 应为 {kinds} 之一", en=f"mask.kind must be one of {kinds}")
    return table


def _refuse_odd_rows(path: Path, written: dict[str, Any]) -> None:
    """Raise where a band is no row of a table: msgspec does not name the key of a mapping."""
    bands = written.get("bands")
    for name, row in bands.items() if isinstance(bands, dict) else ():
        try:
            msgspec.convert(row, type=_TableBand | int)
        except msgspec.ValidationError as error:
            zh = f"[bands] 的 {name} 应写第几波段（{name} = 2），或 {{ index = 2 }}，另可有 file、scale、offset、nodata"
            en = f"{name} in [bands] is a number of a band ({name} = 2) or {{ index = 2 }} ({error})"
            raise BadBandTable(path, zh=zh, en=en) from error


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
    table = None if asked.table is None else read_band_table(asked.table)
    day = asked.acquired_on or (table and table.date)
    if day and (len(paths) > 1 or asked.acquired_on is None):
        _refuse_other_days(paths, day, "--date" if asked.acquired_on else "--bands")
    if table is not None:
        return [_by_table(path, table, asked) for path in paths]
    products, files = _inside(paths)
    scenes = [scene for product in products for scene in read_product(product)]
    packed = [name for file in files for name in unpacked(file)]
    scenes += landsat_scenes([*packed, *(str(file) for file in files if is_landsat(file.name))])
    scenes = [_with_said(scene, asked) for scene in scenes]
    tars = [file for file in files if file.suffix.lower() == ".tar"]
    if tars and not scenes:
        raise UnknownSensor(tars[0])
    plain = [file for file in files if file not in tars and not is_landsat(file.name)]
    single, rest = _single_bands(plain, asked)
    scenes += [*single, *(_stack(file, asked) for file in rest)]
    if not scenes:
        raise UnknownSensor("、".join(str(path) for path in paths))
    return scenes


def _inside(paths: list[Path]) -> tuple[list[Product], list[Path]]:
    """Return the Sentinel-2 products in files and folders, and the other files.

    Raises
    ------
    UnreadableFile
        An archive that was named holds no product.
    """
    products: list[Product] = []
    files: list[Path] = []
    for path in paths:
        found = find_products(path)
        products += found
        if path.is_dir():
            beside = sorted(path.iterdir())
            products += [one for file in beside if file.suffix.lower() == ".zip" for one in find_products(file)]
            files += [file for file in beside if file.suffix.lower() in _READ]
        elif path.suffix.lower() == ".zip" and not found:
            detail = Text(
                "压缩包里没有带元数据的哨兵二号产品", "the archive holds no Sentinel-2 product with its metadata"
            )
            hint = Text("请先解压，再登记里面的影像", "unpack it, and add the rasters inside")
            raise UnreadableFile(path, detail=detail, hint=hint)
        elif not found:
            files.append(path)
    return products, files


def _with_said(scene: Scene, asked: SceneAsked) -> Scene:
    """Return a scene whose product tells its day and its numbers, with the mask and the mark that the call gives.

    Raises
    ------
    SaidOtherwise
        The call gives another day, sensor, scale or offset.
    """
    band = next(iter(scene.bands.values()))
    for option, said, told in (
        ("--date", asked.acquired_on, scene.acquired_on),
        ("--sensor", asked.sensor or None, scene.sensor),
        ("--scale", asked.scale, band.scale),
        ("--offset", asked.offset, band.offset),
    ):
        if said is not None and said != told:
            raise SaidOtherwise(scene.scene_id, option=option, said=said, told=told)
    return replace(scene, mask=_given_mask(asked) or scene.mask, sample=asked.sample or scene.sample)


def _refuse_other_days(paths: list[Path], day: dt.date, option: str) -> None:
    """Raise where a file's name tells another day than one that was given for whatever file there is.

    Raises
    ------
    OtherDay
        It does.
    """
    for path in paths:
        told = _days(path.name)
        if told and day not in told:
            raise OtherDay(path, option=option, said=day, told=told[0])


def _by_table(path: Path, table: BandTable, asked: SceneAsked) -> Scene:
    count = band_count(path)
    bands: dict[Role, Band] = {}
    rows = table.rows
    for role in ROLES:
        row = rows.get(role)
        if row is None:
            continue
        if row.file is None and row.index > count:
            zh = f"{role} 是第 {row.index} 波段，文件只有 {count} 个波段"
            raise BadBandTable(path, zh=zh, en=f"{role} is band {row.index} of a file of {count}")
        file = path.parent / row.file if row.file else path
        written = _written_in(file, row.index)
        bands[role] = Band(
            path=str(file),
            index=row.index,
            scale=_first(row.scale, asked.scale, table.scale, written[0], 1.0),
            offset=_first(row.offset, asked.offset, table.offset, written[1], 0.0),
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


def _first(*numbers: float | None) -> float:
    """Return the first number that is said."""
    return next(number for number in numbers if number is not None)


def _written_in(path: Path, index: int = 1) -> tuple[float | None, float | None]:
    """Return the scale and the offset that a raster says of a band itself; ``None`` where it says neither."""
    with open_raster(str(path)) as file:
        if not 1 <= index <= file.count:
            return None, None
        said = float(file.scales[index - 1]), float(file.offsets[index - 1])
    return (None, None) if said == (1.0, 0.0) else said


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


_SINGLE = re.compile(r"(?:L2A_)?(T\d\d[A-Z]{3}_(\d{8})T\d{6})_(B\d[\dA]|SCL|TCI|AOT|WVP)(?:_\d0m)?$")
_SIZED = re.compile(r"_\d0m$")
"""Names of L2A bands tell the size of their pixels."""


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
    names = parts_by_role(parts)
    written = [_written_in(parts[part]) for part in names.values()]
    told = (offset_told(path) for path in parts.values())
    offset = next((one for one in (asked.offset, *(numbers[1] for numbers in written), *told) if one is not None), None)
    if offset is None:
        # Some sources take the offset of baseline 04.00 back, others do not, and images of any year were processed
        # again with it: neither the file nor its day tells.
        is_in, is_not = BASELINE_OFFSET / 10_000, 0
        raise Untold(name, zh=f"数值里有没有04.00基线的偏移（有：{is_in}；已减去或更早的基线：{is_not}）",
                     en=f"whether the offset of baseline 04.00 is in it (yes: {is_in}; taken back, or older: {is_not})",
                     option="--offset")  # fmt: skip
    bands = {
        role: Band(path=str(parts[part]), scale=_first(asked.scale, numbers[0], 1e-4), offset=offset, nodata=0)
        for (role, part), numbers in zip(names.items(), written, strict=True)
    }
    mask = CloudMask(path=str(parts["SCL"]), kind="scl") if "SCL" in parts else None
    return Scene(
        scene_id=name,
        sensor=asked.sensor or "Sentinel-2",
        acquired_on=asked.acquired_on or _as_day(name.split("_")[1][:8]),
        bands=bands,
        mask=_given_mask(asked) or mask,
        level="L2A" if any(_SIZED.search(path.stem) for path in parts.values()) else "L1C",
        sample=asked.sample,
    )


def _stack(path: Path, asked: SceneAsked) -> Scene:
    """Return a stack whose bands are told by their descriptions, or by the satellite in its name."""
    roles = _described(path)
    chinese = _CHINESE.search(path.name.upper())
    count = band_count(path)
    if not roles and chinese and _is_picture(path):
        raise Untold(path, zh="哪个波段是哪个（文件标着红、绿、蓝，多半是真彩色图）",
                     en="which band is which (it is marked red, green, blue: a picture in true colours, it seems)",
                     option="--bands")  # fmt: skip
    if not roles and chinese and (count == len(_FOUR_BANDS) or (chinese.group(1), count) == ("GF6", _GF6_WIDE)):
        roles = {role: number for number, role in enumerate(_FOUR_BANDS, start=1)}
    if not roles:
        raise UnknownSensor(path)
    written = {role: _written_in(path, number) for role, number in roles.items()}
    if asked.scale is None and any(scale is None for scale, _ in written.values()):
        raise Untold(path, zh="数值乘多少才是反射率", en="by what its numbers become reflectance", option="--scale")
    bands = {
        role: Band(
            path=str(path),
            index=number,
            scale=_first(asked.scale, written[role][0]),
            offset=_first(asked.offset, written[role][1], 0.0),
        )
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


def _is_picture(path: Path) -> bool:
    """Return whether a raster marks its first bands as red, green and blue, or one as transparency."""
    with open_raster(str(path)) as file:
        marks = [mark.name for mark in file.colorinterp]
    return marks[:3] == ["red", "green", "blue"] or "alpha" in marks


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


def _days(name: str) -> list[dt.date]:
    """Return the days that a name tells, each once.

    Examples
    --------
    >>> [day.isoformat() for day in _days("zy302a_mux_016497_003126_20200901112340_01_sec_0002_2006111482.tif")]
    ['2020-09-01']
    """
    found = []
    for parts in _DAY.findall(name):
        try:
            found.append(dt.date(*(int(part) for part in parts)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def _day(name: str, path: Path) -> dt.date:
    days = _days(name)
    if len(days) == 1 or (days and _SENSED_FIRST.match(name)):
        return days[0]
    told = [day.isoformat() for day in days]
    beside = (f"（文件名里有 {'、'.join(told)}）", f" (its name has {', '.join(told)})") if told else ("", "")
    raise Untold(path, zh=f"影像日期{beside[0]}", en=f"the day of the image{beside[1]}", option="--date")


def _as_day(text: str) -> dt.date:
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
