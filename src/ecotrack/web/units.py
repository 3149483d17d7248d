"""Units at the portal: the bureau adds one, gives it another name, closes it and opens it again."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ecotrack.model.organisation import UnitKind
from ecotrack.unit_changes import KINDS
from ecotrack.web.portal import Portal
from ecotrack.workspace import today

Code = Annotated[str, Path(max_length=40)]
Name = Annotated[str, Field(max_length=200)]
Seen = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_SECONDS = 60.0
_WORK = "ecotrack.desk.unit_work:"


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
    accounts = [one for one in portal.gate.accounts.all() if not one.disabled]

    def who(code: str, *roles: str) -> list[str]:
        return [one.login for one in accounts if any(h.role in roles and h.unit in ("", code) for h in one.roles)]

    found: dict[str, Any] = _ask(portal, "units")
    for unit in found["units"]:
        unit["senders"], unit["reviewers"] = who(unit["code"], "field", "office"), who(unit["code"], "reviewer")
    return found


def _ask(portal: Portal, work: str, *given: Any) -> Any:
    told = portal.counter.desks.call(_WORK + work, portal.folder, *given, seconds=_SECONDS)
    portal.board.forget()
    return told


def _add_changing(router: APIRouter, portal: Portal) -> None:
    @router.post("/api/units", status_code=201, tags=["units"])
    def add(request: Request, new: NewUnit) -> dict[str, str]:
        """Add a unit; its code is for good."""
        visitor = portal.gate.require(request, "bureau")
        _ask(portal, "add", visitor.account.login, new.model_dump())
        return {"code": new.code.strip()}

    @router.put("/api/units/{code}/name", status_code=204, tags=["units"])
    def rename(request: Request, code: Code, new: NewName) -> None:
        """Give a unit another name or other spellings; days before ``since`` go on under the old name."""
        visitor = portal.gate.require(request, "bureau")
        _ask(portal, "rename", visitor.account.login, code, new.model_dump())

    @router.put("/api/units/{code}/until", status_code=204, tags=["units"])
    def end(request: Request, code: Code, wish: End) -> None:
        """Close a unit from a day on, or open it again; its plots, records and names stay."""
        visitor = portal.gate.require(request, "bureau")
        given = {"basis": wish.basis, "seen": wish.seen}
        _ask(portal, "end", visitor.account.login, code, wish.until, given)
