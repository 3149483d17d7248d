"""Borders that do not fit are told in m2 and never put right; the table still adds up to the city."""

from __future__ import annotations

from math import fsum

import pytest
import shapely

from ecotrack.figures.scoreboard import Scoreboard
from ecotrack.geometry.area import area_m2
from figure_cases import accept, board, box, feature, plot

TOWN, HOME = "131102", "131103"
STRIP = shapely.box(115.60, 37.6, 115.602, 37.7)


def cells(*shapes: shapely.Geometry) -> dict[str, list]:
    codes = (TOWN, HOME, "131121", "131122")
    return {"counties": [feature(code, shape) for code, shape in zip(codes, shapes, strict=False)]}


FIT = cells(shapely.box(115.5, 37.6, 115.60, 37.7), shapely.box(115.60, 37.6, 115.7, 37.7))
LAPPING = cells(shapely.box(115.5, 37.6, 115.602, 37.7), shapely.box(115.60, 37.6, 115.7, 37.7))
GAPING = cells(
    shapely.difference(shapely.box(115.5, 37.6, 115.60, 37.7), shapely.box(115.57, 37.62, 115.60, 37.65)),
    shapely.box(115.60, 37.6, 115.7, 37.7),
)


def stood(features: dict[str, list], **given) -> Scoreboard:
    """One plot over the border between two counties and one beyond both."""
    versions = [plot("over", box(115.59, 37.63, 0.02, 0.01)), plot("far", box(115.71, 37.63))]
    return board("2017-03-01", versions=versions, decisions=[accept("over"), accept("far")], features=features, **given)


def findings(found: Scoreboard, check: str) -> list[dict]:
    return [one for one in found.to_json()["findings"]["anomalies"] if one["check"] == check]


def rows(found: Scoreboard) -> dict[str, float]:
    return {row["code"]: row["net_accepted_mu"] for row in found.to_json()["units"]["territorial"]}


@pytest.mark.parametrize("features", [FIT, LAPPING, GAPING])
def test_counties_and_what_lies_beyond_them_add_up_to_the_city(features) -> None:
    found = rows(stood(features))
    assert fsum(mu for code, mu in found.items() if code) == pytest.approx(found[""], rel=1e-9)
    assert found["outside"] == pytest.approx(rows(stood(FIT))["outside"], rel=1e-9)


def test_borders_that_fit_give_no_finding_and_no_row() -> None:
    found = stood(FIT)
    assert findings(found, "border_overlap") == findings(found, "border_gap") == []
    assert not {"gap", "twice"} & set(rows(found))


def test_an_overlap_of_two_counties_is_told_in_square_metres() -> None:
    (one,) = findings(stood(LAPPING), "border_overlap")
    assert one["ids"] == [TOWN, HOME]
    assert one["details"]["area_m2"] == pytest.approx(area_m2([STRIP])[0], rel=1e-9)
    assert f"{one['details']['area_m2']:.2f}" in one["zh"]
    assert rows(stood(LAPPING))["twice"] < 0


def test_a_gap_is_told_in_square_metres_and_its_ground_has_a_row() -> None:
    found = stood(GAPING)
    (one,) = findings(found, "border_gap")
    gap = shapely.box(115.57, 37.62, 115.60, 37.65)
    assert one["details"]["area_m2"] == pytest.approx(area_m2([gap])[0], rel=1e-9)
    planted = shapely.intersection(gap, box(115.59, 37.63, 0.02, 0.01))
    assert rows(found)["gap"] == pytest.approx(area_m2([planted])[0] * 15 / 10000, rel=1e-9)


def test_a_border_layer_that_does_not_fit_moves_no_figure_but_those_cut_at_it() -> None:
    fit, lapping = (stood(features).to_json() for features in (FIT, LAPPING))
    assert {**fit, "units": None, "findings": None} == {**lapping, "units": None, "findings": None}
    assert fit["units"]["responsible"] == lapping["units"]["responsible"]


def test_a_plot_over_the_line_at_115_5_is_told_and_keeps_its_area() -> None:
    shape = box(115.495)
    found = board("2017-03-01", versions=[plot("a", shape)], decisions=[accept("a")])
    (one,) = findings(found, "zone_border")
    assert one["ids"] == ["a"]
    assert found.plots.area_m2[0] == area_m2([shape])[0]
    assert findings(board("2017-03-01", versions=[plot("a", box(115.5))]), "zone_border") == []
