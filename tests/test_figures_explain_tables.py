"""A table is explained row by row: its groups are its rows, its plots add up to its total, to the digit."""

from __future__ import annotations

from math import fsum
from typing import Any

import pytest
from hypothesis import given, settings

from ecotrack.errors import UnknownFigure
from ecotrack.figures.explain import explain
from ecotrack.figures.scoreboard import Scoreboard
from ecotrack.units import mu_from_m2
from figure_cases import accept, board, box, check, feature, plot, record
from test_figures_explain import AS_OF, grounds

COUNTIES = {
    "counties": [
        feature("131102", box(115.55, 37.55, 0.07, 0.2), sketch=True),
        feature("131103", box(115.62, 37.55, 0.02, 0.2)),
    ]
}
STEPS = ("mapped", "accepted", "verified", "qualified")


def table_rows(found: Scoreboard, table: str) -> list[dict[str, Any]]:
    document = found.to_json()
    head, _, account = table.partition("/")
    return document["units"][account] if head == "units" else document[head]


@given(grounds())
@settings(max_examples=30)
def test_groups_are_the_rows_of_the_table_and_plots_add_up_to_the_total(ground) -> None:
    found = board(AS_OF, **ground)
    total = next(row for row in table_rows(found, "units/responsible") if row["code"] == "")
    for table, key in (("units/responsible", "code"), ("years", "year"), ("programmes", "programme")):
        rows = table_rows(found, table)
        for step in STEPS:
            explained = explain(found, f"{table}/{step}")
            own = [row for row in rows if row.get("name_en") != "total"]
            assert dict(explained.groups) == {row[key]: row[f"{step}_mu"] for row in own}
            assert explained.value == total[f"{step}_mu"]
            assert explained.value == mu_from_m2(fsum(part for row in explained.plots for part in row.parts_m2))
    seasons = explain(found, "seasons")
    assert fsum(mu for _, mu in seasons.groups) == pytest.approx(total["accepted_mu"], rel=1e-12)


@given(grounds())
@settings(max_examples=20)
def test_the_territorial_account_is_explained_for_the_city_and_for_a_county(ground) -> None:
    found = board(AS_OF, features=COUNTIES, **ground)
    rows = {row["code"]: row for row in table_rows(found, "units/territorial")}
    for step in ("accepted", "qualified"):
        city = explain(found, f"units/territorial/{step}")
        assert city.value == rows[""][f"net_{step}_mu"]
        assert dict(city.groups) == {code: row[f"net_{step}_mu"] for code, row in rows.items() if code}
        assert city.sketch
        for code in ("131102", "131103"):
            county = explain(found, f"units/territorial/{step}", unit=code)
            assert county.value == pytest.approx(rows[code][f"net_{step}_mu"], rel=1e-12)
            assert county.value == mu_from_m2(fsum(part for row in county.plots for part in row.parts_m2))
            assert all(row.reason is not None or fsum(row.parts_m2) > 0 for row in county.plots)


def test_ground_inside_a_county_is_of_whoever_reports_it() -> None:
    versions = [plot("guest", box(115.60), unit="131121"), plot("away", box(115.63), unit="131102")]
    found = board(AS_OF, versions=versions, decisions=[accept("guest"), accept("away")], features=COUNTIES)
    explained = explain(found, "units/territorial/accepted", unit="131102")
    assert [row.plot.feature_id for row in explained.plots] == ["guest"]
    (asked,) = explain(found, "units/territorial/accepted", unit="131102", plot="away").plots
    assert asked.reason is not None
    assert asked.reason.code == "outside_county"
    functional = explain(found, "units/territorial", unit="1311HX")
    assert (functional.value, [reason.code for reason in functional.reasons]) == (None, ["no_county"])


def test_one_unit_of_a_table_by_year_is_its_own_part() -> None:
    versions = [
        plot("a", box(115.60)),
        plot("b", box(115.62), unit="131103"),
        plot("c", box(115.64), season="2015-spring"),
    ]
    decisions = [accept(name) for name in "abc"]
    found = board(AS_OF, versions=versions, decisions=decisions, records=[check("a", 90)])
    mine = explain(found, "years", unit="131102")
    assert [key for key, _ in mine.groups] == ["2015", "2016"]
    assert {row.plot.feature_id for row in mine.plots} == {"a", "c"}
    assert fsum(mu for _, mu in mine.groups) == pytest.approx(mine.value)


def test_kilometres_are_explained_by_their_records_and_never_added_over_kinds_of_work() -> None:
    reach = feature("r1", box(115.6).boundary, river="滏阳河", unit="131102", from_m="0", to_m="2000", bank="双")
    records = [
        record("reaches", "work", "2016-05-01", feature_id="r1", unit="131102", state="完工", work=work, record_id=work)
        for work in ("清淤", "护岸")
    ]
    stray = record("reaches", "work", "2016-05-01", feature_id="nowhere", state="完工", work="清淤", record_id="stray")
    found = board(AS_OF, records=[*records, stray], features={"reaches": [reach]})
    explained = explain(found, "km_treated")
    assert (explained.value, explained.group_by) == (None, "work")
    assert dict(explained.groups) == {"清淤": 2.0, "护岸": 2.0}
    assert {row.record.record_id: row.reason and row.reason.code for row in explained.records} == {
        "清淤": None, "护岸": None, "stray": "unknown_feature",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["years/assigned", "units/territorial/mapped", "units", "units/nobody", "seasons/x"])
def test_a_table_that_is_none_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(UnknownFigure) as caught:
        explain(board(AS_OF, versions=[plot("a", box(115.6))]), name)
    assert "units/territorial" in caught.value.message("en")
