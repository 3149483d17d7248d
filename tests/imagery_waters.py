"""Chips of 256 by 256 pixels with known water, every part of them drawn by a seed: grounds, shapes, air, glint, noise.

Reflectances are made up to look like spectra of clear, turbid and silty water, cyanobacteria, soils, roofs, concrete,
asphalt, salt crusts, leaves and reeds: typical shapes, rounded. None was measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from imagery_chips import blurred, iou

SIDE = 256
BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
SPECTRA = {
    "crops": (0.035, 0.07, 0.04, 0.42, 0.20, 0.10),
    "grass": (0.05, 0.085, 0.08, 0.27, 0.24, 0.15),
    "trees": (0.02, 0.045, 0.03, 0.34, 0.15, 0.07),
    "soil": (0.09, 0.13, 0.18, 0.25, 0.33, 0.29),
    "dark soil": (0.05, 0.07, 0.09, 0.13, 0.18, 0.16),
    "mud": (0.06, 0.08, 0.095, 0.11, 0.10, 0.07),
    "salt": (0.25, 0.30, 0.35, 0.39, 0.38, 0.30),
    "town": (0.12, 0.145, 0.165, 0.21, 0.24, 0.21),
    "asphalt": (0.08, 0.09, 0.10, 0.12, 0.14, 0.14),
    "white roof": (0.30, 0.32, 0.33, 0.32, 0.28, 0.25),
    "blue roof": (0.24, 0.21, 0.16, 0.22, 0.20, 0.17),
    "plastic": (0.24, 0.28, 0.29, 0.34, 0.30, 0.24),
    "reeds": (0.03, 0.06, 0.045, 0.26, 0.12, 0.06),
    "clear": (0.05, 0.045, 0.025, 0.012, 0.006, 0.004),
    "lake": (0.06, 0.075, 0.05, 0.025, 0.01, 0.006),
    "turbid": (0.085, 0.125, 0.12, 0.07, 0.018, 0.01),
    "silty": (0.11, 0.16, 0.19, 0.14, 0.025, 0.012),
    "shallow": (0.08, 0.115, 0.10, 0.075, 0.025, 0.015),
    "green": (0.045, 0.09, 0.05, 0.055, 0.015, 0.008),
    "bloom": (0.045, 0.085, 0.045, 0.12, 0.03, 0.015),
    "peaty": (0.015, 0.022, 0.022, 0.018, 0.006, 0.004),
    "river": (0.035, 0.05, 0.048, 0.05, 0.02, 0.012),
    "blue": (0.06, 0.055, 0.035, 0.035, 0.01, 0.006),
    "ice": (0.075, 0.07, 0.055, 0.045, 0.006, 0.004),
    "sea": (0.022, 0.023, 0.012, 0.014, 0.012, 0.01),
}
AIR = np.array([0.075, 0.05, 0.03, 0.014, 0.003, 0.001])
"""What the air adds to the numbers of L1C."""
CLEAR_AIR = np.array([0.07, 0.04, 0.019, 0.008, 0.001, 0.0])
"""What air without dust adds: it falls off with the fourth power of the wavelength."""
SKY = np.array([0.55, 0.45, 0.38, 0.3, 0.25, 0.22])
"""What is left of the light in the shadow of a cloud or a hill."""


class Ground(NamedTuple):
    """What a chip is drawn of."""

    water: tuple[str, ...] = ("lake",)
    share: float = 0.2
    shape: str = "lake"
    land: tuple[str, ...] = ("crops", "soil", "town")
    spots: tuple[tuple[str, float], ...] = ()
    rim: str = ""
    shadow: float = 0.0
    walls: bool = False
    glint: float = 0.0
    hazy: bool = False
    dim: float = 1.0


class Made(NamedTuple):
    bands: dict[str, np.ndarray]
    truth: np.ndarray


def through(made: Made, air: np.ndarray) -> Made:
    """Return a chip as it is seen through some air."""
    bands = {role: (0.94 * made.bands[role] + one).astype(np.float32) for role, one in zip(BANDS, air, strict=True)}
    return made._replace(bands=bands)


def _field(rng: np.random.Generator, reach: int) -> np.ndarray:
    """Return a smooth field whose values are evenly spread from 0 to 1."""
    values = blurred(rng.normal(size=(SIDE, SIDE)), reach, times=2)
    return values.ravel().argsort().argsort().reshape(SIDE, SIDE) / SIDE**2


def _kinds(rng: np.random.Generator, names: Sequence[str], reach: int) -> np.ndarray:
    """Return patches of some grounds, shape (6, rows, columns), each patch a little different from the others."""
    spectra = np.array([SPECTRA[name] for name in names])
    spectra = spectra * rng.uniform(0.85, 1.18, (len(names), 1)) * rng.uniform(0.94, 1.06, spectra.shape)
    picture = spectra.T[:, np.minimum((_field(rng, reach) * len(names)).astype(int), len(names) - 1)]
    return picture * (1 + 0.25 * (_field(rng, 5) - 0.5))


def _shape(rng: np.random.Generator, ground: Ground) -> np.ndarray:
    if ground.share <= 0:
        return np.zeros((SIDE, SIDE), dtype=bool)
    if ground.shape == "canals":
        return _canals(rng)
    if ground.shape == "ponds":
        return _ponds(rng, ground.share)
    reach = {"lake": 14, "small": 5}[ground.shape]
    return _field(rng, reach) >= 1 - ground.share


def _canals(rng: np.random.Generator) -> np.ndarray:
    """Return canals two to four pixels wide across the chip."""
    y, x = np.mgrid[:SIDE, :SIDE]
    found = np.zeros((SIDE, SIDE), dtype=bool)
    for _ in range(3):
        turn, bend = rng.uniform(0, np.pi), rng.uniform(0, 8)
        across = (x - rng.uniform(40, 216)) * np.cos(turn) + (y - rng.uniform(40, 216)) * np.sin(turn)
        found |= np.abs(across + bend * np.sin((x + y) / 30)) < rng.uniform(1.2, 2.2)
    return found


def _ponds(rng: np.random.Generator, share: float) -> np.ndarray:
    """Return ponds of fish, five to twelve pixels a side, with dikes of a pixel or two between them."""
    wide, high = rng.integers(6, 13, 2)
    y, x = np.mgrid[:SIDE, :SIDE]
    dikes = (x % wide < rng.integers(1, 3)) | (y % high < rng.integers(1, 3))
    return (_field(rng, 12) >= 1 - share) & ~dikes


def draw(ground: Ground, seed: int) -> Made:
    """Return a chip, the same for the same seed."""
    rng = np.random.default_rng(seed)
    picture = _kinds(rng, ground.land, 6)
    for name, part in ground.spots:
        picture = np.where(_field(rng, 4) < part, _kinds(rng, (name,), 8), picture)
    truth = _shape(rng, ground)
    if ground.rim:
        near = blurred(truth.astype(float), 3) > 0.05
        picture = np.where(near, _kinds(rng, (ground.rim,), 8), picture)
    picture = np.where(truth, _kinds(rng, ground.water, 18) + ground.glint * _field(rng, 8), picture)
    dark = (_field(rng, 10) < ground.shadow) & ~truth
    if ground.walls:
        # Houses throw shadows of one to three pixels.
        dark |= (_field(rng, 1) < 0.08) & (_field(rng, 9) < 0.4) & ~truth
    picture = np.where(dark, picture * SKY[:, None, None], picture)
    bands = [_seen(rng, band, ground.dim) for band in picture]
    if ground.hazy:
        bands = [0.92 * band + air for band, air in zip(bands, AIR * rng.uniform(0.7, 1.3), strict=True)]
    noisy = [np.clip(band + rng.normal(0, 0.002, band.shape), 1e-4, 1.6).astype(np.float32) for band in bands]
    return Made(dict(zip(BANDS, noisy, strict=True)), truth)


def _seen(rng: np.random.Generator, band: np.ndarray, dim: float) -> np.ndarray:
    """Return a band as a sensor sees it: texture, the blur of its optics, and light from the ground beside."""
    rough = band * (1 + 0.05 * rng.normal(size=band.shape))
    sharp = 0.6 * rough + 0.4 * blurred(rough, 1)
    return (0.95 * sharp + 0.05 * blurred(band, 8)) * dim


__all__ = ["BANDS", "CLEAR_AIR", "Ground", "Made", "draw", "iou", "through"]
