"""What a classified raster says about plots: the share of each that is built-up, pixels by exact share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.windows
from rasterio.errors import RasterioError

from ecotrack.errors import BadClassTable, MissingFile, Text, UnreadableFile
from ecotrack.imagery.beside import read_beside, write_beside
from ecotrack.imagery.coverage import Coverage, kept_coverage, strips_of, sums
from ecotrack.imagery.land_cover import BUILT, ClassTable, class_places
from ecotrack.imagery.read import grid_of

Floats = npt.NDArray[np.float64]

FILE = "land-cover-raster.json"
"""Where the raster of the land cover lies on this machine: it goes into no page and no receipt."""
LEAST_SEEN = 0.9
"""Share of a plot that the raster must show."""
_ROWS = 512


class PlotCover(NamedTuple):
    """Shares of built-up ground in a classified raster, a row for each plot; not a number where it does not show it."""

    day: dt.date
    built: Floats


def plot_cover(raster: Path, table: ClassTable, geometries: npt.NDArray[np.object_], folder: Path) -> PlotCover | None:
    """Return the share of each plot that a raster calls built-up; ``None`` where its table names no such class.

    Parameters
    ----------
    geometries
        Shape (n,), EPSG:4490 longitude/latitude.
    folder
        Where the coverage of each grid is kept.

    Raises
    ------
    MissingFile, UnreadableFile, UnknownCRS, RefusedCRS, BadClassTable
        The raster is not there, is cut off, does not say where it lies, or has no such band.
    MissingExtra
        exactextract is not installed.
    """
    if BUILT not in table.codes().values():
        return None
    if not raster.exists():
        raise MissingFile(raster)
    try:
        with rasterio.open(raster) as file:
            if not 1 <= table.band <= file.count:
                raise BadClassTable(raster, detail=f"band = {table.band} / {file.count}")
            coverage = kept_coverage(geometries, grid_of(str(raster), file), folder)
            return PlotCover(table.date, _shares(file, table, coverage))
    except RasterioError as error:
        detail = Text("不是影像，或文件不完整", "it is no raster, or not whole")
        raise UnreadableFile(raster, detail=detail) from error


def _shares(file: rasterio.DatasetReader, table: ClassTable, coverage: Coverage) -> Floats:
    """Return the built-up share of each plot, in the caller's order."""
    codes = table.codes()
    numbers = sorted(codes)
    is_built = np.array([False, False, *(codes[number] == BUILT for number in numbers)])
    seen, built = np.zeros(len(coverage.plot)), np.zeros(len(coverage.plot))
    for plots in strips_of(coverage, rows=_ROWS, below_px=0):
        first, last = int(coverage.box[plots, 0].min()), int(coverage.box[plots, 2].max()) + 1
        values = file.read(table.band, window=rasterio.windows.Window(0, first, file.width, last - first))
        start = np.asarray(coverage.start[plots.start : plots.stop + 1])
        here = slice(int(start[0]), int(start[-1]))
        taken = values.ravel()[np.asarray(coverage.cell[here]) - first * file.width]
        places, share = class_places(taken, numbers, file.nodata), np.asarray(coverage.share[here])
        seen[plots] = sums(np.where(places > 0, share, np.float32(0)), start - start[0])
        built[plots] = sums(np.where(is_built[places], share, np.float32(0)), start - start[0])
    found = np.full(len(seen), np.nan)
    enough = seen >= LEAST_SEEN * np.asarray(coverage.size_px)
    found[coverage.plot[enough]] = built[enough] / seen[enough]
    return found


def keep_raster(folder: Path, raster: Path, table: ClassTable) -> Path:
    """Keep where the raster of the land cover lies, for verdicts on plots."""
    return write_beside(folder / FILE, {"raster": str(raster.resolve()), "table": msgspec.to_builtins(table)})


def kept_raster(folder: Path) -> tuple[Path, ClassTable] | None:
    """Return the raster that was kept last and what its numbers mean; ``None`` without one.

    Raises
    ------
    UnreadableFile
        The file is damaged.
    """

    def take(document: Any) -> tuple[Path, ClassTable]:
        return Path(document["raster"]), msgspec.convert(document["table"], ClassTable)

    return read_beside(folder / FILE, take, again="ecotrack imagery cover")
