"""Built-up ground from reflectance: what a pixel looks like, and what a year of looks says of a plot.

Concrete, asphalt and roofs reflect blue nearly as well as red and the shortwave infrared little more than the near
one; soil climbs from band to band. One image does not part them: salt crusts are flat too, wet soil is dark. So ground
is called built-up only where it carries no plants in any season of a year, looks flat each time and stays as bright
as it was; soil darkens by a third to a half when it is wet and grows weeds in July.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecotrack.imagery.indices import Reflectance, compute, index_roles
from ecotrack.imagery.scene import Role, Scene

Mask = npt.NDArray[np.bool_]

BRIGHTNESS = "BIXS"
"""The library's index of brightness in green and red (Escadafal and Huete)."""
_INDICES = ("PISI", "NDVI", "NDWI", BRIGHTNESS)
_SOIL = "BI"
"""The library's bare soil index; it alone needs the shortwave infrared."""
MOST_BI = 0.1
"""Bare soil index (Rikimaru et al. 2002) above which ground is soil: it lies at 0.15 to 0.2 there."""
LEAST_PISI = 0.055
"""Perpendicular impervious surface index (Tian et al. 2018) from which ground may be built-up; dry soil and salt lie
below."""
BRIGHT, LEAST_BRIGHT_PISI = 0.3, 0.1
"""Brightness from which salt crusts begin, and the impervious index that white roofs still reach there."""
MOST_NDVI = 0.25
DARK_NIR = 0.2
"""Near infrared above which nothing is water, whatever NDWI says: white roofs are greener than infrared."""


def built_roles() -> tuple[Role, ...]:
    """Return the bands that `built_pixels` and the brightness need.

    Examples
    --------
    >>> sorted(built_roles())
    ['blue', 'green', 'nir', 'red']
    """
    return tuple(dict.fromkeys(role for name in _INDICES for role in index_roles(name)))


def tells_built(scene: Scene) -> bool:
    """Return whether a scene says anything of built-up ground: it has the bands, without the air's blue haze."""
    return scene.level != "L1C" and set(built_roles()) <= set(scene.bands)


def tells_soil(roles: Collection[Role]) -> bool:
    """Return whether bands also tell soil: there is a shortwave infrared one.

    Examples
    --------
    >>> tells_soil(("blue", "green", "red", "nir")), tells_soil(("blue", "red", "nir", "swir1"))
    (False, True)
    """
    return set(index_roles(_SOIL)) <= set(roles)


def built_pixels(bands: Mapping[Role, Reflectance]) -> Mask:
    """Return pixels that look like concrete, asphalt or roofs on one day; with four bands some soils do too.

    Raises
    ------
    NoBand
        A band is missing.

    Examples
    --------
    Concrete, dry soil, maize:

    >>> bands = {"blue": np.float32([0.15, 0.10, 0.04]), "green": np.float32([0.17, 0.14, 0.08]),
    ...     "red": np.float32([0.18, 0.19, 0.05]), "nir": np.float32([0.22, 0.27, 0.42]),
    ...     "swir1": np.float32([0.25, 0.34, 0.22])}
    >>> built_pixels(bands).tolist()
    [True, False, False]
    """
    least = np.where(compute(BRIGHTNESS, bands) > BRIGHT, np.float32(LEAST_BRIGHT_PISI), np.float32(LEAST_PISI))
    flat = (compute("PISI", bands) >= least) & ~wet_pixels(bands) & (compute("NDVI", bands) < MOST_NDVI)
    return np.asarray(flat & (compute(_SOIL, bands) <= MOST_BI) if tells_soil(tuple(bands)) else flat)


def wet_pixels(bands: Mapping[Role, Reflectance]) -> Mask:
    """Return pixels that look like open water on one day.

    Examples
    --------
    Water, and a white roof:

    >>> wet_pixels({"green": np.float32([0.07, 0.25]), "nir": np.float32([0.02, 0.23])}).tolist()
    [True, False]
    """
    return np.asarray((compute("NDWI", bands) > 0) & (bands["nir"] <= np.float32(DARK_NIR)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltRules:
    """When a year of looks calls a plot built-up.

    Attributes
    ----------
    bare_ndvi
        NDVI that the plot never reaches in the year.
    least_growing
        Looks from June to September that the year needs.
    least_seasons
        Quarters of the year (winter, spring, summer, autumn) in which there is a look.
    share
        Share of the plot that looks built-up, in the middle of the looks.
    steady
        Most that its brightness may vary, as standard deviation over mean.
    cover_share
        Share of the plot that a classified raster must call built-up.
    """

    bare_ndvi: float = 0.25
    least_growing: int = 2
    least_seasons: int = 3
    share: float = 0.6
    steady: float = 0.12
    cover_share: float = 0.7


class YearLook(NamedTuple):
    """A clear look at a plot.

    ``built_share`` and ``brightness`` are not numbers where the scene cannot tell them; ``soil_told`` says whether it
    had a shortwave band, without which some soils look built-up.
    """

    day: dt.date
    ndvi: float
    built_share: float
    brightness: float
    soil_told: bool


_GROWING = range(6, 10)


def bare_all_year(looks: Sequence[YearLook], rules: BuiltRules) -> list[YearLook]:
    """Return the looks of the last year where none shows plants and enough fall into the growing season; else none.

    Examples
    --------
    >>> year = [YearLook(dt.date(2024, month, 5), 0.1, 0.9, 0.2, True) for month in (1, 4, 7, 8)]
    >>> len(bare_all_year(year, BuiltRules())), bare_all_year(year[:3], BuiltRules())
    (4, [])
    """
    if not looks:
        return []
    last = max(look.day for look in looks)
    year = [look for look in looks if (last - look.day).days < 365]
    growing = sum(look.day.month in _GROWING for look in year)
    bare = growing >= rules.least_growing and all(look.ndvi < rules.bare_ndvi for look in year)
    return year if bare else []


def looks_built(year: Sequence[YearLook], rules: BuiltRules, *, four_bands: bool = False) -> bool:
    """Return whether a bare year also looks built-up: in enough seasons, most of it, and ever as bright.

    Parameters
    ----------
    four_bands
        Take looks without a shortwave band as well, where another witness is at hand.

    Examples
    --------
    >>> year = [YearLook(dt.date(2024, month, 5), 0.1, 0.9, 0.2, True) for month in (1, 4, 7, 8)]
    >>> looks_built(year, BuiltRules()), looks_built(year[2:], BuiltRules())
    (True, False)
    """
    told = [look for look in year if np.isfinite(look.built_share) and (four_bands or look.soil_told)]
    seasons = {look.day.month % 12 // 3 for look in told}
    growing = sum(look.day.month in _GROWING for look in told)
    if len(seasons) < rules.least_seasons or growing < rules.least_growing:
        return False
    bright = np.array([look.brightness for look in told])
    flat = median(look.built_share for look in told) >= rules.share
    return bool(flat and bright.std() <= rules.steady * bright.mean())
