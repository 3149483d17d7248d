"""Small pictures of a plot before and after, for reviewers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from affine import Affine
from rasterio.features import rasterize

from ecotrack.imagery.grid import to_pixels, window_around
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Role, Scene

AROUND_PX = 15
ENLARGED = 6
"""Screen pixels for each pixel of the scene."""
_BRIGHT = 0.35
"""Reflectance that is drawn as white."""
_COLOURS: tuple[Role, ...] = ("nir", "red", "green")
"""False colours, in which plants are red."""
_LINE = (255, 230, 0)


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


def chip(shape: Any, scene: Scene) -> npt.NDArray[np.uint8] | None:
    """Return a picture of a plot, shape (3, rows, columns); ``None`` where the scene does not show it."""
    roles = _COLOURS if set(_COLOURS) <= set(scene.bands) else ("nir", "nir", "nir")
    with OpenScene(scene, tuple(dict.fromkeys(roles))) as opened:
        pixels = to_pixels([shape], opened.grid)
        window = window_around(pixels, opened.grid, margin_px=AROUND_PX)
        if window is None:
            return None
        bands = opened.read(window).bands
    grey = np.stack([np.nan_to_num(bands[role]) for role in roles])
    drawn = (np.clip(grey / _BRIGHT, 0, 1) * 255).astype(np.uint8)
    large: npt.NDArray[np.uint8] = drawn.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2)
    edge = shapely.boundary(pixels[0])
    place = Affine.translation(window.col, window.row) @ Affine.scale(1 / ENLARGED)
    line = rasterize([edge], out_shape=large.shape[1:], transform=place, dtype="uint8").astype(bool)
    large[:, line] = np.array(_LINE, dtype=np.uint8)[:, None]
    return large


def _write_png(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    rows, cols = picture.shape[1:]
    beside = path.with_suffix(".part.png")
    settings = {"driver": "PNG", "height": rows, "width": cols, "count": 3, "dtype": "uint8"}
    # A picture lies nowhere, which rasterio would warn about.
    with rasterio.open(beside, "w", transform=Affine.scale(1, -1), **settings) as file:
        file.write(picture)
    beside.with_name(f"{beside.name}.aux.xml").unlink(missing_ok=True)
    beside.replace(path)


def _plain(feature_id: str) -> str:
    """Return a name for a file; an id from outside is never a path, and different ids never share one."""
    plain = re.sub(r"[^\w-]", "_", feature_id)[:60]
    return plain if plain == feature_id else f"{plain}-{hashlib.sha256(feature_id.encode()).hexdigest()[:8]}"
