"""Class of a water-quality section by GB 3838-2002, table 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

CLASSES = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
GOOD = frozenset(CLASSES[:3])

# Upper limits for classes I to V, mg/L (GB 3838-2002, table 1). The 21 determinands that count leave out water
# temperature, total nitrogen and faecal coliform (环办〔2011〕22号).
LIMITS: dict[str, tuple[float, float, float, float, float]] = {
    "codmn_mg_l": (2, 4, 6, 10, 15),
    "cod_mg_l": (15, 15, 20, 30, 40),
    "bod5_mg_l": (3, 3, 4, 6, 10),
    "nh3n_mg_l": (0.15, 0.5, 1.0, 1.5, 2.0),
    "cu_mg_l": (0.01, 1.0, 1.0, 1.0, 1.0),
    "zn_mg_l": (0.05, 1.0, 1.0, 2.0, 2.0),
    "f_mg_l": (1.0, 1.0, 1.0, 1.5, 1.5),
    "se_mg_l": (0.01, 0.01, 0.01, 0.02, 0.02),
    "as_mg_l": (0.05, 0.05, 0.05, 0.1, 0.1),
    "hg_mg_l": (0.00005, 0.00005, 0.0001, 0.001, 0.001),
    "cd_mg_l": (0.001, 0.005, 0.005, 0.005, 0.01),
    "cr6_mg_l": (0.01, 0.05, 0.05, 0.05, 0.1),
    "pb_mg_l": (0.01, 0.01, 0.05, 0.05, 0.1),
    "cn_mg_l": (0.005, 0.05, 0.2, 0.2, 0.2),
    "phenol_mg_l": (0.002, 0.002, 0.005, 0.01, 0.1),
    "oil_mg_l": (0.05, 0.05, 0.05, 0.5, 1.0),
    "las_mg_l": (0.2, 0.2, 0.2, 0.3, 0.3),
    "s_mg_l": (0.05, 0.1, 0.2, 0.5, 1.0),
}
TOTAL_PHOSPHORUS: dict[str, tuple[float, float, float, float, float]] = {
    "river": (0.02, 0.1, 0.2, 0.3, 0.4),
    "lake": (0.01, 0.025, 0.05, 0.1, 0.2),
}
_OXYGEN = (7.5, 6.0, 5.0, 3.0, 2.0)
_PH = (6.0, 9.0)
DETERMINANDS = frozenset((*LIMITS, "tp_mg_l", "do_mg_l", "ph"))


class Judgement(NamedTuple):
    """A class and the determinands that set it."""

    water_class: str
    worst: tuple[str, ...]


def water_class(readings: Mapping[str, float], *, water: str) -> Judgement | None:
    """Return the class of a section: the worst single determinand decides.

    A limit itself belongs to the better class. Lakes and rivers have different limits for total phosphorus.

    Parameters
    ----------
    readings
        Determinand (``cod_mg_l`` ...) to concentration in mg/L; pH without unit.
    water
        ``river`` or ``lake``.

    Returns
    -------
    Judgement or None
        ``None`` where no determinand that counts was read.

    Examples
    --------
    >>> water_class({"tp_mg_l": 0.08}, water="river").water_class
    'Ⅱ'
    >>> water_class({"tp_mg_l": 0.08}, water="lake").water_class
    'Ⅳ'
    """
    places = {name: _place(name, value, water) for name, value in readings.items() if name in DETERMINANDS}
    if not places:
        return None
    worst = max(places.values())
    return Judgement(CLASSES[worst], tuple(sorted(name for name, place in places.items() if place == worst)))


def _place(name: str, value: float, water: str) -> int:
    if name == "ph":
        return 0 if _PH[0] <= value <= _PH[1] else 5
    if name == "do_mg_l":
        return next((i for i, limit in enumerate(_OXYGEN) if value >= limit), 5)
    limits = TOTAL_PHOSPHORUS[water] if name == "tp_mg_l" else LIMITS[name]
    return next((i for i, limit in enumerate(limits) if value <= limit), 5)
