"""The figures on the sample are what its generator knows by construction: areas to 1e-9, counts exactly."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ecotrack.demo.sample import Sample, plan_sample, write_sample
from ecotrack.demo.sample_plan import PlannedPlot
from ecotrack.demo.truth import TaskTruth, Totals, Truth
from ecotrack.demo.truth_series import (
    PLAN_WORKING_DAYS,
    REPORT_MONTHS,
    air_change_pct,
    km_by_work,
    lake_median_km2,
    section_points,
    zones_passed,
)
from ecotrack.workspace import Workspace

ROOT = Path(__file__).parents[1]
DAYS = [dt.date(2016, 6, 30), dt.date(2016, 12, 31), dt.date(2017, 3, 16), dt.date(2017, 12, 31), dt.date(2018, 12, 31)]
SMALL, WHOLE = 600, 11_000


def close(expected: float) -> Any:
    """Compare areas: 1e-9 relative, or 1e-7 mu (0.7 cm2) where what is compared is slivers or nothing."""
    return pytest.approx(expected, rel=1e-9, abs=1e-7)


class Case:
    """A workspace with a sample register, its plan, and the figures of a day."""

    def __init__(self, folder: Path, plots: int) -> None:
        for name in ("layers", "geo"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "ecotrack.toml", folder)
        self.workspace = Workspace.open(folder)
        self.sample: Sample = plan_sample(self.workspace, plots=plots)
        write_sample(self.workspace, self.sample)
        self._figures: dict[dt.date, dict[str, Any]] = {}

    def figures(self, day: dt.date) -> dict[str, Any]:
        """Return the scoreboard of a day."""
        if day not in self._figures:
            self._figures[day] = self.workspace.view(as_of=day).to_json()
        return self._figures[day]

    def truth(self, day: dt.date) -> Truth:
        """Return the truth of a day."""
        return self.sample.truth(day)

    def target(self, name: str, day: dt.date) -> dict[str, Any]:
        """Return one target of the scoreboard."""
        return next(row for row in self.figures(day)["targets"] if row["id"] == name)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("small"), SMALL)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("whole"), WHOLE)


def hold(rows: list[dict[str, Any]], key: str, truths: Mapping[str, Totals]) -> None:
    """Hold rows of a table to the truth: the same names, the same numbers."""
    assert {row[key] for row in rows} == set(truths)
    for row in rows:
        assert_totals(row, truths[row[key]])


def assert_totals(row: dict[str, Any], true: Totals) -> None:
    assert row["plots"] == true.plots
    for name in ("mapped_mu", "accepted_mu", "verified_mu", "qualified_mu", "disputed_mu", "overlap_mu"):
        assert row[name] == close(getattr(true, name)), (row, name)


def assert_ground(figures: dict[str, Any], truth: Truth) -> None:
    """Hold every table of ground to the truth."""
    rows = figures["units"]["responsible"]
    hold([row for row in rows if row["code"]], "code", truth.units)
    hold(figures["years"], "year", truth.years)
    hold(figures["programmes"], "programme", truth.programmes)
    total = rows[-1]
    for name in ("mapped_mu", "accepted_mu", "verified_mu", "qualified_mu", "overlap_mu"):
        assert total[name] == close(getattr(truth.total, name))
    assert total["net_accepted_mu"] == close(truth.net_accepted_mu)
    assert total["net_qualified_mu"] == close(truth.net_qualified_mu)
    assert total["disputed_mu"] == close(truth.disputed_mu)
    overlaps = figures["overlaps"]
    assert overlaps["count"] == truth.overlap_pairs
    assert len([pair for pair in overlaps["pairs"] if pair["sliver"]]) == truth.slivers
    assert overlaps["area_mu"] == close(truth.overlap_pairs_mu)
    assert overlaps["disputed_mu"] == close(truth.disputed_mu)


def assert_territory(figures: dict[str, Any], truth: Truth) -> None:
    """Hold the ground by county to the truth, plots cut by a border included."""
    for row in figures["units"]["territorial"][:-1]:
        accepted, qualified = truth.territory.get(row["code"], (0.0, 0.0))
        assert row["net_accepted_mu"] == close(accepted), row
        assert row["net_qualified_mu"] == close(qualified), row


def assert_tasks(figures: dict[str, Any], truth: Truth) -> None:
    """Hold the funnel of every sample task to the truth."""
    found = {row["task_id"]: row for row in figures["funnel"] if row["sample"]}
    for task_id, true in truth.tasks.items():
        steps = {step["step"]: step for step in found[task_id]["steps"]}
        for step, mu in true.mu.items():
            assert steps[step]["area_mu"] == close(mu), (task_id, step)
            assert steps[step]["plots"] == true.plots[step]
        assert_losses(steps, true)
        reported = {row["code"]: row["reported_mu"] for row in found[task_id]["units"]}
        assert {code: mu for code, mu in reported.items() if mu is not None} == true.reported_mu


def assert_losses(steps: dict[str, dict[str, Any]], true: TaskTruth) -> None:
    """Hold each cause of a loss to the truth, and what balances a step to what the others leave open."""
    found = {(step, loss["cause"]): loss["area_mu"] for step in true.mu for loss in steps[step]["losses"]}
    balance = {key for key in found if key[1] in ("no_boundary", "unreported", "released")}
    assert set(found) - balance == set(true.losses_mu)
    for key, lost in true.losses_mu.items():
        assert found[key] == close(lost), key
    for above, step in (("mapped", "accepted"), ("accepted", "verified"), ("verified", "qualified")):
        others = sum(lost for (name, _), lost in true.losses_mu.items() if name == step)
        assert found.get((step, "released"), 0.0) == pytest.approx(
            true.mu[above] - true.mu[step] - others, rel=1e-6, abs=1e-5
        )
    others = sum(lost for (name, _), lost in true.losses_mu.items() if name == "mapped")
    open_yet = found.get(("mapped", "no_boundary"), 0.0) + found.get(("mapped", "unreported"), 0.0)
    assert open_yet == pytest.approx(sum(true.reported_mu.values()) - true.mu["mapped"] - others, rel=1e-6, abs=1e-5)


def assert_targets(case: Case, truth: Truth, day: dt.date) -> None:
    """Hold the two targets that rest on plots to the truth."""
    assert case.target("ring", day)["value_km2"] == close(truth.ring_km2)
    year = case.target("year", day)
    assert year["value_mu"] == close(truth.year.value_mu)
    assert year["ceiling_mu"] == close(truth.year.ceiling_mu)
    for name in ("to_replant_mu", "failed_mu", "not_due_mu", "not_checked_mu", "disputed_mu"):
        assert year["details"][name] == close(getattr(truth.year, name)), name


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_figures_of_a_small_sample_equal_the_truth(small: Case, day: dt.date) -> None:
    figures, truth = small.figures(day), small.truth(day)
    assert_ground(figures, truth)
    assert_territory(figures, truth)
    assert_tasks(figures, truth)
    assert_targets(small, truth, day)


def test_figures_of_the_whole_sample_equal_the_truth(whole: Case) -> None:
    day = dt.date(2018, 12, 31)
    figures, truth = whole.figures(day), whole.truth(day)
    assert_ground(figures, truth)
    assert_territory(figures, truth)
    assert_tasks(figures, truth)
    assert_targets(whole, truth, day)


def test_the_whole_sample_holds_what_a_reviewer_meets(whole: Case) -> None:
    plots = whole.sample.plots
    scenarios = {plot.scenario for plot in plots}
    assert {"sliver", "touching", "overlap", "later_season", "disputed", "three", "border", "outer"} <= scenarios
    assert {"redo", "replant", "zone_line"} <= scenarios
    assert len(plots) == pytest.approx(WHOLE, rel=0.01)
    truth = whole.truth(dt.date(2018, 12, 31))
    assert truth.total.mapped_mu / len([p for p in plots if p.kind == "造林"]) == pytest.approx(13.7, rel=0.05)
    assert truth.disputed_mu > 0
    assert 0 < truth.slivers < truth.overlap_pairs
    assert json.dumps(truth.to_json())
    assert truth.territory["outside"][0] > 0
    assert whole.sample.awards
    assert any(plot.season == "2016-spring" and plot.versions[0].submitted_on.year == 2017 for plot in plots)
    assert any(_at_the_bar(plot) for plot in plots)
    assert any(v.rect.west < 115.5 < v.rect.east for plot in plots for v in plot.versions)


def _at_the_bar(plot: PlannedPlot) -> bool:
    return any(check.holes_live * 100 == 85 * check.holes_checked for check in plot.checks)


@pytest.mark.parametrize("day", [dt.date(2016, 12, 31), dt.date(2018, 6, 30), dt.date(2020, 12, 31)], ids=str)
def test_lake_and_rivers_equal_the_truth(small: Case, day: dt.date) -> None:
    water = small.sample.water
    assert small.target("lake", day)["value_km2"] == close(lake_median_km2(water.lake, day) or 0.0)
    works = small.figures(day)["indicators"]["km_treated"]["works"]
    assert {row["work"]: row["km"] for row in works} == km_by_work(water.works, day)


def test_sections_air_and_deadlines_equal_the_truth(small: Case) -> None:
    day = dt.date(2017, 6, 30)
    assert small.target("sections", day)["value_points"] == close(section_points(small.sample.water.sections, 2016))
    assert small.target("pm25", day)["value_pct"] == close(air_change_pct("pm25", 2016))
    assert small.target("pm10", day)["value_pct"] == close(air_change_pct("pm10", 2016))
    assert small.target("plan", day)["value_working_days"] == PLAN_WORKING_DAYS
    assert small.target("report", day)["value_months"] == REPORT_MONTHS


def test_every_city_is_judged_alone_by_the_end_of_2020(small: Case) -> None:
    day = dt.date(2020, 12, 31)
    target = small.target("sponge", day)
    cities = {row["code"]: row for row in target["details"]["cities"]}
    passed = zones_passed(small.sample.water.zones, day)
    assert {code: row["zones_passed"] for code, row in cities.items()} == passed
    assert {code for code, row in cities.items() if row["share_pct"] < 20} == {c for c, n in passed.items() if n == 0}
    assert small.target("sponge", dt.date(2020, 5, 31))["status"] == "not_assessed"


def test_every_target_is_assessed_on_the_sample(small: Case) -> None:
    blank = [row["id"] for row in small.figures(dt.date(2020, 12, 31))["targets"] if row["status"] == "not_assessed"]
    assert blank == []
