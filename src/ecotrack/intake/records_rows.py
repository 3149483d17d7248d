"""One row of a sheet to one progress record, or to the errors that keep it out."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

from ecotrack.errors import Text
from ecotrack.intake.records_columns import Plan, RowError, measure_of
from ecotrack.intake.records_known import Known
from ecotrack.intake.records_values import (
    BadCell,
    convert,
    is_blank,
    measure_key,
    measure_title,
    read_code,
    read_day,
    read_integer,
    read_month,
    read_number,
    read_unit,
    read_yes_no,
)
from ecotrack.intake.tables_cells import Cell, Row, fold, plain
from ecotrack.model import FieldDef, Finding, ProgressRecord
from ecotrack.register import stable_id

_PREFILLED = {"feature_id", "feature_name", "layer", "record_kind"}
_ORDERED_PAIRS = (("holes_live", "holes_checked"), ("from_m", "to_m"))


@dataclass(slots=True)
class Defaults:
    """Values for cells that a sheet does not have, by key of a column."""

    values: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    measure: str | None = None
    """Unit of measurement that stands above the table (单位：万亩)."""


class RowReader:
    """Reads the rows of one table by its plan and collects what is wrong.

    Parameters
    ----------
    ids
        How often each content came up in the file so far; shared by all tables of the file, so that
        two equal rows are two records and the same file again gives the same ids.
    """

    def __init__(self, plan: Plan, known: Known, defaults: Defaults, ids: Counter[str]) -> None:
        self.plan, self.known, self.defaults = plan, known, defaults
        self.errors: list[RowError] = []
        self.findings: list[Finding] = []
        self._ids = ids

    def read(self, row: Row) -> ProgressRecord | None:
        """Return the row's record, or ``None`` where it is unfilled or has errors."""
        if all(is_blank(row.cell(c)) for key, c in self.plan.columns.items() if key not in _PREFILLED):
            return None
        before = len(self.errors)
        common = self._common(row)
        fields = self._fields(row)
        self._check_order(row, fields)
        self._check_chainage(row, common["feature_id"], fields)
        if len(self.errors) > before:
            return None
        layer, kind = self.plan.layer.id, self.plan.kind.kind
        record = ProgressRecord(record_id="", layer=layer, kind=kind, fields=fields, **common)
        given = self._text(row, "record_id")
        return replace(record, record_id=given or self._stable(record))

    def _common(self, row: Row) -> dict[str, Any]:
        kind = self.plan.kind
        common = {
            "feature_id": self._take(row, "feature_id", self._feature) if kind.feature != "none" else None,
            "effective_on": self._effective(row),
            "value": self._take(row, "value", lambda cell: self._value(row, cell)) if kind.value_unit else None,
            "value_unit": kind.value_unit,
            "unit": self._take(row, "unit", lambda cell: read_unit(cell, self.known.units)),
            "task_id": self._text(row, "task_id") or self.defaults.values.get("task_id"),
            "basis_document": self._text(row, "document") or self.defaults.values.get("document", ""),
            "sample": self._take(row, "sample", read_yes_no) or self.defaults.values.get("sample", False),
            "corrects": self._text(row, "corrects") or None,
            "state": self._take(row, "state", self._state) if kind.states else None,
        }
        if common["value"] is None:
            common["value_unit"] = None
        self._check_id(row)
        self._check_unit(row, common["unit"], common["effective_on"])
        self._require(row, common)
        return common

    def _check_unit(self, row: Row, code: str | None, day: dt.date | None) -> None:
        unit = self.known.units.get(code or "")
        if unit is not None and day is not None and not unit.stands_on(day):
            name, until = unit.name_zh, unit.until
            self.fail(row, "unit", f"{name}自 {until} 起已停用", f"{name} was closed on {until}")

    def _effective(self, row: Row) -> dt.date | None:
        """Return the row's day; a correction keeps the day of what it corrects."""
        day: dt.date | None = self._take(row, "effective_on", self._day)
        corrects = self._text(row, "corrects")
        if not corrects:
            return day
        wrong = self.known.recorded([corrects]).get(corrects)
        if wrong is None or (wrong.layer, wrong.kind) != (self.plan.layer.id, self.plan.kind.kind):
            zh, en = "登记库中没有编号为“{0}”的{1}记录", "the register holds no record '{0}' of kind {2}"
            facts = corrects, self.plan.kind.title_zh, self.plan.kind.kind
            self.fail(row, "corrects", zh.format(*facts), en.format(*facts))
            return day
        if day is not None and day != wrong.effective_on and "effective_on" in self.plan.columns:
            place = self.plan.table.place(f"{row.number}")
            message = Text(
                f"更正沿用原记录的日期 {wrong.effective_on}，不采用 {day}",
                f"the correction keeps the day {wrong.effective_on} of what it corrects, not {day}",
            )
            self.findings.append(Finding(check="correction_day", level="notes", message=message, where=place))
        return wrong.effective_on

    def _check_id(self, row: Row) -> None:
        given = self._text(row, "record_id")
        if given and not re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", given):
            self.fail(row, "record_id", f"“{given}”不能作为编号", f"'{given}' is no id: use letters, digits, . _ -")

    def _require(self, row: Row, common: dict[str, Any]) -> None:
        kind = self.plan.kind
        failed = {error.column for error in self.errors if error.row == row.number}
        needed = ["effective_on"] if not common["corrects"] else []
        needed += ["feature_id"] if kind.feature == "required" else []
        needed += ["value"] if kind.value_required else []
        needed += ["unit"] if self.plan.layer.id in ("tasks", "reports") else []
        needed += ["task_id"] if self.plan.layer.id in ("tasks", "reports") else []
        # A survival class follows from the counted holes, so a check that has them needs no word for it.
        counted = any(field.name == "holes_checked" and self._text(row, field.name) for field in kind.fields)
        needed += ["state"] if kind.states and not counted else []
        for key in needed:
            if common[key] is None and (self.plan.columns.get(key) not in failed or key not in self.plan.columns):
                choices = "、".join(kind.states) if key == "state" else ""
                title = self.plan.header(key)
                self.fail(
                    row,
                    key,
                    f"缺少{title}" + (f"，可选：{choices}" if choices else ""),
                    f"{key} is missing" + (f"; one of: {choices}" if choices else ""),
                )

    def _fields(self, row: Row) -> dict[str, str | int | bool | None]:
        fields: dict[str, str | int | bool | None] = {}
        for definition in self.plan.kind.fields:
            value = self._take(row, definition.name, partial(self._field, definition=definition))
            if value is None:
                value = self.defaults.fields.get(definition.name)
            if value is not None:
                fields[definition.name] = value
            elif definition.required and not self._failed(row, definition.name):
                text = definition.title
                self.fail(row, definition.name, f"缺少{text.zh}", f"{definition.name} is missing")
        return fields

    def _failed(self, row: Row, key: str) -> bool:
        column = self.plan.columns.get(key)
        return column is not None and any(e.row == row.number and e.column == column for e in self.errors)

    def _field(self, cell: Cell, definition: FieldDef) -> str | int | None:
        if definition.type == "decimal":
            return plain(self._in_unit(cell, definition))
        if definition.type == "integer":
            return read_integer(cell)
        if definition.type == "date":
            return read_day(cell).isoformat()
        if definition.type == "month":
            return read_month(cell)
        if definition.type == "unit":
            return read_unit(cell, self.known.units)
        if definition.type == "code":
            return read_code(cell, self.known.code_lists.get(definition.codes or "", {}))
        if cell.uncomputed:
            raise BadCell("单元格是没有计算结果的公式", "the cell holds a formula without a result")
        return cell.text

    def _in_unit(self, cell: Cell, definition: FieldDef) -> Decimal:
        wanted = measure_key(definition.unit or "")
        number = read_number(cell, unit=wanted)
        given = measure_of(self.plan.header(definition.name))
        return convert(number, given=given, wanted=wanted) if given and wanted else number

    def _value(self, row: Row, cell: Cell) -> Decimal:
        wanted = self.plan.kind.value_unit or ""
        told = self._text(row, "value_unit")
        given = measure_key(told) if told else measure_of(self.plan.header("value")) or self.defaults.measure or wanted
        if given is None:
            shown = measure_title(wanted)
            raise BadCell(f"不认识计量单位“{told}”，请用{shown}", f"unknown unit '{told}': give it in {shown}")
        number = convert(read_number(cell, unit=given), given=given, wanted=wanted)
        if wanted == "pct" and number > 100:
            raise BadCell(f"{plain(number)}% 大于 100%", f"{plain(number)} % is above 100 %")
        return number

    def _day(self, cell: Cell) -> Any:
        title = self.plan.kind.effective_zh
        ends_year, ends_month = "年末" in title or "时段末" in title, "月末" in title
        day = read_day(cell, end_of="year" if ends_year else "month" if ends_month else "")
        if day > self.known.today:
            raise BadCell(
                f"日期 {day} 在今天（{self.known.today}）之后", f"the date {day} is after today ({self.known.today})"
            )
        return day

    def _state(self, cell: Cell) -> str:
        return read_code(cell, {state: state for state in self.plan.kind.states})

    def _feature(self, cell: Cell) -> str:
        features = self.known.features(self.plan.layer.id)
        if cell.text in features:
            return cell.text
        named = [feature_id for feature_id, name in features.items() if name and fold(name) == fold(cell.text)]
        if len(named) == 1:
            return named[0]
        ids = list(features)
        near = "、".join(difflib.get_close_matches(cell.text, ids[:5000], n=3, cutoff=0.4) or ids[:5])
        layer = self.plan.layer
        raise BadCell(
            f"图层“{layer.title_zh}”没有要素“{cell.text}”" + (f"；例如：{near}" if near else "，该图层还没有要素"),
            f"layer '{layer.id}' has no feature '{cell.text}'" + (f"; there are {near}" if near else "; it is empty"),
        )

    def _check_order(self, row: Row, fields: Mapping[str, object]) -> None:
        for low, high in _ORDERED_PAIRS:
            first, second = fields.get(low), fields.get(high)
            if isinstance(first, int) and isinstance(second, int) and first > second:
                zh = f"{self.plan.header(low)} {first} 大于{self.plan.header(high)} {second}"
                self.fail(row, low, zh, f"{low} {first} is above {high} {second}")

    def _check_chainage(self, row: Row, feature_id: str | None, fields: Mapping[str, object]) -> None:
        """Refuse work that lies on another reach: it would count for nothing."""
        reach = (
            self.known.chainage(self.plan.layer.id, feature_id)
            if feature_id and {"from_m", "to_m"} & {*fields}
            else None
        )
        if reach is None:
            return
        low, high = reach
        for key in ("from_m", "to_m"):
            metres = fields.get(key)
            if isinstance(metres, int) and not low <= metres <= high:
                zh = f"{self.plan.header(key)} {metres} 不在 {feature_id} 的桩号 {low}–{high} 之内"
                self.fail(row, key, zh, f"{key} {metres} lies outside the chainage {low}-{high} of {feature_id}")

    def _text(self, row: Row, key: str) -> str:
        column = self.plan.columns.get(key)
        return "" if column is None or is_blank(row.cell(column)) else row.cell(column).text

    def _take(self, row: Row, key: str, read: Callable[[Cell], Any]) -> Any:
        """Return the cell of ``key`` as ``read`` takes it, its default where blank, ``None`` where wrong."""
        column = self.plan.columns.get(key)
        if column is None or is_blank(row.cell(column)):
            return self.defaults.values.get(key)
        try:
            return read(row.cell(column))
        except BadCell as error:
            self.fail(row, key, *error.message)
            return None

    def fail(self, row: Row, key: str, zh: str, en: str) -> None:
        """Keep one error of a row."""
        self.errors.append(self.plan.error(row, key, zh, en))

    def _stable(self, record: ProgressRecord) -> str:
        content = json.dumps([
            record.layer, record.kind, record.feature_id, record.unit, str(record.effective_on), record.task_id,
            plain(record.value) if record.value is not None else None, record.value_unit, record.state, record.fields,
            record.basis_document, record.sample, record.corrects,
        ], ensure_ascii=False, sort_keys=True)  # fmt: skip
        self._ids[content] += 1
        return stable_id("record", content, self._ids[content])
