"""Reading of scenes window by window: reflectance by role, and which pixels are seen clearly."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.windows
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from ecotrack.coordinates import read_crs
from ecotrack.errors import (
    BadBandTable,
    BandsApart,
    MissingFile,
    NoBand,
    Text,
    UnfitMask,
    UnknownCRS,
    UnplacedRaster,
    UnreadableFile,
)
from ecotrack.imagery.grid import Grid, Window
from ecotrack.imagery.indices import Reflectance
from ecotrack.imagery.scene import Band, CloudMask, MaskKind, Role, Scene
from ecotrack.imagery.stored_numbers import blank, fills

_CACHE_MB = 160
STRIP_ROWS = 512
"""Rows that are read at a time, at least."""
_HIGHEST_BLOCK = 1024

_ARCHIVED = re.compile(r"/vsi(?:zip|tar)/(.*?\.(?:zip|tar))(?:/|$)", re.IGNORECASE)
_WORLD = (-180.0, -90.0, 180.0, 90.0)
_SCL_HIDDEN = (0, 1, 3, 8, 9, 10, 11)
"""No data, defective, cloud shadow, cloud of two probabilities, cirrus, snow (Sentinel-2 L2A scene classification)."""
_QA_HIDDEN_BITS = 0b111111
"""Fill, dilated cloud, cirrus, cloud, cloud shadow, snow (Landsat Collection 2 QA_PIXEL, bits 0 to 5)."""
_HIGHEST_SCL = 11
_LEAST_QA = 64
"""Every pixel of QA_PIXEL with data has one of the bits from 6 on; fill is 1."""
_TURNED = 1e-6
"""Share of a pixel by which grids may be turned against one another."""


class Pixels(NamedTuple):
    """What a window of a scene holds.

    Attributes
    ----------
    bands
        Reflectance by role, shape (rows, columns); not a number where there is no data.
    clear
        Pixels with data in all bands that the mask does not hide.
    """

    bands: dict[Role, Reflectance]
    clear: npt.NDArray[np.bool_]


class OpenScene:
    """A scene whose files are open; use it as a context.

    Parameters
    ----------
    roles
        Bands that will be read; the finest of them gives the grid.

    Raises
    ------
    NoBand
        The scene has no such band.
    MissingFile, UnreadableFile, UnknownCRS, RefusedCRS
        A file is not there, is no raster, or does not say where it lies.
    BandsApart, BadBandTable
        The bands do not lie on one another, or a file has fewer bands than the table names.
    """

    def __init__(self, scene: Scene, roles: Sequence[Role]) -> None:
        missing = [role for role in roles if role not in scene.bands]
        if missing:
            raise NoBand(scene.scene_id, bands="/".join(missing))
        self.scene, self.roles = scene, tuple(roles)
        self._files: dict[str, Any] = {}
        self._stack = ExitStack()
        # GDAL would keep a twentieth of the machine's memory; two rows of blocks of a full scene are enough.
        self._stack.enter_context(rasterio.Env(GDAL_CACHEMAX=_CACHE_MB))
        try:
            self._open_all()
        except BaseException:
            self._stack.close()
            raise

    def _open_all(self) -> None:
        sources: list[tuple[str, Band | CloudMask]] = [(role, self.scene.bands[role]) for role in self.roles]
        if self.scene.mask is not None:
            sources.append(("mask", self.scene.mask))
        for name, source in sources:
            if source.path not in self._files:
                self._files[source.path] = self._stack.enter_context(open_raster(source.path))
            count = self._files[source.path].count
            if not 1 <= source.index <= count:
                zh = f"{name} 取第 {source.index} 波段，文件只有 {count} 个波段"
                raise BadBandTable(source.path, zh=zh, en=f"{name} is band {source.index} of a file of {count}")
        finest = min((self.scene.bands[role].path for role in self.roles), key=lambda path: -self._files[path].width)
        self.grid = grid_of(finest, self._files[finest])
        for name, source in sources:
            self._placed(source.path, name)

    def _placed(self, path: str, name: str) -> Affine:
        """Return the way from pixels of the grid to pixels of a file."""
        file, grid = self._files[path], self.grid
        way: Affine = ~file.transform @ grid.transform
        shift = max(abs(way.b) * grid.height, abs(way.d) * grid.width)
        ends = way @ (0, 0), way @ (grid.width, grid.height)
        apart = max(abs(ends[0][0]), abs(ends[0][1]), abs(ends[1][0] - file.width), abs(ends[1][1] - file.height))
        if shift > _TURNED * max(grid.width, grid.height) or apart > 1 or grid_of(path, file).crs != grid.crs:
            raise BandsApart(path, band=name)
        return way

    def __enter__(self) -> OpenScene:
        """Return the scene itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._stack.close()

    def read(self, window: Window, *, roles: Sequence[Role] | None = None) -> Pixels:
        """Return reflectance and clear pixels of a window.

        Bands of coarser pixels are drawn out bilinearly, masks by the nearest pixel. Where neither the scene nor the
        files name a number for nothing, the usual ones are nothing, and so is what is black in every band.

        Raises
        ------
        UnreadableFile
            A file ends before its pixels do.
        UnfitMask
            The mask holds numbers that its kind does not know.
        """
        clear = self._clear(window)
        bands: dict[Role, Reflectance] = {}
        for role in roles or self.roles:
            bands[role] = self._reflectance(self.scene.bands[role], role, window)
        if all(self._nodata(self.scene.bands[role]) is None for role in bands):
            self._take_fills_out(bands)
        for found in bands.values():
            clear &= np.isfinite(found)
        return Pixels(bands, clear)

    def _nodata(self, band: Band) -> float | None:
        told = self._files[band.path].nodata if band.nodata is None else band.nodata
        return None if told is None else float(told)

    def _take_fills_out(self, bands: dict[Role, Reflectance]) -> None:
        """Make pixels not a number that hold the same number for nothing in every band."""
        first = next(iter(bands))
        stored = self.scene.bands[first]
        for number in fills(self._files[stored.path].dtypes[stored.index - 1]):
            stands_for = {role: _scaled(np.full(1, number, np.float32), self.scene.bands[role]) for role in bands}
            filled = np.logical_and.reduce([band == stands_for[role] for role, band in bands.items()])
            if filled.any():
                for band in bands.values():
                    band[filled] = np.nan

    def strips(self, window: Window) -> Iterator[Window]:
        """Yield the parts of a window that are read at a time, from its first row down.

        They end where blocks of the file end, so that no block is unpacked twice.
        """
        row, end = window.row, window.row + window.height
        while row < end:
            low = min(end, (row // self.strip_rows + 1) * self.strip_rows)
            yield Window(row, window.col, low - row, window.width)
            row = low

    @property
    def strip_rows(self) -> int:
        """Rows that are read at a time: whole blocks of the finest file, unless these are very high."""
        high = max(file.block_shapes[0][0] for path, file in self._files.items() if self._is_fine(path))
        return int(-(-STRIP_ROWS // high) * high) if high <= _HIGHEST_BLOCK else STRIP_ROWS

    @property
    def in_bytes(self) -> bool:
        """Whether every band that is read is stored in bytes: most such rasters are stretched pictures."""
        bands = [self.scene.bands[role] for role in self.roles]
        return all(self._files[band.path].dtypes[band.index - 1] == "uint8" for band in bands)

    def _reflectance(self, band: Band, role: str, window: Window) -> Reflectance:
        missing = self._nodata(band)
        if self._is_fine(band.path):
            found = _numbers(self._numbers(band.path, band.index, self._pixels_of(band.path, role, window)), missing)
        else:
            found = self._between(band, role, window, missing)
        return _scaled(found, band)

    def _between(self, band: Band, role: str, window: Window, missing: float | None) -> Reflectance:
        """Return the numbers of a band of coarser pixels, bilinearly; beside missing ones those of the nearest."""
        way, file = self._placed(band.path, role), self._files[band.path]
        rows = _Along(window.row, window.height, way.e, way.f, file.height)
        cols = _Along(window.col, window.width, way.a, way.c, file.width)
        part = rasterio.windows.Window(cols.first, rows.first, cols.count, rows.count)
        coarse = _numbers(self._numbers(band.path, band.index, part), missing)
        found = cols.between(rows.between(coarse.T).T)
        if np.isnan(coarse).any():
            gap = np.isnan(found)
            found[gap] = coarse[np.ix_(rows.nearest, cols.nearest)][gap]
        return found

    def _clear(self, window: Window) -> npt.NDArray[np.bool_]:
        mask = self.scene.mask
        if mask is None:
            return np.ones(window.shape, dtype=bool)
        way, file = self._placed(mask.path, "mask"), self._files[mask.path]
        rows = _Along(window.row, window.height, way.e, way.f, file.height)
        cols = _Along(window.col, window.width, way.a, way.c, file.width)
        part = rasterio.windows.Window(cols.first, rows.first, cols.count, rows.count)
        stored = self._numbers(mask.path, mask.index, part)
        clear = _is_clear(stored, mask.kind, where=mask.path)
        if mask.kind == "clear" and file.nodata is not None:
            clear &= stored != file.nodata
        return np.asarray(clear[rows.nearest].take(cols.nearest, axis=1))

    def _is_fine(self, path: str) -> bool:
        return (self._files[path].height, self._files[path].width) == (self.grid.height, self.grid.width)

    def _pixels_of(self, path: str, name: str, window: Window) -> rasterio.windows.Window:
        left, top = self._placed(path, name) @ (window.col, window.row)
        col = min(max(round(left), 0), self.grid.width - window.width)
        row = min(max(round(top), 0), self.grid.height - window.height)
        return rasterio.windows.Window(col, row, window.width, window.height)

    def _numbers(self, path: str, index: int, part: rasterio.windows.Window) -> npt.NDArray[Any]:
        try:
            return np.asarray(self._files[path].read(index, window=part))
        except (RasterioError, ValueError, MemoryError) as error:
            raise _broken(path, error) from error


class _Along:
    """Where the middles of some pixels lie among the coarser pixels of a file, along one side of it.

    Parameters
    ----------
    start, count
        The first pixel and how many.
    step, shift
        Place in the file = pixel * step + shift.
    size
        Pixels of the file along this side; beyond its first and last middle they stay as they are.
    """

    def __init__(self, start: int, count: int, step: float, shift: float, size: int) -> None:
        place = (start + np.arange(count) + 0.5) * step + shift
        nearest = np.clip(np.floor(place).astype(np.int64), 0, size - 1)
        lower = np.clip(np.floor(place - 0.5).astype(np.int64), 0, size - 1)
        upper = np.minimum(lower + 1, size - 1)
        self.first, last = int(min(lower.min(), nearest.min())), int(max(upper.max(), nearest.max()))
        self.count = last - self.first + 1
        self.nearest = nearest - self.first
        self._lower, self._upper = lower - self.first, upper - self.first
        self._weight = np.clip(place - 0.5 - lower, 0, 1).astype(np.float32)

    def between(self, values: Reflectance) -> Reflectance:
        """Return the values at the middles, last axis."""
        found: Reflectance = values.take(self._lower, axis=1)
        found *= 1 - self._weight
        found += values.take(self._upper, axis=1) * self._weight
        return found


def _numbers(stored: npt.NDArray[Any], missing: float | None) -> Reflectance:
    """Return stored numbers as floats, missing ones as not a number; the usual ones where none is named."""
    found: Reflectance = stored.astype(np.float32)
    found[blank(stored) if missing is None else stored == missing] = np.nan
    return found


def _scaled(numbers: Reflectance, band: Band) -> Reflectance:
    """Return stored numbers as reflectance, in their own place."""
    if band.scale != 1:
        numbers *= np.float32(band.scale)
    if band.offset:
        numbers += np.float32(band.offset)
    return numbers


def _is_clear(stored: npt.NDArray[Any], kind: MaskKind, *, where: str) -> npt.NDArray[np.bool_]:
    """Return what a mask leaves clear.

    Raises
    ------
    UnfitMask
        It holds numbers that its kind does not know: it is another mask.
    """
    if kind == "scl":
        if stored.size and stored.max() > _HIGHEST_SCL:
            raise UnfitMask(where, kind=kind, found=int(stored.max()))
        return np.asarray(~np.isin(stored, _SCL_HIDDEN))
    if kind == "qa_pixel":
        odd = (stored > 1) & (stored < _LEAST_QA)
        if odd.any():
            raise UnfitMask(where, kind=kind, found=int(stored[odd][0]))
        return np.asarray((stored.astype(np.int64) & _QA_HIDDEN_BITS) == 0)
    return np.asarray(stored != 0 if kind == "clear" else stored == 0)


def open_raster(path: str) -> Any:
    """Open a raster for reading, as rasterio's ``DatasetReader``.

    Raises
    ------
    MissingFile, UnreadableFile
        It is not there, or no raster.
    """
    try:
        with warnings.catch_warnings():
            # A raster without a place is refused in words, by `grid_of`.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(path)
    except RasterioError as error:
        if not (stands := on_disk(path)).exists():
            raise MissingFile(stands) from None
        raise UnreadableFile(path, detail=Text("不是影像，或文件不完整", "it is no raster, or not whole")) from error


def on_disk(path: str) -> Path:
    """Return the file that a name stands for, or the archive that it lies in.

    Examples
    --------
    >>> on_disk("/vsizip//data/a.zip/B03.jp2").as_posix(), on_disk("B03.tif").as_posix()
    ('/data/a.zip', 'B03.tif')
    """
    inside = _ARCHIVED.match(path)
    return Path(inside.group(1) if inside else path)


def _broken(path: str, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        path,
        detail=Text("像元读不出来，文件可能没有传完", "its pixels cannot be read; the file may not be whole"),
        hint=Text("请重新下载或复制，并核对文件大小", "fetch or copy it again and compare the size"),
    )


def grid_of(path: str, file: Any) -> Grid:
    """Return the grid of an open raster.

    Raises
    ------
    UnplacedRaster, RefusedCRS
        It does not say where it lies, or in a datum without a public way to CGCS2000.
    """
    if file.crs is None or file.transform.is_identity:
        raise UnplacedRaster(path)
    try:
        reading = read_crs(file.crs.to_wkt(), None, extent=_WORLD, where=path)
    except UnknownCRS:
        raise UnplacedRaster(path) from None
    return Grid(reading.crs, file.transform, file.height, file.width)
