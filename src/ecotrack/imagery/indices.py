"""Spectral indices by the formulas of the index library (awesome-spectral-indices); none is written here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.errors import MissingExtra, NoBand
from ecotrack.imagery.scene import Role

Reflectance = npt.NDArray[np.float32]

_LETTERS: dict[str, Role] = {"B": "blue", "G": "green", "R": "red", "N": "nir", "S1": "swir1", "S2": "swir2"}
"""The library's band letters."""
_CONSTANTS: dict[str, dict[str, float]] = {"SAVI": {"L": 0.5}}
"""Constants that differ from the library's general ones: SAVI's soil factor is 0.5 (Huete 1988)."""


def index_roles(name: str) -> tuple[Role, ...]:
    """Return the bands that an index needs.

    Examples
    --------
    >>> index_roles("MNDWI")
    ('green', 'swir1')
    """
    return tuple(_LETTERS[letter] for letter in _entry(name).bands if letter in _LETTERS)


def compute(name: str, bands: Mapping[Role, Reflectance]) -> Reflectance:
    """Return an index of reflectances, with the library's formula and its default constants.

    Parameters
    ----------
    name
        The library's short name: ``NDWI``, ``MNDWI``, ``NDVI``, ``EVI``, ``SAVI``, ``LSWI``, ``NDBI`` ...
    bands
        Reflectance (0 to 1) by role, all of one shape.

    Returns
    -------
    ndarray
        The shape of the bands; not a number where the formula divides by nothing or a band has no data.

    Raises
    ------
    NoBand
        The index needs a band that is not given.
    MissingExtra
        The index library is not installed.

    Examples
    --------
    >>> red, nir = np.float32([0.05]), np.float32([0.45])
    >>> compute("NDVI", {"red": red, "nir": nir}).round(2).tolist()
    [0.800000011920929]
    """
    missing = [role for role in index_roles(name) if role not in bands]
    if missing:
        raise NoBand(name, bands="/".join(missing))
    values: dict[str, Any] = {letter: bands[role] for letter, role in _LETTERS.items() if role in bands}
    formula, constants = _formula(name)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = eval(formula, {"__builtins__": {}}, constants | values)
    return np.asarray(found, dtype=np.float32)


def _entry(name: str) -> Any:
    try:
        import spyndex
    except ImportError:
        raise MissingExtra(name="spyndex", extra="imagery") from None
    return spyndex.indices[name]


@lru_cache(maxsize=32)
def _formula(name: str) -> tuple[CodeType, dict[str, Any]]:
    """Return the library's formula, compiled once, and its constants.

    The text comes from the installed library, as its own ``computeIndex`` evaluates it; here it runs on
    single-precision blocks, without the library's conversion to double.
    """
    import spyndex

    constants = {
        letter: spyndex.constants[letter].default for letter in _entry(name).bands if letter in spyndex.constants
    }
    return compile(_entry(name).formula, name, "eval"), constants | _CONSTANTS.get(name, {})
