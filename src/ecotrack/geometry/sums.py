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
_SPARSE = 4
"""Columns of which less than a quarter is anything but zero are thinned out first: what is disputed, say."""

_ROWS = 1 << 16
"""Rows at a time: their parts, below 2^40 each, can be added in 64 bits, and their columns stay in the cache."""


def exact_sum(*columns: Floats) -> float:
    """Return the sum of all values of some columns, rounded once.

    Examples
    --------
    >>> exact_sum(np.array([1e16, 1.0]), np.array([1.0, -1e16]))
    2.0
    """
    values = columns[0] if len(columns) == 1 else np.concatenate(columns)
    return exact_sums(np.broadcast_to(np.int64(0), len(values)), 1, values)[0]


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
    sums, odd = [0] * (count + 1), [Fraction(0)] * (count + 1)  # the last, which -1 means too, is thrown away
    for column in columns:
        if np.count_nonzero(column) * _SPARSE < len(column):
            rows = np.flatnonzero(column)
            _add(sums, odd, group[rows], column[rows])
        else:
            _add(sums, odd, group, column)
    return [_rounded(whole, rest) for whole, rest in zip(sums[:count], odd, strict=False)]


def _rounded(whole: int, rest: Fraction) -> float:
    # Python divides integers exactly and rounds once; fractions are brought to their least terms, which takes long.
    return float(Fraction(whole, 1 << _BITS) + rest) if rest else whole / (1 << _BITS)


def _add(sums: list[int], odd: list[Fraction], group: Ints, values: Floats) -> None:
    for start in range(0, len(values), _ROWS):
        _add_block(sums, odd, group[start : start + _ROWS], values[start : start + _ROWS])


def _add_block(sums: list[int], odd: list[Fraction], group: Ints, values: Floats) -> None:
    small = np.abs(values) < _LOW / _HIGH
    scaled = (values if small.all() else np.where(small, values, 0.0)) * _HIGH
    high = scaled.astype(np.int64)  # towards zero
    rest = (scaled - high) * _LOW
    low = rest.astype(np.int64)
    fits = small & (low == rest)
    if not fits.all():
        for number, value in zip(group[~fits].tolist(), values[~fits].tolist(), strict=True):
            odd[number] += Fraction(value)
        group, high, low = group[fits], high[fits], low[fits]
    _add_parts(sums, group, high, low)


def _add_parts(sums: list[int], group: Ints, high: Ints, low: Ints) -> None:
    highs, lows = np.zeros(len(sums), dtype=np.int64), np.zeros(len(sums), dtype=np.int64)
    if not group.strides[0]:  # one and the same group for all
        highs[group[:1]], lows[group[:1]] = high.sum(), low.sum()
    else:
        np.add.at(highs, group, high)
        np.add.at(lows, group, low)
    for number, (one, other) in enumerate(zip(highs.tolist(), lows.tolist(), strict=True)):
        sums[number] += (one << 40) + other
