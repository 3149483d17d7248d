"""The one form for records of every layer: an XLSX workbook with a sheet for each record kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ecotrack.errors import UnknownLayer
from ecotrack.intake.records_columns import form_fields
from ecotrack.intake.records_known import Known
from ecotrack.intake.records_values import measure_title
from ecotrack.intake.tables import ABOUT_SHEET
from ecotrack.intake.tables_cells import column_letter, escaped
from ecotrack.intake.tables_write import whole_file
from ecotrack.model import FieldDef, LayerDef, RecordKind

FORM_ROWS = 2000
"""Rows for which a form offers its drop-down lists."""

_LISTS = "名单"
_ALL = "all"
_ABOUT = (
    ("填写说明", "How to fill this in"),
    ("每类记录一张表，从第四行起每行一条；带 * 的列必填。", "A sheet per kind, a record per row; * is required."),
    ("第三行是程序认列用的名称，请勿改动。", "Row 3 holds the keys by which columns are known: leave it."),
    ("日期写成 2017-03-16；数值只填数字，单位见列名。", "Dates like 2017-03-16; digits only, units are in the titles."),
    ("记录编号不填时自动生成；同一文件重复导入不会重复登记。", "Leave the id empty; a second import adds nothing."),
    ("更正：另写一行，在“更正记录编号”填原编号（ecotrack records list 可查），日期沿用原记录。",
     "To correct: a new row naming the old id (ecotrack records list) in corrects; the day stays."),
    ("示例数据请在“示例”列填 是。", "Say 是 in the column sample for sample data."),
    ("不知道的请留空，不要填 0。", "Leave empty what nobody knows; do not write 0."),
)  # fmt: skip


def choose_kinds(known: Known, names: Iterable[str]) -> list[tuple[LayerDef, RecordKind]]:
    """Return the record kinds of the named layers, in the order of the layers; ``all`` names every layer.

    Raises
    ------
    UnknownLayer
        A name is no layer, or a layer that takes no records.
    """
    chosen = []
    for name in names:
        layers = list(known.layers.values()) if name == _ALL else [known.layer(name)]
        kinds = [(layer, kind) for layer in layers for kind in layer.records]
        if not kinds:
            takes = "、".join(layer.id for layer in known.layers.values() if layer.records)
            raise UnknownLayer("", name=name, known=takes)
        chosen += [kind for kind in kinds if kind not in chosen]
    return chosen


def write_template(known: Known, layers: Iterable[str], path: Path) -> Path:
    """Write the form for the record kinds of some layers.

    Parameters
    ----------
    known
        Layers, units, codes and features that the drop-down lists offer.
    layers
        Layer ids, or ``all``.
    path
        Where it is written, whole or not at all.

    Raises
    ------
    UnknownLayer
        A name is no layer, or a layer that takes no records.
    CannotWrite
        It cannot be written there.
    """
    import openpyxl

    kinds = choose_kinds(known, layers)
    book = openpyxl.Workbook()
    _write_about(book.active, kinds)
    lists = _Lists(book.create_sheet(_LISTS))
    for layer, kind in kinds:
        _write_kind(book.create_sheet(_sheet_name(book, layer, kind)), layer, kind, known, lists)
    book.move_sheet(_LISTS, offset=len(kinds))
    lists.sheet.sheet_state = "hidden"
    with whole_file(path) as partial:
        book.save(partial)
    return path


def _sheet_name(book: Any, layer: LayerDef, kind: RecordKind) -> str:
    name = kind.title_zh[:28]
    return f"{layer.title_zh}{name}"[:31] if name in book.sheetnames else name


def _write_about(sheet: Any, kinds: Sequence[tuple[LayerDef, RecordKind]]) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = ABOUT_SHEET
    for zh, en in _ABOUT:
        sheet.append([zh, en])
    sheet.append([])
    for layer, kind in kinds:
        title = f"{kind.title_zh}（{layer.title_zh}）"
        sheet.append([title, f"{kind.title_en} ({layer.title_en}): {layer.id}/{kind.kind}"])
    sheet["A1"].font = sheet["B1"].font = Font(bold=True, size=14)
    for column in "AB":
        sheet.column_dimensions[column].width = 70
        for cell in sheet[column]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


class _Lists:
    """The hidden sheet with the values of the drop-down lists, one list per column."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self._columns: dict[tuple[str, ...], int] = {}

    def reference(self, values: Sequence[str]) -> str:
        """Return the range that holds ``values``, writing it on first use."""
        key = tuple(values)
        if key not in self._columns:
            self._columns[key] = len(self._columns) + 1
            for row, value in enumerate(key, 1):
                self.sheet.cell(row, self._columns[key], escaped(value))
        letter = column_letter(self._columns[key] - 1)
        return f"{_LISTS}!${letter}$1:${letter}${len(key)}"


def _write_kind(sheet: Any, layer: LayerDef, kind: RecordKind, known: Known, lists: _Lists) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet.append([f"{layer.title_zh} {kind.title_zh}（{layer.id}/{kind.kind}）"])
    sheet["A1"].font = Font(bold=True, size=13)
    for column, field in enumerate(form_columns(layer, kind), 1):
        title = sheet.cell(2, column, column_title(field, kind))
        title.font, title.fill = Font(bold=True), PatternFill("solid", fgColor="FFDDEBF7")
        title.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        sheet.cell(3, column, field.name).font = Font(size=8, color="FF808080")
        letter = column_letter(column - 1)
        sheet.column_dimensions[letter].width = max(14, 2 * len(field.title_zh) + 4)
        values = list(offered(field, layer, kind, known))
        if values:
            rule = DataValidation(type="list", formula1=lists.reference(values), allow_blank=True)
            # The list helps and does not lock: other spellings of a unit are taken too.
            rule.showErrorMessage = False
            rule.add(f"{letter}4:{letter}{FORM_ROWS}")
            sheet.add_data_validation(rule)
        number_format = _number_format(field)
        if number_format:
            sheet.column_dimensions[letter].number_format = number_format
    sheet.freeze_panes = "A4"


def form_columns(layer: LayerDef, kind: RecordKind) -> Iterator[FieldDef]:
    """Return the columns that somebody fills in, those that are seldom needed last."""
    # The sheet itself says layer and kind, and the title of the value its unit of measurement.
    skipped = {"layer", "record_kind", "value_unit", "feature_name"}
    fields = [field for field in form_fields(layer, kind) if field.name not in skipped]
    return iter(sorted(fields, key=lambda field: field.name in ("record_id", "corrects", "sample", "document")))


def column_title(field: FieldDef, kind: RecordKind) -> str:
    """Return a column's title with its unit, and a star where it is required."""
    unit = field.unit
    if field.name == "value" and kind.value_unit:
        unit = measure_title(kind.value_unit)
    return field.title_zh + (f"（{unit}）" if unit else "") + ("*" if is_required(field, kind) else "")


def is_required(field: FieldDef, kind: RecordKind) -> bool:
    """Tell whether a record of a kind needs a column."""
    required = field.required or field.name == "effective_on"
    required |= field.name == "feature_id" and kind.feature == "required"
    required |= field.name == "value" and kind.value_required
    return required | (field.name == "state" and not any(one.name == "holes_checked" for one in kind.fields))


def _number_format(field: FieldDef) -> str:
    if field.name == "effective_on" or field.type == "date":
        return "yyyy-mm-dd"
    # Ids stay text: a spreadsheet would turn 0012 into 12.
    return "@" if field.name in ("record_id", "feature_id", "task_id", "corrects") else ""


def offered(field: FieldDef, layer: LayerDef, kind: RecordKind, known: Known) -> Iterable[str]:
    """Return the values that a column is offered to choose from; none where anything may be written."""
    if field.name == "feature_id":
        return list(known.features(layer.id))
    if field.name == "state":
        return kind.states
    if field.name == "sample":
        return ("是", "否")
    if field.name == "unit" or field.type == "unit":
        return [unit.name_zh for unit in known.units]
    if field.type == "code":
        return list(known.code_lists.get(field.codes or "", {}))
    return ()
