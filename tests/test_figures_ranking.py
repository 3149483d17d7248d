"""Units are ranked by the rate of the step that is stated, over the task that is stated."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.figures.funnel import STEPS
from ecotrack.figures.ranking import ranked_by
from publication_cases import AS_OF, TASK, make_workspace


def row(code: str, assigned: float | None, done: float | None) -> dict:
    return {"code": code, "assigned_mu": assigned, "qualified_mu": done, "rank": 0, "rate_pct": None}


def order(*rows: dict) -> list[str]:
    found = ranked_by({"units": list(rows), "total": row("", 1.0, 1.0)}, "qualified")
    assert [one["rank"] for one in found["units"]] == list(range(1, len(rows) + 1))
    return [one["code"] for one in found["units"]]


def test_ties_go_by_quantity_then_by_code_and_silence_comes_last() -> None:
    assert order(row("a", 100.0, None), row("b", 50.0, 25.0), row("c", 100.0, 50.0), row("d", 100.0, 50.0)) == [*"cdba"]


def test_rates_are_compared_exactly_and_not_as_printed() -> None:
    assert order(row("a", 3.0, 1.0), row("b", 3_000_000.0, 1_000_000.1)) == ["b", "a"]


@pytest.mark.parametrize("step", [step for step in STEPS if step != "assigned"])
def test_the_verb_ranks_by_the_stated_step_and_names_it(tmp_path: Path, step: str) -> None:
    folder, path = make_workspace(tmp_path).folder, tmp_path / "r.xlsx"

    def run(*more: str) -> str:
        given = ["-w", str(folder), "rank", "--task", TASK, "--step", step, "--as-of", str(AS_OF), *more]
        result = CliRunner().invoke(cli, given, standalone_mode=False)
        assert result.exception is None, result.exception
        return result.output

    told = json.loads(run("--json"))
    assert told["ranked_by"] == step
    for unit in told["units"]:
        assert unit["rate_pct"] == unit[f"{step}_mu"] / unit["assigned_mu"] * 100
    rates = [unit["rate_pct"] for unit in told["units"]]
    assert rates == sorted(rates, reverse=True)
    assert f"{TASK}/{step}" in [one["figure"] for one in told["receipt"]["figures"]]
    run("--xlsx", str(path))
    sheet = openpyxl.load_workbook(path).active
    assert sheet["D3"].value == ("完成（亩）" if step == "reported" else f"{STEPS[step].zh}（亩）")
    done = [row[3].value for row in sheet.iter_rows(min_row=4, max_row=4 + len(told["units"]))]
    assert round(sum(done[:-1]), 2) == done[-1]
    assert sheet["D4"].value == pytest.approx(told["units"][0][f"{step}_mu"], abs=0.011)
