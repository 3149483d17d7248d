"""Water and wet plants from reflectance, without files: arrays in, masks out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecotrack.errors import NotReflectance
from ecotrack.imagery.indices import Reflectance, compute, index_roles
from ecotrack.imagery.scene import Role
from ecotrack.imagery.threshold import WaterEdge, find_edge, fixed_edge, histogram

Mask = npt.NDArray[np.bool_]

PLANTS_NDVI = 0.2
"""NDVI from which a pixel that is not open water carries plants."""
FLOODED = 0.05
"""Plants stand in water where LSWI + 0.05 is not below EVI (Xiao et al. 2005, on flooded rice)."""
_SAMPLED = 10_000
_HIGHEST = 3.0
"""Reflectance is mostly below 1; glint and cloud reach 2. A median above is a number without its scale."""


@dataclass(frozen=True, slots=True)
class Water:
    """Open water of an array of pixels.

    Attributes
    ----------
    mask
        True for water; False for land and for what is not seen.
    index
        Name of the index that was used.
    """

    mask: Mask
    index: str
    edge: WaterEdge


def water_index(roles: Mapping[Role, object]) -> str:
    """Return the index to tell water by: MNDWI where there is a shortwave infrared band, else NDWI.

    Examples
    --------
    >>> water_index({"green": 1, "nir": 1})
    'NDWI'
    """
    return "MNDWI" if "swir1" in roles and "green" in roles else "NDWI"


def water_mask(
    bands: Mapping[Role, Reflectance],
    *,
    clear: Mask | None = None,
    index: str | None = None,
    threshold: float | None = None,
) -> Water:
    """Tell water from land in arrays of reflectance.

    Parameters
    ----------
    bands
        Reflectance (0 to 1, offsets applied) by role: ``green`` with ``nir`` or ``swir1``; one shape.
    clear
        Pixels that are seen; all by default.
    index
        ``NDWI`` or ``MNDWI``; by default the better one that the bands allow.
    threshold
        Fixed value of the index; Otsu's by default.

    Raises
    ------
    NoBand
        The index needs a band that is not given.
    NotReflectance
        The numbers are raw.
    NoWaterEdge
        No threshold parts water from land.

    Examples
    --------
    >>> green = np.float32([[0.08, 0.10]]).repeat(100, axis=0)
    >>> nir = np.float32([[0.02, 0.30]]).repeat(100, axis=0)
    >>> water_mask({"green": green, "nir": nir}).mask[0].tolist()
    [True, False]
    """
    name = index or water_index(bands)
    values = compute(name, bands)
    refuse_raw(bands, index_roles(name))
    if clear is not None:
        values = np.where(clear, values, np.float32(np.nan))
    counts = histogram(values)
    edge = find_edge(counts) if threshold is None else fixed_edge(threshold, counts)
    return Water(np.asarray(values >= edge.value), name, edge)


def refuse_raw(bands: Mapping[Role, Reflectance], roles: tuple[Role, ...], *, where: str = "") -> None:
    """Raise where the numbers of some bands are no reflectance.

    Raises
    ------
    NotReflectance
        Half the pixels lie above any reflectance.
    """
    for role in roles:
        some = bands[role].ravel()[:: max(1, bands[role].size // _SAMPLED)]
        seen = some[np.isfinite(some)]
        if seen.size and float(np.median(seen)) > _HIGHEST:
            raise NotReflectance(where or role, median=f"{float(np.median(seen)):.6g}")


def wet_plants(bands: Mapping[Role, Reflectance]) -> Mask:
    """Return pixels of plants that stand in water; needs blue, red, near and shortwave infrared.

    Raises
    ------
    NoBand
        A band is missing.

    Examples
    --------
    Reeds in water, and wheat on dry ground:

    >>> bands = {"blue": np.float32([0.03, 0.04]), "red": np.float32([0.05, 0.05]),
    ...     "nir": np.float32([0.30, 0.42]), "swir1": np.float32([0.08, 0.22])}
    >>> wet_plants(bands).tolist()
    [True, False]
    """
    flooded = compute("LSWI", bands) + np.float32(FLOODED) >= compute("EVI", bands)
    return np.asarray(flooded & (compute("NDVI", bands) >= PLANTS_NDVI))
