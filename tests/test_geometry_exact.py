"""Exact sums: whatever the order, the size and the sign of what is added, the result is rounded once."""

from __future__ import annotations

from fractions import Fraction
from math import fsum

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecotrack.geometry.sums import exact_sum, exact_sums

areas = st.floats(0, 1e10) | st.floats(-1e3, 1e3) | st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(areas, max_size=60))
def test_a_sum_is_the_exact_one_rounded_once(values: list[float]) -> None:
    found = exact_sum(np.array(values, dtype=np.float64))
    assert found == float(sum(map(Fraction, values), Fraction(0)))
    assert found == fsum(values)


@given(st.lists(st.tuples(areas, st.integers(-1, 4)), max_size=60), st.randoms(use_true_random=False))
def test_groups_add_up_like_their_members_in_any_order(rows: list[tuple[float, int]], dice) -> None:
    expected = [fsum(value for value, group in rows if group == number) for number in range(5)]
    dice.shuffle(rows)
    values, groups = np.array([row[0] for row in rows], dtype=np.float64), np.array([row[1] for row in rows], dtype=int)
    assert exact_sums(groups, 5, values) == expected


def test_two_columns_are_one_sum() -> None:
    assert exact_sums(np.array([0, 0]), 1, np.array([0.1, 0.2]), np.array([1e9, 0.0])) == [fsum([0.1, 0.2, 1e9])]
