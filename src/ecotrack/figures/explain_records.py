"""Which records a figure rests on, and why the others were set aside; one rule for each measure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ecotrack.errors import Text
from ecotrack.figures.figure import Measured, Reason
from ecotrack.model import ProgressRecord, TargetDef
from ecotrack.progress import State, choose_basis

SET_ASIDE: dict[str, Text] = {
    "corrected": Text("已被更正", "corrected since"),
    "sample": Text("示例数据，不与真实记录混用", "sample data, not mixed with real records"),
    "not_adopted": Text("未采用", "not adopted"),
    "no_value": Text("没有数值", "without a value"),
    "other_year": Text("不是所评价的年份", "of another year"),
    "other_series": Text("另一数据系列（来源或水面类型不同）", "of another series (basis or kind of surface)"),
    "incomplete_day": Text("当日未覆盖全部湖区", "the day does not cover every basin"),
    "other_list": Text("另一份名单", "of another list"),
    "after_deadline": Text("在期限之后", "after the deadline"),
    "older": Text("已有更新的记录", "a newer one takes its place"),
    "station": Text("单站数据", "of a single station"),
    "annual_published": Text("已有发布的年均值", "the annual mean was published"),
    "months_missing": Text("当年月份不全", "the months of the year are not complete"),
    "not_listed": Text("不在两年共同的断面名单内", "its section is not in the list of both years"),
    "other_basis": Text("另一评价依据", "of another basis"),
    "unclassed": Text("断流、冰冻、未监测或没有类别", "dry, frozen, not monitored or without a class"),
    "not_judged": Text("尚未评估", "not judged yet"),
    "other_item": Text("另一事项", "of another item"),
    "before_feedback": Text("早于反馈日期", "before the feedback"),
    "later": Text("已有更早的一次", "an earlier one counts"),
    "total_given": Text("该单位已报总数", "the unit reported a total"),
    "converted": Text("折算面积，另列", "converted area, shown apart"),
    "unknown_feature": Text("所指要素不存在", "its feature is not there"),
}
"""Why a record was set aside, by code."""

Judged = tuple[ProgressRecord, str | None]
"""A record, and the code of why it was set aside; ``None`` where it is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One record that a figure may rest on.

    Attributes
    ----------
    reason
        Why it was set aside; ``None`` where it is used.
    corrected_by
        Id of the record that took its place.
    """

    record: ProgressRecord
    reason: Reason | None = None
    corrected_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        record = self.record
        return {
            "record_id": record.record_id,
            "layer": record.layer,
            "kind": record.kind,
            "feature_id": record.feature_id,
            "unit": record.unit,
            "effective_on": record.effective_on.isoformat(),
            "value": None if record.value is None else format(record.value, "f"),
            "value_unit": record.value_unit,
            "state": record.state,
            "fields": dict(record.fields),
            "document": record.basis_document,
            "author": record.author,
            "recorded_at": record.recorded_at,
            "sample": record.sample,
            "corrects": record.corrects,
            "corrected_by": self.corrected_by,
            "used": self.reason is None,
            "reason": self.reason.to_json() if self.reason else None,
        }


def target_rows(
    target: TargetDef, state: State, measured: Measured, known: Sequence[ProgressRecord] = ()
) -> list[RecordRow]:
    """Return the records that a target may rest on: those used first, then those set aside.

    Parameters
    ----------
    measured
        What the measure gave; the rules read from it which year and which list it chose.
    known
        Every record up to the day, corrected ones among them.
    """
    return _rows(RULES[target.measure](target, state, measured), known)


def task_rows(task_id: str, state: State, known: Sequence[ProgressRecord] = ()) -> list[RecordRow]:
    """Return the records that hand a task down: the last revision of each unit is used."""
    found = [record for record in state.of("tasks", "task") if record.task_id == task_id]
    return _rows(_last_of(found, lambda record: record.unit), known)


def report_rows(task_id: str, sample: bool, state: State, known: Sequence[ProgressRecord] = ()) -> list[RecordRow]:
    """Return the reports of a task: the last cumulative one of each unit and form is used."""
    found = [record for record in state.of("reports", "report") if record.task_id == task_id]
    own = [record for record in found if record.sample == sample]
    judged = list(_last_of(own, lambda record: (record.unit, _form(record))))
    totals = {record.unit for record, code in judged if code is None and not _form(record)}
    result: list[Judged] = [(record, "sample") for record in found if record.sample != sample]
    for record, code in judged:
        if code is None and _form(record):
            code = "converted" if _form(record) == "四旁" else "total_given" if record.unit in totals else None
        result.append((record, code))
    return _rows(result, known)


def work_rows(reaches: Collection[str], state: State, known: Sequence[ProgressRecord] = ()) -> list[RecordRow]:
    """Return the records of work on reaches; those of a reach that is not there are set aside.

    Parameters
    ----------
    reaches
        Ids of the reaches that the layer has.
    """
    chosen, aside = _apart(state.of("reaches", "work"))
    judged = [(record, None if record.feature_id in reaches else "unknown_feature") for record in chosen]
    return _rows([*judged, *aside], known)


def _form(record: ProgressRecord) -> str:
    return str(record.fields.get("form") or "")


def _when(record: ProgressRecord) -> tuple[str, int]:
    return record.effective_on.isoformat(), record.seq


def _last_of(records: Iterable[ProgressRecord], key: Callable[[ProgressRecord], Any]) -> list[Judged]:
    """Judge records of which only the last of each key is used."""
    ordered = sorted(records, key=_when)
    last = {key(record): record.record_id for record in ordered}
    return [(record, None if last[key(record)] == record.record_id else "older") for record in ordered]


def _rows(judged: Iterable[Judged], known: Sequence[ProgressRecord]) -> list[RecordRow]:
    """Return rows for judged records and for what each of them has corrected."""
    rows = {record.record_id: RecordRow(record=record, reason=_reason(code)) for record, code in judged}
    takers = {row.record.corrects: row.record.record_id for row in rows.values() if row.record.corrects}
    for record in reversed(known):
        if record.record_id in takers and record.record_id not in rows:
            taker = takers[record.record_id]
            rows[record.record_id] = RecordRow(record=record, reason=_reason("corrected"), corrected_by=taker)
            takers |= {record.corrects: record.record_id} if record.corrects else {}
    return sorted(rows.values(), key=lambda row: (row.reason is not None, _when(row.record), row.record.record_id))


def _reason(code: str | None) -> Reason | None:
    return None if code is None else Reason(code, SET_ASIDE[code])


def _apart(records: Sequence[ProgressRecord]) -> tuple[list[ProgressRecord], list[Judged]]:
    """Return the records of the basis that the figure uses, and sample data set aside."""
    chosen, _ = choose_basis(records)
    ids = {record.record_id for record in chosen}
    return chosen, [(record, "sample") for record in records if record.record_id not in ids]


def _lake(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    found = state.of(str(target.params["layer"]), str(target.params["kind"]))
    result: list[Judged] = [(record, "not_adopted") for record in found if record.state != "采用"]
    adopted = [record for record in found if record.state == "采用"]
    result += [(record, "no_value") for record in adopted if record.value is None]
    valued = [record for record in adopted if record.value is not None]
    result += [(record, "other_year") for record in valued if record.effective_on.year != state.as_of.year]
    chosen, aside = _apart([record for record in valued if record.effective_on.year == state.as_of.year])
    series = (measured.details.get("basis"), measured.details.get("surface_kind"))
    result += [(record, "other_series") for record in chosen if _series(record) != series]
    own = [record for record in chosen if _series(record) == series]
    whole_days = set(measured.details.get("observed_on", ()))
    complete = [record for record in own if record.effective_on.isoformat() in whole_days]
    result += [(record, "incomplete_day") for record in own if record.effective_on.isoformat() not in whole_days]
    basins = _last_of([r for r in complete if r.feature_id], lambda record: (record.effective_on, record.feature_id))
    return [*((record, None) for record in complete if not record.feature_id), *basins, *result, *aside]


def _series(record: ProgressRecord) -> tuple[str, str]:
    return str(record.fields.get("basis") or ""), str(record.fields.get("surface_kind") or "")


def _cover(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    chosen, aside = _apart(state.of(str(target.params["layer"]), "cover"))
    return [*_last_of(chosen, lambda record: None), *aside]


def _annual(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    layer, kind, year = str(target.params["layer"]), str(target.params["kind"]), int(str(target.params["year"]))
    found = state.of(layer, kind)
    chosen, aside = _apart([record for record in found if not record.fields.get("station")])
    result: list[Judged] = [(record, "station") for record in found if record.fields.get("station")]
    result += [(record, "no_value") for record in chosen if record.value is None]
    by_period = _last_of(
        [record for record in chosen if record.value is not None], lambda record: record.fields.get("period")
    )
    periods = {str(record.fields.get("period")) for record, code in by_period if code is None}
    for record, code in by_period:
        result.append((record, code or _annual_code(str(record.fields.get("period")), periods, year)))
    return [*result, *aside]


def _annual_code(period: str, periods: set[str], year: int) -> str | None:
    of_year = period[:4]
    if of_year not in (str(year - 1), str(year)):
        return "other_year"
    if period == of_year:
        return None
    if of_year in periods:
        return "annual_published"
    complete = all(f"{of_year}-{month:02d}" in periods for month in range(1, 13))
    return None if complete else "months_missing"


def _rank(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    found = state.of(str(target.params["layer"]), "rank")
    codes = {record.record_id: _rank_code(record, target) for record in found}
    chosen, aside = _apart([record for record in found if codes[record.record_id] is None])
    result: list[Judged] = [(record, codes[record.record_id]) for record in found if codes[record.record_id]]
    return [*_last_of(chosen, lambda record: None), *result, *aside]


def _rank_code(record: ProgressRecord, target: TargetDef) -> str | None:
    if record.fields.get("list") != target.params["list"]:
        return "other_list"
    if record.value is None:
        return "no_value"
    late = target.deadline is not None and record.effective_on > target.deadline
    return "after_deadline" if late else None


def _groundwater(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    layer = str(target.params["layer"])
    chosen, aside = _apart([*state.of(layer, "extraction"), *state.of(layer, "usable_yield")])
    result: list[Judged] = [(record, "no_value") for record in chosen if record.value is None]
    valued = [record for record in chosen if record.value is not None]
    year = measured.details.get("year")
    result += [(record, "other_year") for record in valued if record.effective_on.year != year]
    of_year = [record for record in valued if record.effective_on.year == year]
    return [*_last_of(of_year, lambda record: (record.kind, record.fields.get("aquifer"))), *result, *aside]


def _filed(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    layer, item = str(target.params["layer"]), str(target.params["item"])
    feedback, aside = _apart(state.of(layer, "feedback"))
    result = _first_of(feedback)
    start = min((record.effective_on for record in feedback), default=None)
    filings = state.of(layer, "filing")
    own = [record for record in filings if record.fields.get("item") == item and record.sample == measured.sample]
    due = [record for record in own if start is not None and record.effective_on >= start]
    for record in filings:
        if record.fields.get("item") != item:
            result.append((record, "other_item"))
        elif record.sample != measured.sample:
            result.append((record, "sample"))
        elif start is None or record.effective_on < start:
            result.append((record, "before_feedback"))
    return [*result, *_first_of(due), *aside]


def _first_of(records: Sequence[ProgressRecord]) -> list[Judged]:
    ordered = sorted(records, key=_when)
    return [(record, None if i == 0 else "later") for i, record in enumerate(ordered)]


def _sections(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    layer, year = str(target.params["layer"]), int(str(target.params["year"]))
    basis, common = measured.details.get("basis"), set(measured.details.get("common_sections", ()))
    pool = [record for kind in ("month", "year", "listing") for record in state.of(layer, kind)]
    chosen, aside = _apart(pool)
    codes = {record.record_id: _section_code(record, basis, common, year) for record in chosen}
    open_yet = [record for record in chosen if codes[record.record_id] is None]
    result: list[Judged] = [(record, codes[record.record_id]) for record in chosen if codes[record.record_id]]
    return [*_last_of(open_yet, _section_period), *result, *aside]


def _section_period(record: ProgressRecord) -> tuple[Any, ...]:
    if record.kind == "listing":
        return record.kind, record.feature_id
    month = record.effective_on.month if record.kind == "month" else 0
    return record.kind, record.feature_id, record.effective_on.year, month


def _section_code(record: ProgressRecord, basis: Any, common: set[str], year: int) -> str | None:
    if record.feature_id not in common:
        return "not_listed"
    if record.kind == "listing":
        return None if record.effective_on.year <= year else "other_year"
    if record.effective_on.year not in (year - 1, year):
        return "other_year"
    if record.kind != ("year" if basis == "published" else "month"):
        return "other_basis"
    unclassed = record.state not in ("已评价", None) or (basis != "means" and not record.fields.get("class"))
    return "unclassed" if unclassed else None


def _sponge(target: TargetDef, state: State, measured: Measured) -> list[Judged]:
    chosen, aside = _apart(state.of(str(target.params["zones"]), "assessment"))
    judged = _last_of(chosen, lambda record: record.feature_id)
    return [*((record, code or _sponge_code(record)) for record, code in judged), *aside]


def _sponge_code(record: ProgressRecord) -> str | None:
    return None if record.state in ("达标", "不达标") else "not_judged"


RULES: dict[str, Callable[[TargetDef, State, Measured], list[Judged]]] = {
    "lake_surface": _lake,
    "forest_cover": _cover,
    "annual_change": _annual,
    "rank_out_of_last": _rank,
    "groundwater_balance": _groundwater,
    "filed_in_time": _filed,
    "good_sections": _sections,
    "sponge_share": _sponge,
}
"""Measure to the rule that tells its records."""
