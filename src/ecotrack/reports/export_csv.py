"""The scoreboard as CSV: one row per number, with its unit, its marks and the reason where it has none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ecotrack.errors import Lang
from ecotrack.intake.tables_cells import escaped
from ecotrack.intake.tables_write import whole_file
from ecotrack.reports.receipt import receipt_cells
from ecotrack.reports.wording import Json, reasons, told

HEADER = ("as_of", "section", "id", "title", "item", "value", "unit", "status", "sample", "sketch", "reason")
"""Columns of the file."""

_Row = tuple[object, ...]


def scoreboard_csv(scoreboard: Json, path: Path, lang: Lang = "zh", *, receipt: Json | None = None) -> Path:
    """Write the scoreboard as CSV in UTF-8 with BOM; values are unrounded, text is escaped.

    Parameters
    ----------
    scoreboard
        JSON values of schema ``ecotrack.scoreboard/1``.
    path
        Where it is written, whole or not at all.
    receipt
        Receipt block of its figures (`ecotrack.publication.receipt_block`), rows of the section ``receipt``.

    Raises
    ------
    CannotWrite
        It cannot be written there.
    """
    with whole_file(path) as partial:
        partial.write_bytes(b"\xef\xbb\xbf" + scoreboard_csv_text(scoreboard, lang, receipt=receipt).encode("utf-8"))
    return path


def scoreboard_csv_text(scoreboard: Json, lang: Lang = "zh", *, receipt: Json | None = None) -> str:
    """Return the CSV text without BOM; columns as `HEADER` names them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for row in _rows(scoreboard, lang):
        writer.writerow([scoreboard["as_of"], *(_cell(value) for value in row)])
    for figure, item, value in receipt_cells(receipt) if receipt else ():
        row = ("receipt", figure, "", item, value, "", "", None, None, "")
        writer.writerow([scoreboard["as_of"], *(_cell(value) for value in row)])
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return escaped(value) if isinstance(value, str) else value


def _rows(scoreboard: Json, lang: Lang) -> Iterator[_Row]:
    for target in scoreboard["targets"]:
        yield from _target(target, lang)
    for funnel in scoreboard["funnel"]:
        yield from _funnel(funnel, lang)
    for account in ("responsible", "territorial"):
        for row in scoreboard["units"][account]:
            yield from _unit(f"units/{account}", row, bool(scoreboard["units"]["sample"]), lang)
    for section, name in (("years", "year"), ("programmes", "programme")):
        for row in scoreboard[section]:
            labelled = {**row, "code": row[name], "name_zh": row[name]}
            yield from _unit(section, labelled, bool(scoreboard["units"]["sample"]), lang)
    treated = scoreboard["indicators"]["km_treated"]
    for row in treated["works"]:
        sketch = not treated["calibrated"]
        yield ("km_treated", "", row["work"], "treated", row["km"], "km", "", treated["sample"], sketch, "")
    overlaps = scoreboard["overlaps"]
    for key in ("area_mu", "disputed_mu"):
        yield ("overlaps", "", "", key.removesuffix("_mu"), overlaps[key], "mu", "", overlaps["sample"], False, "")
    for row in scoreboard["coverage"]:
        yield ("coverage", row["layer"], told(row, "title", lang), "records", row["records"], "", "", None, None, "")


def _target(target: Json, lang: Lang) -> Iterator[_Row]:
    unit, title = target["unit"], told(target, "title", lang)
    marked = (target["sample"], target["sketch"])
    status, why = told(target, "status", lang), reasons(target, lang)
    yield ("target", target["id"], title, "value", target[f"value_{unit}"], unit, status, *marked, why)
    yield ("target", target["id"], title, "target", target[f"target_{unit}"], unit, "", *marked, "")


def _funnel(funnel: Json, lang: Lang) -> Iterator[_Row]:
    task, title, sample = funnel["task_id"], funnel["title_zh"], funnel["sample"]
    for step in funnel["steps"]:
        yield ("funnel", task, title, step["step"], step["area_mu"], "mu", "", sample, False, reasons(step, lang))
    for row in (*funnel["units"], {"name_zh": "合计", "name_en": "total", **funnel["total"]}):
        yield from _unit(f"ranking/{task}", row, sample, lang)


def _unit(section: str, row: Json, sample: bool, lang: Lang) -> Iterator[_Row]:
    sketch = bool(row.get("sketch"))
    for key, value in row.items():
        if key.endswith(("_mu", "_pct")):
            item, _, unit = key.rpartition("_")
            yield (section, row.get("code", ""), told(row, "name", lang), item, value, unit, "", sample, sketch, "")
