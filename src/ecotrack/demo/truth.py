"""The true totals of the sample plots, by construction; the figures are held to them in the tests."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import fsum
from typing import Any

from ecotrack.demo.sample_awards import PlannedAward
from ecotrack.demo.sample_plan import PlannedPlot
from ecotrack.demo.sample_tasks import PlannedReport
from ecotrack.demo.truth_ground import Ground, Standing, astray, by_county, share_out, shared_pairs, stand

_MU_PER_M2 = 15 / 10000
_SLIVER_M2 = 10.0
STEPS = ("mapped", "accepted", "verified", "qualified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Credited ground of some plots at each step, in mu, with what overlaps took."""

    plots: int
    mapped_mu: float
    accepted_mu: float
    verified_mu: float
    qualified_mu: float
    disputed_mu: float
    overlap_mu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class YearTruth:
    """The target *year*: qualified net ground, its ceiling, and the accepted ground by outcome, in mu."""

    value_mu: float
    ceiling_mu: float
    to_replant_mu: float
    failed_mu: float
    not_due_mu: float
    not_checked_mu: float
    disputed_mu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTruth:
    """The funnel of one sample task: mu and plots by step, losses by step and cause, reported mu by unit.

    Losses leave out what the figures balance with: boundaries that are missing, and ground that was released.
    """

    mu: dict[str, float]
    plots: dict[str, int]
    losses_mu: dict[tuple[str, str], float]
    reported_mu: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the figures on the sample plots must come out as on a day.

    Attributes
    ----------
    units, years, programmes
        Totals by responsible unit, planting year and programme.
    net_accepted_mu, net_qualified_mu
        Area of the union: ground counts once.
    disputed_mu
        Disputed ground, counted once.
    overlap_pairs, slivers, overlap_pairs_mu
        Pairs of accepted plots that share ground, those that share less than 10 m2, and what they share.
    territory
        Net accepted and qualified mu by county; ``outside`` lies outside the city.
    ring_km2
        Qualified net ground inside the ring-lake zone.
    """

    as_of: str
    total: Totals
    net_accepted_mu: float
    net_qualified_mu: float
    disputed_mu: float
    overlap_pairs: int
    slivers: int
    overlap_pairs_mu: float
    units: dict[str, Totals]
    years: dict[str, Totals]
    programmes: dict[str, Totals]
    territory: dict[str, tuple[float, float]]
    ring_km2: float
    year: YearTruth
    tasks: dict[str, TaskTruth]

    def to_json(self) -> dict[str, Any]:
        """Return the truth as JSON values; a loss has the key ``step/cause``."""
        document = asdict(self)
        for name, task in self.tasks.items():
            losses = {"/".join(key): mu for key, mu in task.losses_mu.items()}
            document["tasks"][name]["losses_mu"] = losses
        return document


@dataclass(slots=True)
class _Ledger:
    """Ground of every plot at every step, and what clusters add up to beside it."""

    as_of: dt.date
    standings: dict[str, Standing] = field(default_factory=dict)
    ground: dict[str, dict[str, Ground]] = field(default_factory=lambda: defaultdict(dict))
    county_m2: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    pairs_m2: list[float] = field(default_factory=list)

    def sum_mu(self, step: str, part: str, test: Callable[[Standing], bool]) -> float:
        """Return one part of the ground at a step, over the plots that pass a test, in mu."""
        found = (getattr(ground, part) for name, ground in self.ground[step].items() if test(self.standings[name]))
        return fsum(found) * _MU_PER_M2

    def net_mu(self, step: str, test: Callable[[Standing], bool]) -> float:
        """Return credited and disputed ground together: the part of the union."""
        return self.sum_mu(step, "credited_m2", test) + self.sum_mu(step, "disputed_m2", test)


def true_totals(
    plots: Sequence[PlannedPlot],
    *,
    as_of: dt.date,
    reports: Sequence[PlannedReport] = (),
    awards: Sequence[PlannedAward] = (),
) -> Truth:
    """Return the truth about planned plots on a day, in mu and km2."""
    ledger = _ledger(plots, awards, as_of)

    def by(key: Callable[[Standing], str]) -> dict[str, Totals]:
        names = sorted({key(one) for one in ledger.standings.values()})
        return {name: _totals(ledger, lambda one, name=name: key(one) == name) for name in names}  # type: ignore[misc]

    everything = _totals(ledger, _any)
    return Truth(
        as_of=as_of.isoformat(),
        total=everything,
        net_accepted_mu=ledger.net_mu("accepted", _any),
        net_qualified_mu=ledger.net_mu("qualified", _any),
        disputed_mu=ledger.sum_mu("accepted", "disputed_m2", _any),
        overlap_pairs=len(ledger.pairs_m2),
        slivers=len([m2 for m2 in ledger.pairs_m2 if m2 < _SLIVER_M2]),
        overlap_pairs_mu=fsum(ledger.pairs_m2) * _MU_PER_M2,
        units=by(lambda one: one.plot.unit),
        years=by(lambda one: one.plot.season[:4]),
        programmes=by(lambda one: one.plot.programme),
        territory=_territory(ledger),
        ring_km2=ledger.net_mu("qualified", lambda one: one.plot.in_ring) / 1500,
        year=_year(ledger, 2016),
        tasks=_tasks(ledger, reports),
    )


def _any(_: Standing) -> bool:
    return True


def _ledger(plots: Sequence[PlannedPlot], awards: Sequence[PlannedAward], as_of: dt.date) -> _Ledger:
    ledger = _Ledger(as_of)
    clusters: dict[int, list[Standing]] = defaultdict(list)
    for plot in plots:
        standing = stand(plot, as_of)
        # 补植 lies on ground that is counted already.
        if standing is not None and plot.kind != "补植":
            ledger.standings[plot.feature_id] = standing
            clusters[plot.cluster].append(standing)
    redone = _redone(ledger.standings.values())
    decided = {name: award for award in awards if award.decided_on <= as_of for name in (award.winner, award.loser)}
    for members in clusters.values():
        mine = (decided[one.plot.feature_id] for one in members if one.plot.feature_id in decided)
        _enter(ledger, members, redone, {frozenset((award.winner, award.loser)): award.winner for award in mine})
    return ledger


def _redone(standings: Iterable[Standing]) -> set[str | None]:
    known = list(standings)
    failed = {one.plot.feature_id for one in known if one.outcome == "failed"}
    return {one.plot.parent_id for one in known if one.accepted and one.plot.kind == "重造"} & failed


def _enter(
    ledger: _Ledger, members: Sequence[Standing], redone: set[str | None], awards: Mapping[frozenset[str], str]
) -> None:
    standing = [one for one in members if one.accepted and one.plot.feature_id not in redone]
    steps = {
        "mapped": [one for one in members if one.verdict != "withdraw"],
        "accepted": standing,
        "verified": [one for one in standing if one.checked],
        "qualified": [one for one in members if one.accepted and one.outcome == "qualified"],
        "potential": [one for one in members if one.accepted and one.outcome in ("qualified", "not_checked")],
    }
    for step, taking_part in steps.items():
        if taking_part:
            ledger.ground[step] |= share_out(taking_part, awards=awards)
    ledger.pairs_m2 += shared_pairs(standing)
    for step in ("accepted", "qualified"):
        for county, m2 in by_county(steps[step]):
            ledger.county_m2[step][county or "outside"].append(m2)


def _totals(ledger: _Ledger, test: Callable[[Standing], bool]) -> Totals:
    accepted = ledger.ground["accepted"]
    disputed = [ledger.sum_mu("accepted", part, test) for part in ("disputed_m2", "dispute_m2")]
    return Totals(
        plots=len([name for name in accepted if test(ledger.standings[name])]),
        mapped_mu=ledger.net_mu("mapped", test),
        accepted_mu=ledger.sum_mu("accepted", "credited_m2", test),
        verified_mu=ledger.sum_mu("verified", "credited_m2", test),
        qualified_mu=ledger.sum_mu("qualified", "credited_m2", test),
        disputed_mu=fsum(disputed),
        overlap_mu=ledger.sum_mu("accepted", "overlap_m2", test),
    )


def _territory(ledger: _Ledger) -> dict[str, tuple[float, float]]:
    accepted, qualified = (ledger.county_m2[step] for step in ("accepted", "qualified"))
    return {
        name: (fsum(accepted[name]) * _MU_PER_M2, fsum(qualified[name]) * _MU_PER_M2)
        for name in sorted({*accepted, *qualified})
    }


def _year(ledger: _Ledger, year: int) -> YearTruth:
    def of_year(one: Standing) -> bool:
        return one.plot.season.startswith(str(year))

    def part(outcome: str, *, due: bool | None = None) -> float:
        return ledger.sum_mu(
            "accepted",
            "credited_m2",
            lambda one: of_year(one) and one.outcome == outcome and due in (None, ledger.as_of > due_on(one.plot)),
        )

    return YearTruth(
        value_mu=ledger.net_mu("qualified", of_year),
        ceiling_mu=ledger.net_mu("potential", of_year),
        to_replant_mu=part("replant"),
        failed_mu=part("failed"),
        not_due_mu=part("not_checked", due=False),
        not_checked_mu=part("not_checked", due=True),
        disputed_mu=ledger.sum_mu("accepted", "disputed_m2", of_year),
    )


def due_on(plot: PlannedPlot) -> dt.date:
    """Return the day on which survival falls due: the end of October, a year later for autumn planting."""
    year, _, part = plot.season.partition("-")
    return dt.date(int(year) + (part == "autumn"), 10, 31)


def _tasks(ledger: _Ledger, reports: Sequence[PlannedReport]) -> dict[str, TaskTruth]:
    reported: dict[str, dict[str, int]] = defaultdict(dict)
    for report in sorted(reports, key=lambda report: report.on):
        if report.on <= ledger.as_of and report.form is None:
            reported[report.task_id][report.unit] = report.mu
    names = sorted({one.plot.task_id for one in ledger.standings.values()})
    return {name: _task(ledger, name, reported[name]) for name in names}


def _task(ledger: _Ledger, task_id: str, reported_mu: dict[str, int]) -> TaskTruth:
    def mine(one: Standing) -> bool:
        return one.plot.task_id == task_id

    mu = {step: ledger.sum_mu(step, "credited_m2", mine) for step in STEPS} | {"mapped": ledger.net_mu("mapped", mine)}
    return TaskTruth(
        mu=mu,
        plots={step: len([name for name in ledger.ground[step] if mine(ledger.standings[name])]) for step in STEPS},
        losses_mu={key: lost for key, lost in _losses(ledger, mine).items() if lost},
        reported_mu=reported_mu,
    )


def _losses(ledger: _Ledger, mine: Callable[[Standing], bool]) -> dict[tuple[str, str], float]:
    def lost(step: str, test: Callable[[Standing], bool]) -> float:
        return ledger.net_mu(step, lambda one: mine(one) and test(one))

    def credited(step: str, test: Callable[[Standing], bool]) -> float:
        return ledger.sum_mu(step, "credited_m2", lambda one: mine(one) and test(one))

    def waits(one: Standing, *, due: bool) -> bool:
        return not one.checked and (ledger.as_of > due_on(one.plot)) == due

    def stopped(one: Standing) -> bool:
        return one.verdict in (None, "return")

    return {
        ("mapped", "overlap"): ledger.sum_mu("mapped", "overlap_m2", mine),
        ("mapped", "dispute"): ledger.sum_mu("mapped", "dispute_m2", mine),
        ("accepted", "returned"): lost("mapped", lambda one: stopped(one) and not astray(one)),
        ("accepted", "outside"): lost("mapped", lambda one: stopped(one) and astray(one)),
        ("accepted", "struck"): lost("mapped", lambda one: one.verdict == "strike" or _gone(ledger, one)),
        ("accepted", "dispute"): ledger.sum_mu("accepted", "disputed_m2", mine),
        ("verified", "not_due"): credited("accepted", lambda one: waits(one, due=False)),
        ("verified", "overdue"): credited("accepted", lambda one: waits(one, due=True)),
        ("qualified", "replant"): credited("verified", lambda one: one.outcome == "replant"),
        ("qualified", "failed"): credited("verified", lambda one: one.outcome == "failed"),
    }


def _gone(ledger: _Ledger, one: Standing) -> bool:
    """Whether an accepted plot has left its ground to a redo."""
    return one.accepted and one.plot.feature_id not in ledger.ground["accepted"]
