"""Sums of areas that are exact, so that no order, block or worker changes a digit.

An area is a whole number of 2^-60 m2 unless it is smaller than 0.004 m2, so a city's areas are added up as integers:
in two parts that 64 bits hold, for millions of plots at once. The few that do not fit are added as fractions. What
comes out is the sum, rounded once: the same as `math.fsum`, in a tenth of its time.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ecotrack.geometry.area import Floats
from ecotrack.geometry.boxes import Ints

_HIGH, _LOW = 2.0**20, 2.0**40
_BITS = 60
_MOST_ROWS = 1 << 22
"""Rows whose parts, below 2^40 each, can be added in 64 bits."""


def exact_sum(*columns: Floats) -> float:
    """Return the sum of all values of some columns, rounded once.

    Examples
    --------
    >>> exact_sum(np.array([1e16, 1.0]), np.array([1.0, -1e16]))
    2.0
    """
    values = np.concatenate(columns)
    return exact_sums(np.zeros(len(values), dtype=np.int64), 1, values)[0]


def exact_sums(group: Ints, count: int, *columns: Floats) -> list[float]:
    """Return the sum of all values of some columns for each group, rounded once.

    Parameters
    ----------
    group
        Number of the group of each row, shape (n,); rows of -1 belong to none.
    count
        How many groups there are.

    Examples
    --------
    >>> exact_sums(np.array([0, 1, 0, -1]), 3, np.array([0.1, 5.0, 0.2, 9.0]))
    [0.30000000000000004, 5.0, 0.0]
    """
    sums, odd = [0] * count, [Fraction(0)] * count
    for column in columns:
        rows = np.flatnonzero((column != 0) & (group >= 0))
        for start in range(0, len(rows), _MOST_ROWS):
            some = rows[start : start + _MOST_ROWS]
            _add(sums, odd, group[some], column[some])
    return [_rounded(whole, rest) for whole, rest in zip(sums, odd, strict=True)]


def _rounded(whole: int, rest: Fraction) -> float:
    # Python divides integers exactly and rounds once; fractions are brought to their least terms, which takes long.
    return float(Fraction(whole, 1 << _BITS) + rest) if rest else whole / (1 << _BITS)


def _add(sums: list[int], odd: list[Fraction], group: Ints, values: Floats) -> None:
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows here does not fit, and goes the other way
        scaled = values * _HIGH
        high = np.trunc(scaled)
        low = (scaled - high) * _LOW
        fits = (np.abs(high) < _LOW) & (low == np.rint(low))
    if fits.all():
        _add_parts(sums, group, high, low)
        return
    for number, value in zip(group[~fits].tolist(), values[~fits].tolist(), strict=True):
        odd[number] += Fraction(value)
    _add_parts(sums, group[fits], high[fits], low[fits])


def _add_parts(sums: list[int], group: Ints, high: Floats, low: Floats) -> None:
    highs, lows = np.zeros(len(sums), dtype=np.int64), np.zeros(len(sums), dtype=np.int64)
    np.add.at(highs, group, high.astype(np.int64))
    np.add.at(lows, group, low.astype(np.int64))
    for number, (one, other) in enumerate(zip(highs.tolist(), lows.tolist(), strict=True)):
        sums[number] += (one << 40) + other
