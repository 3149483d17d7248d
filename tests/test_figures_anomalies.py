"""Anomalies: each rule finds what it says, stays silent beside it, and moves no figure."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotrack.figures.anomalies import BAR_CHECKS, CHECKS, SHOWN_IDS
from ecotrack.reports.scoreboard import anomalies_line
from ecotrack.settings import Rules
from figure_cases import ROOT, accept, board, box, check, feature, plot, record

UNIT = "131102"
TASK = {"task_id": "t", "unit": UNIT, "title": "任务", "kind": "造林", "level": "市", "season": "2016-spring"}


def found(check_id: str, *, features: dict[str, Any] | None = None, **given_: Any) -> list[dict[str, Any]]:
    anomalies = board("2016-12-31", features=features, **given_).to_json()["findings"]["anomalies"]
    return [one for one in anomalies if one["check"] == check_id]


def reports(*values: str, unit: str = UNIT, form: str = "") -> list[Any]:
    return [
        record("reports", "report", f"2016-0{i}-15", value, task_id="t", unit=unit, form=form, seq=i)
        for i, value in enumerate(values, 3)
    ]


def test_a_board_without_anything_strange_has_no_anomalies():
    shapes = [box(115.60), box(115.62)]
    versions = [plot(name, shape) for name, shape in zip("ab", shapes, strict=True)]
    decisions = [accept("a"), accept("b")]
    checks = [check("a", 91), check("b", 88)]
    made = board("2016-12-31", versions=versions, decisions=decisions, records=[*reports("10", "20"), *checks])
    assert made.to_json()["findings"]["anomalies"] == []


def test_a_step_above_the_one_before_it_is_told_with_both_areas():
    versions, decisions = [plot("a", box(115.6), task_id="t")], [accept("a")]
    rows = [record("tasks", "task", "2016-03-01", "1000", **TASK), *reports("100")]
    (one,) = found("step_above", versions=versions, decisions=decisions, records=rows)
    assert one["unit"] == UNIT
    assert one["details"]["step"] == "mapped"
    assert one["details"]["area_mu"] > one["details"]["above_mu"] == 100
    assert found("step_above", versions=versions, decisions=decisions, records=[rows[0], *reports("9000")]) == []


def test_cumulative_reports_that_fall_are_told_with_days_and_numbers():
    (one,) = found("report_falls", records=reports("10", "30", "20"))
    assert (one["details"]["before_mu"], one["details"]["after_mu"]) == (30, 20)
    assert (one["details"]["before_on"], one["details"]["after_on"]) == ("2016-04-15", "2016-05-15")
    assert len(one["ids"]) == 2


@given(st.lists(st.integers(0, 99), min_size=1, max_size=6))
def test_there_are_as_many_findings_as_falls(values):
    falls = sum(later < before for before, later in pairwise(values))
    assert len(found("report_falls", records=reports(*map(str, values)))) == falls


def test_reports_of_two_forms_are_two_series():
    assert found("report_falls", records=[*reports("30", form="片林"), *reports("5", "8", form="林带")]) == []


def test_a_report_that_was_corrected_is_no_fall():
    first, second = reports("30", "20")
    mended = record("reports", "report", "2016-03-15", "15", task_id="t", unit=UNIT, form="", corrects=first.record_id)
    assert found("report_falls", records=[first, second, mended]) == []


def test_one_boundary_sent_twice_is_told_with_both_plots():
    twice = [plot("a", box(115.6)), plot("b", box(115.6), unit="131103"), plot("c", box(115.7))]
    (one,) = found("same_geometry", versions=twice)
    assert one["ids"] == ["a", "b"]
    assert one["unit"] is None
    assert one["details"]["units"] == ["131102", "131103"]


def test_rings_that_start_elsewhere_are_the_same_boundary():
    shape = box(115.6)
    turned = type(shape)([*list(shape.exterior.coords)[2:-1], *list(shape.exterior.coords)[:3]])
    assert len(found("same_geometry", versions=[plot("a", shape), plot("b", turned)])) == 1


@pytest.mark.parametrize("verdict", ["withdraw", "return"])
def test_a_boundary_that_went_back_is_no_twin(verdict):
    twice = [plot("a", box(115.6)), plot("b", box(115.6))]
    assert found("same_geometry", versions=twice, decisions=[accept("b", verdict=verdict)]) == []


def test_a_redo_lies_on_its_parent():
    versions = [plot("a", box(115.6)), plot("b", box(115.6), kind="重造", parent_id="a")]
    assert found("same_geometry", versions=versions) == []


def test_sample_plots_and_real_ones_are_never_compared():
    assert found("same_geometry", versions=[plot("a", box(115.6)), plot("b", box(115.6), sample=True)]) == []


def heap(lives: list[int], checked: int = 100) -> dict[str, list[Any]]:
    names = [f"p{i:02d}" for i in range(len(lives))]
    return {
        "versions": [plot(name, box(115.3 + 0.02 * i)) for i, name in enumerate(names)],
        "records": [check(name, live, checked=checked) for name, live in zip(names, lives, strict=True)],
    }


def test_checks_heaped_at_the_bar_are_told_with_their_number():
    (one,) = found("survival_at_bar", **heap([85] * 8 + [92, 95, 97, 70]))
    assert (one["details"]["checks"], one["details"]["at_bar"], one["count"]) == (12, 8, 8)


@pytest.mark.parametrize(
    "lives",
    [
        [85] * (BAR_CHECKS - 1),
        [85] * 5 + list(range(86, 98)) * 2,
        [83] * 5 + [84] * 6 + [85] * 8 + [86] * 6 + [87] * 5,
        [90] * 12,
    ],
    ids=["too few", "too small a share", "a hill around the bar", "heaped elsewhere"],
)
def test_checks_that_chance_may_have_put_there_are_not_told(lives):
    assert found("survival_at_bar", **heap(lives)) == []


def test_the_bar_is_the_least_count_that_counts():
    assert len(found("survival_at_bar", **heap([26] * 6, checked=30))) == 1
    assert found("survival_at_bar", **heap([25] * 6, checked=30)) == []


def test_a_claim_is_held_against_the_measured_area():
    shape = box(115.6, width=0.001, height=0.001)
    true_mu = Decimal("14.72")
    near = plot("near", shape, claimed_mu=true_mu * Decimal("1.05"))
    far = plot("far", box(115.65, width=0.001, height=0.001), claimed_mu=true_mu * Decimal("1.5"))
    untold = plot("untold", box(115.7, width=0.001, height=0.001))
    (one,) = found("claim_apart", versions=[near, far, untold])
    assert one["ids"] == ["far"]
    assert one["details"]["largest_pct"] == pytest.approx(50, abs=1)
    strict = found("claim_apart", versions=[near, far, untold], rules=Rules(claim_tolerance_pct="2"))
    assert strict[0]["count"] == 2
    assert strict[0]["details"]["rule_pct"] == 2


def test_a_finding_names_the_worst_plots_and_counts_all():
    many = [
        plot(f"p{i:02d}", box(115.3 + 0.01 * i, width=0.001, height=0.001), claimed_mu=Decimal(20 + i))
        for i in range(SHOWN_IDS + 5)
    ]
    (one,) = found("claim_apart", versions=many)
    assert (one["count"], len(one["ids"]), one["ids"][0]) == (SHOWN_IDS + 5, SHOWN_IDS, f"p{SHOWN_IDS + 4:02d}")


def at(second: str, name: str, live: int, **more: Any) -> Any:
    one = check(name, live)
    return type(one)(**{field: getattr(one, field) for field in one.__slots__} | {"recorded_at": second} | more)


def test_two_records_in_one_second_for_one_plot_and_day_are_told():
    rows = [
        at("2016-10-21T01:02:03.000001Z", "a", 90, record_id="r1", seq=1),
        at("2016-10-21T01:02:03.900000Z", "a", 40, record_id="r2", seq=2),
        at("2016-10-21T01:02:03.000001Z", "b", 90, record_id="r3", seq=3),
        at("2016-10-21T01:02:04.000000Z", "b", 90, record_id="r4", seq=4),
    ]
    versions = [plot("a", box(115.6)), plot("b", box(115.65))]
    (one,) = found("same_second", versions=versions, records=rows)
    assert one["ids"] == ["r1", "r2"]
    assert one["details"]["feature_id"] == "a"


def test_two_stretches_of_one_reach_in_one_second_are_two_subjects():
    def work(start: str, name: str) -> Any:
        fields = {"work": "清淤", "bank": "双", "from_m": start, "to_m": "900"}
        one = record("reaches", "work", "2016-06-01", feature_id="r", state="完工", record_id=name, **fields)
        stamped = {"recorded_at": "2016-06-02T00:00:00.0Z"}
        return type(one)(**{field: getattr(one, field) for field in one.__slots__} | stamped)

    assert found("same_second", records=[work("0", "a"), work("500", "b")]) == []
    assert len(found("same_second", records=[work("0", "a"), work("0", "b")])) == 1


def test_records_for_plots_and_reaches_that_nobody_knows_are_told():
    rows = [check("a", 90), check("ghost", 90), record("reaches", "work", "2016-06-01", feature_id="no-reach")]
    layers = {"reaches": [feature("r1", box(115.6))]}
    plots, reaches = found("unknown_feature", versions=[plot("a", box(115.6))], records=rows, features=layers)
    assert (plots["ids"], plots["details"]["layer"]) == (["ghost"], "plots")
    assert (reaches["ids"], reaches["details"]["kind"]) == (["no-reach"], "work")


def test_ground_outside_the_responsible_unit_is_told_and_marked_where_the_border_is_a_sketch():
    ground = {"report_units": [feature(UNIT, box(115.6, 37.6, 0.1, 0.1), sketch=True)]}
    inside = plot("inside", box(115.62, 37.62))
    across = plot("across", box(115.695, 37.65))
    grazing = plot("grazing", box(115.69995 - 0.01, 37.67))
    (one,) = found("outside_unit", versions=[inside, across, grazing], features=ground)
    assert one["ids"] == ["across"]
    assert one["sketch"] is True
    assert one["details"]["outside_mu"] == pytest.approx(736, abs=2)


def test_units_whose_ground_is_not_known_are_left_out():
    ground = {"counties": [feature("131103", box(115.0))]}
    assert found("outside_unit", versions=[plot("a", box(115.6))], features=ground) == []


def numbers_of(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("findings", "coverage"):
                yield from numbers_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_of(inner)
    else:
        yield value


def test_an_anomaly_moves_no_figure():
    versions = [plot("a", box(115.6), claimed_mu=Decimal(9000)), plot("b", box(115.7))]
    decisions = [accept("a"), accept("b")]
    plain = board("2016-12-31", versions=versions, decisions=decisions).to_json()
    strict = Rules(claim_tolerance_pct="1")
    flagged = board("2016-12-31", versions=versions, decisions=decisions, rules=strict).to_json()
    assert flagged["findings"]["anomalies"]
    assert list(numbers_of(plain)) == list(numbers_of(flagged))


def test_the_terminal_tells_each_rule_with_its_number_and_what_is_sample():
    twins = [plot("a", box(115.6)), plot("b", box(115.6)), *(plot(n, box(115.8), sample=True) for n in "cd")]
    anomalies = board("2016-12-31", versions=twins, records=reports("20", "10")).to_json()["findings"]["anomalies"]
    line = anomalies_line(anomalies, "zh").plain
    assert "异常发现 3 条（其中示例 1 条）" in line
    assert "边界完全相同 2" in line
    assert "累计上报减少 1" in line
    assert anomalies_line([], "en").plain.strip() == "0 anomalies"


def test_every_rule_has_a_name_and_stands_in_the_docs():
    text = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert [name for name in CHECKS if f"| `{name}` |" not in text] == []
