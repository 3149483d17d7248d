"""Hard synthetic chips with known water: green, near infrared, shortwave infrared, and the truth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SIDE = 256
SPECTRA = {
    "crops": (0.08, 0.42, 0.22),
    "soil": (0.14, 0.27, 0.34),
    "town": (0.17, 0.21, 0.24),
    "dark soil": (0.06, 0.10, 0.12),
    "trees": (0.05, 0.36, 0.15),
    "reeds": (0.06, 0.28, 0.10),
    "roof": (0.25, 0.22, 0.20),
    "snow": (0.75, 0.70, 0.10),
    "cloud": (0.55, 0.60, 0.40),
    "water": (0.06, 0.02, 0.01),
    "turbid": (0.14, 0.08, 0.03),
    "shallow": (0.12, 0.09, 0.03),
    "silty": (0.18, 0.15, 0.05),
    "algae": (0.08, 0.12, 0.04),
}
"""Reflectance of green, near and shortwave infrared; general knowledge of such ground, not measured here."""
PLAIN = ("crops", "soil", "town")
AIR = (0.055, 0.015, 0.003)
"""What the air adds where it was not corrected for (L1C)."""


class Chip(NamedTuple):
    green: np.ndarray
    nir: np.ndarray
    swir1: np.ndarray
    truth: np.ndarray


def blurred(values: np.ndarray, reach: int, *, times: int = 1) -> np.ndarray:
    for axis in (0, 1) * times:
        wide = [(reach + 1, reach) if one == axis else (0, 0) for one in (0, 1)]
        table = np.moveaxis(np.pad(values, wide, mode="edge").cumsum(axis=axis), axis, 0)
        values = np.moveaxis((table[2 * reach + 1 :] - table[: -2 * reach - 1]) / (2 * reach + 1), 0, axis)
    return values


def _ranked(rng: np.random.Generator, reach: int) -> np.ndarray:
    """Return a smooth field whose values are evenly spread from 0 to 1."""
    values = blurred(rng.normal(size=(SIDE, SIDE)), reach, times=2)
    return values.ravel().argsort().argsort().reshape(SIDE, SIDE) / SIDE**2


def _painted(rng: np.random.Generator, kinds: tuple[str, ...], reach: int) -> np.ndarray:
    return np.array([SPECTRA[kind] for kind in kinds]).T[:, (_ranked(rng, reach) * len(kinds)).astype(int)]


def chip(
    water: tuple[str, ...],
    share: float,
    *,
    land: tuple[str, ...] = PLAIN,
    things: dict[str, float] | None = None,
    reach: int = 14,
    shadow: float = 0.0,
    hazy: bool = False,
    dim: float = 1.0,
    seed: int = 11,
) -> Chip:
    """Return a chip: waters over ``share`` of it, things over theirs, shadow of land, haze, a low sun."""
    rng = np.random.default_rng(seed)
    picture = _painted(rng, land, 6) * (1 + 0.12 * rng.normal(size=(SIDE, SIDE)))
    for kind, part in (things or {}).items():
        picture[:, _ranked(rng, 8) < part] = np.array(SPECTRA[kind])[:, None]
    truth = _ranked(rng, reach) >= 1 - share
    picture = np.where(truth, _painted(rng, water or ("water",), 20), picture)
    picture *= 1 + 0.06 * rng.normal(size=(SIDE, SIDE))
    dark = (_ranked(rng, 10) < shadow) & ~truth
    picture[:, dark] *= np.array([0.45, 0.3, 0.3])[:, None]
    bands = [blurred(band, 1) * dim for band in picture]
    if hazy:
        bands = [0.9 * band + air for band, air in zip(bands, AIR, strict=True)]
    noisy = [np.clip(band + rng.normal(0, 0.004, band.shape), 5e-4, 1.5).astype(np.float32) for band in bands]
    return Chip(*noisy, truth)


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))
