"""What children do with spreadsheets: the form, and a filled one that comes in whole or comes back marked."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ecotrack.errors import (
    EcotrackError,
    ForeignEntry,
    ForeignFeature,
    ForeignLevel,
    ForeignUnit,
    NotAllowed,
    RefusedRows,
)
from ecotrack.intake.records import import_records, known_in, read_records
from ecotrack.intake.records_form import form_of, one_row
from ecotrack.intake.records_known import Known
from ecotrack.intake.records_owners import answering
from ecotrack.intake.records_template import form_columns, write_template
from ecotrack.model import ProgressRecord, UnitBook
from ecotrack.workspace import Workspace

_NO_UNIT = "（没有填单位）"
OWN_LEVELS = frozenset({"县", "自加"})
"""Levels of tasks and checks that a unit speaks for itself; those of the levels above are said of it."""


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
    ForeignEntry, ForeignFeature, EcotrackError
        As `bring_in` says, of a form.
    """
    layer = Workspace.open(Path(folder)).layers.get(layer_id)
    kind = next((one for one in layer.records if one.kind == kind_id), None) if layer else None
    if layer is None or kind is None:
        raise NotAllowed("")
    try:
        told = bring_in(folder, "表单.csv", one_row(layer, kind, values), author, units)
    except ForeignUnit as error:
        raise _typed(error) from error
    names = {field.title_zh: field.name for field in form_columns(layer, kind)}
    fields = [{"name": names.get(row["title"], ""), "zh": row["zh"]} for row in told["fields"]]
    return {key: told[key] for key in ("added", "already", "doubts")} | {"fields": fields}


def bring_in(folder: str, file_name: str, data: bytes, author: str, units: tuple[str, ...]) -> dict[str, Any]:
    """Bring a filled sheet in, all of it or nothing; with errors the answer holds the sheet with them marked.

    Raises
    ------
    ForeignUnit, ForeignFeature, ForeignLevel
        A row is about a unit, or about another unit's feature, for which the sender may not report, or for its superior
        to say.
    EcotrackError
        As `ecotrack.intake.records.read_records` says.
    """
    workspace = Workspace.open(Path(folder))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / file_name[-60:]
        path.write_bytes(data)
        try:
            known = known_in(workspace)
            refuse_foreign(known, read_records(path, known).records, units)
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


def refuse_foreign(known: Known, records: Sequence[ProgressRecord], units: tuple[str, ...]) -> None:
    """Raise where records speak of another unit than those for which somebody may report; empty is all.

    Raises
    ------
    ForeignUnit
        The records name other units, or none.
    ForeignFeature
        They are about what other units answer for, or put other units' records out of force.
    ForeignLevel
        They are tasks or checks of a level above the unit, or put such out of force.
    """
    if not units:
        return
    foreign = sorted({record.unit or "" for record in records} - {*units})
    if foreign:
        raise ForeignUnit("", names="、".join(name_of(known.units, code) for code in foreign))
    if any(known.units[code].kind == "city" for code in units if code in known.units):
        return
    wrong = known.recorded(record.corrects for record in records if record.corrects)
    for record in (*records, *wrong.values()):
        _refuse_level(record, known, units)
    answer = answering([*records, *wrong.values()], known)
    for record in records:
        _refuse_feature(str(record.feature_id), answer.get((record.layer, str(record.feature_id))), known, units)
    for record in wrong.values():
        whose = {record.unit or "", *known.layers[record.layer].responsible_units} - {""}
        owners = answer.get((record.layer, str(record.feature_id)), frozenset())
        _refuse_feature(record.record_id, owners | whose, known, units)


def _refuse_level(record: ProgressRecord, known: Known, units: tuple[str, ...]) -> None:
    level = record.fields.get("level")
    if level is not None and level not in OWN_LEVELS and not {*known.layers[record.layer].responsible_units} & {*units}:
        raise ForeignLevel("", level=level)


def _refuse_feature(name: str, whose: Collection[str] | None, known: Known, units: tuple[str, ...]) -> None:
    if whose and not {*whose} & {*units}:
        owners = "、".join(name_of(known.units, code) for code in sorted(whose))
        raise ForeignFeature("", name=name, owners=owners)


def name_of(units: UnitBook, code: str) -> str:
    """Return what people call a unit; a row may have left it out."""
    return units[code].name_zh if code in units else code or _NO_UNIT


def _typed(error: ForeignUnit) -> ForeignEntry:
    names = str(error.facts["names"])
    said = "责任单位没有填" if names == _NO_UNIT else f"责任单位填的是{names}"
    return ForeignEntry("", names=names, said=said)


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
