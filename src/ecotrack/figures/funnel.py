"""The funnel of a task: assigned, reported, mapped, accepted, verified, qualified, with each loss by cause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

import numpy as np

from ecotrack.errors import Text
from ecotrack.figures.figure import Reason
from ecotrack.figures.plots import PlotSet, StepCredit
from ecotrack.geometry.boxes import Ints
from ecotrack.geometry.distinct import distinct
from ecotrack.geometry.sums import exact_sums
from ecotrack.model import ProgressRecord, UnitBook
from ecotrack.progress import (
    FAILED,
    NOT_CHECKED,
    REDO,
    REPLANT,
    RETURN,
    STRIKE,
    PlotColumns,
    Season,
    State,
    season_mask,
)
from ecotrack.progress.ledger import Mask
from ecotrack.units import mu_from_m2

STEPS: dict[str, Text] = {
    "assigned": Text("下达", "assigned"),
    "reported": Text("上报", "reported"),
    "mapped": Text("上图", "mapped"),
    "accepted": Text("审核", "accepted"),
    "verified": Text("核实", "verified"),
    "qualified": Text("合格", "qualified"),
}

CAUSES: dict[str, Text] = {
    "no_boundary": Text("没有边界", "no boundary"),
    "returned": Text("退回或未审核", "returned or not reviewed"),
    "outside": Text("退回或未审核，大部不在责任单位境内", "returned or not reviewed, mostly outside the unit"),
    "overlap": Text("与先有地块重叠", "overlap with a plot of prior claim"),
    "dispute": Text("争议重叠（待裁定）", "disputed overlap (undecided)"),
    "struck": Text("核销或已重造", "struck or redone"),
    "replant": Text("成活率不足，待补植", "to be replanted"),
    "failed": Text("成活率不合格", "survival failed"),
    "not_due": Text("尚未到期", "not due yet"),
    "overdue": Text("到期未查", "due but not checked"),
    "unreported": Text("上图多于上报", "mapped but not reported"),
    "released": Text("先有地块退出后释放", "released by plots that dropped out"),
}


_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task with what each unit was assigned.

    Attributes
    ----------
    assigned_mu
        By unit code, the last revision up to the day.
    revised_on
        Day of that revision.
    """

    task_id: str
    title: str
    kind: str
    level: str
    season: str
    document: str
    sample: bool
    assigned_mu: dict[str, float]
    revised_on: str = ""


@dataclass(slots=True)
class Row:
    """One unit of a task, or the total: mu by step; ``None`` is not assessed."""

    code: str
    mu: dict[str, float | None]
    plots: dict[str, int] = field(default_factory=dict)
    losses: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    converted_mu: float | None = None
    reported_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The funnel of one task: its units in the order of rank, and the total.

    Attributes
    ----------
    due_on
        Days on which the survival of accepted plots that are not judged yet falls due, past ones among them.
    """

    task: Task
    rows: list[Row]
    total: Row
    reasons: dict[str, tuple[Reason, ...]]
    due_on: tuple[str, ...] = ()

    def to_json(self, units: UnitBook, state: State) -> dict[str, Any]:
        """Return the funnel as JSON values."""
        task = self.task
        return {
            "task_id": task.task_id,
            "title_zh": task.title,
            "kind": task.kind,
            "level": task.level,
            "season": task.season,
            "document": task.document,
            "revised_on": task.revised_on,
            "sample": task.sample,
            "account": "responsible",
            "steps": [self._step(step) for step in STEPS],
            "units": [_unit_json(row, units, state, rank=i) for i, row in enumerate(self.rows, start=1)],
            "total": _row_json(self.total),
        }

    def _step(self, step: str) -> dict[str, Any]:
        title = STEPS[step]
        return {
            "step": step,
            "title_zh": title.zh,
            "title_en": title.en,
            "area_mu": self.total.mu[step],
            "plots": self.total.plots.get(step),
            "flag": self._flag(step),
            "reasons": [reason.to_json() for reason in self.reasons.get(step, ())],
            "due_on": list(self.due_on) if step in ("verified", "qualified") else [],
            "losses": [
                {"cause": cause, "zh": CAUSES[cause].zh, "en": CAUSES[cause].en, "area_mu": mu}
                for cause, mu in self.total.losses.get(step, [])
            ],
        }

    def _flag(self, step: str) -> str | None:
        """Flag a step that is larger than the one above it, from *reported* down."""
        names = list(STEPS)
        i = names.index(step)
        above = self.total.mu[names[i - 1]] if i >= 2 else None
        here = self.total.mu[step]
        larger = above is not None and here is not None and here > above * (1 + _ROUNDING)
        return "above_previous" if larger else None


def _row_json(row: Row) -> dict[str, Any]:
    assigned, reported = row.mu["assigned"], row.mu["reported"]
    rate = reported / assigned * 100 if reported is not None and assigned else None
    numbers = {f"{step}_mu": row.mu[step] for step in STEPS}
    return {**numbers, "rate_pct": rate, "converted_mu": row.converted_mu, "reported_on": row.reported_on}


def _unit_json(row: Row, units: UnitBook, state: State, *, rank: int) -> dict[str, Any]:
    unit = units.get(row.code)
    name = unit.name_on(state.as_of) if unit else row.code
    head = {"rank": rank, "code": row.code, "name_zh": name, "name_en": unit.name_en if unit else row.code}
    losses = {step: [{"cause": c, "area_mu": mu} for c, mu in found] for step, found in row.losses.items() if found}
    return {**head, **_row_json(row), "losses": losses}


def tasks(state: State) -> list[Task]:
    """Return the tasks in force on the day: real ones first, then by season and id.

    Examples
    --------
    A revision is a new record of the same task and unit, from its own day on:

    >>> from decimal import Decimal
    >>> from ecotrack.progress import state_of
    >>> def handed(on, unit, mu):
    ...     names = {"title": "2016年造林任务", "kind": "造林", "level": "市", "season": "2016"}
    ...     return ProgressRecord(record_id=f"{on}-{unit}", layer="tasks", kind="task", task_id="t-2016", unit=unit,
    ...                           effective_on=dt.date.fromisoformat(on), value=Decimal(mu), fields=names)
    >>> said = [handed("2016-01-10", "131102", 900), handed("2016-01-10", "131103", 600)]
    >>> said.append(handed("2016-05-01", "131103", 700))
    >>> [tasks(state_of(as_of=dt.date(2016, month, 30), records=said))[0].assigned_mu for month in (4, 6)]
    [{'131102': 900.0, '131103': 600.0}, {'131102': 900.0, '131103': 700.0}]
    """
    by_task: dict[str, list[ProgressRecord]] = {}
    for record in sorted(state.of("tasks", "task"), key=lambda record: (record.effective_on, record.seq)):
        if record.task_id and record.unit:
            by_task.setdefault(record.task_id, []).append(record)
    found = [_task(task_id, rows) for task_id, rows in by_task.items()]
    return sorted(found, key=lambda task: (task.sample, task.season, task.task_id))


def _task(task_id: str, rows: Sequence[ProgressRecord]) -> Task:
    last = rows[-1]
    return Task(
        task_id=task_id,
        title=str(last.fields.get("title") or task_id),
        kind=str(last.fields.get("kind") or ""),
        level=str(last.fields.get("level") or ""),
        season=str(last.fields.get("season") or ""),
        document=last.basis_document,
        revised_on=last.effective_on.isoformat(),
        sample=all(row.sample for row in rows),
        assigned_mu={str(row.unit): float(row.value) for row in rows if row.value is not None},
    )


def funnel(task: Task, state: State, plots: PlotSet, *, astray: Mask | None = None) -> Funnel:
    """Compute the funnel of one task on the responsible account (责任口径).

    Parameters
    ----------
    plots
        The plots of the task's own basis: real ones for a real task, sample ones for a sample task.
    astray
        Which of them lie for the larger part outside their unit (`PlotSet.astray`); none where that is not known.
    """
    mine = in_task(plots.columns, task)
    right_kind = mine & plots.columns.kinds.is_in((task.kind, REDO))
    reports = _reports(task, state)
    codes = sorted({*task.assigned_mu, *reports, *plots.columns.units.distinct(right_kind)})
    assessed = bool(right_kind.any())
    rows = [_row(code, task, reports) for code in codes]
    if assessed:
        _fill_steps(rows, plots, right_kind, astray if astray is not None else np.zeros(len(plots), dtype=bool))
    rows.sort(key=_rank_key)
    reasons = _reasons(task, rows, mine, right_kind)
    due_on = _due_on(plots.columns, right_kind)
    return Funnel(task=task, rows=rows, total=_total(rows, assessed), reasons=reasons, due_on=due_on)


def _due_on(columns: PlotColumns, mine: Mask) -> tuple[str, ...]:
    """Return the days on which plots that no survival check has judged yet are due."""
    waiting = mine & columns.accepted & (columns.outcome_code == NOT_CHECKED) & (columns.due > 0)
    return tuple(dt.date.fromordinal(day).isoformat() for day in distinct(columns.due[waiting]).tolist())


def in_task(columns: PlotColumns, task: Task) -> Mask:
    """Return which plots count towards a task: by the task they name, else by season and kind."""
    named = columns.tasks.codes >= 0
    try:
        fits = season_mask(columns, Season.parse(task.season))
    except ValueError:
        return columns.tasks.is_(task.task_id)
    return np.asarray(np.where(named, columns.tasks.is_(task.task_id), fits & columns.kinds.is_in((task.kind, REDO))))


def _reports(task: Task, state: State) -> dict[str, list[ProgressRecord]]:
    """Return, for each unit, its last cumulative report of each form."""
    last: dict[tuple[str, str], ProgressRecord] = {}
    for record in sorted(state.of("reports", "report"), key=lambda record: (record.effective_on, record.seq)):
        if record.task_id == task.task_id and record.unit and record.sample == task.sample:
            last[record.unit, str(record.fields.get("form") or "")] = record
    result: dict[str, list[ProgressRecord]] = {}
    for (unit, _), record in last.items():
        result.setdefault(unit, []).append(record)
    return result


def _reported_mu(records: Sequence[ProgressRecord]) -> tuple[float | None, float | None]:
    """Return reported mu and, apart, mu converted from trees without a boundary (四旁)."""
    by_form = {str(r.fields.get("form") or ""): float(r.value) for r in records if r.value is not None}
    converted = by_form.pop("四旁", None)
    if "" in by_form:
        return by_form[""], converted
    return (fsum(by_form.values()) if by_form else None), converted


def _row(code: str, task: Task, reports: dict[str, list[ProgressRecord]]) -> Row:
    records = reports.get(code, [])
    reported, converted = _reported_mu(records)
    return Row(
        code=code,
        mu=dict.fromkeys(STEPS, None) | {"assigned": task.assigned_mu.get(code), "reported": reported},
        converted_mu=converted,
        reported_on=max((r.effective_on.isoformat() for r in records), default=None),
    )


def _fill_steps(rows: Sequence[Row], plots: PlotSet, mine: Mask, astray: Mask) -> None:
    """Fill in what each unit has at every step, and what is lost on the way; all units at once."""
    names, number = plots.columns.units.groups()
    place = {row.code: i for i, row in enumerate(rows)}
    group = np.where(mine, np.array([place.get(name, -1) for name in names], dtype=np.int64)[number], -1)
    for name, step in _steps(plots).items():
        # What is mapped counts whoever holds it; from *accepted* on, disputed ground is held back from both.
        areas = (step.net_by if name == "mapped" else step.credited_by)(group, len(rows))
        counts = np.bincount(group[mine & step.keep], minlength=len(rows)).tolist()
        for row, area_m2, count in zip(rows, areas, counts, strict=True):
            row.mu[name], row.plots[name] = mu_from_m2(area_m2), count
    losses = _losses(plots, group, len(rows), astray)
    for i, row in enumerate(rows):
        row.losses = {
            step: _balanced(row, step, [(cause, mu_from_m2(m2[i])) for cause, m2 in causes])
            for step, causes in losses.items()
        }


def _steps(plots: PlotSet) -> dict[str, StepCredit]:
    return {
        "mapped": plots.mapped,
        "accepted": plots.accepted,
        "verified": plots.verified,
        "qualified": plots.qualified,
    }


def _losses(plots: PlotSet, group: Ints, count: int, astray: Mask) -> dict[str, list[tuple[str, list[float]]]]:
    """Return the loss of each group into each step by cause, in m2; the causes of a step add up to its whole loss.

    A plot that drops out lets its ground go to the next one: what a step gains so stands as *released*, with
    a minus sign.
    """
    columns, mapped, accepted, verified = plots.columns, plots.mapped, plots.accepted, plots.verified

    def of(some: Mask) -> Ints:
        return np.where(some, group, -1)

    open_yet = columns.outcome_code == NOT_CHECKED
    stopped = np.isin(columns.verdict_code, (0, RETURN))
    unchecked, unknown = ~columns.checked, open_yet & columns.checked
    struck = (columns.verdict_code == STRIKE) | (columns.accepted & plots.redone)
    return {
        "mapped": [
            ("overlap", exact_sums(group, count, mapped.credit.lost_overlap_m2)),
            ("dispute", exact_sums(group, count, mapped.credit.lost_dispute_m2)),
        ],
        "accepted": [
            ("returned", mapped.net_by(of(stopped & ~astray), count)),
            ("outside", mapped.net_by(of(stopped & astray), count)),
            ("struck", mapped.net_by(of(struck), count)),
            ("dispute", exact_sums(group, count, accepted.credit.disputed_m2)),
        ],
        "verified": [
            ("not_due", accepted.credited_by(of(unchecked & ~columns.overdue), count)),
            ("overdue", accepted.credited_by(of(unchecked & columns.overdue), count)),
        ],
        "qualified": [
            ("replant", verified.credited_by(of(columns.outcome_code == REPLANT), count)),
            ("failed", verified.credited_by(of(columns.outcome_code == FAILED), count)),
            ("not_due", verified.credited_by(of(unknown & ~columns.overdue), count)),
            ("overdue", verified.credited_by(of(unknown & columns.overdue), count)),
        ],
    }


def _balanced(row: Row, step: str, losses: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Name what the given causes leave open: boundaries missing, or more than was reported; ground released."""
    names = list(STEPS)
    above, here = row.mu[names[names.index(step) - 1]], row.mu[step]
    if above is not None and here is not None:
        rest = above - here - fsum(mu for _, mu in losses)
        if abs(rest) > _ROUNDING * max(above, 1.0):
            missing = "no_boundary" if rest > 0 else "unreported"
            losses = [(missing if step == "mapped" else "released", rest), *losses]
    return _ordered((cause, mu) for cause, mu in losses if mu)


def _ordered(losses: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    order = list(CAUSES)
    return sorted(losses, key=lambda loss: order.index(loss[0]))


def _total(rows: Sequence[Row], assessed: bool) -> Row:
    def add(step: str) -> float | None:
        known = [mu for row in rows if (mu := row.mu[step]) is not None]
        return fsum(known) if known else None

    causes: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for step, losses in row.losses.items():
            for cause, mu in losses:
                causes.setdefault(step, {}).setdefault(cause, []).append(mu)
    converted = [row.converted_mu for row in rows if row.converted_mu is not None]
    return Row(
        code="",
        mu={step: add(step) for step in STEPS},
        plots={step: sum(row.plots[step] for row in rows) for step in rows[0].plots} if assessed else {},
        losses={step: _ordered((c, fsum(mus)) for c, mus in found.items()) for step, found in causes.items()},
        converted_mu=fsum(converted) if converted else None,
        reported_on=max((row.reported_on for row in rows if row.reported_on), default=None),
    )


def _reasons(task: Task, rows: Sequence[Row], in_task: Mask, right_kind: Mask) -> dict[str, tuple[Reason, ...]]:
    result: dict[str, tuple[Reason, ...]] = {}
    silent = [row.code for row in rows if row.mu["reported"] is None]
    if silent:
        text = Text(f"{len(silent)}个单位没有上报", f"{len(silent)} units have not reported")
        result["reported"] = (Reason("no_report", text),)
    if not right_kind.any():
        missing = Reason("no_boundary", Text("没有上图边界", "no boundaries were submitted"))
        if in_task.any():
            missing = Reason(
                "kinds_differ", Text(f"口径不同：任务为{task.kind}", f"kinds differ: the task is {task.kind}")
            )
        result |= dict.fromkeys(("mapped", "accepted", "verified", "qualified"), (missing,))
    return result


def _rank_key(row: Row) -> tuple[float, float, str]:
    """Order by completion rate of *reported* over *assigned*; ties by quantity, then by code.

    The rate is compared exactly, not as printed; a unit without a report comes last.
    """
    assigned, reported = row.mu["assigned"], row.mu["reported"]
    if reported is None or not assigned:
        return (np.inf, -(reported or 0.0), row.code)
    return (-reported / assigned, -reported, row.code)
