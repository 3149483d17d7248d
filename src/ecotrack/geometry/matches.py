"""Rows that hold the same number as others do: a join of integers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def matches(wanted: npt.NDArray[np.integer], held: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Return every pair of places at which two columns hold the same number, shape (k,) each.

    Parameters
    ----------
    wanted
        Shape (n,), in any order.
    held
        Shape (m,), ascending.

    Examples
    --------
    >>> [column.tolist() for column in matches(np.array([7, 3, 5]), np.array([3, 5, 5, 8]))]
    [[1, 2, 2], [0, 1, 2]]
    """
    first = np.searchsorted(held, wanted)
    times = np.searchsorted(held, wanted, side="right") - first
    rows = np.repeat(np.arange(len(wanted)), times)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times) + first[rows]
