"""Sums of areas that are exact, so that no order, block or worker changes a digit (Shewchuk 1997; `math.fsum`)."""

from __future__ import annotations

from math import fsum

import numpy as np

from ecotrack.geometry.area import Floats
from ecotrack.geometry.boxes import Ints


def exact_sum(*columns: Floats) -> float:
    """Return the sum of all values of some columns, rounded once.

    Examples
    --------
    >>> exact_sum(np.array([1e16, 1.0]), np.array([1.0, -1e16]))
    2.0
    """
    return fsum(np.concatenate([column[column != 0] for column in columns]).tolist())


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
    rows = [np.flatnonzero((column != 0) & (group >= 0)) for column in columns]
    groups = np.concatenate([group[some] for some in rows])
    values = np.concatenate([column[some] for column, some in zip(columns, rows, strict=True)])
    # Small integers are sorted by their digits, in a fraction of the time.
    order = np.argsort(groups.astype(np.int16) if count < 1 << 15 else groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(count + 1))
    sorted_values = values[order].tolist()
    return [fsum(sorted_values[start:end]) for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
