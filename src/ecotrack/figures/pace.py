"""Pace: planting beside the same days of earlier seasons, slow series beside what is needed per month.

A pace is no verdict. A projection prints what it rests on and its interval, or it is not made.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import fsum
from statistics import median
from typing import Any

from ecotrack.errors import Text
from ecotrack.figures.figure import Figure, Measured, Reason
from ecotrack.figures.funnel import Task
from ecotrack.model import ProgressRecord, TargetDef
from ecotrack.progress import Season, State

DAYS_PER_MONTH = 30.4375
"""365.25 / 12."""

FEWEST_PACES = 2
"""With fewer earlier paces there is no spread to take an interval from."""

WINDOWS = 4
"""Years looked back on in a slow series: up to three paces of twelve months each."""

PLANTING = frozenset({"year_planting", "ring_forest"})
"""Measures of planting: their pace is that of the season, not of the month."""

MeasureAt = Callable[[TargetDef, State], Measured]

_NO_EARLIER = Reason(
    "no_earlier_season", Text("没有往年同期的报表", "no reports of an earlier season up to the same day")
)
_FEW_SEASONS = Reason(
    "few_seasons", Text("可比的往年不足两季，不作推算", "fewer than two earlier seasons: no projection is made")
)
_NO_YEAR_AGO = Reason("no_value_a_year_ago", Text("一年前没有可比的数值", "no value of a year ago to compare with"))
_UNLIKE = Reason("unlike_series", Text("一年前的数值口径不同", "the value of a year ago is of another series"))
_FEW_YEARS = Reason("few_years", Text("可比的年份不足，不作推算", "too few comparable years: no projection is made"))
_SEASONAL = Reason(
    "seasonal", Text("造林按季节推进，见各任务的同期对比", "planting goes by seasons: see the pace of the tasks")
)


@dataclass(frozen=True, slots=True)
class Reported:
    """Cumulative reports of one task: by unit and form, in the order of their days."""

    by_series: Mapping[tuple[str, str], Sequence[tuple[dt.date, float]]]

    @classmethod
    def of(cls, task: Task, state: State) -> Reported:
        """Return the reports of a task, those of its own basis; mu converted from 四旁 stays apart."""
        found: dict[tuple[str, str], list[tuple[dt.date, float]]] = {}
        for record in sorted(state.of("reports", "report"), key=_when):
            form = str(record.fields.get("form") or "")
            mine = record.task_id == task.task_id and record.sample == task.sample and form != "四旁"
            if mine and record.unit and record.value is not None:
                found.setdefault((record.unit, form), []).append((record.effective_on, float(record.value)))
        return cls(found)

    @property
    def newest(self) -> dt.date | None:
        """Period end of the newest report."""
        return max((days[-1][0] for days in self.by_series.values()), default=None)

    def units_by(self, day: dt.date) -> set[str]:
        """Return the units that had reported by a day."""
        return {unit for (unit, _), days in self.by_series.items() if days[0][0] <= day}

    def mu_by(self, day: dt.date, units: set[str]) -> float:
        """Return what some units had reported by a day, in mu; a report without a form speaks for all forms."""
        last: dict[str, dict[str, float]] = {}
        for (unit, form), days in self.by_series.items():
            known = [mu for on, mu in days if on <= day]
            if unit in units and known:
                last.setdefault(unit, {})[form] = known[-1]
        return fsum(forms.get("", fsum(forms.values())) for forms in last.values())

    def last_on(self, day: dt.date, units: set[str]) -> dt.date | None:
        """Return the newest period end up to a day among some units."""
        days = [on for (unit, _), rows in self.by_series.items() if unit in units for on, _ in rows if on <= day]
        return max(days, default=None)


def _when(record: ProgressRecord) -> tuple[dt.date, int]:
    return record.effective_on, record.seq


def pace(state: State, tasks: Sequence[Task], figures: Sequence[Figure], measure_at: MeasureAt) -> dict[str, Any]:
    """Return the pace of every task and of every target that is still open, as JSON values.

    Parameters
    ----------
    measure_at
        Measures a target on another state: that of an earlier day.
    """
    reports = {task.task_id: Reported.of(task, state) for task in tasks}
    open_figures = [figure for figure in figures if _is_open(figure, state.as_of)]
    return {
        "tasks": [_task_pace(task, tasks, reports) for task in tasks if reports[task.task_id].newest],
        "targets": [slow_pace(figure, state, measure_at) for figure in open_figures],
    }


def _task_pace(task: Task, tasks: Sequence[Task], reports: Mapping[str, Reported]) -> dict[str, Any]:
    mine = reports[task.task_id]
    day = mine.newest or dt.date.max
    units = mine.units_by(day)
    found = [row for other in _earlier(task, tasks) if (row := _same_days(task, other, mine, reports[other.task_id]))]
    reported = mine.mu_by(day, units)
    projection, reasons = _season_projection(reported, found)
    return {
        "task_id": task.task_id,
        "title_zh": task.title,
        "season": task.season,
        "kind": task.kind,
        "sample": task.sample,
        "on": day.isoformat(),
        "reported_mu": reported,
        "rate_pct": _rate_pct(reported, task, units),
        "earlier": found,
        "projection": projection,
        "reasons": [reason.to_json() for reason in ((_NO_EARLIER,) if not found else reasons)],
    }


def _earlier(task: Task, tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks of the same season of earlier years: one kind, one level, one basis."""
    mine = _season(task)
    if mine is None:
        return []
    alike = [t for t in tasks if (t.kind, t.level, t.sample) == (task.kind, task.level, task.sample)]
    return [t for t in alike if (s := _season(t)) is not None and s.part == mine.part and s.year < mine.year]


def _season(task: Task) -> Season | None:
    try:
        return Season.parse(task.season)
    except (ValueError, KeyError):
        return None


def _rate_pct(mu: float, task: Task, units: set[str]) -> float | None:
    assigned = fsum(task.assigned_mu.get(unit, 0.0) for unit in units)
    return mu / assigned * 100 if assigned else None


def years_before(day: dt.date, years: int) -> dt.date:
    """Return the same day of an earlier year; the 29th of February becomes the 28th.

    Examples
    --------
    >>> years_before(dt.date(2020, 2, 29), 1)
    datetime.date(2019, 2, 28)
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _same_days(task: Task, other: Task, mine: Reported, theirs: Reported) -> dict[str, Any] | None:
    """Return both seasons up to the same day, over the units that had reported in both."""
    now, then = _season(task), _season(other)
    if mine.newest is None or now is None or then is None:
        return None
    day = years_before(mine.newest, now.year - then.year)
    units = mine.units_by(mine.newest) & theirs.units_by(day)
    if not units:
        return None
    at_day, end = theirs.mu_by(day, units), theirs.newest or day
    final = theirs.mu_by(end, units) if end > day else None
    last_on = theirs.last_on(day, units)
    return {
        "task_id": other.task_id,
        "season": other.season,
        "on": day.isoformat(),
        "reported_on": last_on.isoformat() if last_on else None,
        "units": len(units),
        "reported_mu": at_day,
        "rate_pct": _rate_pct(at_day, other, units),
        "current_mu": mine.mu_by(mine.newest, units),
        "current_rate_pct": _rate_pct(mine.mu_by(mine.newest, units), task, units),
        "final_mu": final,
    }


def _season_projection(
    reported_mu: float, earlier: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any] | None, tuple[Reason, ...]]:
    """Return what is reported, times how much earlier seasons still grew from the same day to their end."""
    growth = [row["final_mu"] / row["reported_mu"] for row in earlier if row["final_mu"] and row["reported_mu"] > 0]
    if len(growth) < FEWEST_PACES:
        return None, (_FEW_SEASONS,)
    basis = Text(
        f"按{len(growth)}个往年同期到季末的增长倍数推算：取中位数，区间为最小到最大",
        f"growth from the same day to the end of {len(growth)} earlier seasons: median, interval from least to most",
    )
    low, middle, high = (reported_mu * factor for factor in (min(growth), median(growth), max(growth)))
    return _projection(middle, low, high, basis, "mu"), ()


def _projection(value: float, low: float, high: float, basis: Text, unit: str) -> dict[str, Any]:
    numbers = {f"value_{unit}": value, f"low_{unit}": low, f"high_{unit}": high}
    return {**numbers, "basis_zh": basis.zh, "basis_en": basis.en}


def _is_open(figure: Figure, as_of: dt.date) -> bool:
    deadline = figure.target.deadline
    return figure.measured.value is not None and deadline is not None and deadline > as_of and figure.status != "met"


def slow_pace(figure: Figure, state: State, measure_at: MeasureAt) -> dict[str, Any]:
    """Return what a target needs per month up to its deadline, beside the last twelve months.

    The value of a year ago is measured on the records of that day; it is compared only when it is of the same
    series (basis, kind of surface, sample or real). A projection carries the paces of the last years on to the
    deadline: the last one as its value, the least and the most as its interval.

    Parameters
    ----------
    figure
        With a value, and a deadline after the day of ``state``.
    """
    target, measured, unit = figure.target, figure.measured, figure.target.unit
    value, deadline = measured.value or 0.0, target.deadline or state.as_of
    months = (deadline - state.as_of).days / DAYS_PER_MONTH
    seasonal = target.measure in PLANTING
    paces, reason = ([], _SEASONAL) if seasonal else _paces(figure, state, measure_at)
    reasons = [one for one in (reason, None if seasonal or len(paces) >= FEWEST_PACES else _FEW_YEARS) if one]
    return {
        "id": target.id,
        "title_zh": target.title_zh,
        "title_en": target.title_en,
        "unit": unit,
        "sample": measured.sample,
        "deadline": deadline.isoformat(),
        "months_left": months,
        f"needed_per_month_{unit}": (float(target.value) - value) / months,
        f"last_12_months_per_month_{unit}": paces[0] if paces else None,
        "projection": _year_projection(value, months, paces, unit) if len(paces) >= FEWEST_PACES else None,
        "reasons": [one.to_json() for one in reasons],
    }


def _year_projection(value: float, months: float, paces: Sequence[float], unit: str) -> dict[str, Any]:
    basis = Text(
        f"按最近12个月的速度推算到期限，区间取最近{len(paces)}年各年速度的最小与最大",
        f"the last 12 months carried on to the deadline; interval from the least to the most of {len(paces)} years",
    )
    middle, low, high = (value + speed * months for speed in (paces[0], min(paces), max(paces)))
    return _projection(middle, low, high, basis, unit)


def _paces(figure: Figure, state: State, measure_at: MeasureAt) -> tuple[list[float], Reason | None]:
    """Return the change per month in each of the last years, newest first, as far as the series reaches."""
    values, reason = [figure.measured.value or 0.0], None
    for years in range(1, WINDOWS):
        found = measure_at(figure.target, state_on(state, years_before(state.as_of, years)))
        if found.value is None:
            reason = _NO_YEAR_AGO
        elif found.sample != figure.measured.sample or _series(found) != _series(figure.measured):
            reason = _UNLIKE
        if reason is not None:
            break
        values.append(found.value or 0.0)
    paces = [(later - before) / 12 for later, before in pairwise(values)]
    return paces, None if paces else reason


def _series(measured: Measured) -> str:
    # A basis names the series and the year; years and counts differ from year to year, the rest must not.
    return re.sub(r"\d+", "", measured.basis.zh)


def state_on(state: State, day: dt.date) -> State:
    """Return the records of a state up to an earlier day; plots are left out.

    A correction keeps the day of what it corrects, so what stands now of that day is cut by its own day.
    """
    cut = {key: [r for r in records if r.effective_on <= day] for key, records in state.series.items()}
    return replace(state, as_of=day, series=cut)
