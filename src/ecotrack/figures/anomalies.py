"""Anomalies: what does not look right in records and plots, told as findings and never put right.

Every rule is a function that reads what figures read; a finding names the unit, the ids and the numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.errors import Text
from ecotrack.figures.funnel import STEPS, Funnel
from ecotrack.figures.plots import PlotSet
from ecotrack.geometry.codec import to_wkb
from ecotrack.geometry.distinct import distinct
from ecotrack.geometry.features import Feature
from ecotrack.geometry.sums import exact_sum
from ecotrack.model import LayerDef, ProgressRecord
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.progress import State
from ecotrack.units import mu_from_m2

CHECKS: dict[str, Text] = {
    "step_above": Text("环节大于上一环节", "step above the one before"),
    "report_falls": Text("累计上报减少", "falling report"),
    "same_second": Text("同一秒两条记录", "two records in one second"),
    "unknown_feature": Text("记录所指要素不存在", "unknown feature"),
    "same_geometry": Text("边界完全相同", "same boundary"),
    "survival_at_bar": Text("成活率恰在合格线", "survival exactly at the bar"),
    "claim_apart": Text("上报与实测面积相差过大", "claim apart from measured area"),
    "outside_unit": Text("超出责任单位范围", "outside the responsible unit"),
    "zone_border": Text("跨三度带分界线", "over a zone border"),
    "border_overlap": Text("界线重叠", "borders overlap"),
    "border_gap": Text("界线空隙", "gaps between borders"),
}
"""Id of each rule to its name."""

SHOWN_IDS = 20
"""Ids that a finding names; ``count`` says how many there are."""

CLAIM_PCT = 10.0
"""Difference of claimed and measured area that is told, where the rule ``claim_tolerance_pct`` is off."""

BAR_CHECKS = 5
BAR_SHARE = 0.3
BAR_TIMES = 3.0
"""Checks exactly at the bar are told from five on, where they are 30 % of the unit's counted checks and three
times as many as the mean of the four nearest counts: chance does not heap checks on one count."""

OUTSIDE_SHARE = 0.01
"""Share of a plot outside its unit that is told; a border that is drawn coarsely gives less."""

_STEP_ROUNDING = 1e-9
_SAME = 1e-6
_DAYS = 10_000_000
"""More than any day's ordinal, so that a plot and a day make one number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One finding.

    Attributes
    ----------
    check
        Id of the rule.
    unit
        Code of the unit; ``None`` where none is concerned.
    ids
        Plots, records or features, all of them.
    details
        Numbers, each with its unit in the key.
    sample
        Whether sample data gave it.
    """

    check: str
    text: Text
    unit: str | None = None
    ids: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    sample: bool = False
    sketch: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON values; at most `SHOWN_IDS` ids."""
        return {
            "check": self.check,
            "unit": self.unit,
            "count": len(self.ids),
            "ids": list(self.ids[:SHOWN_IDS]),
            "details": self.details,
            "zh": self.text.zh,
            "en": self.text.en,
            "sample": self.sample,
            "sketch": self.sketch,
        }


def anomalies(
    state: State,
    sets: Iterable[PlotSet],
    funnels: Iterable[Funnel],
    *,
    known: Mapping[str, Collection[str]],
    unit_layer: str = "report_units",
    unit_areas: Sequence[Feature] = (),
) -> list[dict[str, Any]]:
    """Return every anomaly of a state as JSON values, by rule, in a stable order.

    Parameters
    ----------
    sets
        Real plots and sample plots; the two are never compared.
    known
        Ids of the features of every layer that has features.
    unit_layer, unit_areas
        Layer and ground of the responsible units (EPSG:4490), each with the unit's code as its id; none leaves that
        rule out.
    """
    found = [*larger_steps(funnels), *falling_reports(state), *same_seconds(state), *unknown_features(state, known)]
    for plots in sets:
        if len(plots):
            found += [*same_geometries(plots), *checks_at_bar(plots), *claims_apart(plots)]
            found += outside_units(plots, unit_layer, unit_areas)
    return [one.to_json() for one in found]


def known_features(
    state: State, layers: Mapping[str, LayerDef], features: Callable[[str], Sequence[Feature]]
) -> dict[str, set[str]]:
    """Return the ids of the features of each layer that has features: of its file, or of what was submitted.

    The ids of plots are gathered only where some record names a plot that is not there.
    """
    return {
        name: _submitted(state) if layer.source == REGISTER_SOURCE else {one.feature_id for one in features(name)}
        for name, layer in layers.items()
        if layer.source != "none"
    }


def _submitted(state: State) -> set[str]:
    return {*state.columns.feature_id.tolist()} if _strays(state) else set()


def _strays(state: State) -> bool:
    """Whether any record of a plot names one that is not there on the day."""
    there = np.zeros(len(state.ledger.tables["features"].names), dtype=bool)
    there[state.columns.features.codes] = True
    return not all(there[part["feature"]].all() for part in (state.standing_checks, state.standing_notes))


def larger_steps(funnels: Iterable[Funnel]) -> Iterator[Anomaly]:
    """Find units whose step, from *mapped* down, is larger than the step above it."""
    names = list(STEPS)
    for funnel in funnels:
        for row in funnel.rows:
            for above, step in pairwise(names[1:]):
                more, less = row.mu[step], row.mu[above]
                if more is not None and less is not None and more > less * (1 + _STEP_ROUNDING):
                    task, (zh, en), (zh_above, en_above) = funnel.task, STEPS[step], STEPS[above]
                    yield Anomaly(
                        check="step_above",
                        unit=row.code,
                        ids=(task.task_id,),
                        details={"step": step, "area_mu": more, "above_mu": less},
                        text=Text(
                            f"{task.title}：{zh}{more:.2f}亩，大于{zh_above}{less:.2f}亩",
                            f"task {task.task_id}: {en} {more:.2f} mu, above {en_above} {less:.2f} mu",
                        ),
                        sample=task.sample,
                    )


def falling_reports(state: State) -> Iterator[Anomaly]:
    """Find cumulative reports that are less than the one before them: same task, unit and form.

    Examples
    --------
    >>> import datetime as dt
    >>> from ecotrack.progress import state_of
    >>> def report(month, mu):
    ...     return ProgressRecord(record_id=f"r-{month}", layer="reports", kind="report", task_id="t", unit="131102",
    ...                           effective_on=dt.date(2016, month, 20), value=Decimal(mu))
    >>> state = state_of(as_of=dt.date(2016, 12, 31), records=[report(3, 400), report(4, 500), report(5, 450)])
    >>> [found.text.en for found in falling_reports(state)]
    ['a cumulative report falls: 500 mu on 2016-04-20, 450 mu on 2016-05-20']
    """
    last: dict[tuple[str, str, str, bool], ProgressRecord] = {}
    for record in sorted(state.of("reports", "report"), key=lambda r: (r.effective_on, r.seq)):
        if record.value is None:
            continue
        key = (record.task_id or "", record.unit or "", str(record.fields.get("form") or ""), record.sample)
        before = last.get(key)
        last[key] = record
        if before is not None and before.value is not None and record.value < before.value:
            yield _fall(before, record, float(before.value), float(record.value))


def _fall(before: ProgressRecord, record: ProgressRecord, above_mu: float, mu: float) -> Anomaly:
    return Anomaly(
        check="report_falls",
        unit=record.unit,
        ids=(before.record_id, record.record_id),
        details={
            "before_mu": above_mu,
            "after_mu": mu,
            "before_on": before.effective_on.isoformat(),
            "after_on": record.effective_on.isoformat(),
        },
        text=Text(
            f"累计上报减少：{before.effective_on}为{above_mu:g}亩，{record.effective_on}为{mu:g}亩",
            f"a cumulative report falls: {above_mu:g} mu on {before.effective_on}, {mu:g} mu on {record.effective_on}",
        ),
        sample=record.sample,
    )


def same_seconds(state: State) -> Iterator[Anomaly]:
    """Find records of one kind for one feature and one day that were recorded in the same second.

    Both stand, and the later place in the chain is taken as the later word; whoever sent them should say which
    one is meant. Records that differ in nothing are no anomaly of order and are told all the same.
    """
    plots = state.plot_records if _days_repeat(state) else {}
    for (layer, kind), records in [*state.series.items(), *plots.items()]:
        groups: dict[tuple[Any, ...], list[ProgressRecord]] = defaultdict(list)
        for record in _of_repeated_days(records):
            if record.feature_id is not None and record.recorded_at:
                key = record.feature_id, record.effective_on, record.sample, record.recorded_at[:19]
                groups[key].append(record)
        for (feature_id, day, sample, second), twice in groups.items():
            if len(twice) > 1 and _one_series(twice):
                yield Anomaly(
                    check="same_second",
                    unit=twice[-1].unit,
                    ids=tuple(record.record_id for record in twice),
                    details={"layer": layer, "kind": kind, "feature_id": feature_id, "second": second},
                    text=Text(
                        f"{feature_id}在{day}有{len(twice)}条同类记录在同一秒登记，以后登记的为准",
                        f"{len(twice)} records of one kind for {feature_id} on {day} were recorded in one second; "
                        "the last one counts",
                    ),
                    sample=sample,
                )


def _days_repeat(state: State) -> bool:
    """Whether any plot has two checks of one day; the checks themselves are read only then."""
    check = state.standing_checks
    pairs = np.sort(check["feature"].astype(np.int64) * _DAYS + check["day"])
    return bool((pairs[1:] == pairs[:-1]).any())


def _of_repeated_days(records: Sequence[ProgressRecord]) -> list[ProgressRecord]:
    """Return the records of features and days that have more than one; nearly all have one, and go by quickly."""
    keys = [(record.feature_id, record.effective_on) for record in records]
    if len(set(keys)) == len(keys):
        return []
    times = Counter(keys)
    return [record for record, key in zip(records, keys, strict=True) if times[key] > 1]


def _one_series(records: Sequence[ProgressRecord]) -> bool:
    """Whether some of the records speak of one thing: the same kind of work, determinand, level and stretch."""
    return len({tuple(sorted(_told_apart_by(record).items())) for record in records}) < len(records)


def _told_apart_by(record: ProgressRecord) -> dict[str, str]:
    """Return the fields that say what a record is about: words and stretches, but not what was measured."""
    return {key: str(v) for key, v in record.fields.items() if key in ("from_m", "to_m") or not _is_number(v)}


def _is_number(value: object) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def unknown_features(state: State, known: Mapping[str, Collection[str]]) -> Iterator[Anomaly]:
    """Find records that name a feature which their layer does not have on the day.

    Examples
    --------
    >>> import datetime as dt
    >>> from ecotrack.progress import state_of
    >>> work = ProgressRecord(record_id="w", layer="reaches", kind="work", feature_id="r-9", state="完工",
    ...                       effective_on=dt.date(2016, 5, 1))
    >>> state = state_of(as_of=dt.date(2016, 12, 31), records=[work])
    >>> [(found.check, found.ids) for found in unknown_features(state, {"reaches": {"r-1", "r-2"}})]
    [('unknown_feature', ('r-9',))]
    """
    plots = state.plot_records if _strays(state) else {}
    for (layer, kind), records in sorted([*state.series.items(), *plots.items()]):
        if layer not in known:
            continue
        strange = {record.feature_id for record in records if record.feature_id is not None} - set(known[layer])
        if strange:
            stray = [record for record in records if record.feature_id in strange]
            yield Anomaly(
                check="unknown_feature",
                ids=tuple(sorted(str(name) for name in strange)),
                details={"layer": layer, "kind": kind, "records": len(stray)},
                text=Text(
                    f"{len(stray)}条{layer}/{kind}记录所指的{len(strange)}个要素不存在",
                    f"{len(stray)} records of {layer}/{kind} name {len(strange)} features that are not there",
                ),
                sample=all(record.sample for record in stray),
            )


def same_geometries(plots: PlotSet) -> Iterator[Anomaly]:
    """Find plots with one and the same stored geometry, but a redo and its parent.

    Stored geometry is normalised, so equal bytes are equal shapes. Plots that were withdrawn or sent back are
    left out.
    """
    columns, groups = plots.columns, defaultdict(list)
    alike = _shared_whole(plots)
    for i, shape in zip(alike.tolist(), plots.ground.read(columns.version[alike]) if len(alike) else (), strict=True):
        groups[to_wkb(shape)].append(i)
    for rows in groups.values():
        parents = {columns.parents[i] for i in rows}
        twins = [i for i in rows if columns.features[i] not in parents]
        if len(twins) > 1:
            mu, units = mu_from_m2(float(plots.area_m2[rows[0]])), sorted({columns.units[i] for i in twins})
            ids = tuple(sorted(columns.features[i] for i in twins))
            yield Anomaly(
                check="same_geometry",
                unit=units[0] if len(units) == 1 else None,
                ids=ids,
                details={"area_mu": mu, "units": units},
                text=Text(
                    f"{len(ids)}个地块的边界完全相同（{mu:.2f}亩）：{'、'.join(ids[:3])}",
                    f"{len(ids)} plots have one and the same boundary ({mu:.2f} mu): {', '.join(ids[:3])}",
                ),
                sample=plots.sample,
            )


def _shared_whole(plots: PlotSet) -> npt.NDArray[np.intp]:
    """Return the plots that share all their ground with another one: only these can be the same shape."""
    pairs, area, gone = plots.pairs, plots.area_m2, plots.gone
    both = np.minimum(area[pairs.left], area[pairs.right])
    whole = (pairs.shared_m2 > both * (1 - _SAME)) & (np.abs(area[pairs.left] - area[pairs.right]) < both * _SAME)
    whole &= ~gone[pairs.left] & ~gone[pairs.right]
    return distinct(np.concatenate([pairs.left[whole], pairs.right[whole]]))


def checks_at_bar(plots: PlotSet) -> Iterator[Anomaly]:
    """Find units whose counted checks sit exactly at the bar far too often.

    A check is at the bar when its live holes are the least number that counts. The rule: at least `BAR_CHECKS`
    of them, at least `BAR_SHARE` of the unit's counted checks, and more than `BAR_TIMES` the mean of the four
    nearest counts (one and two holes below and above), among which chance would spread them.
    """
    names, group = plots.columns.units.groups()
    bars = [Decimal(plots.state.rules.of(name).survival_counts_pct) for name in names]
    owner, above = _holes_above_bar(plots, bars, group)
    unit_of = group[owner]

    def by_unit(rows: npt.NDArray[np.bool_]) -> list[int]:
        return [int(number) for number in np.bincount(unit_of[rows], minlength=len(names))]

    exact, counted = by_unit(above == 0), by_unit(np.ones(len(above), dtype=bool))
    close = by_unit((np.abs(above) == 1) | (np.abs(above) == 2))
    for unit, number in sorted(zip(names, range(len(names)), strict=True)):
        found, total, near = exact[number], counted[number], close[number] / 4
        if found >= BAR_CHECKS and found >= BAR_SHARE * total and found > BAR_TIMES * near:
            ids = {plots.columns.features[i] for i in owner[(unit_of == number) & (above == 0)].tolist()}
            yield Anomaly(
                check="survival_at_bar",
                unit=unit,
                ids=tuple(sorted(ids)),
                details={"checks": total, "at_bar": found, "share_pct": found / total * 100, "near_mean": near},
                text=Text(
                    f"{total}次核查中有{found}次成活数恰好等于{bars[number]}%合格线，相邻各数平均{near:g}次",
                    f"{found} of {total} checks sit exactly at the bar of {bars[number]} %; "
                    f"the nearest have {near:g} each",
                ),
                sample=plots.sample,
            )


def _holes_above_bar(
    plots: PlotSet, bars: Sequence[Decimal], group: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return, for every counted check, the position of its plot and its live holes above the least that counts.

    Parameters
    ----------
    bars, group
        The bar of each unit in percent, and the number of each plot's unit.
    """
    check, features = plots.state.standing_checks, plots.columns.features
    position = np.full(len(features.table.names), -1)
    position[features.codes] = np.arange(len(plots))
    counted = (check["live"] >= 0) & (check["holes"] > 0) & (position[check["feature"]] >= 0)
    owner = position[check["feature"][counted]]
    checked, live = (check[name][counted].astype(np.int64) for name in ("holes", "live"))
    ratios = np.array([bar.as_integer_ratio() for bar in bars], dtype=np.int64).reshape(-1, 2)
    numerator, denominator = ratios[group[owner]].T
    # In integers, rounded up: 85 % of 20 holes are 17, whatever 0.85 * 20 is in floats.
    least = -(-numerator * checked // (denominator * 100))
    return owner, live - least


def claims_apart(plots: PlotSet) -> Iterator[Anomaly]:
    """Find plots whose claimed area is apart from the measured one by more than the rule allows, by unit.

    The rule is ``claim_tolerance_pct``, or `CLAIM_PCT` where that is off; the difference is taken of the measured
    area. Plots that were withdrawn or sent back are left out.
    """
    rule = float(plots.state.rules.claim_tolerance_pct or CLAIM_PCT)
    claimed = plots.columns.claimed_mu
    measured = plots.area_m2 * (15 / 10000)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart_pct = np.abs(claimed - measured) / measured * 100
        far = (apart_pct > rule) & ~plots.gone
    for unit, rows in _by_unit(plots, far):
        more = rows[claimed[rows] > measured[rows]]
        worst = rows[np.argsort(-apart_pct[rows], kind="stable")]
        difference = exact_sum(claimed[rows] - measured[rows])
        yield Anomaly(
            check="claim_apart",
            unit=unit,
            ids=tuple(plots.columns.features.take(worst).texts()),
            details={
                "rule_pct": rule,
                "claimed_more": len(more),
                "difference_mu": difference,
                "largest_pct": float(apart_pct[worst[0]]),
            },
            text=Text(
                f"{len(rows)}个地块的上报面积与实测面积相差超过{rule:g}%，其中多报{len(more)}个，合计差{difference:+.2f}亩",
                f"{len(rows)} plots claim an area more than {rule:g} % apart from the measured one, {len(more)} "
                f"of them more; {difference:+.2f} mu in all",
            ),
            sample=plots.sample,
        )


def outside_units(plots: PlotSet, layer: str, unit_areas: Sequence[Feature]) -> Iterator[Anomaly]:
    """Find plots with ground outside their responsible unit, by unit.

    Told from `OUTSIDE_SHARE` of the plot and the rule ``sliver_m2`` on. Plots that were withdrawn or sent
    back, and units whose ground is not known, are left out.
    """
    cells = {feature.feature_id: cell for cell, feature in enumerate(unit_areas)}
    own = plots.own_cells(unit_areas)
    outside = plots.outside_m2(layer, unit_areas, own=own) if cells else plots.area_m2
    for unit, rows in _by_unit(plots, ~plots.gone & (own >= 0)):
        outside_m2 = outside[rows]
        far = (outside_m2 > OUTSIDE_SHARE * plots.area_m2[rows]) & (outside_m2 > float(plots.state.rules.sliver_m2))
        if not far.any():
            continue
        mu, chosen = mu_from_m2(exact_sum(outside_m2[far])), rows[far]
        order = chosen[np.argsort(-outside_m2[far], kind="stable")]
        yield Anomaly(
            check="outside_unit",
            unit=unit,
            ids=tuple(plots.columns.features.take(order).texts()),
            details={"outside_mu": mu},
            text=Text(
                f"{len(order)}个地块有{mu:.2f}亩在责任单位范围之外",
                f"{len(order)} plots have {mu:.2f} mu outside their responsible unit",
            ),
            sample=plots.sample,
            sketch=bool(unit_areas[cells[unit]].properties.get("sketch")),
        )


def _by_unit(plots: PlotSet, keep: npt.NDArray[np.bool_]) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Yield each unit with the positions of its plots among ``keep``."""
    rows = np.flatnonzero(keep)
    names, group = plots.columns.units.take(rows).groups()
    for unit, number in sorted(zip(names, range(len(names)), strict=True)):
        yield unit, rows[group == number]
