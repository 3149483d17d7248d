"""Doubts about a cumulative report: numbers that may be right, and that somebody should look at first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ecotrack.errors import Text
from ecotrack.intake.records_columns import Plan
from ecotrack.intake.records_known import Known, TaskLine, tasks_on
from ecotrack.intake.records_progress import Line
from ecotrack.intake.tables_cells import plain
from ecotrack.model import Finding, ProgressRecord
from ecotrack.progress import current

FAR_ABOVE = 10
"""A report of more than so many times the task is more likely a slip of the decimal point or of the unit."""


def doubt_lines(plan: Plan, lines: Sequence[Line], known: Known) -> list[Finding]:
    """Return a warning for each number that falls, lies before its task, or lies far above it.

    A report counts what was done since the season began, so that it cannot fall from one day to the next.

    Parameters
    ----------
    lines
        Rows of a progress sheet whose columns ``done`` are cumulative amounts in mu.
    """
    tasks = tasks_on(known.records, dt.date.max)
    said = [record for record in current(known.records) if record.layer == plan.layer.id]
    findings = []
    for line in lines:
        place = plan.table.place(f"{line.row.number}")
        name = known.units[str(line.record.unit)].name_on(line.record.effective_on)
        for check, words in _doubts(line.record, said, tasks.get(str(line.record.task_id))):
            message = Text(f"{name}：{words.zh}", f"{name}: {words.en}")
            findings.append(Finding(check=check, level="warns", message=message, where=place))
    return findings


def _doubts(record: ProgressRecord, said: Sequence[ProgressRecord], task: TaskLine | None) -> list[tuple[str, Text]]:
    done, day = record.value, record.effective_on
    last = _last_before(record, said)
    assigned = task.amounts_mu.get(str(record.unit)) if task is not None else None
    found = []
    if last is not None and done is not None and last.value is not None and done < last.value:
        facts = {"done": plain(done), "before": plain(last.value), "day": last.effective_on}
        words = Text(
            "累计完成 {done} 亩，少于 {day} 的 {before} 亩", "{done} mu in all, less than {before} mu on {day}"
        )
        found.append(("report_falls", words.format(**facts)))
    if task is not None and day < task.effective_on:
        words = Text("截至 {day}，任务 {begun} 才下达", "it ends on {day}, the task was handed down on {begun}")
        found.append(("before_task", words.format(day=day, begun=task.effective_on)))
    if assigned and done is not None and done > FAR_ABOVE * assigned:
        words = Text(
            "完成 {done} 亩，超过任务 {task} 亩的 {times} 倍，请核对小数点和单位",
            "{done} mu is more than {times} times the task of {task} mu; check the decimal point and the unit",
        )
        found.append(("far_above_task", words.format(done=plain(done), task=plain(assigned), times=FAR_ABOVE)))
    return found


def _last_before(record: ProgressRecord, said: Sequence[ProgressRecord]) -> ProgressRecord | None:
    what = (record.task_id, record.unit, record.fields.get("form"), record.sample)
    same = [
        one
        for one in said
        if (one.task_id, one.unit, one.fields.get("form"), one.sample) == what
        and one.effective_on < record.effective_on
    ]
    return max(same, key=lambda one: (one.effective_on, one.seq), default=None)
