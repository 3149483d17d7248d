"""Shelterbelts: a gap longer than three times the width makes several belts of one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import shapely

from ecotrack.geometry.width import metres_per_degree
from ecotrack.intake.check_belt import belt_findings, gaps_of
from ecotrack.intake.check_shape import Subject, measures_of
from ecotrack.intake.checks import checks_of
from ecotrack.model import FeatureVersion
from ecotrack.model.findings import Finding
from ecotrack.model.layers import CheckSetting

X, Y = 115.6, 37.6
_EAST, _NORTH = (float(value) for value in metres_per_degree(Y))


def belt(*gaps_m: float, length_m: float = 200, width_m: float = 10) -> shapely.MultiPolygon:
    """Return a belt from west to east with gaps of some metres between its parts."""
    starts = np.cumsum([0, *(length_m + gap for gap in gaps_m)])
    parts = [shapely.box(X + s / _EAST, Y, X + (s + length_m) / _EAST, Y + width_m / _NORTH) for s in starts]
    return shapely.MultiPolygon(parts)


def told(shape: shapely.Geometry, *, form: str = "林带", threshold: str | None = None) -> list[Finding]:
    version = FeatureVersion(
        version_id="1",
        feature_id="1",
        layer="plots",
        submission_id="s",
        effective_on=dt.date(2016, 6, 1),
        wkb=shapely.to_wkb(shape),
        form=form,
    )
    shapes = np.array([shape], dtype=object)
    checks = checks_of([CheckSetting(id="belt_gap", threshold=threshold)])
    return [*belt_findings([Subject(1, "a.shp #1", version)], shapes, measures_of(shapes), checks)]


@pytest.mark.parametrize(("gap_m", "count"), [(5, 0), (28, 0), (33, 1), (400, 1)])
def test_a_gap_of_more_than_three_widths_splits_a_belt_of_ten_metres(gap_m: float, count: int) -> None:
    assert len(told(belt(gap_m))) == count


def test_the_finding_says_how_long_the_longest_gap_is_and_where() -> None:
    [finding] = told(belt(50, 20, 120))
    assert (finding.facts["count"], finding.facts["parts"]) == ("2", "3")
    assert float(finding.facts["gap_m"]) == pytest.approx(120, abs=0.5)
    assert finding.lonlat == pytest.approx((X + (200 + 50 + 200 + 20 + 200 + 60) / _EAST, Y + 5 / _NORTH), abs=1e-4)
    assert "3条林带" in finding.mend.zh
    assert finding.level == "warns"


def test_the_width_is_that_of_the_belt_so_a_wide_one_bears_a_wider_gap() -> None:
    assert not told(belt(80, width_m=30))
    assert told(belt(80, width_m=20))


def test_a_wood_of_two_parts_is_no_belt_and_an_office_sets_the_threshold() -> None:
    assert not told(belt(400), form="片林")
    assert not told(belt(40), threshold="5")
    assert told(belt(20), threshold="1")


def test_parts_joined_by_a_third_are_one_piece_whatever_their_order() -> None:
    west, middle, east = shapely.get_parts(belt(20, 20))
    for order in ([west, east, middle], [east, middle, west], [middle, west, east]):
        assert not told(shapely.MultiPolygon(order))


def test_a_belt_of_thousands_of_crumbs_is_told_in_its_first_fifty_places() -> None:
    crumbs = belt(*[40.0] * 3000, length_m=2, width_m=2)
    assert len(gaps_of(crumbs, longest_m=6)) == 50
