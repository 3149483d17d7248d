"""Periodic reports: the period's end, the task that they report on, and what is checked and not kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ecotrack.errors import AmbiguousTask, NoFittingTask, Text, UnknownTask, Untold
from ecotrack.intake.records_columns import Plan, RowError, measure_of, progress_columns, rivals
from ecotrack.intake.records_known import Known, TaskLine, tasks_on
from ecotrack.intake.records_values import (
    BadCell,
    convert,
    find_days,
    find_unit,
    is_blank,
    measure_key,
    parse_day,
    read_number,
)
from ecotrack.intake.tables_cells import Cell, Row, Table, fold, plain
from ecotrack.model import Finding, ProgressRecord
from ecotrack.progress import current
from ecotrack.register import stable_id
from ecotrack.units import round_half_up

WHOLE_CITY = ("全市", "衡水市", "全市合计", "hengshui", "city")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a progress sheet and the record made of it."""

    row: Row
    record: ProgressRecord


def table_measure(table: Table) -> str | None:
    """Return the unit of measurement that stands above a table (单位：万亩), or ``None``."""
    for title in table.titles:
        match = re.search(r"单位[:：]?\(?([^\s()，,。、/;]+)", fold(title))
        if match and (key := measure_key(match[1])):
            return key
    return None


def split_city_row(plan: Plan, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows of units, and the rows of the whole city, which are a total where units stand beside them."""
    column = plan.columns.get("unit")
    if column is None:
        return list(rows), []
    city = [row for row in rows if _label(row, column) in WHOLE_CITY]
    units = [row for row in rows if row not in city]
    return (units, city) if units else (list(rows), [])


def _label(row: Row, column: int) -> str:
    """Return what a row is called: its unit, or its first words where the unit's cell is blank."""
    texts = (row.cell(column), *row.cells)
    return next((fold(cell.text) for cell in texts if isinstance(cell.value, str)), "")


def check_columns(plan: Plan) -> list[Finding]:
    """Tell when several columns could hold the cumulative amount, and which one was read."""
    found = rivals(plan.table.headers, "done_mu")
    if not found:
        return []
    read, names = plan.header("value"), "、".join(found)
    zh, en = (
        f"有几列都像累计完成（{names}），读的是“{read}”",
        f"several columns could be meant ({names}); '{read}' was read",
    )
    return [_warn("done_columns", plan.table.place(), zh, en)]


def period_end(table: Table, *, asked: dt.date | None) -> dt.date:
    """Return the last day of the period that a sheet reports on: as asked, or as its title says.

    Raises
    ------
    Untold
        Neither tells it.
    """
    if asked is not None:
        return asked
    texts = [fold(text) for text in (*table.titles, table.sheet, table.path.stem)]
    marked = [day for text in texts for day in _until(text, texts)]
    plain_days = sorted({day for text in texts for day in find_days(text)})
    if marked:
        return marked[0]
    if len(plain_days) == 1:
        return plain_days[0]
    raise Untold(table.place(), zh="截止日期", en="the period's last day", option="--period-end 2017-03-16")


def _until(text: str, texts: Sequence[str]) -> list[dt.date]:
    """Return the days after 截至 or 截止; a year that is left out is the only one named in the titles."""
    years = {match for each in texts for match in re.findall(r"(20\d{2})年?", each)}
    found = []
    for match in re.finditer(r"截[至止](?:到|时间|日期)?:?(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?", text):
        year = match[1] or (next(iter(years)) if len(years) == 1 else None)
        day = parse_day(f"{year}-{match[2]}-{match[3]}") if year else None
        found += [day] if day else []
    return found


def choose_task(table: Table, known: Known, plan: Plan, *, asked: str | None, day: dt.date, sample: bool) -> str:
    """Return the id of the task that a sheet reports on.

    Raises
    ------
    UnknownTask
        The asked task is not there.
    NoFittingTask
        No task has all of these units.
    AmbiguousTask
        Several fit; the message lists them.
    """
    tasks = tasks_on(known.records, day)
    if asked is not None:
        later = tasks_on(known.records, dt.date.max)
        if asked not in later:
            raise UnknownTask(table.place(), name=asked, known=_listed(later.values()))
        return asked
    fits = [task for task in tasks.values() if task.sample == sample and _fits(task, table, plan, known)]
    for rule in (_named, _same_amounts, _same_year):
        if len(fits) > 1:
            fits = [task for task in fits if rule(task, table, plan, known, day)] or fits
    if not fits:
        raise NoFittingTask(table.place(), known=_listed(tasks.values()))
    if len(fits) > 1:
        raise AmbiguousTask(table.place(), known=_listed(fits))
    return fits[0].task_id


def _listed(tasks: Iterable[TaskLine]) -> str:
    return "、".join(f"{task.task_id}（{task.title}）" for task in tasks) or "—"


def _units(table: Table, plan: Plan, known: Known) -> set[str]:
    column = plan.columns["unit"]
    found = (find_unit(row.cell(column).text, known.units) for row in table.rows if not row.cell(column).blank)
    return {unit.code for unit in found if unit is not None and unit.kind != "city"}


def _fits(task: TaskLine, table: Table, plan: Plan, known: Known) -> bool:
    return _units(table, plan, known) <= set(task.amounts_mu)


def _named(task: TaskLine, table: Table, plan: Plan, known: Known, day: dt.date) -> bool:
    text = fold(" ".join((*table.titles, table.sheet, table.path.stem)))
    season = season_in(text, day.year)
    return fold(task.title) in text or (season == task.season and (kind_in(text, known) or task.kind) == task.kind)


def _same_amounts(task: TaskLine, table: Table, plan: Plan, known: Known, day: dt.date) -> bool:
    told = [(unit, mu) for row in table.rows if (unit := _unit_of(row, plan, known)) and (mu := _task_mu(row, plan))]
    return bool(told) and all(task.amounts_mu.get(unit) == mu for unit, mu in told)


def _same_year(task: TaskLine, table: Table, plan: Plan, known: Known, day: dt.date) -> bool:
    return task.season.startswith(str(day.year))


def season_in(text: str, year: int | None = None) -> str | None:
    """Return the season that a title names, or ``None``.

    Examples
    --------
    >>> season_in("全市2017年春季造林绿化进度"), season_in("2016年度造林任务")
    ('2017-spring', '2016')
    """
    folded = fold(text)
    match = re.search(r"(20\d{2})", folded)
    named = int(match[1]) if match else year
    if named is None:
        return None
    for word, part in (("春", "spring"), ("夏", "summer"), ("雨季", "summer"), ("秋", "autumn"), ("冬", "winter")):
        if word in folded or part in folded:
            return f"{named}-{part}"
    return str(named) if match else None


def kind_in(text: str, known: Known) -> str | None:
    """Return the planting kind that a title names, the longest name first (造林绿化 before 造林), or ``None``."""
    kinds = sorted(known.code_lists.get("plot_kind", {}), key=len, reverse=True)
    return next((kind for kind in kinds if kind in text), None)


def _unit_of(row: Row, plan: Plan, known: Known) -> str | None:
    unit = find_unit(row.cell(plan.columns["unit"]).text, known.units)
    return unit.code if unit else None


def _task_mu(row: Row, plan: Plan) -> Decimal | None:
    column = plan.columns.get("task_mu")
    return None if column is None else amount_mu(row.cell(column), plan, column)


def amount_mu(cell: Cell, plan: Plan, column: int) -> Decimal | None:
    """Return an amount in mu, by the unit of measurement in its title or above the table; ``None`` where unreadable."""
    given = measure_of(plan.table.headers[column]) or table_measure(plan.table) or "mu"
    try:
        return None if is_blank(cell) else convert(read_number(cell, unit=given), given=given, wanted="mu")
    except BadCell:
        return None


def check_lines(plan: Plan, lines: Sequence[Line], known: Known) -> list[Finding]:
    """Compare the columns that are not kept with what is registered: tasks, rates, units that are missing."""
    findings = []
    for task_id in dict.fromkeys(line.record.task_id for line in lines):
        mine = [line for line in lines if line.record.task_id == task_id]
        task = tasks_on(known.records, max(line.record.effective_on for line in mine)).get(str(task_id))
        if task is not None:
            findings += [found for line in mine for found in _check_line(plan, line, task, known)]
            findings += _missing_units(plan, mine, task, known)
    return findings


def _check_line(plan: Plan, line: Line, task: TaskLine, known: Known) -> list[Finding]:
    unit, done = str(line.record.unit), line.record.value
    name, place = known.units[unit].name_on(line.record.effective_on), plan.table.place(f"{line.row.number}")
    assigned, told = task.amounts_mu.get(unit), _task_mu(line.row, plan)
    found = []
    if assigned is None:
        zh = f"{name}在任务 {task.task_id} 中没有任务数"
        found.append(_warn("no_task", place, zh, f"{name} has no share in {task.task_id}"))
    elif told is not None and told != assigned:
        zh = f"{name}：表中任务 {plain(told)} 亩，登记的任务是 {plain(assigned)} 亩"
        en = f"{name}: task {plain(told)} mu here, {plain(assigned)} mu registered"
        found.append(_warn("task_differs", place, zh, en))
    base = told if told else assigned
    rate = _rate(line.row, plan)
    if rate is not None and base and done is not None and not _agrees(rate, done * 100 / base):
        computed = round_half_up(done * 100 / base, 1)
        zh = f"{name}：表中完成率 {plain(rate)}%，按 {plain(done)}÷{plain(base)} 应为 {computed}%"
        en = f"{name}: rate {plain(rate)} % here, {computed} % from done and task"
        found.append(_warn("rate_differs", place, zh, en))
    return found


def _rate(row: Row, plan: Plan) -> Decimal | None:
    column = plan.columns.get("rate_pct")
    if column is None or is_blank(row.cell(column)):
        return None
    try:
        return read_number(row.cell(column), unit="pct")
    except BadCell:
        return None


def _agrees(told: Decimal, exact_pct: Decimal) -> bool:
    # A rate may stand as 52.5 or, in a cell without a percent format, as 0.525; it is compared at its own decimals.
    for scale in (1, 100):
        exact = exact_pct / scale
        digits = max(0, -int(told.as_tuple().exponent))
        if abs(round_half_up(exact, digits) - told) == 0:
            return True
    return False


def _missing_units(plan: Plan, lines: Sequence[Line], task: TaskLine, known: Known) -> list[Finding]:
    missing = set(task.amounts_mu) - {str(line.record.unit) for line in lines}
    if not missing or len(lines) < 2:
        return []
    names = "、".join(unit.name_zh for unit in known.units if unit.code in missing)
    zh, en = (
        f"任务 {task.task_id} 的这些单位不在表中：{names}",
        f"units of {task.task_id} not in the sheet: {names}",
    )
    return [_warn("units_missing", plan.table.place(), zh, en)]


def _warn(check: str, place: str, zh: str, en: str) -> Finding:
    return Finding(check=check, level="warns", message=Text(zh, en), where=place)


def check_totals(plan: Plan, totals: Sequence[Row], lines: Sequence[Line]) -> list[Finding]:
    """Compare the row 合计 with the sum of the rows above it, for the amounts of a progress sheet."""
    roles = progress_columns(plan.table.headers)
    found = []
    for row in totals:
        if fold(row.cell(plan.columns.get("unit", 0)).text).startswith("小计"):
            continue
        for key in ("task_mu", "done_mu"):
            column = roles.get(key)
            stated = amount_mu(row.cell(column), plan, column) if column is not None else None
            parts = [amount_mu(line.row.cell(column), plan, column) for line in lines] if column is not None else []
            added = sum((part for part in parts if part is not None), Decimal(0))
            if column is not None and stated is not None and stated != added:
                title, place = plan.table.headers[column], plan.table.place(row.cell(column).ref)
                zh = f"合计行的{title}是 {plain(stated)}，各行相加是 {plain(added)}"
                en = f"total of {title} is {plain(stated)}, its rows add up to {plain(added)}"
                found.append(_warn("total_differs", place, zh, en))
    return found


def check_tasks(plan: Plan, lines: Sequence[Line], known: Known) -> list[RowError]:
    """Return an error for each row whose task is not registered, or is sample data where the row is not."""
    tasks = tasks_on(known.records, dt.date.max)
    errors = []
    for line in lines:
        task = tasks.get(str(line.record.task_id))
        if task is None:
            zh, en = f"没有任务“{line.record.task_id}”", f"there is no task '{line.record.task_id}'"
            errors.append(plan.error(line.row, "task_id", zh, en))
        elif task.sample != line.record.sample:
            zh, en = (
                "示例数据与真实数据不能混用：任务与本行的“示例”不一致",
                "sample data and real records are never mixed",
            )
            errors.append(plan.error(line.row, "sample", zh, en))
    return errors


def settle(plan: Plan, lines: Sequence[Line], known: Known, *, correct: bool) -> tuple[list[Line], list[RowError]]:
    """Tell new rows from repeated ones, from corrections and from contradictions.

    For each task, unit, day and form one number can be in force. The same number again is nothing new;
    another one is a correction where ``correct`` is set, and an error otherwise.

    Returns
    -------
    tuple
        The lines to register, and the errors.
    """
    standing = _standing(plan, known)
    recorded = known.recorded(line.record.record_id for line in lines)
    kept, errors, seen = [], [], dict[tuple[object, ...], int]()
    for line in lines:
        key = _key(line.record)
        if key in seen and line.record.corrects is None:
            zh, en = f"与第{seen[key]}行是同一单位、同一日期", f"the same unit and day as in row {seen[key]}"
            errors.append(plan.error(line.row, "value", zh, en))
            continue
        seen[key] = line.row.number
        if line.record.record_id in recorded and not correct:
            kept.append(line)
            continue
        kept_line, error = _settle_one(plan, line, standing(line.record), correct=correct)
        kept += [kept_line] if kept_line else []
        errors += [error] if error else []
    return kept, errors


def _standing(plan: Plan, known: Known) -> Callable[[ProgressRecord], ProgressRecord | None]:
    """Return a function that gives what stands for a record's task, unit, form and day.

    A task stands until it is revised; a report stands for its own day only.
    """
    by_key: dict[tuple[object, ...], list[ProgressRecord]] = {}
    for record in current(known.records):
        if record.layer == plan.layer.id:
            by_key.setdefault(_key(replace(record, effective_on=dt.date.min)), []).append(record)

    def stands(record: ProgressRecord) -> ProgressRecord | None:
        found = by_key.get(_key(replace(record, effective_on=dt.date.min)), [])
        if plan.layer.id == "tasks":
            found = [one for one in found if one.effective_on <= record.effective_on]
        else:
            found = [one for one in found if one.effective_on == record.effective_on]
        return max(found, key=lambda one: (one.effective_on, one.seq), default=None)

    return stands


def _settle_one(
    plan: Plan, line: Line, stands: ProgressRecord | None, *, correct: bool
) -> tuple[Line | None, RowError | None]:
    record = line.record
    if stands is None or record.corrects is not None or stands.record_id == record.record_id:
        return line, None
    if stands.value == record.value:
        return None, None
    if stands.effective_on != record.effective_on:
        return line, None
    if correct:
        states = plan.kind.states
        new_id = stable_id("correction", stands.record_id, record.value)
        mended = replace(record, record_id=new_id, corrects=stands.record_id, state=states[-1] if states else None)
        return replace(line, record=mended), None
    values = plain(stands.value or Decimal(0)), plain(record.value or Decimal(0))
    zh = f"{record.effective_on} 已登记 {values[0]} 亩，与本行 {values[1]} 亩不同；更正请加 --correct"
    en = f"{values[0]} mu stands for {record.effective_on}, {values[1]} mu here; use --correct for a correction"
    return None, plan.error(line.row, "value", zh, en)


def _key(record: ProgressRecord) -> tuple[object, ...]:
    return record.task_id, record.unit, record.effective_on, record.fields.get("form"), record.sample
