"""What an index of two bands misses or takes in wrongly, told by the other visible bands and by what it touches.

Blooms of algae turn the near infrared up, silt turns the red up: both leave the index of water near zero or below.
Shadow is lit by the blue sky, and haze lifts green above the infrared: both raise the index of dry land.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.features import rasterize

from ecotrack.imagery.indices import Reflectance, compute
from ecotrack.imagery.outlines import outlines
from ecotrack.imagery.scene import Role
from ecotrack.imagery.shore import grown

Mask = npt.NDArray[np.bool_]

DARKEST_BLUE = 0.02
"""Reflectance in blue of the darkest ground of a chip, once the air is taken out: leaves, deep water, shadow."""
MOST_AIR = 0.1
_SCATTERED: dict[Role, float] = {
    "blue": 1.0, "green": 0.67, "red": 0.40, "nir": 0.20, "swir1": 0.03, "swir2": 0.01,
}  # fmt: skip
"""What the air adds to each band for one part in blue: wavelength to the power of -3, between the clear and the very
clear of Chavez (1988), an improved dark-object subtraction."""
STRONG = {"NDWI": 0.2, "MNDWI": 0.4}
"""Index that no shadow has."""
BLUISH = 0.95
"""Blue over green from which a weak index may be shadow; turbid and green water lie at 0.5 to 0.8."""
BLACK = 0.03
"""Near infrared that only water is as dark as."""
_SEEDS = 50
"""Pixels of water from which other water is measured by it."""
ALGAE_GREEN, ALGAE_NIR, PEAK = 0.05, 0.16, 1.25
"""Algae in water are at least so bright in green, at most so in the near infrared, and green stands out so far above
blue and red."""
LIGHTER = {"NDWI": 0.02, "MNDWI": 0.03}
"""Reflectance by which shadow and asphalt are lighter than the other water in the band that is darkest there."""
LEAST_CONTACT = 0.2
"""Share of the rim of what is grown that must be sure water."""
SILTY_NDVI, SILTY_NDWI, SILTY_GREEN = -0.04, -0.08, 0.08
"""Silt is redder than infrared, which no dry ground is, and bright in green, which no shadow is."""


def without_air(bands: Mapping[Role, Reflectance], seen: Mask) -> dict[Role, Reflectance]:
    """Return bands less what the air added to them, told by the darkest blue of the chip; unchanged without blue.

    Examples
    --------
    >>> bands = {"blue": np.full((9, 9), 0.095, np.float32), "nir": np.full((9, 9), 0.3, np.float32)}
    >>> round(float(without_air(bands, np.ones((9, 9), bool))["nir"][0, 0]), 3)
    0.285
    """
    if "blue" not in bands or not seen.any():
        return dict(bands)
    return less_air(bands, air_in(bands["blue"][seen]))


def air_in(blue: Reflectance) -> float:
    """Return what the air adds in blue, told by the darkest of some pixels.

    Examples
    --------
    >>> round(air_in(np.full(9, 0.095, np.float32)), 3)
    0.075
    """
    return min(max(float(np.quantile(blue, 0.005)) - DARKEST_BLUE, 0.0), MOST_AIR) if blue.size else 0.0


def less_air(bands: Mapping[Role, Reflectance], air: float) -> dict[Role, Reflectance]:
    """Return bands less what the air added to them, given that in blue."""
    least = np.float32(1e-4)
    return {role: np.maximum(band - np.float32(air * _SCATTERED[role]), least) for role, band in bands.items()}


def without_shadows(bands: Mapping[Role, Reflectance], water: Mask) -> Mask:
    """Return water less what the air alone lifted, and what is as blue as green: shadow and roofs, lit by the sky.

    Water whose index is weak is mostly so by silt or algae, and greener than blue. Clear and frozen water is as blue as
    shadow, but as dark as other water in the infrared: only what is lighter goes, or has no inside, as the shadows of
    houses. Where less than half would stay there is no other water to measure it by, and nothing goes.

    Parameters
    ----------
    bands
        Reflectance with the air taken out. All water stays without blue and near infrared.

    Examples
    --------
    A lake, and the shadow of a cloud:

    >>> water = np.zeros((20, 20), dtype=bool)
    >>> water[:10], water[15:, :5] = True, True
    >>> lake, shadow = (0.06, 0.08, 0.02), (0.055, 0.055, 0.05)
    >>> bands = {role: np.where(water, np.float32(lake[k]), np.float32(0.2)) for k, role in
    ...     enumerate(("blue", "green", "nir"))}
    >>> for k, role in enumerate(("blue", "green", "nir")):
    ...     bands[role][15:, :5] = shadow[k]
    >>> int(water.sum()), int(without_shadows(bands, water).sum())
    (225, 200)
    """
    if not {"blue", "nir"} <= set(bands):
        return water
    name = "MNDWI" if "swir1" in bands else "NDWI"
    index, dark = compute(name, bands), bands.get("swir1", bands["nir"])
    strong = (index >= STRONG[name]) | (compute("NDWI", bands) >= STRONG["NDWI"])
    if name == "NDWI":
        # Peaty water is as dark in blue as in the infrared, and its index is about zero.
        strong |= np.maximum(bands["blue"], bands["nir"]) <= np.float32(BLACK)
    # Where clear water is mixed with land its index is weak too.
    like = water & ((bands["blue"] > np.float32(BLUISH) * bands["green"]) | (index < 0)) & ~grown(strong, 2)
    own = water & ~like
    if own.sum() < _SEEDS:
        return water
    thin = ~grown(water & ~grown(~water, 1), 2)
    gone = like & (thin | (dark > np.float32(np.median(dark[own]) + LIGHTER[name])))
    return water & ~gone if gone.sum() <= own.sum() else water


def silty(bands: Mapping[Role, Reflectance], possible: Mask) -> Mask:
    """Return bright water that is redder than infrared; nothing without a red band."""
    if "red" not in bands or "nir" not in bands:
        return np.zeros_like(possible)
    red = compute("NDVI", bands) <= SILTY_NDVI
    return np.asarray(possible & red & (compute("NDWI", bands) >= SILTY_NDWI) & (bands["green"] >= SILTY_GREEN))


def with_algae(bands: Mapping[Role, Reflectance], water: Mask, possible: Mask) -> Mask:
    """Return water with the algae that touch it: green above blue and red, dark in the near infrared."""
    if not {"red", "blue", "nir"} <= set(bands) or water.sum() < _SEEDS:
        return water
    green = bands["green"]
    peak = (green >= PEAK * bands["red"]) & (green >= PEAK * bands["blue"])
    algae = peak & (green >= ALGAE_GREEN) & (bands["nir"] <= ALGAE_NIR)
    return water | _touching(possible & algae & ~water, water)


def _touching(more: Mask, water: Mask) -> Mask:
    """Return the patches of ``more`` whose rim is sure water for some part."""
    patch = _numbered(more)
    rim, wet = (np.zeros(int(patch.max()) + 1) for _ in range(2))
    for here, there, wet_there in _neighbours(patch, water):
        across = (here > 0) & (here != there)
        rim += np.bincount(here[across], minlength=len(rim))
        wet += np.bincount(here[across & wet_there], minlength=len(rim))
    return np.asarray((wet >= LEAST_CONTACT * np.maximum(rim, 1))[patch] & more)


def _numbered(mask: Mask) -> npt.NDArray[np.int32]:
    """Return the number of each pixel's patch from 1, 0 outside; pixels hang together by their sides."""
    patches = outlines(mask)
    if len(patches) == 0:
        return np.zeros(mask.shape, dtype=np.int32)
    numbered = zip(patches, range(1, len(patches) + 1), strict=True)
    return np.asarray(rasterize(numbered, out_shape=mask.shape, transform=Affine.identity(), dtype="int32"))


def _neighbours(patch: npt.NDArray[np.int32], water: Mask) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Yield each pixel's patch, that of the pixel on one of its four sides, and whether there is water."""
    for axis in (0, 1):
        ahead = np.moveaxis(patch, axis, 0), np.moveaxis(water, axis, 0)
        yield ahead[0][:-1].ravel(), ahead[0][1:].ravel(), ahead[1][1:].ravel()
        yield ahead[0][1:].ravel(), ahead[0][:-1].ravel(), ahead[1][:-1].ravel()
