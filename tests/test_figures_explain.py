"""An explanation adds up to its figure exactly, names every loss, and tells why the rest does not count."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from math import fsum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.demo.sample import plan_sample
from ecotrack.errors import UnknownFigure, UnknownSubmission
from ecotrack.figures.explain import Explanation, explain
from ecotrack.figures.explain_records import RULES
from ecotrack.figures.scoreboard import Scoreboard
from ecotrack.model import Decision, ProgressRecord
from ecotrack.progress import current
from ecotrack.units import km2_from_m2, mu_from_m2
from ecotrack.workspace import Workspace
from figure_cases import CONFIG, ROOT, accept, award, board, box, check, day, feature, plot, record

AS_OF = "2017-03-16"
STEPS = ("mapped", "accepted", "verified", "qualified")
ZONE = {"ring_zone": [feature("west", box(115.6, 37.6, 0.03, 0.05)), feature("east", box(115.63, 37.6, 0.03, 0.05))]}


def added_up(found: Explanation) -> float:
    """What the parts of the rows come to, added as docs/receipts.md says."""
    if found.groups:
        units = {
            code: fsum(p for row in found.plots if row.unit == code for p in row.parts_m2) for code, _ in found.groups
        }
        return fsum(mu_from_m2(m2) for m2 in units.values())
    convert = km2_from_m2 if found.unit == "km2" else mu_from_m2
    return convert(fsum(part for row in found.plots for part in row.parts_m2))


def task(**given: Any) -> ProgressRecord:
    named = {
        "unit": "131102",
        "task_id": "t1",
        "title": "试验",
        "kind": "造林",
        "level": "市",
        "season": "2016",
    } | given
    return record("tasks", "task", "2016-01-10", "100", **named)


@st.composite
def grounds(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Plots that may overlap, of any unit, season, verdict and survival."""
    versions, decisions, records = [], [], [task()]
    for i in range(draw(st.integers(1, 7))):
        name = f"p{i}"
        shape = box(115.6 + 0.004 * draw(st.integers(0, 12)), 37.6 + 0.004 * draw(st.integers(0, 3)))
        unit = draw(st.sampled_from(("131102", "131103", "131121")))
        season = draw(st.sampled_from(("2015-spring", "2016-spring", "2016-autumn")))
        kind = draw(st.sampled_from(("造林", "造林", "造林绿化")))
        versions.append(plot(name, shape, unit=unit, season=season, kind=kind))
        verdict = draw(st.sampled_from(("accept", "accept", "accept", "return", "strike", "withdraw", None)))
        if verdict:
            decisions.append(accept(name, verdict=verdict))
        if draw(st.booleans()):
            records.append(check(name, draw(st.sampled_from((30, 60, 90)))))
    return {"versions": versions, "decisions": decisions, "records": records}


@settings(deadline=None, max_examples=40)
@given(grounds())
def test_the_parts_of_every_plot_add_up_to_the_figure_exactly(ground: dict[str, list[Any]]) -> None:
    found = board(AS_OF, features=ZONE, **ground)
    for figure_id in ("year", "ring", *(f"t1/{step}" for step in STEPS)):
        explained = explain(found, figure_id)
        if explained.value is not None:
            assert added_up(explained) == explained.value
        for row in explained.plots:
            lost = fsum(loss.area_m2 for loss in row.losses)
            assert (row.reason is None) == bool(fsum(row.parts_m2))
            if figure_id != "ring" and row.credited_m2:
                assert row.area_m2 <= (row.credited_m2 + row.held_m2 + lost) * (1 + 1e-9)


@settings(deadline=None, max_examples=20)
@given(grounds())
def test_the_parts_of_one_unit_add_up_to_its_row(ground: dict[str, list[Any]]) -> None:
    found = board(AS_OF, features=ZONE, **ground)
    for row in found.funnels[0].rows:
        for step in STEPS:
            explained = explain(found, f"t1/{step}", unit=row.code)
            assert {one.unit for one in explained.plots} <= {row.code}
            if row.mu[step] is not None:
                assert added_up(explained) == explained.value == row.mu[step]


def rows(figure_id: str, **given: Any) -> dict[str, Any]:
    asked = {name: given.pop(name) for name in ("unit", "plot") if name in given}
    decisions = given.get("decisions", ())
    explained = explain(board(AS_OF, **given), figure_id, decisions=decisions, **asked)
    return {row.plot.feature_id: row for row in explained.plots}


def test_ground_of_an_earlier_season_is_named_as_lost_to_it() -> None:
    found = rows(
        "t1/accepted",
        versions=[plot("old", box(115.6), season="2016-spring"), plot("new", box(115.605), season="2016-autumn")],
        decisions=[accept("old"), accept("new")],
        records=[task()],
    )
    (loss,) = found["new"].losses
    assert (loss.to, loss.disputed) == ("old", False)
    assert loss.area_m2 == pytest.approx(found["new"].area_m2 - found["new"].credited_m2, rel=1e-9)
    assert found["old"].losses == ()


def test_a_dispute_stands_with_both_plots_until_it_is_awarded() -> None:
    both = {
        "versions": [plot("a", box(115.6), unit="131102"), plot("b", box(115.605), unit="131103")],
        "records": [task()],
    }
    decided = [accept("a"), accept("b")]
    open_yet = rows("t1/accepted", decisions=decided, **both)
    assert [(row.losses[0].to, row.losses[0].disputed) for row in open_yet.values()] == [("b", True), ("a", True)]
    awarded = rows("t1/accepted", decisions=[*decided, award("b", "a")], **both)
    assert [(loss.to, loss.disputed) for loss in awarded["a"].losses] == [("b", False)]
    assert awarded["b"].losses == ()
    assert [one.subject for one in awarded["b"].decisions] == ["version", "overlap"]


@pytest.mark.parametrize(
    ("figure_id", "code", "given"),
    [
        ("t1/accepted", "not_reviewed", {}),
        ("t1/accepted", "returned", {"verdict": "return"}),
        ("t1/accepted", "struck", {"verdict": "strike"}),
        ("t1/mapped", "withdrawn", {"verdict": "withdraw"}),
        ("t1/verified", "overdue", {"verdict": "accept"}),
        ("t1/verified", "not_due", {"verdict": "accept", "season": "2016-autumn"}),
        ("year", "overdue", {"verdict": "accept"}),
        ("year", "not_due", {"verdict": "accept", "season": "2016-autumn"}),
        ("year", "replant", {"verdict": "accept", "live": 60}),
        ("year", "failed", {"verdict": "accept", "live": 30}),
        ("year", "kinds_differ", {"verdict": "accept", "kind": "造林绿化", "live": 90}),
        ("year", "out_of_scope", {"verdict": "accept", "season": "2015-spring", "live": 90}),
        ("ring", "outside_zone", {"verdict": "accept", "west": 115.9, "live": 90}),
        ("ring", "failed", {"verdict": "accept", "live": 30}),
    ],
)
def test_a_plot_that_does_not_count_says_why(figure_id: str, code: str, given: dict[str, Any]) -> None:
    verdict, live = given.pop("verdict", None), given.pop("live", None)
    found = rows(
        figure_id,
        plot="p",
        versions=[plot("p", box(given.pop("west", 115.61)), **given), plot("q", box(115.64))],
        decisions=[*([accept("p", verdict=verdict)] if verdict else []), accept("q")],
        records=[task(), *([check("p", live)] if live else []), check("q", 90)],
        features=ZONE,
    )
    assert list(found) == ["p"]
    assert found["p"].reason.code == code
    assert found["p"].parts_m2 == ()
    assert found["p"].reason.text.zh
    json.dumps(found["p"].to_json())


def test_a_plot_that_lost_all_its_ground_says_so() -> None:
    found = rows(
        "t1/accepted",
        versions=[plot("a", box(115.6)), plot("b", box(115.6), season="2016-autumn")],
        decisions=[accept("a"), accept("b")],
        records=[task()],
    )
    assert found["b"].reason.code == "overlap"
    assert found["b"].losses[0].to == "a"


def test_a_plot_that_was_redone_leaves_its_ground_to_the_redo() -> None:
    found = rows(
        "t1/accepted",
        versions=[plot("a", box(115.6)), plot("r", box(115.6), kind="重造", parent_id="a", season="2016-autumn")],
        decisions=[accept("a"), accept("r")],
        records=[task(), check("a", 10)],
    )
    assert found["a"].reason.code == "redone"
    assert found["r"].reason is None


def test_decisions_about_a_submission_stand_with_each_of_its_plots() -> None:
    whole = Decision(
        decision_id="d", subject="submission", subject_id="s-1", verdict="accept", decided_on=day("2016-06-01"),
        reviewer="李四", document="衡林审〔2016〕1号",
    )  # fmt: skip
    found = rows("t1/accepted", versions=[plot("a", box(115.6))], decisions=[whole], records=[task()])
    assert found["a"].decisions == (whole,)
    assert found["a"].to_json()["decisions"][0]["document"] == "衡林审〔2016〕1号"


def test_reports_used_are_the_last_ones_and_corrected_ones_name_their_correction() -> None:
    named: dict[str, Any] = {"unit": "131102", "task_id": "t1"}
    first = record("reports", "report", "2016-04-20", "10", record_id="first", seq=1, **named)
    wrong = record("reports", "report", "2016-05-20", "99", record_id="wrong", seq=2, **named)
    right = record("reports", "report", "2016-05-20", "20", record_id="right", corrects="wrong", seq=3, **named)
    trees = record("reports", "report", "2016-05-20", "3", record_id="trees", seq=4, form="四旁", **named)
    other = record("reports", "report", "2016-05-20", "7", record_id="other", seq=5, unit="131102", task_id="t2")
    known = [first, wrong, right, trees, other]
    found = explain(board(AS_OF, records=[task(), *known]), "t1/reported", known=known)
    told = {row.record.record_id: row.reason.code if row.reason else None for row in found.records}
    assert told == {"right": None, "first": "older", "wrong": "corrected", "trees": "converted"}
    assert found.records[[row.record.record_id for row in found.records].index("wrong")].corrected_by == "right"
    assert found.value == 20.0


@pytest.fixture(scope="module")
def sample_records() -> list[ProgressRecord]:
    entries = plan_sample(Workspace.open(ROOT), plots=60).entries
    found = [entry for entry in entries if isinstance(entry, ProgressRecord)]
    return [replace(one, seq=i) for i, one in enumerate(found, start=1)]


def scoreboard_of(records: list[ProgressRecord], on: str) -> Scoreboard:
    workspace = Workspace.open(ROOT)
    names = ("lake", "sections", "sponge_zones", "builtup")
    return board(on, records=records, features={name: list(workspace.features(name)) for name in names})


@pytest.mark.parametrize("on", ["2016-07-01", "2017-03-16", "2017-12-31", "2020-12-31"])
@pytest.mark.parametrize("target", [one for one in CONFIG.targets if one.measure in RULES], ids=lambda one: one.id)
def test_the_records_used_alone_give_the_same_figure(
    target: Any, on: str, sample_records: list[ProgressRecord]
) -> None:
    whole = scoreboard_of(sample_records, on)
    known = [one for one in sample_records if one.effective_on <= dt.date.fromisoformat(on)]
    explained = explain(whole, target.id, known=known)
    used = [row.record for row in explained.records if row.reason is None]
    aside = {row.record.record_id for row in explained.records if row.reason is not None}
    assert aside.isdisjoint(one.record_id for one in used)
    alone = scoreboard_of([replace(one, corrects=None) for one in used], on).figure(target.id)
    assert alone is not None
    if explained.value is not None:
        assert used
        assert alone.measured.value == explained.value
        assert alone.measured.basis == explained.basis
    assert {one.record_id for one in current(known) if one.layer == target.params.get("layer")} >= {
        one.record_id for one in used if one.layer == target.params.get("layer")
    }


def test_every_measure_that_rests_on_records_has_its_rule() -> None:
    assert {one.measure for one in CONFIG.targets} - set(RULES) == {"year_planting", "ring_forest"}


def test_an_unknown_figure_step_or_plot_is_refused() -> None:
    found = board(AS_OF, records=[task()], versions=[plot("a", box(115.6))])
    for name in ("trees", "t1/planted", "t9/accepted"):
        with pytest.raises(UnknownFigure) as error:
            explain(found, name)
        assert "t1/" in error.value.message("zh")
    with pytest.raises(UnknownSubmission):
        explain(found, "t1/accepted", plot="b")
