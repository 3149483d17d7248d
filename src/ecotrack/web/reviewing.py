"""The reviewer's routes: the queue, one submission, a verdict."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ecotrack.errors import NotReady
from ecotrack.web.gate import Visitor
from ecotrack.web.portal import Portal

_SECONDS = 60.0
_ORDERS = {
    "age": lambda row: row["submitted_on"],
    "unit": lambda row: (row["unit_name"], row["submitted_on"]),
    "severity": lambda row: (-row["held"], -row["warns"], row["submitted_on"]),
}


class Ruling(BaseModel):
    """A verdict about submissions or single plots."""

    ids: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(min_length=1, max_length=2000)
    verdict: Literal["accept", "return", "strike", "withdraw"]
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
    router, pool = APIRouter(), portal.counter.desks

    @router.get("/review", include_in_schema=False)
    def queue_page(request: Request, order: str = "age", all: bool = False) -> Response:
        visitor = portal.gate.require(request, "reviewer")
        rows = sorted(_rows(portal, visitor), key=_ORDERS.get(order, _ORDERS["age"]))
        shown = [row for row in rows if row["waiting"] or all]
        return portal.page(request, "review.html", visitor, rows=shown, order=order, all=all, total=len(rows))

    @router.get("/review/{submission_id}", include_in_schema=False)
    def submission_page(request: Request, submission_id: str) -> Response:
        visitor = portal.gate.require(request, "reviewer")
        found = _one(portal, visitor, submission_id)
        own = found["sender"].casefold() == visitor.account.login.casefold()
        return portal.page(request, "submission.html", visitor, one=found, own=own)

    @router.get("/api/review", tags=["review"])
    def queue_json(request: Request) -> list[dict[str, Any]]:
        """Return the submissions that this reviewer may see."""
        return _rows(portal, portal.gate.require(request, "reviewer"))

    @router.get("/api/review/{submission_id}", tags=["review"])
    def submission_json(request: Request, submission_id: str) -> dict[str, Any]:
        """Return one submission with its plots, findings and surroundings."""
        return _one(portal, portal.gate.require(request, "reviewer"), submission_id)

    @router.post("/api/review", tags=["review"])
    def rule(request: Request, ruling: Ruling) -> dict[str, int]:
        """Write a verdict about each, all of them or none; never about one's own."""
        role = "field" if ruling.verdict == "withdraw" else "reviewer"
        visitor = portal.gate.require(request, role)  # type: ignore[arg-type]
        if ruling.verdict != "accept" and not ruling.reason.strip():
            raise NotReady("", detail="请写明理由")
        units = portal.units_of(visitor.account, role)  # type: ignore[arg-type]
        made = pool.call(
            "ecotrack.desk.review_work:verdict",
            portal.folder,
            tuple(ruling.ids),
            ruling.verdict,
            visitor.account.login,
            ruling.reason.strip(),
            ruling.despite,
            units,
            seconds=_SECONDS,
        )
        portal.board.forget()
        return {"decided": made}

    return router
