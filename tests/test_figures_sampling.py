"""Samples: the draw is a lot that anybody can repeat; the interval holds what it says."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.figures.ratio_estimate import Stratum, combined_ratio, t_quantile
from ecotrack.figures.sampling import Allocation, Draw, Frame, FrameRow, draw, draw_body, results
from ecotrack.model import IssuedDocument
from ecotrack.settings import Rules
from figure_cases import accept, board, box, check, plot

DAY = dt.date(2016, 10, 1)


def frame(**plots: int) -> Frame:
    rows = [
        FrameRow(
            feature_id=f"{unit}-{i:04d}",
            version_id=f"v{i}",
            unit=unit,
            claimed_mu=Decimal(10),
            credited_mu=Decimal(9),
        )
        for unit, count in plots.items()
        for i in range(count)
    ]
    return Frame(tuple(sorted(rows, key=lambda row: row.feature_id)))


def kept(of: Frame, drawn: list[FrameRow], allocation: Allocation, *, level: str = "") -> Draw:
    body = draw_body(of, drawn, allocation, seed=1) | {"level": level}
    return Draw.of(IssuedDocument(document_id="d", kind="sample_draw", issued_on=DAY, body=body))


def ids(rows: list[FrameRow]) -> list[str]:
    return [row.feature_id for row in rows]


@given(seed=st.integers(0, 10**9 - 1), a=st.integers(1, 60), b=st.integers(1, 60), share=st.integers(1, 100))
def test_a_draw_depends_on_frame_and_seed_alone(seed, a, b, share):
    of, allocation = frame(a=a, b=b), Allocation(fraction_pct=Decimal(share))
    drawn = draw(of, allocation, seed=seed)
    assert draw(Frame(of.rows[::-1]), allocation, seed=seed) == drawn
    assert Counter(row.unit for row in drawn) == {"a": allocation.size(a), "b": allocation.size(b)}
    assert len(set(ids(drawn))) == len(drawn)


@given(size=st.integers(1, 20))
def test_a_larger_draw_of_one_seed_holds_the_smaller_one(size):
    of = frame(a=30)
    assert set(ids(draw(of, Allocation(per_unit=size), seed=4))) <= set(
        ids(draw(of, Allocation(per_unit=size + 5), seed=4))
    )


def test_every_plot_has_the_same_chance():
    of, rounds = frame(a=20), 2000
    times = Counter(name for seed in range(rounds) for name in ids(draw(of, Allocation(per_unit=5), seed=seed)))
    expected = rounds * 5 / 20
    chi_square = sum((times[row.feature_id] - expected) ** 2 / expected for row in of.rows)
    assert chi_square < 45  # 19 degrees of freedom: exceeded by chance once in 1,500 sets of seeds, and seeds are fixed


def test_the_hash_of_the_frame_moves_with_every_part_of_it():
    of = frame(a=3)
    hashes = {of.sha256}
    first = of.rows[0]
    for change in ({"version_id": "w"}, {"credited_mu": Decimal("9.0001")}, {"unit": "b"}, {"feature_id": "a-9"}):
        changed = {name: getattr(first, name) for name in FrameRow.__slots__} | change
        hashes.add(Frame((FrameRow(**changed), *of.rows[1:])).sha256)
    assert len(hashes) == 5


def test_the_frame_holds_accepted_plots_with_the_ground_credited_to_them():
    versions = [
        plot("a", box(115.60)),
        plot("b", box(115.605), effective_on=dt.date(2016, 5, 2)),
        plot("c", box(115.7)),
    ]
    plots = board(DAY.isoformat(), versions=versions, decisions=[accept("a"), accept("b")]).plots
    found = Frame.of(plots, np.ones(3, dtype=bool))
    assert ids(list(found.rows)) == ["a", "b"]
    assert float(found.rows[1].credited_mu) == pytest.approx(float(found.rows[0].credited_mu) / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("df", "quantile"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (5, 2.5706), (10, 2.2281), (30, 2.0423), (120, 1.9799), (1e9, 1.9600)],
)
def test_the_quantiles_of_t_are_those_of_the_tables(df, quantile):
    assert t_quantile(0.975, df) == pytest.approx(quantile, abs=6e-5)


def test_a_whole_stratum_leaves_nothing_to_chance():
    found = combined_ratio([Stratum(plots=3, x=np.array([10.0, 10, 10]), y=np.array([9.0, 8, 10]))])
    assert found.ratio_pct == pytest.approx(90)
    assert (found.se_pct, found.low_pct, found.high_pct) == (0.0, None, None)


@pytest.mark.parametrize(
    ("y", "code"),
    [([], "nothing_observed"), ([9.0], "stratum_of_one"), ([9.0, 9.0, 9.0], "no_variation")],
)
def test_where_no_interval_can_be_had_none_is_given(y, code):
    found = combined_ratio([Stratum(plots=40, x=np.full(len(y), 10.0), y=np.array(y))])
    assert found.low_pct is None
    assert [reason.code for reason in found.reasons] == [code]


def test_a_unit_without_any_check_keeps_the_total_from_being_told():
    seen = Stratum(plots=40, x=np.array([10.0, 11.0]), y=np.array([9.0, 9.0]))
    found = combined_ratio([seen, Stratum(plots=5, x=np.array([]), y=np.array([]))])
    assert found.ratio_pct is None
    assert [reason.code for reason in found.reasons] == ["stratum_missing"]


def test_a_few_plots_give_an_interval_that_says_so():
    found = combined_ratio([Stratum(plots=40, x=np.array([10.0, 11.0, 12.0]), y=np.array([9.0, 9.0, 12.0]))])
    assert found.low_pct < found.ratio_pct < found.high_pct
    assert [reason.code for reason in found.reasons] == ["small_sample"]


def population(numbers: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Claimed and true mu of the plots of four units that claim too much, each in its own measure."""
    units = {}
    for name, (plots, honesty) in {"a": (60, 0.95), "b": (120, 0.9), "c": (200, 0.8), "d": (90, 0.99)}.items():
        claimed = numbers.lognormal(3, 0.6, plots)
        units[name] = claimed, claimed * np.clip(numbers.normal(honesty, 0.12, plots), 0, 1.2)
    return units


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    units = population(np.random.default_rng(11))
    of = frame(**{name: len(claimed) for name, (claimed, _) in units.items()})
    truth = 100 * sum(y.sum() for _, y in units.values()) / sum(x.sum() for x, _ in units.values())
    rounds, held = 600, 0
    for seed in range(rounds):
        chosen: dict[str, list[int]] = {name: [] for name in units}
        for row in draw(of, Allocation(fraction_pct=Decimal(15)), seed=seed):
            chosen[row.unit].append(int(row.feature_id.split("-")[1]))
        found = combined_ratio(
            [Stratum(plots=len(x), x=x[chosen[name]], y=y[chosen[name]]) for name, (x, y) in units.items()]
        )
        held += found.low_pct <= truth <= found.high_pct
    assert 0.92 <= held / rounds <= 0.98


@settings(max_examples=30)
@given(st.data())
def test_a_sample_of_everything_gives_the_truth(data):
    sizes = data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=4))
    numbers = np.random.default_rng(data.draw(st.integers(0, 99)))
    strata = [Stratum(plots=n, x=numbers.uniform(5, 50, n), y=numbers.uniform(0, 50, n)) for n in sizes]
    found = combined_ratio(strata)
    assert found.ratio_pct == pytest.approx(100 * sum(s.y.sum() for s in strata) / sum(s.x.sum() for s in strata))
    assert found.se_pct == 0


def test_the_three_rates_stand_over_the_claimed_area_of_the_sample():
    of, allocation = frame(a=40), Allocation(per_unit=4)
    drawn = draw(of, allocation, seed=1)
    lives = dict(zip(ids(drawn), (90, 60, 40, 39), strict=True))
    checks = [check(name, live) for name, live in lives.items()]
    for one in checks:
        one.fields["measured_mu"] = "8"
    total = results(kept(of, drawn, allocation), checks, Rules())["total"]
    assert [total[name]["rate_pct"] for name in ("verified", "qualified", "effective")] == pytest.approx([80, 20, 60])


def test_a_plot_without_a_measured_area_stands_outside_the_rates_and_is_counted():
    of, allocation = frame(a=40), Allocation(per_unit=3)
    drawn = draw(of, allocation, seed=1)
    checks = [check(name, 90) for name in ids(drawn)]
    for one in checks[:2]:
        one.fields["measured_mu"] = "9"
    total = results(kept(of, drawn, allocation), checks, Rules())["total"]
    assert (total["checked"], total["usable"]) == (3, 2)
    assert total["verified"]["rate_pct"] == pytest.approx(90)


def test_plots_beside_the_sample_and_earlier_checks_say_nothing_about_it():
    of, allocation = frame(a=40), Allocation(per_unit=3)
    drawn = draw(of, allocation, seed=1)
    others = [check(row.feature_id, 90) for row in of.rows if row not in drawn]
    earlier = [check(name, 90, on="2016-09-30") for name in ids(drawn)]
    total = results(kept(of, drawn, allocation), [*others, *earlier], Rules())["total"]
    assert total["checked"] == 0
