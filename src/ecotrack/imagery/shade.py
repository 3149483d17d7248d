"""Water that may be shadow, and ground that may be turbid water: both are doubted, neither is decided.

Shadow is land in the light of the sky. That light falls from blue to infrared nearly as a power of the wavelength, and
a power is a straight line between the logarithms of wavelength and reflectance. So how far green and red stand above
the line from blue to infrared stays with the land, however deep and blue its shadow: close to the line for soil, roofs
and concrete, far below it in the red for plants. Water bulges above it, since it turns dark only beyond the red.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecotrack.errors import Text
from ecotrack.imagery.grid import Window
from ecotrack.imagery.indices import Reflectance, compute
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Role
from ecotrack.imagery.shore import grown, mean_around
from ecotrack.imagery.water_bodies import air_in, less_air

Mask = npt.NDArray[np.bool_]

SHADE_ROLES: tuple[Role, ...] = ("blue", "green", "red", "nir")
WAVELENGTH_UM: dict[Role, float] = {"blue": 0.49, "green": 0.56, "red": 0.665, "nir": 0.842}
"""Middles of Sentinel-2's bands; those of Gaofen and Landsat lie within 0.04 of them."""
LEVEL, DARK_LEVEL = 0.44, 0.54
"""Sum of both bulges below which a pixel may be land in shadow; the second where green is darker than `DARK_GREEN`."""
DARK_GREEN = 0.09
SURE_NDWI, SURE_GREEN = 0.6, 0.38
"""No shadow has such an NDWI, or green so far above the line."""
BLACK_GREEN, BLACK_NDWI = 0.05, 0.35
"""Water as dark as the first has an NDWI above the second; shadow has not."""
BULGE, SILTY_NDWI, SILTY_NIR = 0.5, -0.12, 0.24
"""Ground may be silty water from the first two on, up to the third; dry soil reaches 0.42, -0.2 and 0.25."""
GREEN_BULGE, ALGAE_NIR, MOST_SWIR = 0.33, 0.14, 0.1
"""Ground may be full of algae where green alone bulges by the first, and is no brighter than the others."""
MOST_LAND, MOST_GLINT = 0.12, 0.02
"""Light from the land beside, as a share of it, and light thrown back by waves, that explain lighter water."""
ALIKE, ALIKE_NIR, ALIKE_LEVEL = 0.22, 0.01, 0.15
"""How far the logarithms of the visible bands, the infrared, and the bulges may lie from that explanation."""
CLEAR_NDWI, LEAST_LEVEL = 0.45, 0.5
"""NDWI, or bulges, of the lake's own water from which others are measured by it; where only the first holds the water
is so clear that it is like shadow itself, and others must be twice as like."""
SHADE_SHARE = 0.005
"""Share of the water from which what may be shadow, or missed, is said: the error of area that is allowed."""
LEAST_CORE = 50
"""Pixels of the lake's own water, and of land, that are needed for that."""
_MOSTLY = 0.5
CORRECTED = ("L2A", "C2 L2")
"""Levels whose numbers are without the air."""
_DARKEST = np.float32(1e-3)
_RIM = 8
_SHORE = 2
_SAMPLED_STRIPS = 6


class Waters(NamedTuple):
    """Reflectance of the lake's own water and of the lit land beside, medians by role."""

    water: Mapping[Role, float]
    land: Mapping[Role, float]


class Shade(NamedTuple):
    """What is doubted in a window of a scene, masks of its shape.

    Attributes
    ----------
    shadow
        Water that may be land in shadow.
    turbid
        Ground inside the basins that was not taken for water and may be silty or full of algae.
    """

    shadow: Mask
    turbid: Mask


def look_for_shade(opened: OpenScene, window: Window, water: Mask, basin: Mask, seen: Mask) -> Shade:
    """Read a scene round its water once more and doubt what looks like shadow, or like water that was missed.

    Parameters
    ----------
    opened
        A scene with `SHADE_ROLES`.
    water, basin, seen
        Shape of the window.
    """
    found = Shade(np.zeros_like(water), np.zeros_like(water))
    strips = list(_round(opened, window, water | basin))
    air, own = _taken_first(opened, window, strips, water, basin, seen)
    roles = tuple(role for role in (*SHADE_ROLES, "swir1") if role in opened.roles)
    for part, inner in strips:
        here = _place(part, window)
        bands = less_air(opened.read(part, roles=roles).bands, air)
        rows = slice(inner.row - part.row, inner.row - part.row + inner.height)
        to = _place(inner, window)
        found.shadow[to] = maybe_shadow(bands, water[here] & seen[here], own)[rows]
        found.turbid[to] = maybe_turbid(bands, basin[here] & seen[here] & ~water[here])[rows]
    return found


def _round(opened: OpenScene, window: Window, wanted: Mask) -> Iterator[tuple[Window, Window]]:
    """Yield the strips that hold something wanted, each with a rim of rows and without."""
    for strip in opened.strips(window):
        first = strip.row - window.row
        top, low = max(first - _RIM, 0), min(first + strip.height + _RIM, window.height)
        cols = np.flatnonzero(wanted[first : first + strip.height].any(axis=0))
        if len(cols) == 0:
            continue
        left, right = max(int(cols[0]) - _RIM, 0), min(int(cols[-1]) + _RIM + 1, window.width)
        column, wide = window.col + left, right - left
        yield Window(window.row + top, column, low - top, wide), Window(strip.row, column, strip.height, wide)


def _place(part: Window, window: Window) -> tuple[slice, slice]:
    row, col = part.row - window.row, part.col - window.col
    return slice(row, row + part.height), slice(col, col + part.width)


def _taken_first(
    opened: OpenScene, window: Window, strips: list[tuple[Window, Window]], water: Mask, basin: Mask, seen: Mask
) -> tuple[float, Waters | None]:
    """Return the air in blue, and the lake's own water and its land, from some of the strips."""
    held = [inner for _, inner in strips if (water & basin)[_place(inner, window)].any()]
    samples: list[tuple[dict[Role, Reflectance], Mask, Mask]] = []
    for inner in held[:: max(1, len(held) // _SAMPLED_STRIPS)]:
        here = _place(inner, window)
        core, land = water[here] & basin[here] & ~grown(~water[here], 1), seen[here] & ~grown(water[here], 2)
        bands = opened.read(inner, roles=SHADE_ROLES).bands
        samples.append(({role: band[seen[here]] for role, band in bands.items()}, core[seen[here]], land[seen[here]]))
    if not samples:
        return 0.0, None
    bands = {role: np.concatenate([one[0][role] for one in samples]) for role in SHADE_ROLES}
    core, land = (np.concatenate([one[place] for one in samples]) for place in (1, 2))
    known = np.logical_and.reduce([np.isfinite(band) for band in bands.values()])
    air = 0.0 if opened.scene.level in CORRECTED else air_in(bands["blue"][known])
    return air, own_waters(less_air(bands, air), core & known, land & known)


def own_waters(bands: Mapping[Role, Reflectance], core: Mask, land: Mask) -> Waters | None:
    """Return what the lake's water and the land look like; ``None`` where too little of them is given."""
    if core.sum() < LEAST_CORE or land.sum() < LEAST_CORE:
        return None
    return Waters(*({role: float(np.median(bands[role][part])) for role in SHADE_ROLES} for part in (core, land)))


def maybe_shadow(bands: Mapping[Role, Reflectance], water: Mask, own: Waters | None = None) -> Mask:
    """Return pixels of water that may be land in shadow.

    Parameters
    ----------
    bands
        Reflectance with the air taken out; blue, green, red and near infrared.
    water
        What was taken for water; pixels at its edge are told by those inside.
    own
        The lake's own water: what looks like it, or like it with a little land or glint in it, is not doubted.

    Examples
    --------
    Turbid water, and soil in the shadow of a cloud that the index calls water as well:

    >>> spectra = {"blue": (0.085, 0.040), "green": (0.125, 0.040), "red": (0.12, 0.036), "nir": (0.07, 0.030)}
    >>> bands = {role: np.float32(pair).repeat(9)[None].repeat(9, axis=0) for role, pair in spectra.items()}
    >>> maybe_shadow(bands, np.ones((9, 18), dtype=bool))[4, [3, 14]].tolist()
    [False, True]
    """
    inner = _inside(bands, water, 0)
    if not inner.any():
        return np.zeros_like(water)
    mean = _smooth(bands, inner)
    green, red = _bulges(mean)
    level, ndwi = green + red, compute("NDWI", mean)
    with np.errstate(invalid="ignore"):
        land = (level < LEVEL) | ((level < DARK_LEVEL) & (mean["green"] < DARK_GREEN))
        land |= (mean["green"] < BLACK_GREEN) & (ndwi < BLACK_NDWI)
        found = inner & land & (ndwi < SURE_NDWI) & (green < SURE_GREEN)
    if own is not None and (part := _measure(own)) > 0:
        found &= ~_like(mean, level, own, part)
    sure = water & ~found
    # Land in the pixels of a shore lowers them: what borders on sure water is no shadow.
    return np.asarray(found & ~grown(sure & ~grown(~sure, 1), _SHORE))


def shaded_chip(bands: Mapping[Role, Reflectance], water: Mask, seen: Mask) -> Mask:
    """Return pixels of a chip's water that may be land in shadow, measured by most of it; none with few bands.

    Parameters
    ----------
    bands
        As in `maybe_shadow`, or fewer.
    """
    if not set(SHADE_ROLES) <= set(bands):
        return np.zeros_like(water)
    own = own_waters(bands, water & ~grown(~water, 1), seen & ~grown(water, 2))
    return maybe_shadow(bands, water, own)


def said_of_most(share: float) -> Text:
    """Return what is added to the doubt where most of the water looks like shadow; nothing else.

    Parameters
    ----------
    share
        Part of the water that does.

    Examples
    --------
    >>> said_of_most(0.97).en, said_of_most(0.1).en
    ('; clear, deep or frozen water looks the same', '')
    """
    if share <= _MOSTLY:
        return Text("", "")
    return Text("；清水、深水和冰面也是这样", "; clear, deep or frozen water looks the same")


def maybe_turbid(bands: Mapping[Role, Reflectance], dry: Mask) -> Mask:
    """Return ground that was not taken for water and may be silty water or water full of algae.

    Examples
    --------
    Silty water, dry soil:

    >>> spectra = {"blue": (0.11, 0.09), "green": (0.16, 0.13), "red": (0.19, 0.18), "nir": (0.15, 0.25)}
    >>> bands = {role: np.float32(pair).repeat(9)[None].repeat(9, axis=0) for role, pair in spectra.items()}
    >>> maybe_turbid(bands, np.ones((9, 18), dtype=bool))[4, [3, 14]].tolist()
    [True, False]
    """
    inner = _inside(bands, dry, 2)
    if not inner.any():
        return np.zeros_like(dry)
    mean = _smooth(bands, inner)
    green, red = _bulges(mean)
    with np.errstate(invalid="ignore"):
        silty = (green + red >= BULGE) & (compute("NDWI", mean) >= SILTY_NDWI) & (mean["nir"] <= SILTY_NIR)
        found = silty | ((green >= GREEN_BULGE) & (mean["nir"] <= ALGAE_NIR))
    if "swir1" in bands:
        found &= bands["swir1"] <= MOST_SWIR
    return np.asarray(grown(found & inner, 2) & dry)


def _inside(bands: Mapping[Role, Reflectance], mask: Mask, deep: int) -> Mask:
    """Return the pixels of a mask some way from its edge that have a number in every band."""
    known = np.logical_and.reduce([np.isfinite(bands[role]) for role in SHADE_ROLES])
    return np.asarray(mask & known & ~grown(~mask, deep))


def _smooth(bands: Mapping[Role, Reflectance], inner: Mask) -> dict[Role, Reflectance]:
    """Return means of the marked pixels round each: logarithms of dark bands are noisy."""
    means = {role: mean_around(bands[role], inner, 2).astype(np.float32) for role in SHADE_ROLES}
    return {role: np.maximum(mean, _DARKEST) for role, mean in means.items()}


def _bulges(bands: Mapping[Role, Reflectance]) -> tuple[Reflectance, Reflectance]:
    """Return how far green and red lie above the line from blue to infrared, in logarithms."""
    place = {role: np.log(np.float32(length)) for role, length in WAVELENGTH_UM.items()}
    height = {role: np.log(bands[role]) for role in SHADE_ROLES}
    rise = (height["nir"] - height["blue"]) / (place["nir"] - place["blue"])
    green, red = (
        np.asarray(height[role] - height["blue"] - (place[role] - place["blue"]) * rise, dtype=np.float32)
        for role in ("green", "red")
    )
    return green, red


def _measure(own: Waters) -> float:
    """Return by which part of the tolerances pixels are measured by the lake's own water; 0 if it is doubted itself."""
    one: dict[Role, Reflectance] = {
        role: np.full(1, max(own.water[role], _DARKEST), np.float32) for role in SHADE_ROLES
    }
    green, red = _bulges(one)
    if float(green[0] + red[0]) >= LEAST_LEVEL:
        return 1.0
    return 0.5 if float(compute("NDWI", one)[0]) >= CLEAR_NDWI else 0.0


def _like(bands: Mapping[Role, Reflectance], level: Reflectance, own: Waters, part: float) -> Mask:
    """Return pixels that are the lake's own water with a little light from land or waves in it."""
    more = bands["nir"] - np.float32(own.water["nir"])
    share = np.clip(more / np.float32(max(own.land["nir"] - own.water["nir"], 0.01)), 0, MOST_LAND)
    glint = np.clip(more, 0, MOST_GLINT)
    found = np.zeros(more.shape, dtype=bool)
    for added in ({role: share * (own.land[role] - own.water[role]) for role in SHADE_ROLES},
                  dict.fromkeys(SHADE_ROLES, glint)):  # fmt: skip
        told = {role: np.maximum(own.water[role] + added[role], _DARKEST).astype(np.float32) for role in SHADE_ROLES}
        near = np.abs(level - sum(_bulges(told))) < part * ALIKE_LEVEL
        near &= np.abs(bands["nir"] - told["nir"]) < ALIKE_NIR
        for role in SHADE_ROLES[:3]:
            near &= np.abs(np.log(bands[role] / told[role])) < part * ALIKE
        found |= near
    return found
