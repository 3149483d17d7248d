"""Units of measurement: conversions that are exact, and rounding that people read.

One mu (市亩) is 10000/15 m2 by definition; one hectare is 15 mu and one square kilometre 1500 mu.
Everything is computed in m2 and converted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

M2_PER_MU = 10000 / 15
M2_PER_HA = 10000.0
M2_PER_KM2 = 1e6


def mu_from_m2(area_m2: float) -> float:
    """Convert square metres to mu (1 mu = 10000/15 m2 exactly).

    Examples
    --------
    >>> mu_from_m2(1e8)
    150000.0
    """
    return area_m2 * 15 / 10000


def m2_from_mu(area_mu: float) -> float:
    """Convert mu to square metres.

    Examples
    --------
    >>> m2_from_mu(15)
    10000.0
    """
    return area_mu * 10000 / 15


def km2_from_m2(area_m2: float) -> float:
    """Convert square metres to square kilometres.

    Examples
    --------
    >>> km2_from_m2(75_000_000)
    75.0
    """
    return area_m2 / M2_PER_KM2


def round_half_up(value: float | Decimal, digits: int) -> Decimal:
    """Round as office tables do: halves go away from zero, on the decimal text of the number.

    Examples
    --------
    >>> round_half_up(52.545, 2)
    Decimal('52.55')
    """
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def round_parts(parts: Sequence[float], *, digits: int, total: Decimal | None = None) -> list[Decimal]:
    """Round parts so that they add up to the rounded total (largest remainder).

    Parameters
    ----------
    parts
        Unrounded parts of a total, all in one unit.
    digits
        Decimal places to keep.
    total
        What the rounded parts are to add up to; their own rounded sum by default.

    Returns
    -------
    list of Decimal
        In the order of ``parts``; their sum is ``total``, or ``round_half_up(sum(parts))``.

    Examples
    --------
    >>> [str(part) for part in round_parts([33.333, 33.333, 33.334], digits=1)]
    ['33.3', '33.3', '33.4']
    """
    step = Decimal(1).scaleb(-digits)
    exact = [Decimal(repr(float(part))) for part in parts]
    floors = [(part / step).to_integral_value(rounding="ROUND_FLOOR") for part in exact]
    wanted = round_half_up(sum(exact, Decimal(0)), digits) if total is None else total
    missing = int(wanted / step - sum(floors, Decimal(0)))
    by_remainder = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i] / step, i))
    for i in by_remainder[:missing]:
        floors[i] += 1
    return [floor * step for floor in floors]
