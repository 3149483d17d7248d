"""What children do with spreadsheets: the form, and a filled one that comes in whole or comes back marked."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ecotrack.errors import EcotrackError, ForeignUnit, NotAllowed, RefusedRows
from ecotrack.intake.records import import_records, known_in, read_records
from ecotrack.intake.records_form import form_of, one_row
from ecotrack.intake.records_template import form_columns, write_template
from ecotrack.model import ProgressRecord
from ecotrack.workspace import Workspace


def form(folder: str, layers: tuple[str, ...]) -> bytes:
    """Return the form (XLSX) for some layers."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "form.xlsx"
        write_template(known_in(Workspace.open(Path(folder))), layers, path)
        return path.read_bytes()


def forms(folder: str) -> list[dict[str, Any]]:
    """Return what each record kind of the workspace asks for, for forms on a page."""
    workspace = Workspace.open(Path(folder))
    known = known_in(workspace)
    return [
        {
            "layer": layer.id,
            "kind": kind.kind,
            "title": f"{layer.title_zh} · {kind.title_zh}",
            "fields": [asdict(field) for field in form_of(layer, kind, known)],
        }
        for layer in workspace.layers.values()
        for kind in layer.records
    ]


def enter(
    folder: str, layer_id: str, kind_id: str, values: dict[str, str], author: str, units: tuple[str, ...]
) -> dict[str, Any]:
    """Bring one record in that somebody typed into a form; its errors are named by the form's questions.

    Raises
    ------
    NotAllowed
        There is no such kind of record.
    ForeignUnit, EcotrackError
        As `bring_in` says.
    """
    layer = Workspace.open(Path(folder)).layers.get(layer_id)
    kind = next((one for one in layer.records if one.kind == kind_id), None) if layer else None
    if layer is None or kind is None:
        raise NotAllowed("")
    told = bring_in(folder, "表单.csv", one_row(layer, kind, values), author, units)
    names = {field.title_zh: field.name for field in form_columns(layer, kind)}
    fields = [{"name": names.get(row["title"], ""), "zh": row["zh"]} for row in told["fields"]]
    return {key: told[key] for key in ("added", "already", "doubts")} | {"fields": fields}


def bring_in(folder: str, file_name: str, data: bytes, author: str, units: tuple[str, ...]) -> dict[str, Any]:
    """Bring a filled sheet in, all of it or nothing; with errors the answer holds the sheet with them marked.

    Raises
    ------
    ForeignUnit
        A row is about a unit for which the sender may not report.
    EcotrackError
        As `ecotrack.intake.records.read_records` says.
    """
    workspace = Workspace.open(Path(folder))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / file_name[-60:]
        path.write_bytes(data)
        try:
            refuse_foreign(workspace, read_records(path, known_in(workspace)).records, units)
            outcome = import_records(workspace, path, author=author)
        except RefusedRows as error:
            return _refused(error, path)
        except EcotrackError as error:
            error.where = error.where.replace(str(path), file_name)  # the sender knows no folder of ours
            raise
    doubts = [f"{finding.where} {finding.message.zh}" for finding in outcome.reading.findings]
    return {
        "added": len(outcome.added),
        "already": outcome.already,
        "doubts": doubts,
        "errors": [],
        "fields": [],
        "marked": b"",
    }


def refuse_foreign(workspace: Workspace, records: Sequence[ProgressRecord], units: tuple[str, ...]) -> None:
    """Raise where records speak of another unit than those for which somebody may report; empty is all.

    Raises
    ------
    ForeignUnit
        Which ones.
    """
    foreign = sorted({record.unit or "" for record in records} - {*units}) if units else []
    if foreign:
        raise ForeignUnit("", names="、".join(name_of(workspace, code) for code in foreign))


def name_of(workspace: Workspace, code: str) -> str:
    """Return what people call a unit; a row may have left it out."""
    return "（没有填单位）" if not code else workspace.units[code].name_zh if code in workspace.units else code


def _refused(error: RefusedRows, path: Path) -> dict[str, Any]:
    rows = error.facts["rows"]
    lines = [row.line.zh for row in rows] if isinstance(rows, tuple) else []
    marked = next((other for other in path.parent.iterdir() if ".errors" in other.name), None)
    return {
        "added": 0,
        "already": 0,
        "doubts": [],
        "errors": lines[:200],
        "fields": [{"title": row.title, "zh": row.message.zh} for row in rows][:200] if isinstance(rows, tuple) else [],
        "marked": marked.read_bytes() if marked else b"",
        "marked_name": marked.name if marked else "",
    }
