"""Reference points and masks, read at a classified raster."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.errors import RasterioError

from ecotrack.errors import GridsApart, MissingFile, NoReference, Text, UnreadableFile
from ecotrack.imagery.grid import Grid, counted_area_m2, to_pixels
from ecotrack.imagery.read import grid_of
from ecotrack.imagery.reference_points import read_points

Ints = npt.NDArray[np.int64]

MOST_CLASSES = 256
"""A raster of more numbers is no classified one."""


class Sample(NamedTuple):
    """Reference and map, place by place, and what the map's classes measure.

    Attributes
    ----------
    mapped, reference
        Class numbers, shape (n,) each.
    area_m2
        Ground of each class of the map, on the ellipsoid.
    outside
        Points that lie off the map or on no class.
    doubled
        Points that were given more than once; each counts once.
    """

    mapped: Ints
    reference: Ints
    area_m2: dict[int, float]
    outside: int = 0
    doubled: int = 0


class Classified(NamedTuple):
    """A raster of class numbers; nodata is no class."""

    values: npt.NDArray[Any]
    grid: Grid
    nodata: float | None

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Pixels with a class."""
        known = np.isfinite(self.values)
        return np.asarray(known if self.nodata is None else known & (self.values != self.nodata))


def read_classes(path: Path) -> Classified:
    """Return the first band of a classified raster.

    Raises
    ------
    MissingFile, UnreadableFile, UnknownCRS, RefusedCRS
        It is not there, is no classified raster, is cut off, or does not say where it lies.
    """
    if not path.exists():
        raise MissingFile(path)
    try:
        with rasterio.open(path) as file:
            found = Classified(file.read(1), grid_of(str(path), file), file.nodata)
    except RasterioError as error:
        detail = Text("不是影像，或文件不完整", "it is no raster, or not whole")
        raise UnreadableFile(path, detail=detail) from error
    numbers = np.unique(found.values[found.known])
    if len(numbers) > MOST_CLASSES or (numbers != np.floor(numbers)).any():
        zh, en = "不是分类影像：像元值不是几个整数", "it is no classified raster: its numbers are not a few whole ones"
        raise UnreadableFile(path, detail=Text(zh, en))
    return found


def points_at(classified: Classified, path: Path) -> Sample:
    """Return reference points (CSV: lon, lat, class; EPSG:4490 degrees) beside the map's class there.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile, UnknownColumn
        The file is not there, is empty, has no such columns, or a number in it is none.
    NoReference
        No point lies on a class of the map.
    """
    points = read_points(path)
    grid = classified.grid
    at = np.floor(shapely.get_coordinates(to_pixels(shapely.points(points.lonlat), grid))).astype(np.int64)
    inside = (at >= 0).all(axis=1) & (at < (grid.width, grid.height)).all(axis=1)
    row, col = np.where(inside, at[:, 1], 0), np.where(inside, at[:, 0], 0)
    used = inside & classified.known[row, col]
    if not used.any():
        raise NoReference(path)
    return Sample(
        mapped=classified.values[row[used], col[used]].astype(np.int64),
        reference=points.classes[used],
        area_m2=_areas(classified),
        outside=int((~used).sum()),
        doubled=points.doubled,
    )


def mask_at(classified: Classified, reference: Classified, *, where: str) -> Sample:
    """Return every pixel of a reference raster on the same grid beside the map.

    Raises
    ------
    GridsApart
        It lies on another grid.
    NoReference
        It has no class where the map has one.
    """
    one, other = classified.grid, reference.grid
    same = one.crs == other.crs and one.transform.almost_equals(other.transform, 1e-6)
    if not same or (one.height, one.width) != (other.height, other.width):
        raise GridsApart(where)
    known = classified.known & reference.known
    if not known.any():
        raise NoReference(where)
    mapped, truth = (each.values[known].astype(np.int64) for each in (classified, reference))
    return Sample(mapped=mapped, reference=truth, area_m2=_areas(classified))


def _areas(classified: Classified) -> dict[int, float]:
    known, grid = classified.known, classified.grid
    return {
        int(number): counted_area_m2(known & (classified.values == number), grid, grid.whole)
        for number in np.unique(classified.values[known])
    }
