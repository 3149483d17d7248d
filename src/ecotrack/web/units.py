"""Units at the portal: the bureau adds one, gives it another name, closes it and opens it again."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ecotrack.model.organisation import Unit, UnitKind
from ecotrack.unit_changes import KINDS, add_unit, close_unit, open_unit, rename_unit, unit_changes
from ecotrack.unit_file import mark_of
from ecotrack.web.portal import Portal
from ecotrack.workspace import today

Code = Annotated[str, Path(max_length=40)]
Name = Annotated[str, Field(max_length=200)]
Seen = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_CHANGES = 50


class NewUnit(BaseModel):
    """A unit to be added."""

    code: Name
    name_zh: Name
    name_en: Name
    kind: UnitKind = "county"
    reports: bool = True
    aliases: list[Name] = Field(default=[], max_length=20)
    basis: Name = ""


class NewName(BaseModel):
    """Another name or other spellings; without a day the old name was a mistake. ``seen`` is the state shown."""

    name_zh: Name
    name_en: Name
    aliases: list[Name] = Field(default=[], max_length=20)
    since: dt.date | None = None
    basis: Name = ""
    seen: Seen


class End(BaseModel):
    """The first day on which a unit is none any more; none opens it again. ``seen`` is the state that was shown."""

    until: dt.date | None
    basis: Name = ""
    seen: Seen


def routes(portal: Portal) -> APIRouter:
    """Return the page of units and its routes."""
    router = APIRouter()
    _add_seeing(router, portal)
    _add_changing(router, portal)
    return router


def _add_seeing(router: APIRouter, portal: Portal) -> None:
    @router.get("/units", include_in_schema=False)
    def page(request: Request) -> Response:
        visitor = portal.gate.require(request, "bureau")
        found = _units(portal)
        return portal.page(request, "units.html", visitor, kinds=KINDS, today=today().isoformat(), **found)

    @router.get("/api/units", tags=["units"])
    def units(request: Request) -> dict[str, Any]:
        """Return every unit, closed ones too, with who answers for it, and the last changes."""
        portal.gate.require(request, "bureau")
        return _units(portal)


def _units(portal: Portal) -> dict[str, Any]:
    workspace = portal.counter.workspace
    accounts = [one for one in portal.gate.accounts.all() if not one.disabled]

    def who(code: str, *roles: str) -> list[str]:
        return [one.login for one in accounts if any(h.role in roles and h.unit in ("", code) for h in one.roles)]

    rows = [
        {
            "code": unit.code,
            "name_zh": unit.name_zh,
            "name_en": unit.name_en,
            "kind": unit.kind,
            "reports": unit.reports,
            "former": [{"name": one.name, "until": one.until.isoformat()} for one in unit.former],
            "aliases": list(unit.aliases),
            "until": unit.until.isoformat() if unit.until else None,
            "closed": not unit.stands_on(today()),
            "basis": unit.basis or "",
            "seen": mark_of(unit),
            "senders": who(unit.code, "field", "office"),
            "reviewers": who(unit.code, "reviewer"),
        }
        for unit in workspace.units
    ]
    with workspace.register(read_only=True) as register:
        changes = unit_changes(register)[:_CHANGES]
    told = [
        {"at": one.at, "by": one.by, "code": one.code, "name_zh": one.name_zh, "what": one.what.zh, "basis": one.basis}
        for one in changes
    ]
    return {"units": rows, "changes": told}


def _add_changing(router: APIRouter, portal: Portal) -> None:
    @router.post("/api/units", status_code=201, tags=["units"])
    def add(request: Request, new: NewUnit) -> dict[str, str]:
        """Add a unit; its code is for good."""
        visitor = portal.gate.require(request, "bureau")
        unit = Unit(**{**new.model_dump(), "aliases": tuple(new.aliases)})
        add_unit(portal.counter.workspace, unit, by=visitor.account.login)
        portal.board.forget()
        return {"code": unit.code.strip()}

    @router.put("/api/units/{code}/name", status_code=204, tags=["units"])
    def rename(request: Request, code: Code, new: NewName) -> None:
        """Give a unit another name or other spellings; days before ``since`` go on under the old name."""
        visitor = portal.gate.require(request, "bureau")
        rename_unit(portal.counter.workspace, code, by=visitor.account.login, **new.model_dump())
        portal.board.forget()

    @router.put("/api/units/{code}/until", status_code=204, tags=["units"])
    def end(request: Request, code: Code, wish: End) -> None:
        """Close a unit from a day on, or open it again; its plots, records and names stay."""
        visitor = portal.gate.require(request, "bureau")
        given: dict[str, Any] = {"by": visitor.account.login, "basis": wish.basis, "seen": wish.seen}
        if wish.until is None:
            open_unit(portal.counter.workspace, code, **given)
        else:
            accounts = portal.gate.accounts
            close_unit(portal.counter.workspace, code, until=wish.until, accounts=accounts, **given)
        portal.board.forget()
