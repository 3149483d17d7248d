"""What children do for the bureau's units: tell how they stand, add one, rename one, close one and open it again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from ecotrack.model.organisation import Unit
from ecotrack.unit_changes import add_unit, close_unit, open_unit, rename_unit, unit_changes
from ecotrack.unit_file import mark_of
from ecotrack.workspace import Workspace, today

_CHANGES = 50


def units(folder: str) -> dict[str, Any]:
    """Return every unit, closed ones too, with the mark of its state, and the last changes."""
    workspace = Workspace.open(Path(folder))
    with workspace.register(read_only=True) as register:
        changes = [one for one in unit_changes(register) if not one.at_first][:_CHANGES]
    told = [
        {"at": one.at, "by": one.by, "code": one.code, "name_zh": one.name_zh, "what": one.what.zh, "basis": one.basis}
        for one in changes
    ]
    return {"units": [_told(unit) for unit in workspace.units], "changes": told}


def _told(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name_zh": unit.name_zh,
        "name_en": unit.name_en,
        "kind": unit.kind,
        "reports": unit.reports,
        "former": [{"name": one.name, "until": one.until.isoformat()} for one in unit.former],
        "aliases": [*unit.aliases],
        "until": unit.until.isoformat() if unit.until else None,
        "closed": not unit.stands_on(today()),
        "basis": unit.basis or "",
        "seen": mark_of(unit),
    }


def add(folder: str, by: str, given: dict[str, Any]) -> None:
    """Add a unit; see `ecotrack.unit_changes.add_unit`."""
    unit = Unit(**{**given, "aliases": tuple(given["aliases"])})
    add_unit(Workspace.open(Path(folder)), unit, by=by)


def rename(folder: str, by: str, code: str, given: dict[str, Any]) -> None:
    """Give a unit another name or other spellings; see `ecotrack.unit_changes.rename_unit`."""
    rename_unit(Workspace.open(Path(folder)), code, by=by, **given)


def end(folder: str, by: str, code: str, until: dt.date | None, given: dict[str, str]) -> None:
    """Close a unit from a day on, or open it again where there is none."""
    workspace = Workspace.open(Path(folder))
    if until is None:
        open_unit(workspace, code, by=by, **given)
    else:
        close_unit(workspace, code, until=until, by=by, **given)
