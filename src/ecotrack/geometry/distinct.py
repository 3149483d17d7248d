"""Distinct integers in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def distinct(numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return the distinct ones of integers, ascending; shape (k,).

    `numpy.unique` asks whether its argument is masked and imports ``numpy.ma`` for that: a twentieth of a short run.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(np.asarray(numbers, dtype=np.int64))
    return np.asarray(ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0])
