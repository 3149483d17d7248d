"""Progress records from spreadsheets: read whole or refused whole, the errors written back into the sheet.

A file gives records of every layer; a progress sheet gives the periodic report of a task. The same file
brought in again changes nothing, since a record's id follows from its content.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecotrack.errors import CannotWrite, EmptyFile, FutureDate, NoRegister, RefusedRows
from ecotrack.intake.records_columns import Plan, RowError
from ecotrack.intake.records_doubts import doubt_lines
from ecotrack.intake.records_errors import write_errors
from ecotrack.intake.records_known import Known, known_of, today
from ecotrack.intake.records_owners import foreign_rows
from ecotrack.intake.records_plans import Planned, plan_tables, record_tables
from ecotrack.intake.records_progress import (
    Line,
    check_columns,
    check_lines,
    check_tasks,
    check_totals,
    choose_task,
    period_end,
    settle,
    split_city_row,
    table_measure,
)
from ecotrack.intake.records_rows import Defaults, RowReader
from ecotrack.intake.tables import read_bytes
from ecotrack.model import Finding, ProgressRecord, Submission
from ecotrack.register import stable_id

if TYPE_CHECKING:
    from ecotrack.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a call says about a file, beside the file itself.

    Attributes
    ----------
    layer, kind
        Layer and record kind of every row; told from the sheets where ``None``.
    task_id
        Task of a progress sheet without a column for it.
    period_end
        Effective day of rows without one.
    correct
        Whether another number for the same task, unit and day is a correction.
    """

    layer: str | None = None
    kind: str | None = None
    task_id: str | None = None
    period_end: dt.date | None = None
    document: str = ""
    sample: bool = False
    correct: bool = False


@dataclass(slots=True)
class Reading:
    """What a file gave.

    Attributes
    ----------
    records
        In the order of the rows; empty where there is any error.
    errors
        What keeps the file out.
    findings
        What does not keep it out, and somebody should look at.
    ignored
        Titles of columns that were not read, by sheet.
    layers
        Ids of the layers that the rows are for.
    repeated
        How many rows say again what the register holds from another file.
    unread
        Names of sheets in which no column titles were recognised.
    """

    records: list[ProgressRecord] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ignored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    layers: list[str] = field(default_factory=list)
    unread: tuple[str, ...] = ()
    repeated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an import did.

    Attributes
    ----------
    added
        Records that are new in the register (that would be, in a dry run).
    already
        How many rows the register held before.
    """

    reading: Reading
    added: tuple[ProgressRecord, ...]
    already: int
    dry_run: bool = False


def read_records(path: Path, known: Known, asked: Asked | None = None) -> Reading:
    """Read a CSV or XLSX file of records of any layer.

    Parameters
    ----------
    path
        The file.
    known
        What its rows may name.
    asked
        What the call says about it.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        It cannot be read, or its kind of record cannot be told.
    UnknownLayer, UnknownTask, NoFittingTask, AmbiguousTask, Untold, FutureDate
        What the call says does not fit, or something that it must say is missing.
    """
    asked = asked or Asked()
    refuse_future(asked.period_end, known.today, where="--period-end")
    sheets = record_tables(path, known)
    reading, ids = Reading(unread=sheets.unread), Counter[str]()
    planned = plan_tables(sheets.tables, known, layer=asked.layer, kind=asked.kind)
    for one in planned:
        _read_one(one, known, asked, reading, ids)
    if not (reading.records or reading.errors or reading.repeated):
        raise EmptyFile(path)
    if reading.errors:
        reading.records.clear()
    return reading


def refuse_future(day: dt.date | None, last: dt.date, *, where: str) -> None:
    """Raise where a day that a call gives lies after ``last``, which is today.

    Raises
    ------
    FutureDate
        It does.
    """
    if day is not None and day > last:
        raise FutureDate(where, day=day, today=last)


def _read_one(planned: Planned, known: Known, asked: Asked, reading: Reading, ids: Counter[str]) -> None:
    plan = planned.plan
    rows, city = split_city_row(plan, planned.rows) if plan.layer.id in ("reports", "tasks") else (planned.rows, [])
    defaults = defaults_for(replace(planned, rows=tuple(rows)), known, asked)
    reader = RowReader(plan, known, defaults, ids)
    lines = [Line(row, record) for row in rows if (record := reader.read(row)) is not None]
    if plan.layer.id in ("reports", "tasks"):
        reader.findings += check_totals(plan, (*plan.table.totals, *city), lines) if not reader.errors else []
        if plan.layer.id == "reports":
            reader.findings += [
                *check_columns(plan),
                *check_lines(plan, lines, known),
                *doubt_lines(plan, lines, known),
            ]
            reader.errors += check_tasks(plan, lines, known)
        lines = settle_into(reading, reader, lines, known, correct=asked.correct)
    reader.errors += _contradictions(plan, lines, known)
    reader.errors += foreign_rows(plan, lines, known)
    take(reading, reader, [line.record for line in lines])


def settle_into(
    reading: Reading, reader: RowReader, lines: Sequence[Line], known: Known, *, correct: bool
) -> list[Line]:
    """Return the lines of a task or report that say something new; count those that repeat what stands."""
    kept, errors = settle(reader.plan, lines, known, correct=correct)
    reader.errors += errors
    reading.repeated += len(lines) - len(kept) - len(errors)
    return kept


def take(reading: Reading, reader: RowReader, records: Sequence[ProgressRecord]) -> None:
    """Add what one table gave to what the file gave."""
    plan = reader.plan
    reading.records += records
    reading.errors += reader.errors
    reading.findings += reader.findings
    reading.ignored |= {plan.table.sheet: plan.ignored} if plan.ignored else {}
    reading.layers += [plan.layer.id] if plan.layer.id not in reading.layers else []


def defaults_for(planned: Planned, known: Known, asked: Asked) -> Defaults:
    """Return the values for cells that a table does not have; a progress sheet needs its period and task."""
    plan = planned.plan
    values: dict[str, object] = {"document": asked.document, "sample": asked.sample}
    if asked.period_end is not None:
        values["effective_on"] = asked.period_end
    if plan.layer.id != "reports":
        values |= {"task_id": asked.task_id} if asked.task_id else {}
        return Defaults(values)
    values["state"] = plan.kind.states[0] if plan.kind.states else None
    if _lacks(planned, "effective_on"):
        values["effective_on"] = period_end(plan.table, asked=asked.period_end)
    if _lacks(planned, "task_id") or asked.task_id:
        day = values.get("effective_on") or today()
        assert isinstance(day, dt.date)
        values["task_id"] = choose_task(plan.table, known, plan, asked=asked.task_id, day=day, sample=asked.sample)
    return Defaults(values, measure=table_measure(plan.table))


def _lacks(planned: Planned, key: str) -> bool:
    column = planned.plan.columns.get(key)
    corrects = planned.plan.columns.get("corrects")
    return any(
        (column is None or row.cell(column).blank) and (corrects is None or row.cell(corrects).blank)
        for row in planned.rows
    )


def _contradictions(plan: Plan, lines: Sequence[Line], known: Known) -> list[RowError]:
    """Return an error for each row whose id the register, or a row before, has with other content."""
    stands = known.recorded(line.record.record_id for line in lines)
    errors = []
    for line in lines:
        record = line.record
        before = stands.setdefault(record.record_id, record)
        if not same_content(before, record):
            zh = f"记录编号 {record.record_id} 已用于内容不同的记录；更正请把它填在“更正记录编号”"
            en = f"id {record.record_id} stands for another record; to correct that one, name it in corrects"
            errors.append(plan.error(line.row, "record_id", zh, en))
    return errors


def same_content(first: ProgressRecord, second: ProgressRecord) -> bool:
    """Return whether two records say the same, whoever recorded them and when."""
    keys = (
        "layer", "kind", "effective_on", "feature_id", "unit", "state", "value", "value_unit", "fields", "task_id",
        "basis_document", "sample", "corrects",
    )  # fmt: skip
    return all(getattr(first, key) == getattr(second, key) for key in keys)


def import_records(
    workspace: Workspace, path: Path, asked: Asked | None = None, *, author: str, dry_run: bool = False
) -> Outcome:
    """Bring the records of a spreadsheet into the register of a workspace, all of them or none.

    Raises
    ------
    RefusedRows
        A row has errors; the sheet with the errors marked lies beside the file, nothing was imported.
    EcotrackError
        As `read_records` says.
    """
    reading = read_records(path, known_in(workspace), asked)
    return keep(workspace, path, reading, author=author, dry_run=dry_run)


def known_in(workspace: Workspace) -> Known:
    """Return what a workspace and its register know; without a register, nothing has been recorded yet."""
    try:
        with workspace.register() as register:
            return known_of(workspace, register)
    except NoRegister:
        return known_of(workspace, None)


def keep(workspace: Workspace, path: Path, reading: Reading, *, author: str, dry_run: bool) -> Outcome:
    """Register what a file gave, in one piece, after its raw bytes.

    Raises
    ------
    RefusedRows
        There are errors; they are written beside the file first.
    """
    if reading.errors:
        refuse(path, reading.errors, dry_run=dry_run)
    recorded = known_in(workspace).recorded(record.record_id for record in reading.records)
    added = tuple(record for record in reading.records if record.record_id not in recorded)
    already = len(reading.records) - len(added) + reading.repeated
    outcome = Outcome(reading=reading, added=added, already=already, dry_run=dry_run)
    if dry_run or not added:
        return outcome
    data = read_bytes(path)
    with workspace.register(create=True) as register:
        sha256 = register.keep_raw(data)
        with register.writer(author=author) as writer:
            writer.add(_submission(path, sha256, reading, added))
            writer.add_many(added)
    return outcome


def _submission(path: Path, sha256: str, reading: Reading, added: Sequence[ProgressRecord]) -> Submission:
    return Submission(
        submission_id=stable_id("records", sha256, *(record.record_id for record in added)),
        layer=reading.layers[0],
        submitted_on=today(),
        file_name=path.name,
        raw_sha256=sha256,
        sample=all(record.sample for record in added),
    )


def refuse(path: Path, errors: Sequence[RowError], *, dry_run: bool = False) -> None:
    """Write the errors back into a copy of the sheet and raise them.

    Raises
    ------
    RefusedRows
        Always; ``rows`` of its facts holds the errors.
    """
    try:
        written = None if dry_run else write_errors(path, errors)
    except CannotWrite:  # a read-only medium must not hide the errors themselves
        written = None
    hint_zh = f"错误已标在 {written.name} 中，改好后重新导入" if written else "改好后重新导入"
    hint_en = f"they are marked in {written.name}; mend them and import again" if written else "mend them"
    first = errors[0].line
    facts = {"first_zh": first.zh, "first_en": first.en, "hint_zh": hint_zh, "hint_en": hint_en}
    raise RefusedRows(path.name, count=len(errors), rows=tuple(errors), **facts)
