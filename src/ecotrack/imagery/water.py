"""Water and wet plants from reflectance, without files: arrays in, masks out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ecotrack.imagery.indices import Reflectance, compute
from ecotrack.imagery.scene import Role

Mask = npt.NDArray[np.bool_]

PLANTS_NDVI = 0.2
"""NDVI from which a pixel that is not open water carries plants."""
FLOODED = 0.05
"""Plants stand in water where LSWI + 0.05 is not below EVI (Xiao et al. 2005, on flooded rice)."""


def water_index(roles: Mapping[Role, object]) -> str:
    """Return the index to tell water by: MNDWI where there is a shortwave infrared band, else NDWI.

    Examples
    --------
    >>> water_index({"green": 1, "nir": 1})
    'NDWI'
    """
    return "MNDWI" if "swir1" in roles and "green" in roles else "NDWI"


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
