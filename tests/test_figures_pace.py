"""Pace: the same days of earlier seasons, what is needed per month, and projections that name their basis."""

import datetime as dt
from typing import Any

import pytest

from ecotrack.figures.pace import years_before
from figure_cases import board, record

UNITS = ("131102", "131103")


def season(year: int, *, kind: str = "造林", part: str = "spring", sample: bool = False) -> list[Any]:
    name = f"{year}-{part}-{kind}"
    fields = {"title": name, "kind": kind, "level": "市", "season": f"{year}-{part}"}
    return [
        record("tasks", "task", f"{year}-01-10", "1000", task_id=name, unit=unit, sample=sample, **fields)
        for unit in UNITS
    ]


def report(year: int, day: str, mu: str, unit: str = UNITS[0], *, kind: str = "造林", form: str = "", **more) -> Any:
    task = f"{year}-spring-{kind}"
    return record("reports", "report", f"{year}-{day}", mu, task_id=task, unit=unit, form=form, **more)


def task_pace(records: list[Any], task: str, as_of: str = "2017-03-31") -> dict[str, Any]:
    found = board(as_of, records=records).to_json()["pace"]["tasks"]
    return next(row for row in found if row["task_id"] == task)


THREE = [
    *season(2015),
    *season(2016),
    *season(2017),
    *(report(2015, day, mu) for day, mu in (("03-10", "200"), ("04-30", "800"))),
    *(report(2016, day, mu) for day, mu in (("03-16", "400"), ("04-30", "1000"))),
    report(2017, "03-16", "300"),
]


def test_a_season_stands_beside_the_same_days_of_earlier_ones():
    found = task_pace(THREE, "2017-spring-造林")
    assert (found["on"], found["reported_mu"], found["rate_pct"]) == ("2017-03-16", 300, 30)
    rows = [(row["season"], row["on"], row["reported_on"], row["reported_mu"]) for row in found["earlier"]]
    assert sorted(rows) == [
        ("2015-spring", "2015-03-16", "2015-03-10", 200),
        ("2016-spring", "2016-03-16", "2016-03-16", 400),
    ]


def test_a_projection_is_the_median_growth_with_the_least_and_the_most_as_interval():
    projection = task_pace(THREE, "2017-spring-造林")["projection"]
    assert (projection["low_mu"], projection["value_mu"], projection["high_mu"]) == (750, 975, 1200)
    assert "2个往年" in projection["basis_zh"]


def test_one_earlier_season_gives_no_interval_and_so_no_projection():
    found = task_pace(THREE, "2016-spring-造林")
    assert len(found["earlier"]) == 1
    assert found["projection"] is None
    assert [reason["code"] for reason in found["reasons"]] == ["few_seasons"]


def test_without_an_earlier_season_the_pace_is_not_assessed():
    found = task_pace(THREE, "2015-spring-造林")
    assert (found["earlier"], found["projection"]) == ([], None)
    assert [reason["code"] for reason in found["reasons"]] == ["no_earlier_season"]


@pytest.mark.parametrize(
    "other",
    [
        [*season(2016, kind="造林绿化"), report(2016, "03-01", "400", kind="造林绿化")],
        [*season(2016, sample=True), report(2016, "03-01", "400", sample=True)],
        [*season(2016), report(2016, "03-17", "400")],
        [*season(2016), report(2016, "03-01", "400", UNITS[1])],
        [*season(2016), report(2016, "03-01", "400", form="四旁")],
    ],
    ids=["another kind", "sample data", "only later days", "other units", "only converted trees"],
)
def test_what_is_unlike_is_not_compared(other):
    found = task_pace([*season(2017), report(2017, "03-16", "300"), *other], "2017-spring-造林")
    assert found["earlier"] == []


def test_only_units_that_reported_in_both_seasons_are_compared():
    records = [
        *season(2016),
        *season(2017),
        report(2016, "03-16", "400"),
        report(2017, "03-16", "300"),
        report(2017, "03-16", "999", UNITS[1]),
    ]
    found = task_pace(records, "2017-spring-造林")
    assert found["reported_mu"] == 1299
    (row,) = found["earlier"]
    assert (row["units"], row["reported_mu"], row["current_mu"]) == (1, 400, 300)
    assert row["final_mu"] is None


def test_a_season_that_stopped_reporting_before_the_day_tells_no_growth():
    records = [*THREE, *season(2014), report(2014, "03-01", "500")]
    assert "2个往年" in task_pace(records, "2017-spring-造林")["projection"]["basis_zh"]


def cover(values: dict[int, str], basis: str = "发布", **more: Any) -> list[Any]:
    return [record("cover", "cover", f"{year}-12-31", value, basis=basis, **more) for year, value in values.items()]


def target_pace(records: list[Any], name: str = "cover", as_of: str = "2017-06-30") -> dict[str, Any]:
    found = board(as_of, records=records).to_json()["pace"]["targets"]
    return next(row for row in found if row["id"] == name)


def test_a_slow_series_tells_what_is_needed_per_month_beside_the_last_twelve():
    found = target_pace(cover({2015: "28.1", 2016: "29.3"}))
    months = (dt.date(2020, 12, 31) - dt.date(2017, 6, 30)).days / 30.4375
    assert found["needed_per_month_pct"] == pytest.approx((33.5 - 29.3) / months)
    assert found["last_12_months_per_month_pct"] == pytest.approx(0.1)
    assert found["projection"] is None
    assert [reason["code"] for reason in found["reasons"]] == ["few_years"]


def test_three_years_of_a_series_give_a_projection_with_its_interval():
    found = target_pace(cover({2014: "27.5", 2015: "28.1", 2016: "29.3"}))
    projection, months = found["projection"], found["months_left"]
    assert projection["value_pct"] == projection["high_pct"] == pytest.approx(29.3 + 0.1 * months)
    assert projection["low_pct"] == pytest.approx(29.3 + 0.05 * months)
    assert "2年" in projection["basis_zh"]


@pytest.mark.parametrize(
    ("earlier", "code"),
    [
        ([], "no_value_a_year_ago"),
        (cover({2015: "20"}, "遥感"), "unlike_series"),
    ],
)
def test_a_year_ago_is_compared_only_when_it_is_of_the_same_series(earlier, code):
    found = target_pace([*cover({2016: "29.3"}), *earlier])
    assert found["last_12_months_per_month_pct"] is None
    assert found["reasons"][0]["code"] == code


def test_sample_values_of_a_year_ago_say_nothing_about_real_ones():
    found = target_pace([*cover({2016: "29.3"}), *cover({2015: "28.1"}, sample=True)])
    assert found["reasons"][0]["code"] == "unlike_series"


def test_a_target_that_is_met_or_past_or_without_a_value_has_no_pace():
    assert board("2017-06-30", records=cover({2016: "40"})).to_json()["pace"]["targets"] == []
    assert board("2021-06-30", records=cover({2020: "30"})).to_json()["pace"]["targets"] == []


def test_the_same_day_of_a_year_without_it_is_the_28th():
    assert years_before(dt.date(2020, 2, 29), 4) == dt.date(2016, 2, 29)
    assert years_before(dt.date(2020, 2, 29), 3) == dt.date(2017, 2, 28)
