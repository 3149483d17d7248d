"""A thousand plots whose truth is known, over a few years of scenes: honest ones of every hard kind, and false ones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.imagery.grid import to_lonlat
from ecotrack.imagery.scene import Band, CloudMask, Scene
from ecotrack.imagery.verdict import PlotAsked
from imagery_scenes import ROLES, utm, write_raster

DAY = dt.date(2024, 10, 15)
SPECTRA = {
    "soil": (0.10, 0.14, 0.19, 0.27, 0.34),
    "dark soil": (0.06, 0.085, 0.11, 0.15, 0.20),
    "sand": (0.14, 0.19, 0.24, 0.30, 0.38),
    "salt": (0.25, 0.32, 0.38, 0.42, 0.42),
    "crops": (0.04, 0.08, 0.05, 0.42, 0.22),
    "weeds": (0.05, 0.09, 0.07, 0.32, 0.24),
    "trees": (0.02, 0.05, 0.03, 0.38, 0.15),
    "water": (0.07, 0.07, 0.04, 0.02, 0.01),
    "concrete": (0.22, 0.26, 0.29, 0.33, 0.35),
    "asphalt": (0.09, 0.10, 0.11, 0.13, 0.14),
    "blue roof": (0.26, 0.23, 0.18, 0.24, 0.20),
    "white roof": (0.34, 0.36, 0.37, 0.36, 0.30),
    "tiles": (0.08, 0.10, 0.18, 0.24, 0.28),
    "yard": (0.13, 0.16, 0.19, 0.24, 0.28),
}
"""Reflectance of blue, green, red, near and shortwave infrared; general knowledge of such ground, not measured here."""
EARTH = ("soil", "dark soil", "sand", "salt")


class Kind(NamedTuple):
    """Season of planting, ground before and after, what grows on bare ground in July, and whether the claim is true."""

    season: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    weeds: float
    honest: bool
    part: float


KINDS = {
    "grown": Kind("2020-spring", ("soil",), ("trees",), 0, True, 0.12),
    "sapling": Kind("2023-spring", ("soil",), ("soil",), 0.4, True, 0.12),
    "fresh": Kind("2023-spring", ("soil",), ("soil",), 0.1, True, 0.08),
    "ploughed": Kind("2022-autumn", ("dark soil",), ("dark soil",), 0.05, True, 0.08),
    "sandy": Kind("2023-spring", ("sand",), ("sand",), 0.05, True, 0.08),
    "salty": Kind("2023-spring", ("salt",), ("salt",), 0.05, True, 0.08),
    "belt": Kind("2023-spring", ("soil", "asphalt"), ("soil", "asphalt"), 0.1, True, 0.06),
    "hidden": Kind("2020-spring", ("soil",), ("trees",), 0, True, 0.06),
    "woods": Kind("2023-spring", ("trees",), ("trees",), 0, False, 0.06),
    "flooded": Kind("2020-spring", ("soil",), ("water",), 0, False, 0.06),
    "never": Kind("2020-spring", ("crops",), ("soil",), 0.05, False, 0.06),
    "built": Kind("2023-spring", ("soil",), ("concrete", "asphalt", "white roof", "yard"), 0.03, False, 0.07),
    "factory": Kind("2020-spring", ("soil",), ("blue roof", "concrete", "white roof"), 0.0, False, 0.07),
}
DAYS = [dt.date.fromisoformat(day) for day in (
    "2019-07-10", "2019-08-20", "2022-05-15", "2022-06-20", "2022-07-20", "2022-08-20", "2022-09-15", "2023-11-10",
    "2024-01-15", "2024-03-10", "2024-04-20", "2024-05-25", "2024-06-15", "2024-07-10", "2024-07-28", "2024-08-15",
    "2024-09-10",
)]  # fmt: skip
_SIDE, _STEP = 32, 18


class Labelled(NamedTuple):
    kinds: np.ndarray
    asked: list[PlotAsked]
    shapes: np.ndarray
    scenes: list[Scene]
    corners: np.ndarray
    """First column and row, last column and row of each plot."""


def labelled(folder: Path, *, roles: tuple[str, ...] = ROLES, seed: int = 7) -> Labelled:
    """Return plots and the scenes over them; each plot has its own soil, each day its own moisture and light."""
    rng = np.random.default_rng(seed)
    wettest = rng.uniform(0.55, 0.95)
    grid = utm(115.6, 37.6, size=_SIDE * _STEP)
    kinds = rng.choice(list(KINDS), _SIDE**2, p=[kind.part for kind in KINDS.values()])
    west, north = (axis.ravel() * _STEP + 4 for axis in np.meshgrid(np.arange(_SIDE), np.arange(_SIDE)))
    size = np.where((kinds == "belt")[:, None], (11, 2.2), rng.uniform(6, 11, (_SIDE**2, 2)))
    corners = np.column_stack((west, north, west + size[:, 0], north + size[:, 1]))
    shapes = to_lonlat(shapely.box(*corners.T), grid)
    own = rng.uniform(0.75, 1.25, (_SIDE**2, 5)) ** np.array([0.5, 0.3, 0.3, 0.3, 0.5])
    scenes = []
    for day in DAYS:
        picture = _picture(rng, day, kinds, corners, own, wettest)
        path = folder / f"{day}.tif"
        stored = np.rint(picture * 10_000).clip(1, 65535).astype(np.uint16)
        write_raster(path, stored[: len(roles)], grid, nodata=0, compress=None)
        hidden = np.zeros((1, *stored.shape[1:]), dtype=np.uint8)
        for one in corners[(kinds == "hidden") & (day.year > 2020)].astype(int):
            hidden[0, one[1] - 1 : one[3] + 2, one[0] - 1 : one[2] + 2] = 1
        write_raster(folder / f"{day}-cloud.tif", hidden, grid)
        bands = {role: Band(path=str(path), index=n, scale=1e-4, nodata=0) for n, role in enumerate(roles, start=1)}
        mask = CloudMask(path=str(folder / f"{day}-cloud.tif"), kind="cloud")
        scenes.append(Scene(scene_id=path.stem, sensor="made", acquired_on=day, bands=bands, mask=mask, sample=True))
    asked = [
        PlotAsked(feature_id=f"{n}", season=KINDS[kind].season, form="林带" if kind == "belt" else "片林",
                  unit="131102")
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    return Labelled(kinds, asked, shapes, scenes, corners)


def _picture(
    rng: np.random.Generator, day: dt.date, kinds: np.ndarray, corners: np.ndarray, own: np.ndarray, wettest: float
) -> np.ndarray:
    """Return reflectance of a day, shape (5, rows, columns)."""
    side = _SIDE * _STEP
    summer = day.month in (7, 8, 9)
    light, wet = rng.normal(1, 0.04), rng.uniform(wettest, 1.0) if summer else rng.uniform(0.5 + wettest / 2, 1.0)
    base = np.array(SPECTRA["crops" if day.month in (4, 5, 7, 8, 9) else "soil"])
    picture = np.broadcast_to(base[:, None, None], (5, side, side)).copy()
    for kind, (west, north, east, south), mine in zip(kinds, corners, own, strict=True):
        told = KINDS[kind]
        ground = told.before if day < dt.date(int(told.season[:4]), 1, 1) else told.after
        rows, cols = slice(int(north) - 1, int(south) + 2), slice(int(west) - 1, int(east) + 2)
        shape = (rows.stop - rows.start, cols.stop - cols.start)
        spectra = np.array([SPECTRA[one] for one in ground]) * mine
        earthen = np.array([one in EARTH for one in ground])[:, None]
        # Wet earth is darker, most of all in the shortwave infrared; what is built hardly changes.
        spectra = np.where(earthen, spectra * wet ** np.array([1, 1, 1, 1, 1.3]), spectra)
        patches = rng.integers(0, len(ground), shape) if len(ground) > 1 else np.zeros(shape, dtype=int)
        plants = told.weeds * rng.uniform(0.5, 1.5) if summer else told.weeds * 0.2
        mixed = (1 - plants) * spectra[patches].transpose(2, 0, 1) + plants * np.array(SPECTRA["weeds"])[:, None, None]
        picture[:, rows, cols] = mixed
    noise = rng.normal(0, 0.008, picture.shape)
    return np.clip(picture * light + noise, 0.001, 1.5)
