"""Reference points and masks, read at a classified raster."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.errors import RasterioError

from ecotrack.errors import BandsApart, EmptyFile, MissingFile, Text, UnknownColumn, UnreadableFile
from ecotrack.imagery.grid import Grid, to_pixels
from ecotrack.imagery.read import grid_of

_COLUMNS = (("lon", "经度"), ("lat", "纬度"), ("class", "类别"))


class Sample(NamedTuple):
    """Reference and map, place by place, and the mapped pixels of each class."""

    mapped: list[str]
    reference: list[str]
    pixels: dict[str, float]
    outside: int = 0


class Classified(NamedTuple):
    """A raster of class numbers; 0 and nodata are no class."""

    values: npt.NDArray[Any]
    grid: Grid
    nodata: float | None


def read_classes(path: Path) -> Classified:
    """Return the first band of a classified raster.

    Raises
    ------
    MissingFile, UnreadableFile, UnknownCRS, RefusedCRS
        It is not there, is no raster, is cut off, or does not say where it lies.
    """
    if not path.exists():
        raise MissingFile(path)
    try:
        with rasterio.open(path) as file:
            return Classified(file.read(1), grid_of(str(path), file), file.nodata)
    except RasterioError as error:
        detail = Text("不是影像，或文件不完整", "it is no raster, or not whole")
        raise UnreadableFile(path, detail=detail) from error


def points_at(classified: Classified, path: Path) -> Sample:
    """Return reference points (CSV: lon, lat, class; EPSG:4490 degrees) beside the map's class there.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile, UnknownColumn
        The file is not there, is empty, has no such columns, or a number in it is none.
    """
    lonlat, reference = _read_points(path)
    grid = classified.grid
    at = np.floor(shapely.get_coordinates(to_pixels(shapely.points(lonlat), grid))).astype(np.int64)
    inside = (at >= 0).all(axis=1) & (at < (grid.width, grid.height)).all(axis=1)
    mapped = classified.values[at[inside, 1], at[inside, 0]]
    known = _is_class(mapped, classified)
    kept = [name for name, here in zip(reference, inside, strict=True) if here]
    return Sample(
        [_name(value) for value in mapped[known]],
        [name for name, is_known in zip(kept, known, strict=True) if is_known],
        _pixels(classified),
        outside=len(reference) - int(known.sum()),
    )


def mask_at(classified: Classified, reference: Classified, *, where: str) -> Sample:
    """Return every pixel of a reference raster on the same grid beside the map.

    Raises
    ------
    BandsApart
        It lies on another grid.
    """
    one, other = classified.grid, reference.grid
    same = one.crs == other.crs and one.transform.almost_equals(other.transform, 1e-6)
    if not same or (one.height, one.width) != (other.height, other.width):
        raise BandsApart(where, band="reference")
    known = _is_class(classified.values, classified) & _is_class(reference.values, reference)
    mapped = [_name(value) for value in classified.values[known]]
    return Sample(mapped, [_name(value) for value in reference.values[known]], _pixels(classified))


def _is_class(values: npt.NDArray[Any], classified: Classified) -> npt.NDArray[np.bool_]:
    known = values != 0
    return np.asarray(known if classified.nodata is None else known & (values != classified.nodata))


def _pixels(classified: Classified) -> dict[str, float]:
    values, counts = np.unique(classified.values[_is_class(classified.values, classified)], return_counts=True)
    return {_name(value): float(count) for value, count in zip(values, counts, strict=True)}


def _name(value: Any) -> str:
    return str(int(value))


def _read_points(path: Path) -> tuple[list[tuple[float, float]], list[str]]:
    if not path.exists():
        raise MissingFile(path)
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise UnreadableFile(path, detail=Text("不是UTF-8编码", "it is not UTF-8")) from error
    if not rows:
        raise EmptyFile(path)
    lon, lat, name = _columns(path, rows[0])
    lonlat, names = [], []
    for number, row in enumerate(rows, start=2):
        try:
            lonlat.append((float(row[lon]), float(row[lat])))
        except (TypeError, ValueError):
            detail = Text("经纬度不是数字", "longitude or latitude is no number")
            raise UnreadableFile(f"{path}: {number}", detail=detail) from None
        names.append(str(row[name]).strip())
    return lonlat, names


def _columns(path: Path, row: dict[str, str]) -> Sequence[str]:
    found = []
    for names in _COLUMNS:
        column = next((key for key in row if key and key.strip().lower() in names), None)
        if column is None:
            raise UnknownColumn(path, name=names[0], known="、".join(key for key in row if key))
        found.append(column)
    return found
