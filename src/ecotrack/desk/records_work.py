"""What children do with spreadsheets: the form, and a filled one that comes in whole or comes back marked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ecotrack.errors import NotAllowed, RefusedRows
from ecotrack.intake.records import import_records, known_in, read_records
from ecotrack.intake.records_template import write_template
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
    NotAllowed
        A row is about a unit for which the sender may not report.
    EcotrackError
        As `ecotrack.intake.records.read_records` says.
    """
    workspace = Workspace.open(Path(folder))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / file_name[-60:]
        path.write_bytes(data)
        try:
            if units and {record.unit for record in read_records(path, known_in(workspace)).records} - {*units}:
                raise NotAllowed("")
            outcome = import_records(workspace, path, author=author)
        except RefusedRows as error:
            return _refused(error, path)
    doubts = [f"{finding.where} {finding.message.zh}" for finding in outcome.reading.findings]
    return {"added": len(outcome.added), "already": outcome.already, "doubts": doubts, "errors": [], "marked": b""}


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
