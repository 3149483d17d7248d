"""The terminal shows pace by season and projections with interval and basis, and says why where there is none."""

from __future__ import annotations

import datetime as dt

import pytest
from rich.console import Console, Group

from ecotrack.reports.pace import pace_tables
from figure_cases import board, record
from test_figures_pace import THREE


def shown(records, as_of: str, lang="zh") -> str:
    pace = board(as_of, records=records).to_json()["pace"]
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(Group(*pace_tables(pace, lang)))
    return console.export_text()


def lake(*values: str) -> list:
    days = [dt.date(2017 + i, 3, 10).isoformat() for i in range(len(values))]
    fields = {"basis": "实测", "surface_kind": "敞水面", "state": "采用"}
    return [record("lake", "observation", on, value, **fields) for on, value in zip(days, values, strict=True)]


def test_a_season_stands_beside_earlier_ones_with_projection_interval_and_basis() -> None:
    text = shown(THREE, "2017-03-31")
    assert "2016-03-16（1个单位）" in text
    assert "975 [750, 1,200]" in text
    assert "按2个往年同期到季末的增长倍数推算" in text


def test_a_task_without_an_earlier_season_is_not_assessed_and_says_why() -> None:
    text = shown(THREE[2:4] + THREE[-3:-1], "2016-12-31")
    assert "未评价" in text
    assert "没有往年同期的报表" in text
    assert "[" not in text


def test_a_slow_series_shows_what_is_needed_beside_the_last_year_and_where_it_leads() -> None:
    text = shown(lake("50", "52", "56"), "2019-06-30")
    assert "2.435 平方公里" in text  # 44 km2 over 18.07 months
    assert "0.333 平方公里" in text  # 4 km2 in a year
    assert "[59.01, 62.02]" in text
    assert "区间取最近2年" in text
    english = shown(lake("50", "52", "56"), "2019-06-30", "en")
    assert "interval from the least to the most of 2 years" in " ".join(english.split())


@pytest.mark.parametrize("as_of", ["2017-06-30"])
def test_a_series_of_one_year_says_that_nothing_is_projected(as_of: str) -> None:
    text = shown(lake("50"), as_of)
    assert "一年前没有可比的数值" in text
    assert "[" not in text
