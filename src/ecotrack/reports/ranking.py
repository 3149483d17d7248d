"""The circular's table: 名次, 单位, 任务, 完成, 完成率, and the total, in the layout of the city's notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from ecotrack.errors import Lang, Text, UnknownTask
from ecotrack.figures.funnel import STEPS
from ecotrack.intake.tables_cells import escaped
from ecotrack.intake.tables_write import whole_file
from ecotrack.reports.receipt import receipt_lines
from ecotrack.reports.terminal import table
from ecotrack.reports.wording import NOT_ASSESSED, Json, amount, rate, titled, told
from ecotrack.units import round_half_up, round_parts

COLUMNS = {
    "zh": ("名次", "单位", "任务（亩）", "完成（亩）", "完成率（%）"),
    "en": ("rank", "unit", "task (mu)", "done (mu)", "rate (%)"),
}
"""Titles of the circular's columns."""


def pick_funnel(scoreboard: Json, task_id: str | None) -> Json:
    """Return the funnel of a task; without an id the first one, which is a real one where there is any.

    Raises
    ------
    UnknownTask
        The scoreboard has no such task, or none at all.
    """
    funnels: Sequence[Json] = scoreboard["funnel"]
    known = "、".join(str(funnel["task_id"]) for funnel in funnels) or "—"
    for funnel in funnels:
        if task_id in (None, funnel["task_id"]):
            return funnel
    raise UnknownTask("", name=task_id or "?", known=known)


def ranking_table(funnel: Json, lang: Lang) -> RenderableType:
    """Return the ranking of a task's units for the terminal."""
    columns = [(name, i != 1) for i, name in enumerate(_titles(funnel, lang))]
    *parts, whole = _done(funnel)
    measured = _step(funnel) != "reported"
    rows = [
        [str(row["rank"]), told(row, "name", lang), *_numbers(row, done, lang, fixed=measured)]
        for row, done in zip(funnel["units"], parts, strict=True)
    ]
    rows.append(["", Text("合计", "total").lang(lang), *_numbers(funnel["total"], whole, lang, fixed=measured)])
    return table(titled(funnel, lang), columns, rows, total=True)


def _step(funnel: Json) -> str:
    """Return the step by which a funnel is ranked: *reported*, unless it says otherwise."""
    return str(funnel.get("ranked_by", "reported"))


def _titles(funnel: Json, lang: Lang) -> tuple[str, ...]:
    """Return the column titles; a step other than *reported* is named."""
    titles, step = list(COLUMNS[lang]), _step(funnel)
    if step != "reported":
        titles[3] = Text(f"{STEPS[step].zh}（亩）", f"{STEPS[step].en} (mu)").lang(lang)
    return tuple(titles)


def _done(funnel: Json) -> list[Decimal | None]:
    """Return what each unit has done, and the total: rounded parts add up to it (largest remainder)."""
    key = f"{_step(funnel)}_mu"
    total = None if funnel["total"][key] is None else round_half_up(funnel["total"][key], 2)
    known = [row[key] for row in funnel["units"] if row[key] is not None]
    rounded = iter(round_parts(known, digits=2, total=total) if known else [])
    return [*(None if row[key] is None else next(rounded) for row in funnel["units"]), total]


def _numbers(row: Json, done_mu: Decimal | None, lang: Lang, *, fixed: bool) -> list[str]:
    blank = NOT_ASSESSED.lang(lang)
    done = blank if done_mu is None else amount(done_mu, fixed=fixed)
    return [amount(row["assigned_mu"]), done, rate(row["rate_pct"]) or blank]


def ranking_xlsx(
    scoreboard: Json, path: Path, *, task_id: str | None = None, title: str | None = None, receipt: Json | None = None
) -> Path:
    """Write the circular's table as an XLSX file that prints on one A4 page wide.

    Parameters
    ----------
    scoreboard
        JSON values of schema ``ecotrack.scoreboard/1``.
    path
        Where it is written, whole or not at all.
    task_id
        Which task; the first of the scoreboard where ``None``.
    title
        Title over the table; the task's own where ``None``.
    receipt
        Receipt block of its figures (`ecotrack.publication.receipt_block`), printed small under the table.

    Raises
    ------
    UnknownTask
        The scoreboard has no such task.
    CannotWrite
        It cannot be written there.
    """
    import openpyxl

    funnel = pick_funnel(scoreboard, task_id)
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "通报"
    _head(sheet, title or str(funnel["title_zh"]), funnel, dt.date.fromisoformat(scoreboard["as_of"]))
    done = iter(_done(funnel))
    for row in funnel["units"]:
        sheet.append([row["rank"], escaped(told(row, "name", "zh")), *_cells(row, next(done))])
    sheet.append(["合计", None, *_cells(funnel["total"], next(done))])
    _lay_out(sheet)
    if receipt is not None:
        _print_receipt(sheet, receipt)
    with whole_file(path) as partial:
        book.save(partial)
    return path


def _head(sheet: Any, title: str, funnel: Json, as_of: dt.date) -> None:
    reported = [dt.date.fromisoformat(row["reported_on"]) for row in funnel["units"] if row.get("reported_on")]
    day = max(reported, default=as_of)
    sheet.append([escaped(titled({**funnel, "title_zh": title}, "zh"))])
    sheet.append([f"截至{day.year}年{day.month}月{day.day}日", None, None, None, "单位：亩"])
    sheet.append(list(_titles(funnel, "zh")))


def _cells(row: Json, done: Decimal | None) -> list[float | int | str | None]:
    percent = row["rate_pct"]
    return [
        _number(row["assigned_mu"], 2),
        NOT_ASSESSED.zh if done is None else _number(done, 2),
        NOT_ASSESSED.zh if percent is None else _number(percent, 1),
    ]


def _number(value: float | Decimal | None, digits: int) -> float | int | None:
    if value is None:
        return None
    rounded: Decimal = round_half_up(value, digits)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


def _lay_out(sheet: Any) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side

    sheet.merge_cells("A1:E1")
    sheet.merge_cells("A2:D2")
    sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=2)
    thin = Side(style="thin")
    for row in sheet.iter_rows(min_row=3):
        for cell in row:
            cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            cell.alignment = Alignment(horizontal="center", vertical="center")
            cell.number_format = "0.0" if cell.column == 5 else "#,##0.##" if _is_fraction(cell.value) else "#,##0"
    for cell in (*sheet[3], *sheet[sheet.max_row]):
        cell.font = Font(bold=True)
    sheet["A1"].font, sheet["A1"].alignment = Font(bold=True, size=16), Alignment(horizontal="center")
    sheet["E2"].alignment = Alignment(horizontal="right")
    for letter, width in zip("ABCDE", (8, 20, 18, 18, 16), strict=True):
        sheet.column_dimensions[letter].width = width
    _set_page(sheet)


def _print_receipt(sheet: Any, receipt: Json) -> None:
    from openpyxl.styles import Alignment, Font

    for line in receipt_lines(receipt, "zh"):
        sheet.append([escaped(line)])
        row = sheet.max_row
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=5)
        cell = sheet.cell(row, 1)
        cell.font, cell.alignment = Font(size=8, color="FF606060"), Alignment(wrap_text=True, vertical="top")
        # A merged cell does not grow by itself: about 70 cells of two columns' width fit into a line.
        sheet.row_dimensions[row].height = 11 * (1 + _width(line) // 120)


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _is_fraction(value: object) -> bool:
    return isinstance(value, float)


def _set_page(sheet: Any) -> None:
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:3"
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页"
