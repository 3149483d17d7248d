"""Lakes beside land in the shadow of clouds: every ground, water, sky and depth of shadow drawn by a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from affine import Affine
from rasterio.features import rasterize

import imagery_waters
from ecotrack.imagery.outlines import outlines
from imagery_waters import AIR, BANDS, SIDE, SPECTRA

SPECTRA |= {
    "sand": (0.14, 0.19, 0.24, 0.30, 0.38, 0.34),
    "yellow soil": (0.08, 0.13, 0.20, 0.27, 0.36, 0.30),
    "silt of 300 mg": (0.11, 0.165, 0.205, 0.165, 0.03, 0.014),
}
LANDS = {
    "plants": ("crops", "grass", "trees"),
    "soil": ("soil", "sand", "yellow soil"),
    "city": ("town", "asphalt", "white roof"),
    "salt": ("salt", "soil"),
    "mixed": ("crops", "soil", "town"),
    "bare": ("soil", "dark soil", "salt"),
}
_WAVELENGTHS = np.array([0.49, 0.56, 0.665, 0.842, 1.61, 2.2])


class Shaded(NamedTuple):
    """Reflectance by role, where the lake is, and where land lies in shadow."""

    bands: dict[str, np.ndarray]
    lake: np.ndarray
    shadow: np.ndarray


def draw_shade(
    seed: int,
    waters: Sequence[str],
    land: Sequence[str],
    *,
    shadow: float = 0.0,
    hazy: bool = False,
    glint: float = 0.0,
) -> Shaded:
    """Return a lake on a quarter of the picture, and shadow over a share of the whole."""
    rng = np.random.default_rng(seed)
    picture = imagery_waters._kinds(rng, land, 8)
    lake = imagery_waters._field(rng, 16) >= 0.75
    water = imagery_waters._kinds(rng, waters, 22) + glint * imagery_waters._field(rng, 8)
    picture = np.where(lake, water, picture)
    dark = imagery_waters._field(rng, 10) < shadow
    picture = np.where(dark, picture * sky(rng)[:, None, None], picture)
    low_sun = rng.choice([1.0, 0.7])
    bands = [imagery_waters._seen(rng, band, low_sun) for band in picture]
    if hazy:
        bands = [0.92 * band + air for band, air in zip(bands, AIR * rng.uniform(0.7, 1.3), strict=True)]
    noisy = [np.clip(band + rng.normal(0, 0.002, (SIDE, SIDE)), 1e-4, 1.6).astype(np.float32) for band in bands]
    return Shaded(dict(zip(BANDS, noisy, strict=True)), lake, dark & ~lake)


def sky(rng: np.random.Generator) -> np.ndarray:
    """Return the share of the light that is left in a shadow, by band: bluer the clearer the sky, never quite black."""
    left = rng.uniform(0.2, 0.6) * (_WAVELENGTHS / _WAVELENGTHS[0]) ** -rng.uniform(0.8, 2.8)
    return np.maximum(left, rng.uniform(0.02, 0.06)) * rng.uniform(0.95, 1.05, 6)


def patches(mask: np.ndarray, *, least: int) -> Iterator[np.ndarray]:
    """Yield the parts of a mask that hang together and have so many pixels."""
    for shape in outlines(mask):
        if shape.area >= least:
            yield rasterize([shape], out_shape=mask.shape, transform=Affine.identity(), dtype="uint8") == 1
