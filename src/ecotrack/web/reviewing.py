"""The reviewer's routes: the queue, one submission, a verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ecotrack.accounts import RoleName
from ecotrack.desk.arrival import REPAIR, REPAIRS
from ecotrack.errors import NotReady
from ecotrack.web.gate import Visitor
from ecotrack.web.portal import Portal, season_words

_SECONDS = 60.0
PAGE = 50
"""Submissions on one page of the queue."""

Word = Annotated[str, Query(max_length=100)]
_ORDERS: dict[str, Callable[[dict[str, Any]], tuple[Any, ...]]] = {
    "age": lambda row: (row["submitted_on"],),
    "unit": lambda row: (row["unit_name"], row["submitted_on"]),
    "severity": lambda row: (-row["held"], -row["warns"], row["submitted_on"]),
}


class Ruling(BaseModel):
    """A verdict about submissions or single plots; ``repair`` returns them and asks for a proposed repair."""

    ids: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(min_length=1, max_length=2000)
    verdict: Literal["accept", "return", "strike", "withdraw", "repair"]
    repair: str = Field("", max_length=40)
    reason: str = Field("", max_length=1000)
    despite: bool = False


def _scope(portal: Portal, visitor: Visitor) -> tuple[str, ...]:
    return portal.units_of(visitor.account, "reviewer")


def _rows(portal: Portal, visitor: Visitor) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = portal.counter.desks.call(
        "ecotrack.desk.review_work:queue", portal.folder, _scope(portal, visitor), seconds=_SECONDS
    )
    return rows


def _one(portal: Portal, visitor: Visitor, submission_id: str) -> dict[str, Any]:
    call = "ecotrack.desk.review_work:submission"
    given = (portal.folder, submission_id, _scope(portal, visitor))
    found: dict[str, Any] = portal.counter.desks.call(call, *given, seconds=_SECONDS)
    return found


def routes(portal: Portal) -> APIRouter:
    """Return the routes and pages of review."""
    router = APIRouter()
    _add_pages(router, portal)
    _add_reading(router, portal)
    _add_ruling(router, portal)
    return router


def _add_pages(router: APIRouter, portal: Portal) -> None:
    @router.get("/review", include_in_schema=False)
    def queue_page(
        request: Request, order: str = "age", all: bool = False, unit: Word = "", q: Word = "", page: int = 1
    ) -> Response:
        visitor = portal.gate.require(request, "reviewer")
        rows = [row for row in _rows(portal, visitor) if row["waiting"] or all]
        units = dict(sorted({(row["unit"], row["unit_name"]) for row in rows}))
        fits = [row for row in rows if unit in ("", row["unit"] or "-") and _holds(row, q)]
        ranked = _ORDERS.get(order, _ORDERS["age"])
        fits.sort(key=lambda row: (row["sample"], ranked(row)))  # what is real waits for nothing made up
        pages = max(1, -(-len(fits) // PAGE))
        page = min(max(page, 1), pages)
        asked = {"order": order, "all": "true" if all else "", "unit": unit, "q": q}
        shown = fits[(page - 1) * PAGE : page * PAGE]
        told: dict[str, Any] = {
            "rows": shown,
            "total": len(fits),
            "units": units,
            "page": page,
            "pages": pages,
            "asked": asked,
        }
        return portal.page(request, "review.html", visitor, link=lambda **new: _link(asked | new), **told)

    @router.get("/review/{submission_id}", include_in_schema=False)
    def submission_page(request: Request, submission_id: str) -> Response:
        visitor = portal.gate.require(request, "reviewer")
        found = _one(portal, visitor, submission_id)
        own = found["sender"].casefold() == visitor.account.login.casefold()
        for plot in found["plots_list"]:
            plot["season_words"] = season_words(plot["season"])
        return portal.page(request, "submission.html", visitor, one=found, own=own)


def _holds(row: dict[str, Any], text: str) -> bool:
    words = f"{row['file_name']} {row['sender']} {row['submission_id']} {row['unit_name']}"
    return text.strip().casefold() in words.casefold()


def _link(asked: dict[str, Any]) -> str:
    return "?" + urlencode({key: value for key, value in asked.items() if value})


def _add_reading(router: APIRouter, portal: Portal) -> None:
    @router.get("/api/review", tags=["review"])
    def queue_json(request: Request) -> list[dict[str, Any]]:
        """Return the submissions that this reviewer may see."""
        return _rows(portal, portal.gate.require(request, "reviewer"))

    @router.get("/api/review/{submission_id}", tags=["review"])
    def submission_json(request: Request, submission_id: str) -> dict[str, Any]:
        """Return one submission with its plots, findings and surroundings."""
        return _one(portal, portal.gate.require(request, "reviewer"), submission_id)

    @router.get("/api/review/{submission_id}/proposals", tags=["review"])
    def proposals(request: Request, submission_id: str) -> dict[str, Any]:
        """Return the repairs that intake proposes, by feature version, with the area before and after."""
        visitor = portal.gate.require(request, "reviewer")
        sent = portal.counter.uploads.of_submission(submission_id)
        given = (portal.folder, submission_id, _scope(portal, visitor), sent.arrival.asked if sent else {})
        call = "ecotrack.desk.field_work:proposals"
        found: dict[str, Any] = portal.counter.desks.call(call, *given, seconds=_SECONDS)
        return found


def _add_ruling(router: APIRouter, portal: Portal) -> None:
    @router.post("/api/review", tags=["review"])
    def rule(request: Request, ruling: Ruling) -> dict[str, int]:
        """Write a verdict about each, all of them or none; never about one's own, nor about what was decided."""
        role: RoleName = "field" if ruling.verdict == "withdraw" else "reviewer"
        visitor = portal.gate.require(request, role)
        reason, document = _reason(ruling)
        word = "return" if ruling.verdict == "repair" else ruling.verdict
        units = portal.units_of(visitor.account, role)
        given = (tuple(ruling.ids), word, visitor.account.login, reason, document, ruling.despite, units)
        call = "ecotrack.desk.review_work:verdict"
        made = portal.counter.desks.call(call, portal.folder, *given, seconds=_SECONDS)
        portal.board.forget()
        return {"decided": made}


def _reason(ruling: Ruling) -> tuple[str, str]:
    """Return the reason of a ruling, and what its decisions cite: the repair that is asked for."""
    reason = ruling.reason.strip()
    if ruling.verdict == "repair":
        words = REPAIRS.get(ruling.repair)
        if words is None:
            raise NotReady("", detail="没有这种修复建议")
        return f"请同意修复建议：{words}。{reason}", REPAIR + ruling.repair
    if ruling.verdict != "accept" and not reason:
        raise NotReady("", detail="请写明理由")
    return reason, ""
