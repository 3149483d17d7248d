"""Shares of land cover in a classified raster, by county: a witness beside the figures that feeds none of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.windows
import shapely
from rasterio.errors import RasterioError

from ecotrack.errors import BadClassTable, MissingFile, Text, UnreadableFile, ZoneOutside
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.imagery.coverage import cells_of
from ecotrack.imagery.grid import Grid, Window, to_lonlat, to_pixels, window_around
from ecotrack.imagery.read import grid_of

FOREST, BUILT = "forest", "built"
SHOWN = (FOREST, BUILT)
"""Classes whose shares stand beside figures; a table names at least one of them."""
_ALIASES = {"林地": FOREST, "建设用地": BUILT}
_ROWS = 512
_BLOCK = 32
"""Side of the blocks of pixels that are taken to be equal in area: inside one they differ by less than 1e-4."""
_LONGEST_EDGE_DEG = 0.002
"""A border is straight in longitude/latitude; split to this, it is so in the raster's plane too."""

Floats = npt.NDArray[np.float64]


class ClassTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the numbers of a classified raster mean.

    Attributes
    ----------
    date
        Day that the raster shows.
    source
        Who made it, and how.
    classes
        Number to class: ``forest`` (or 林地), ``built`` (or 建设用地), or any other name.
    band
        Band of the raster, from 1.
    sample
        Whether it is made up (示例).
    """

    date: dt.date
    source: str
    classes: dict[str, str]
    band: int = 1
    sample: bool = False

    def codes(self) -> dict[int, str]:
        """Return class by number."""
        return {int(number): _ALIASES.get(name.strip(), name.strip()) for number, name in self.classes.items()}


def read_class_table(path: Path) -> ClassTable:
    """Read a class table (TOML).

    Raises
    ------
    MissingFile, BadClassTable
        It is not there, or does not fit.
    """
    if not path.exists():
        raise MissingFile(path)
    try:
        table = msgspec.toml.decode(path.read_text(encoding="utf-8-sig"), type=ClassTable)
        names = set(table.codes().values())
    except UnicodeDecodeError as error:
        raise BadClassTable(path, detail=Text("不是UTF-8编码，请另存为UTF-8", "it is not UTF-8")) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadClassTable(path, detail=error) from error
    if not names & set(SHOWN):
        raise BadClassTable(path, detail=Text("没有林地（forest）或建设用地（built）", "no class is forest or built"))
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRow:
    """One county.

    Attributes
    ----------
    area_m2
        Of its outline, on the ellipsoid.
    seen_m2
        The part of it that the raster shows with a number.
    class_m2
        Area by class; what has a number that the table does not name stands under an empty name.
    """

    feature_id: str
    name: str
    area_m2: float
    seen_m2: float
    class_m2: dict[str, float]

    @property
    def seen_pct(self) -> float:
        """Share of the county that was seen."""
        return min(100.0, 100 * self.seen_m2 / self.area_m2)

    def share_pct(self, name: str) -> float | None:
        """Return the share of a class in what was seen; ``None`` where nothing was."""
        return 100 * self.class_m2.get(name, 0.0) / self.seen_m2 if self.seen_m2 else None


def land_cover(raster: Path, table: ClassTable, counties: Sequence[Feature]) -> list[CoverRow]:
    """Return the land cover of counties, pixels on their borders by exact share.

    Parameters
    ----------
    counties
        EPSG:4490.

    Raises
    ------
    MissingFile, UnreadableFile, UnknownCRS, RefusedCRS, BadClassTable
        The raster is not there, is cut off, does not say where it lies, or has no such band, or none of the numbers.
    ZoneOutside
        It shows none of the counties.
    MissingExtra
        exactextract is not installed.
    """
    if not raster.exists():
        raise MissingFile(raster)
    codes = table.codes()
    try:
        with rasterio.open(raster) as file:
            if not 1 <= table.band <= file.count:
                raise BadClassTable(raster, detail=f"band = {table.band} / {file.count}")
            sums = _sums(file, grid_of(str(raster), file), table.band, sorted(codes), counties, str(raster))
    except RasterioError as error:
        detail = Text("不是影像，或文件不完整", "it is no raster, or not whole")
        raise UnreadableFile(raster, detail=detail) from error
    if sum(found[1:].sum() for found in sums) == 0 < sum(found[0] for found in sums):
        raise BadClassTable(raster, detail=Text("影像里没有表中的任何数值", "the raster has none of its numbers"))
    return [
        _row(county, float(whole), found, codes)
        for county, whole, found in zip(counties, area_m2(geometries_of(counties)), sums, strict=True)
    ]


def _row(county: Feature, whole: float, sums: Floats, codes: dict[int, str]) -> CoverRow:
    by_class: dict[str, float] = {}
    for name, area in zip(["", *(codes[number] for number in sorted(codes))], sums.tolist(), strict=True):
        by_class[name] = by_class.get(name, 0.0) + area
    return CoverRow(
        feature_id=county.feature_id,
        name=county.name or county.feature_id,
        area_m2=whole,
        seen_m2=float(sums.sum()),
        class_m2=by_class,
    )


def _sums(
    file: Any, grid: Grid, band: int, numbers: list[int], counties: Sequence[Feature], where: str
) -> list[Floats]:
    """Return the area of each class in each county, the unnamed first, in m2."""
    split = shapely.segmentize(geometries_of(counties), _LONGEST_EDGE_DEG)
    shapes = to_pixels(split, grid)
    window = window_around(shapes, grid)
    if window is None:
        raise ZoneOutside(where, zh="各县区", en="the counties")
    result = [np.zeros(1 + len(numbers)) for _ in counties]
    for strip in _strips(window):
        values = file.read(band, window=rasterio.windows.Window(strip.col, strip.row, strip.width, strip.height))
        classes = class_places(values, numbers, file.nodata)
        areas = _areas(grid, strip)
        for place, shape in enumerate(shapes):
            for cell, share in _inside(shape, strip):
                known = classes.ravel()[cell]
                row, col = cell // strip.width, cell % strip.width
                ground = share * areas[row // _BLOCK, col // _BLOCK]
                result[place] += np.bincount(known, weights=ground, minlength=2 + len(numbers))[1:]
    return result


def _strips(window: Window) -> Iterator[Window]:
    for row in range(window.row, window.row + window.height, _ROWS):
        yield Window(row, window.col, min(_ROWS, window.row + window.height - row), window.width)


def class_places(values: npt.NDArray[Any], numbers: list[int], nodata: float | None) -> npt.NDArray[np.int64]:
    """Return 0 for no number, 1 for one that the table does not name, and 2 onward for those of the table."""
    place = np.searchsorted(numbers, values).clip(0, len(numbers) - 1)
    found = np.where(np.asarray(numbers)[place] == values, place + 2, 1)
    gone = ~np.isfinite(values) if nodata is None else ~np.isfinite(values) | (values == nodata)
    return np.where(gone, 0, found)


def _areas(grid: Grid, strip: Window) -> Floats:
    """Return the ground of one pixel in every block of a strip, in m2."""
    tops, lefts = np.arange(0, strip.height, _BLOCK), np.arange(0, strip.width, _BLOCK)
    top, left = (each.ravel() for each in np.meshgrid(tops, lefts, indexing="ij"))
    low, right = np.minimum(top + _BLOCK, strip.height), np.minimum(left + _BLOCK, strip.width)
    boxes = shapely.box(left + strip.col, top + strip.row, right + strip.col, low + strip.row)
    found = area_m2(to_lonlat(boxes, grid)) / ((low - top) * (right - left))
    return np.asarray(found).reshape(len(tops), len(lefts))


def _inside(shape: Any, strip: Window) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]]:
    """Yield cells of a strip and the share of each that a county covers."""
    part = shapely.clip_by_rect(shape, strip.col, strip.row, strip.col + strip.width, strip.row + strip.height)
    polygons = [one for one in shapely.get_parts(part) if one.geom_type == "Polygon" and not one.is_empty]
    if polygons:
        local = shapely.transform(shapely.MultiPolygon(polygons), lambda xy: xy - (strip.col, strip.row))
        yield from cells_of(np.array([local], dtype=object), height=strip.height, width=strip.width)
