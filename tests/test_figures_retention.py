"""Retention counts three years after planting, from 80 % on, over the ground that was surveyed."""

from __future__ import annotations

import pytest

from ecotrack.settings import Rules
from figure_cases import accept, board, box, plot, record


def survey(name: str, on: str, pct: str, **more):
    return record("plots", "retention", on, pct, feature_id=name, **more)


def found(*records, as_of: str = "2019-12-31", rules: Rules | None = None) -> dict:
    versions = [plot(name, box(115.6 + i * 0.02)) for i, name in enumerate(("a", "b", "c"))]
    decisions = [accept(name) for name in ("a", "b")]
    state = board(as_of, versions=versions, decisions=decisions, records=records, rules=rules)
    return state.to_json()["indicators"]["retention"]


def test_ground_counts_from_the_bar_on_over_what_was_surveyed() -> None:
    told = found(survey("a", "2019-09-01", "80"), survey("b", "2019-09-01", "79.9"))
    assert (told["surveyed_plots"], told["kept_plots"]) == (2, 1)
    assert told["kept_pct"] == pytest.approx(50, rel=1e-3)
    assert found(survey("a", "2019-09-01", "70"), rules=Rules(retention_counts_pct="65"))["kept_plots"] == 1


def test_a_survey_before_three_years_and_one_of_a_plot_that_was_not_accepted_say_nothing() -> None:
    told = found(survey("a", "2018-12-31", "95"), survey("c", "2019-09-01", "95"))
    assert (told["surveyed_plots"], told["early_surveys"], told["kept_pct"]) == (0, 1, None)
    assert [reason["code"] for reason in told["reasons"]] == ["no_retention_survey"]


def test_the_last_survey_and_the_last_correction_stand() -> None:
    first = survey("a", "2019-09-01", "95", record_id="r1")
    assert found(first, survey("a", "2019-10-01", "60"))["kept_plots"] == 0
    assert found(first, survey("a", "2019-09-01", "60", record_id="r2", corrects="r1"))["kept_plots"] == 0


def test_sample_surveys_say_nothing_of_real_plots() -> None:
    assert found(survey("a", "2019-09-01", "95", sample=True))["surveyed_plots"] == 0
