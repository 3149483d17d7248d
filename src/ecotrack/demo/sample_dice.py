"""Chance that comes out the same for a seed, on every machine and version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import cos, exp, log, pi, sqrt
from typing import TypeVar

_T = TypeVar("_T")


class Dice:
    """Draws built on `random.Random.random` alone, whose sequence Python promises to keep.

    Parameters
    ----------
    seed
        Seed of the sample.
    purpose
        What the draws are for; each purpose has a sequence of its own, so that a change in one part of the
        sample leaves the others as they were.

    Examples
    --------
    >>> Dice(7, "a").whole(1, 6) == Dice(7, "a").whole(1, 6)
    True
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._random = random.Random(f"{seed}/{purpose}")

    def share(self, probability: float) -> bool:
        """Return whether an event of this probability happens."""
        return self._random.random() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number from ``low`` up to ``high``, all equally likely."""
        return low + (high - low) * self._random.random()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, things: Sequence[_T]) -> _T:
        """Return one of ``things``, all equally likely."""
        return things[self.whole(0, len(things) - 1)]

    def weighted(self, things: dict[_T, float]) -> _T:
        """Return one of ``things`` by weight."""
        left = self._random.random() * sum(things.values())
        for thing, weight in things.items():
            left -= weight
            if left < 0:
                return thing
        return list(things)[-1]

    def normal(self) -> float:
        """Return a standard normal number (Box-Muller)."""
        return sqrt(-2 * log(1 - self._random.random())) * cos(2 * pi * self._random.random())

    def lognormal(self, mean: float, sigma: float) -> float:
        """Return a log-normal number with this mean."""
        return mean * exp(sigma * self.normal() - sigma * sigma / 2)
