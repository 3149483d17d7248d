"""Tasks from a sheet of units and amounts: what was handed down, by whom, for which season."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecotrack.errors import BadSeason, EmptyFile, Text, UnknownCode, UnreadableFile, Untold
from ecotrack.intake.records import Outcome, Reading, keep, known_in, refuse_future, settle_into, take
from ecotrack.intake.records_columns import progress_columns, rivals
from ecotrack.intake.records_known import Known, tasks_on
from ecotrack.intake.records_plans import progress_plan, record_tables
from ecotrack.intake.records_progress import (
    Line,
    check_totals,
    kind_in,
    season_in,
    split_city_row,
    table_measure,
)
from ecotrack.intake.records_rows import Defaults, RowReader
from ecotrack.intake.records_values import BadCell, parse_day, read_code
from ecotrack.intake.tables_cells import Cell, Table, fold
from ecotrack.model import Finding
from ecotrack.progress import Season

if TYPE_CHECKING:
    from ecotrack.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class AskedTask:
    """What a call says about a task; what it does not say is told from the sheet's title.

    Attributes
    ----------
    task_id
        Where ``None``: the registered task of this season, kind and level, else made of the three.
    season
        ``2017-spring``, ``2017-autumn`` or ``2017``.
    handed_down_on
        Day on which it counts; the first day of the season's year where ``None``, which is said in a finding.
    """

    task_id: str | None = None
    title: str | None = None
    kind: str | None = None
    level: str | None = None
    season: str | None = None
    handed_down_on: dt.date | None = None
    document: str = ""
    sample: bool = False
    correct: bool = False


def read_tasks(path: Path, known: Known, asked: AskedTask | None = None) -> Reading:
    """Read the units and amounts of one task from a CSV or XLSX file.

    Columns with what has been done are left alone, so that one sheet may serve as task and as report.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        It cannot be read, or has no columns of units and tasks.
    Untold
        Neither file nor call tell the season.
    BadSeason, UnknownCode, FutureDate
        The season is none, kind or level are not on their lists, or the task would be handed down after today.
    """
    asked = asked or AskedTask()
    refuse_future(asked.handed_down_on, known.today, where="--on")
    sheets = record_tables(path, known)
    tables = [table for table in sheets.tables if table.rows and _is_task_table(table)]
    if not tables:
        hint = Text("表里要有 单位 和 任务(亩) 两列", "it needs the columns unit and task_mu")
        raise UnreadableFile(path, detail=Text("没有任务列", "no column of tasks"), hint=hint)
    reading, ids = Reading(unread=sheets.unread), Counter[str]()
    for table in tables:
        _read_table(table, known, asked, reading, ids)
    if not (reading.records or reading.errors or reading.repeated):
        raise EmptyFile(path)
    if reading.errors:
        reading.records.clear()
    return reading


def _is_task_table(table: Table) -> bool:
    return {"unit", "task_mu"} <= set(progress_columns(table.headers))


def _read_table(table: Table, known: Known, asked: AskedTask, reading: Reading, ids: Counter[str]) -> None:
    defaults = _defaults(table, known, asked, reading.findings)
    plan = progress_plan(table, known.layers["tasks"], value="task_mu")
    plan = replace(plan, columns={**plan.columns, "value": _task_column(table, str(defaults.fields["season"]))})
    rows, city = split_city_row(plan, table.rows)
    reader = RowReader(plan, known, defaults, ids)
    lines = [Line(row, record) for row in rows if (record := reader.read(row)) is not None]
    reader.findings += check_totals(plan, (*table.totals, *city), lines) if not reader.errors else []
    lines = settle_into(reading, reader, lines, known, correct=asked.correct)
    take(reading, reader, [line.record for line in lines])


def _task_column(table: Table, season: str) -> int:
    """Return the column of tasks; of several, the one whose title names the season.

    Raises
    ------
    UnreadableFile
        Several columns could be meant.
    """
    candidates = rivals(table.headers, "task_mu")
    if not candidates:
        return progress_columns(table.headers)["task_mu"]
    words = {"spring": "春", "summer": "夏", "autumn": "秋", "winter": "冬", "": "年"}
    fits = [header for header in candidates if words[season.partition("-")[2]] in header]
    if len(fits) != 1:
        names = "、".join(candidates)
        hint = Text("请只留一列任务", "leave only one of them")
        raise UnreadableFile(
            table.place(), detail=Text(f"有几列任务：{names}", f"several columns of tasks: {names}"), hint=hint
        )
    return table.headers.index(fits[0])


def _defaults(table: Table, known: Known, asked: AskedTask, findings: list[Finding]) -> Defaults:
    told = fold(" ".join((*table.titles, table.sheet, table.path.stem)))
    season = _season(asked.season or season_in(told), table)
    kind = _code(asked.kind or kind_in(told, known) or "造林绿化", known, "plot_kind")
    level = _code(asked.level or "市", known, "task_level")
    task_id = asked.task_id or _same_task(known, (season, kind, level), asked.sample) or f"{season}-{kind}-{level}"
    day = asked.handed_down_on or _first_day(season, table, findings)
    title = asked.title or next((text for text in table.titles if "任务" in text or "造林" in text), task_id)
    state = "调整" if _revises(known, task_id, day) else "下达"
    values = {
        "task_id": task_id, "effective_on": day, "state": state, "document": asked.document, "sample": asked.sample,
    }  # fmt: skip
    fields = {"title": title, "kind": kind, "level": level, "season": season}
    return Defaults(values, fields, measure=table_measure(table))


def _season(text: str | None, table: Table) -> str:
    if text is None:
        raise Untold(
            table.place(), zh="任务的季节或年度", en="the task's season or year", option="--season 2017-spring"
        )
    try:
        Season.parse(text)
    except (ValueError, KeyError):
        raise BadSeason("--season", text=text) from None
    return text


def _code(text: str, known: Known, codes: str) -> str:
    listed = known.code_lists.get(codes, {text: text})
    try:
        return read_code(Cell("", text), listed)
    except BadCell:
        option, zh, en = ("--kind", "造林类别", "kind") if codes == "plot_kind" else ("--level", "任务级别", "level")
        raise UnknownCode(option, value=text, zh=zh, en=en, known="、".join(listed)) from None


def _first_day(season: str, table: Table, findings: list[Finding]) -> dt.date:
    for text in table.titles:
        match = re.search(r"下达(?:日期|时间)?[:：]?(\d{4}.\d{1,2}.\d{1,2}日?)", fold(text))
        if match and (day := parse_day(match[1])):
            return day
    day = dt.date(Season.parse(season).year, 1, 1)
    message = Text(
        f"没有给出下达日期，按 {day} 计；可用 --on 指明",
        f"no day of handing down was given, {day} is used; say it with --on",
    )
    findings.append(Finding(check="task_day", level="notes", message=message, where=table.place()))
    return day


def _same_task(known: Known, what: tuple[str, str, str], sample: bool) -> str | None:
    """Return the id of the one registered task of this season, kind and level, which the sheet then revises."""
    tasks = tasks_on(known.records, dt.date.max).values()
    same = [t.task_id for t in tasks if (t.season, t.kind, t.level) == what and t.sample == sample]
    return same[0] if len(same) == 1 else None


def _revises(known: Known, task_id: str, day: dt.date) -> bool:
    return any(r.layer == "tasks" and r.task_id == task_id and r.effective_on < day for r in known.records)


def import_tasks(
    workspace: Workspace, path: Path, asked: AskedTask | None = None, *, author: str, dry_run: bool = False
) -> Outcome:
    """Bring one task into the register of a workspace, all its units or none.

    Raises
    ------
    RefusedRows
        A row has errors; they are marked in a copy of the sheet, nothing was imported.
    EcotrackError
        As `read_tasks` says.
    """
    return keep(workspace, path, read_tasks(path, known_in(workspace), asked), author=author, dry_run=dry_run)


def task_ids(reading: Reading) -> Sequence[str]:
    """Return the ids of the tasks that a reading adds to, in order."""
    return tuple(dict.fromkeys(str(record.task_id) for record in reading.records if record.task_id))
