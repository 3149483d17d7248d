"""The page of a unit's office: its own figures, what is overdue, what falls due, and how to report."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ecotrack.errors import NotAllowed
from ecotrack.web.gate import Visitor
from ecotrack.web.portal import Portal

_NOTHING: dict[str, Any] = {"overdue": [], "overdue_count": 0, "overdue_sample": 0, "soon": [], "soon_count": 0}


def routes(portal: Portal) -> APIRouter:
    """Return the page of a unit's office and its data."""
    router = APIRouter()

    @router.get("/office", include_in_schema=False)
    def page(request: Request, unit: str = "") -> Response:
        visitor = portal.gate.require(request, "office")
        codes = _codes(portal, visitor)
        code = unit or next(iter(codes), "")
        units = portal.counter.workspace.units
        mine = [units[one] for one in codes if one in units]
        return portal.page(request, "office.html", visitor, units=mine, **_of_unit(portal, visitor, code))

    @router.get("/api/office/{unit}", tags=["office"])
    def figures(request: Request, unit: str) -> dict[str, Any]:
        """Return a unit's own figures, its tasks, and what is overdue there."""
        return _of_unit(portal, portal.gate.require(request, "office"), unit)

    return router


def _real_first(found: dict[str, Any]) -> tuple[bool, str]:
    return found["sample"], found["due_on"]


def _codes(portal: Portal, visitor: Visitor) -> list[str]:
    bound = portal.units_of(visitor.account, "office")
    return [unit.code for unit in portal.counter.workspace.units.reporting if not bound or unit.code in bound]


def _of_unit(portal: Portal, visitor: Visitor, code: str) -> dict[str, Any]:
    if code not in _codes(portal, visitor):
        raise NotAllowed("")
    figures = portal.board.get("figures.json", "ecotrack.desk.board:figures")
    due = portal.board.get("due.json", "ecotrack.desk.office_work:due")
    current = portal.board.current(figures.name) and portal.board.current(due.name)  # asked before they are read
    board, late = (json.loads(path.read_bytes()) for path in (figures, due))
    tasks = [
        {"task_id": task["task_id"], "title_zh": task["title_zh"], "sample": task["sample"], **row}
        for task in board["funnel"]
        for row in task["units"]
        if row["code"] == code
    ]
    return {
        "unit": code,
        "as_of": board["as_of"],
        "current": current,
        "sample": board["units"]["sample"],
        "own": next((row for row in board["units"]["responsible"] if row["code"] == code), None),
        "tasks": tasks,
        **(late["units"].get(code) or _NOTHING),
        "late_findings": sorted((found for found in late["findings"] if found["unit"] == code), key=_real_first),
    }
