"""Small pictures of a plot before and after, for reviewers."""

from __future__ import annotations

import base64
import hashlib
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize
from rasterio.io import MemoryFile

from ecotrack.imagery.grid import to_pixels, window_around
from ecotrack.imagery.kept_verdicts import MOST_CHIP_BYTES, Chip
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Role, Scene

AROUND_PX = 15
ENLARGED = 6
"""Screen pixels for each pixel of the scene."""
SMALL_AROUND_PX, SMALL_ENLARGED, SMALL_SIDE = 8, 4, 200
"""The same for the pictures that maps carry, and the longest side that these may have."""
_JPEG_QUALITY = 72
MOST_CHIPS_BYTES = 1_000_000
"""All small pictures of a run together; the plots after these have none."""
_BRIGHT = 0.35
"""Reflectance that is drawn as white."""
_COLOURS: tuple[Role, ...] = ("nir", "red", "green")
"""False colours, in which plants are red."""
_LINE = (255, 230, 0)


Pictured = tuple[Scene, bool]
"""A scene, and whether it is older than the planting."""


def write_chips(feature_id: str, shape: Any, scenes: Sequence[Scene], folder: Path) -> list[Path]:
    """Write a PNG for each scene that shows the plot, its edge drawn in yellow, and return the files.

    Parameters
    ----------
    shape
        EPSG:4490 longitude/latitude.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for scene in scenes:
        picture = chip(shape, scene)
        if picture is not None:
            path = folder / f"{_plain(feature_id)}-{scene.acquired_on}.png"
            _write_png(path, picture)
            written.append(path)
    return written


def small_chips(
    wanted: Iterable[tuple[str, Any, Sequence[Pictured]]], *, most_bytes: int = MOST_CHIPS_BYTES
) -> dict[str, tuple[Chip, ...]]:
    """Return small pictures of plots until they come to ``most_bytes``.

    Parameters
    ----------
    wanted
        Plot, its outline (EPSG:4490) and the scenes that are to show it, the most important first.
    """
    found: dict[str, tuple[Chip, ...]] = {}
    left = most_bytes
    for feature_id, shape, scenes in wanted:
        made = [_small(shape, one) for one in scenes]
        chips = tuple(one for one in made if one is not None)
        left -= sum(len(one.jpeg) for one in chips)
        if left < 0:
            break
        if chips:
            found[feature_id] = chips
    return found


def _small(shape: Any, pictured: Pictured) -> Chip | None:
    scene, before = pictured
    picture = chip(shape, scene, around_px=SMALL_AROUND_PX, enlarged=SMALL_ENLARGED, most_side=SMALL_SIDE)
    if picture is None:
        return None
    jpeg = _jpeg(picture)
    if len(jpeg) > MOST_CHIP_BYTES:
        return None
    return Chip(scene.acquired_on.isoformat(), scene.scene_id, base64.b64encode(jpeg).decode("ascii"), before)


def _jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    rows, cols = picture.shape[1:]
    settings = {"driver": "JPEG", "height": rows, "width": cols, "count": 3, "dtype": "uint8"}
    with MemoryFile() as memory:
        with _placeless(), memory.open(QUALITY=_JPEG_QUALITY, **settings) as file:
            file.write(picture)
        return bytes(memory.read())


@contextmanager
def _placeless() -> Iterator[None]:
    """Let pictures be written that lie nowhere, which rasterio would warn about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def chip(
    shape: Any, scene: Scene, *, around_px: int = AROUND_PX, enlarged: int = ENLARGED, most_side: int | None = None
) -> npt.NDArray[np.uint8] | None:
    """Return a picture of a plot, shape (3, rows, columns); ``None`` where the scene does not show it.

    Parameters
    ----------
    most_side
        Longest side that it may have: a plot of many hectares is shown in coarser pixels, its edge whole.
    """
    roles = _COLOURS if set(_COLOURS) <= set(scene.bands) else ("nir", "nir", "nir")
    with OpenScene(scene, tuple(dict.fromkeys(roles))) as opened:
        pixels = to_pixels([shape], opened.grid)
        window = window_around(pixels, opened.grid, margin_px=around_px)
        if window is None:
            return None
        bands = opened.read(window).bands
    longest, step = max(window.shape), 1
    if most_side is not None:
        enlarged = max(1, min(enlarged, most_side // longest))
        step = -(-longest * enlarged // most_side)
    grey = np.stack([np.nan_to_num(bands[role][::step, ::step]) for role in roles])
    drawn = (np.clip(grey / _BRIGHT, 0, 1) * 255).astype(np.uint8)
    large: npt.NDArray[np.uint8] = drawn.repeat(enlarged, axis=1).repeat(enlarged, axis=2)
    edge = shapely.boundary(pixels[0])
    place = Affine.translation(window.col, window.row) @ Affine.scale(step / enlarged)
    line = rasterize([edge], out_shape=large.shape[1:], transform=place, dtype="uint8").astype(bool)
    large[:, line] = np.array(_LINE, dtype=np.uint8)[:, None]
    return large


def _write_png(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    rows, cols = picture.shape[1:]
    beside = path.with_suffix(".part.png")
    settings = {"driver": "PNG", "height": rows, "width": cols, "count": 3, "dtype": "uint8"}
    with _placeless(), rasterio.open(beside, "w", **settings) as file:
        file.write(picture)
    beside.with_name(f"{beside.name}.aux.xml").unlink(missing_ok=True)
    beside.replace(path)


def _plain(feature_id: str) -> str:
    """Return a name for a file; an id from outside is never a path, and different ids never share one."""
    plain = re.sub(r"[^\w-]", "_", feature_id)[:60]
    return plain if plain == feature_id else f"{plain}-{hashlib.sha256(feature_id.encode()).hexdigest()[:8]}"
