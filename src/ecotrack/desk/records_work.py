"""What children do with spreadsheets: the form, and a filled one that comes in whole or comes back marked."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecotrack.errors import EcotrackError, ForeignUnit, RefusedRows
from ecotrack.intake.records import import_records, known_in, read_records
from ecotrack.intake.records_template import write_template
from ecotrack.model import ProgressRecord
from ecotrack.workspace import Workspace


def form(folder: str, layers: tuple[str, ...]) -> bytes:
    """Return the form (XLSX) for some layers."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "form.xlsx"
        write_template(known_in(Workspace.open(Path(folder))), layers, path)
        return path.read_bytes()


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
    return {"added": len(outcome.added), "already": outcome.already, "doubts": doubts, "errors": [], "marked": b""}


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
        "marked": marked.read_bytes() if marked else b"",
        "marked_name": marked.name if marked else "",
    }
