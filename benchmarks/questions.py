"""The questions that every engine answers, and how far two answers may lie apart."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Answer = npt.NDArray[Any]

QUESTIONS = ("read", "area", "latest", "split", "pairs", "net", "ring")
"""In the order of asking; a later one may use what an earlier one found, as a real run would."""

TITLES = {
    "read": "read plots, records, borders",
    "area": "validity + ellipsoidal area",
    "latest": "latest record per plot",
    "split": "split by county",
    "pairs": "overlapping pairs",
    "net": "net area by county and year",
    "ring": "inside the ring",
}

TOLERANCE = 5e-7
"""Relative, for areas: peers take edges as geodesics or as straight in an equal-area plane, ecotrack as straight
in longitude/latitude. The plots' edges are some ten metres long, those of borders up to 80 m: on these the three
lie this near (docs/figures.md bounds 200 m edges by 1.5e-6). Counts and pairs must be equal."""

COUNTIES, YEARS = 11, (2016, 2017, 2018, 2019)


class Engine(Protocol):
    """One engine with the data of one folder. Each question is answered with an array."""

    def prepare(self) -> None:
        """Import, connect, load into tables and build indexes: timed apart from the questions."""

    def version(self) -> str:
        """Return the versions that answered."""

    def cpu_s(self) -> float:
        """Return the CPU seconds that the engine has used so far, all its threads and servers."""

    def read(self) -> Answer:
        """Return the numbers of plots, of their vertices and of records, once all of them are in reach."""

    def area(self) -> Answer:
        """Return the number of invalid plots and the sum of their ellipsoidal areas, m2."""

    def latest(self) -> Answer:
        """Return two sums over the latest record of each plot (`latest_sums`)."""

    def split(self) -> Answer:
        """Return the area of the plots' pieces in each county, and outside all of them, m2."""

    def pairs(self) -> Answer:
        """Return the pairs of plots that share ground (`sorted_pairs`)."""

    def net(self) -> Answer:
        """Return the area of the union of the pieces by county and year, m2 (`net_cells`)."""

    def ring(self) -> Answer:
        """Return how many plots reach into the ring-lake zone, and the sum of their areas in it, m2."""

    def close(self) -> None:
        """Let go of what the engine holds."""


def latest_sums(plot: npt.NDArray[np.int64], record: npt.NDArray[np.int64]) -> Answer:
    """Return two sums that change when any plot's latest record does."""
    return np.array([record.sum(), (record * (plot % 97)).sum()], dtype=np.int64)


def sorted_pairs(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> Answer:
    """Return pairs as rows, the smaller number first, in order."""
    rows = np.column_stack([np.minimum(left, right), np.maximum(left, right)]).astype(np.int64)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def net_cells(county: npt.NDArray[np.int64], year: npt.NDArray[np.int64], area_m2: npt.NDArray[np.float64]) -> Answer:
    """Return net areas by county and year as one column, zero where nothing was planted."""
    result = np.zeros((COUNTIES, len(YEARS)))
    result[county, np.searchsorted(YEARS, year)] = area_m2
    return result.ravel()


def difference(question: str, one: Answer, other: Answer) -> float:
    """Return the largest relative difference of two answers; infinite where counts or pairs are not equal.

    Parts smaller than a hundredth of the largest one are held to that hundredth.
    """
    if one.shape != other.shape:
        return float("inf")
    exact = one.dtype.kind == "i"
    if exact or question in ("area", "ring"):
        whole = slice(None) if exact else slice(0, 1)
        if not np.array_equal(one[whole], other[whole]):
            return float("inf")
    if exact:
        return 0.0
    # What is left outside every county is a difference of large sums: small parts are held to the largest one.
    scale = np.maximum(np.abs(other), np.abs(other).max() / 100)
    return float(np.max(np.abs(one - other) / np.where(scale > 0, scale, 1.0), initial=0.0))
