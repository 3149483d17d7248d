"""Credit is settled per step, and real records never mix with sample data."""

from __future__ import annotations

import itertools
from dataclasses import replace
from math import fsum

import pytest

from ecotrack.geometry.area import area_m2
from ecotrack.intake import submit as intake_submit
from ecotrack.progress.state import STOCK
from ecotrack.settings import Rules, UnitRules
from ecotrack.units import mu_from_m2
from figure_cases import accept, award, board, box, check, day, feature, measure, plot, record

LEFT, RIGHT = box(115.60), box(115.605)
STRIP_MU = mu_from_m2(area_m2([LEFT.intersection(RIGHT)])[0])
ONE_MU = mu_from_m2(area_m2([LEFT])[0])


def accepted_mu(found, code: str) -> float:
    rows = found.to_json()["units"]["responsible"]
    return next(row["accepted_mu"] for row in rows if row["code"] == code)


def test_an_earlier_season_keeps_the_ground_whatever_the_order_of_acceptance() -> None:
    versions = [
        plot("new", LEFT, season="2017-spring", effective_on=plot("x", LEFT).effective_on),
        plot("old", RIGHT, unit="131103"),
    ]
    decisions = [accept("new", "2016-06-01"), accept("old", "2016-07-01")]
    found = board("2017-12-31", versions=versions, decisions=decisions)
    assert accepted_mu(found, "131103") == pytest.approx(ONE_MU, rel=1e-4)
    assert accepted_mu(found, "131102") == pytest.approx(ONE_MU - STRIP_MU, rel=1e-4)


def test_ground_shared_by_two_units_in_one_season_is_disputed_until_a_reviewer_decides() -> None:
    versions = [plot("a", LEFT), plot("b", RIGHT, unit="131103")]
    decisions = [accept("a"), accept("b")]
    found = board("2016-12-31", versions=versions, decisions=decisions)
    for code in ("131102", "131103"):
        assert accepted_mu(found, code) == pytest.approx(ONE_MU - STRIP_MU, rel=1e-4)
    document = found.to_json()
    assert document["overlaps"]["disputed_mu"] == pytest.approx(STRIP_MU, rel=1e-9)
    total = document["units"]["responsible"][-1]
    assert total["accepted_mu"] + total["disputed_mu"] == pytest.approx(total["net_accepted_mu"], rel=1e-12)

    decided = board("2016-12-31", versions=versions, decisions=[*decisions, award("b", "a")])
    assert accepted_mu(decided, "131103") == pytest.approx(ONE_MU, rel=1e-4)
    assert decided.to_json()["overlaps"]["disputed_mu"] == 0


def test_inside_one_unit_the_earlier_submission_keeps_the_ground() -> None:
    versions = [plot("a", LEFT, effective_on=plot("x", LEFT).effective_on.replace(day=9)), plot("b", RIGHT)]
    found = board("2016-12-31", versions=versions, decisions=[accept("a"), accept("b")])
    assert found.plots.accepted.credit.lost_overlap_m2[0] > 0
    assert found.plots.accepted.credit.lost_overlap_m2[1] == 0
    strict = board("2016-12-31", versions=versions, decisions=[accept("a"), accept("b")], rules=Rules(disputes="all"))
    assert strict.to_json()["overlaps"]["disputed_mu"] > 0


def test_a_failed_or_struck_plot_gives_its_ground_back_at_the_step_where_it_failed() -> None:
    versions = [plot("old", LEFT), plot("new", RIGHT, season="2017-spring")]
    decisions = [accept("old"), accept("new", "2017-06-01")]
    records = [check("old", 20), check("new", 95, "2017-10-20")]
    found = board("2018-01-01", versions=versions, decisions=decisions, records=records)
    new = [p.feature_id for p in found.plots.plots].index("new")
    assert found.plots.accepted.credit.lost_overlap_m2[new] > 0
    assert found.plots.qualified.credit.lost_overlap_m2[new] == 0
    struck = [accept("old", "2017-07-01", "strike")]
    found = board("2018-01-01", versions=versions, decisions=[*decisions, *struck], records=records)
    assert found.plots.accepted.credit.lost_overlap_m2[new] == 0


def test_a_redo_counts_once_in_its_own_year_and_takes_its_parents_place() -> None:
    versions = [plot("old", LEFT), plot("redo", LEFT, season="2017-spring", kind="重造", parent_id="old")]
    decisions = [accept("old"), accept("redo", "2017-06-01")]
    records = [check("old", 20), check("redo", 95, "2017-10-20")]
    found = board("2018-01-01", versions=versions, decisions=decisions, records=records)
    years = {row["year"]: row["accepted_mu"] for row in found.to_json()["years"]}
    assert years == {"2016": 0.0, "2017": pytest.approx(ONE_MU, rel=1e-9)}
    assert measure("year", "2018-01-01", versions=versions, decisions=decisions, records=records).measured.value == 0.0


def test_replanting_and_tending_add_no_new_area() -> None:
    versions = [plot("a", LEFT), plot("again", LEFT, kind="补植", parent_id="a")]
    found = board("2016-12-31", versions=versions, decisions=[accept("a"), accept("again")])
    assert [p.feature_id for p in found.plots.plots] == ["a"]


def test_the_last_accepted_version_stands_and_a_returned_one_does_not_replace_it() -> None:
    first = plot("a", LEFT)
    second = plot("a", box(115.60, width=0.02))
    second = type(second)(**{name: getattr(second, name) for name in second.__slots__} | {"version_id": "v-a2"})
    decisions = [accept("a"), accept("a2", "2016-07-01", "return")]
    found = board("2016-12-31", versions=[first, second], decisions=decisions)
    assert accepted_mu(found, "131102") == pytest.approx(ONE_MU, rel=1e-9)
    found = board("2016-12-31", versions=[first, second], decisions=[accept("a"), accept("a2", "2016-07-01")])
    assert accepted_mu(found, "131102") == pytest.approx(2 * ONE_MU, rel=1e-4)


@pytest.mark.parametrize(("live", "outcome"), [(85, "qualified"), (84, "replant"), (41, "replant"), (40, "failed")])
def test_survival_classes_stand_on_the_counts(live: int, outcome: str) -> None:
    found = board("2016-12-31", versions=[plot("a", LEFT)], decisions=[accept("a")], records=[check("a", live)])
    assert found.plots.plots[0].outcome == outcome


def test_a_unit_may_go_by_bars_of_its_own() -> None:
    versions = [plot("a", LEFT), plot("b", box(115.64), unit="131103")]
    rules = Rules(units={"131103": UnitRules(survival_counts_pct="80", survival_replant_pct="40")})
    for live, outcomes in ((82, ["replant", "qualified"]), (40, ["failed", "replant"]), (90, ["qualified"] * 2)):
        records = [check("a", live), check("b", live)]
        found = board(
            "2016-12-31", versions=versions, decisions=[accept("a"), accept("b")], records=records, rules=rules
        )
        assert [one.outcome for one in found.plots.plots] == outcomes


def test_survival_is_not_rounded_over_the_bar() -> None:
    found = board(
        "2016-12-31", versions=[plot("a", LEFT)], decisions=[accept("a")], records=[check("a", 8499, checked=10000)]
    )
    assert found.plots.plots[0].outcome == "replant"


def test_sample_plots_stand_aside_where_there_is_a_real_one() -> None:
    versions = [plot("real", LEFT), plot("sample", box(115.7), sample=True)]
    found = board("2016-12-31", versions=versions, decisions=[accept("real"), accept("sample")])
    document = found.to_json()
    assert not document["units"]["sample"]
    assert document["units"]["responsible"][-1]["plots"] == 1
    assert document["sample_aside_plots"] == 1
    alone = board("2016-12-31", versions=versions[1:], decisions=[accept("sample")]).to_json()
    assert alone["units"]["sample"]
    assert alone["sample_aside_plots"] == 0


def task(unit: str, mu: str, **given):
    fields = {"title": "2016年造林", "kind": "造林", "level": "市", "season": "2016"}
    return record("tasks", "task", given.pop("on", "2016-01-10"), mu, unit=unit, task_id="2016", **(fields | given))


def report(unit: str, mu: str, on: str = "2016-06-30", **given):
    return record("reports", "report", on, mu, unit=unit, task_id="2016", **given)


def funnel(as_of: str, **given):
    return board(as_of, **given).to_json()["funnel"][0]


def test_a_funnel_loses_ground_by_cause_and_its_parts_add_up() -> None:
    versions = [plot("a", LEFT), plot("b", box(115.62)), plot("c", box(115.64)), plot("d", box(115.66))]
    decisions = [accept("a"), accept("b"), accept("c"), accept("d", verdict="return")]
    records = [task("131102", "10000"), report("131102", "7000"), check("a", 95), check("b", 50)]
    found = funnel("2016-12-31", versions=versions, decisions=decisions, records=records)
    step = {s["step"]: s for s in found["steps"]}
    assert step["mapped"]["area_mu"] == pytest.approx(4 * ONE_MU, rel=1e-4)
    assert step["accepted"]["area_mu"] == pytest.approx(3 * ONE_MU, rel=1e-4)
    assert step["verified"]["area_mu"] == pytest.approx(2 * ONE_MU, rel=1e-4)
    assert step["qualified"]["area_mu"] == pytest.approx(ONE_MU, rel=1e-4)
    steps = found["steps"][1:]
    for above, below in itertools.pairwise(steps):
        lost = fsum(loss["area_mu"] for loss in below["losses"])
        assert above["area_mu"] - lost == pytest.approx(below["area_mu"], rel=1e-9)
    assert {loss["cause"] for loss in step["mapped"]["losses"]} == {"no_boundary"}
    assert {loss["cause"] for loss in step["verified"]["losses"]} == {"overdue"}
    assert {loss["cause"] for loss in step["qualified"]["losses"]} == {"replant"}


def test_what_was_returned_and_lies_outside_the_unit_is_a_cause_of_its_own() -> None:
    ground = [feature("131102", box(115.60, width=0.05)), feature("131103", box(115.65, width=0.05))]
    versions = [plot("in", LEFT), plot("out", box(115.66)), plot("over", box(115.642)), plot("kept", box(115.67))]
    decisions = [accept("in", verdict="return"), accept("out", verdict="return"), accept("kept")]
    records = [task("131102", "10000"), report("131102", "7000")]
    found = funnel(
        "2016-12-31", versions=versions, decisions=decisions, records=records, features={"report_units": ground}
    )
    lost = {loss["cause"]: loss["area_mu"] for loss in found["steps"][3]["losses"]}
    assert lost == {"returned": pytest.approx(2 * ONE_MU, rel=1e-4), "outside": pytest.approx(ONE_MU, rel=1e-4)}


def test_losses_add_up_where_ground_is_disputed_overlapped_and_released() -> None:
    versions = [
        plot("old", LEFT, season="2015-autumn", effective_on=day("2015-11-01")),
        plot("mine", RIGHT),
        plot("rival", box(115.61), unit="131103"),
        plot("back", box(115.618), unit="131103"),
    ]
    decisions = [accept("old", verdict="return"), accept("mine"), accept("rival"), accept("back")]
    records = [task("131102", "9000"), task("131103", "9000"), report("131102", "3000"), report("131103", "5000")]
    found = funnel("2016-12-31", versions=versions, decisions=decisions, records=records)
    for row in found["units"]:
        for above, below in (("reported", "mapped"), ("mapped", "accepted"), ("accepted", "verified")):
            lost = fsum(loss["area_mu"] for loss in row["losses"].get(below, []))
            assert row[f"{above}_mu"] - lost == pytest.approx(row[f"{below}_mu"], rel=1e-9)
    by_unit = {row["code"]: row["losses"] for row in found["units"]}
    disputed = {code: [loss["cause"] for step in found.values() for loss in step] for code, found in by_unit.items()}
    assert "dispute" in disputed["131102"]
    assert "dispute" in disputed["131103"]
    assert "released" in disputed["131102"]


def test_a_unit_that_mapped_more_than_it_reported_is_told_and_the_total_still_adds_up() -> None:
    versions = [plot("a", LEFT), plot("b", box(115.7), unit="131103")]
    records = [task("131102", "9000"), task("131103", "9000"), report("131102", "10"), report("131103", "2000")]
    found = funnel("2016-12-31", versions=versions, decisions=[accept("a"), accept("b")], records=records)
    steps = {step["step"]: step for step in found["steps"]}
    causes = {loss["cause"]: loss["area_mu"] for loss in steps["mapped"]["losses"]}
    assert causes["unreported"] < 0 < causes["no_boundary"]
    assert steps["reported"]["area_mu"] - fsum(causes.values()) == pytest.approx(steps["mapped"]["area_mu"], rel=1e-12)


def test_a_check_before_the_planting_says_nothing_about_it() -> None:
    versions, decisions = [plot("a", LEFT, season="2016-autumn")], [accept("a")]
    early = board("2017-12-31", versions=versions, decisions=decisions, records=[check("a", 95, "2016-06-30")])
    assert (early.plots.plots[0].outcome, early.plots.columns.checked.tolist()) == ("not_checked", [False])
    later = board("2017-12-31", versions=versions, decisions=decisions, records=[check("a", 95, "2017-10-20")])
    assert later.plots.plots[0].outcome == "qualified"


def test_a_task_without_boundaries_is_not_assessed_below_reported() -> None:
    found = funnel("2016-12-31", records=[task("131102", "100"), report("131102", "60")])
    assert found["total"]["mapped_mu"] is None
    assert [s["reasons"][0]["code"] for s in found["steps"][2:]] == ["no_boundary"] * 4


def test_a_task_of_one_kind_against_plots_of_another_is_not_assessed() -> None:
    other = plot("a", LEFT, kind="营造林", task_id="2016")
    found = funnel("2016-12-31", versions=[other], decisions=[accept("a")], records=[task("131102", "100")])
    assert found["steps"][2]["reasons"][0]["code"] == "kinds_differ"


def test_reports_are_cumulative_and_the_last_one_up_to_the_day_counts() -> None:
    records = [task("131102", "100"), report("131102", "60"), report("131102", "80", "2016-09-30")]
    assert funnel("2016-08-01", records=records)["total"]["reported_mu"] == 60
    assert funnel("2016-10-01", records=records)["total"]["reported_mu"] == 80


def test_trees_without_a_boundary_are_reported_apart() -> None:
    records = [task("131102", "100"), report("131102", "60", form="片林"), report("131102", "15", form="四旁")]
    total = funnel("2016-08-01", records=records)["total"]
    assert (total["reported_mu"], total["converted_mu"]) == (60, 15)


def test_a_revision_of_a_task_is_a_new_row_from_its_day_on() -> None:
    records = [task("131102", "100"), task("131102", "120", on="2016-05-01")]
    assert funnel("2016-04-01", records=records)["total"]["assigned_mu"] == 100
    assert funnel("2016-06-01", records=records)["total"]["assigned_mu"] == 120


def test_ranking_is_by_rate_then_quantity_then_code_and_silence_comes_last() -> None:
    tasks = [
        task(unit, mu)
        for unit, mu in (("131102", "100"), ("131103", "200"), ("131121", "300"), ("131122", "50"), ("131123", "100"))
    ]
    reports = [report("131102", "110"), report("131103", "100"), report("131121", "150"), report("131123", "110")]
    rows = funnel("2016-08-01", records=[*tasks, *reports])["units"]
    assert [row["code"] for row in rows] == ["131102", "131123", "131121", "131103", "131122"]
    assert rows[0]["rate_pct"] == pytest.approx(110.0)
    assert rows[-1]["reported_mu"] is None


def test_names_of_units_are_those_of_the_day() -> None:
    row = funnel("2016-05-20", records=[task("131103", "100")])["units"][0]
    assert row["name_zh"] == "冀州市"


def test_a_corrected_report_gives_way_to_its_correction() -> None:
    first = report("131102", "60", record_id="r1", seq=2)
    mended = report("131102", "50", record_id="r2", corrects="r1", seq=3)
    records = [task("131102", "100", seq=1), first, mended]
    assert funnel("2016-08-01", records=records)["total"]["reported_mu"] == 50


def test_territorial_ground_and_the_outside_add_up_to_the_city() -> None:
    from figure_cases import feature

    cells = {
        "counties": [
            feature("131102", box(115.59, 37.59, 0.0125, 0.05)),
            feature("131103", box(115.6025, 37.59, 0.005, 0.05)),
        ]
    }
    found = board(
        "2016-12-31", versions=[plot("a", LEFT), plot("b", RIGHT)], decisions=[accept("a"), accept("b")], features=cells
    )
    rows = found.to_json()["units"]["territorial"]
    total = found.to_json()["units"]["responsible"][-1]["net_accepted_mu"]
    assert fsum(row["net_accepted_mu"] for row in rows[:-1]) == pytest.approx(total, rel=1e-9)
    assert rows[-1]["net_accepted_mu"] == pytest.approx(total, rel=1e-12)
    assert rows[-2]["net_accepted_mu"] > 0


def test_what_is_not_judged_yet_names_the_days_on_which_it_falls_due() -> None:
    task = record("tasks", "task", "2016-01-10", "100", unit="131102", task_id="t", kind="造林", season="2016")
    versions = [plot("a", box(115.60)), plot("b", box(115.62), season="2016-autumn"), plot("c", box(115.64))]
    decisions = [accept(name) for name in "abc"]
    found = board("2016-12-31", versions=versions, decisions=decisions, records=[task, check("c", 90)])
    steps = {step["step"]: step["due_on"] for step in found.to_json()["funnel"][0]["steps"]}
    assert steps["qualified"] == steps["verified"] == ["2016-10-31", "2017-10-31"]
    assert steps["accepted"] == []


def test_area_by_unit_names_the_kinds_whose_ground_stands_in_it() -> None:
    versions = [plot("a", box(115.60)), plot("b", box(115.62), kind="营造林"), plot("c", box(115.64), kind="补植")]
    found = board("2016-12-31", versions=versions, decisions=[accept(name) for name in "abc"]).to_json()
    assert found["units"]["kinds"] == ["营造林", "造林"]


def test_order_of_acceptance_decides_inside_a_season_where_the_rule_says_so() -> None:
    versions = [plot("a", LEFT), plot("b", RIGHT)]
    decisions = [accept("a", "2016-07-01"), accept("b", "2016-06-01")]
    for rule, winner in (("submission", "a"), ("acceptance", "b")):
        found = board("2016-12-31", versions=versions, decisions=decisions, rules=Rules(tie_break=rule))
        lost = dict(zip("ab", found.plots.accepted.credit.lost_overlap_m2, strict=True))
        assert lost[winner] == 0
        assert sum(lost.values()) > 0


def test_opening_balance_is_marked_and_its_share_is_told() -> None:
    stock = replace(
        accept("x"),
        subject="submission",
        subject_id="s-old",
        reason=STOCK,
        decision_id="d-old",
        document="衡林〔2014〕3号",
    )
    versions = [plot("old", box(115.60), submission_id="s-old", season="2014-spring"), plot("new", box(115.62))]
    ring = {"ring_zone": [feature("ring", box(115.5, 37.5, 0.5, 0.5))]}
    given = {"versions": versions, "decisions": [stock, accept("new")], "features": ring}
    found = board("2016-12-31", records=[check("old", 90), check("new", 90)], **given)
    assert dict(zip(found.plots.columns.feature_id, found.plots.stock, strict=True)) == {"old": True, "new": False}
    total = found.to_json()["units"]["responsible"][-1]
    assert total["stock_mu"] == pytest.approx(ONE_MU, rel=1e-9)
    assert total["stock_pct"] == pytest.approx(50, rel=1e-4)
    details = found.figure("ring").measured.details
    assert details["opening_balance_pct"] == pytest.approx(50, rel=1e-4)
    assert board("2013-12-31", **given).to_json()["units"]["responsible"] == []


def test_intake_and_figures_mean_the_same_by_opening_balance() -> None:
    assert intake_submit.STOCK == STOCK


def test_a_task_names_its_revision_with_the_day() -> None:
    names = {"unit": "131102", "task_id": "t", "kind": "造林", "season": "2016"}
    records = [record("tasks", "task", on, mu, **names) for on, mu in (("2016-01-10", "100"), ("2016-09-01", "150"))]
    for as_of, revised in (("2016-08-31", "2016-01-10"), ("2016-12-31", "2016-09-01")):
        (funnel,) = board(as_of, records=records).to_json()["funnel"]
        assert funnel["revised_on"] == revised
