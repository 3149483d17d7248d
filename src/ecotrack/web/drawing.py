"""Drawing in the page: the ground to draw on, and plots that come back to their sender to be mended."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ecotrack.desk.uploads import UploadState
from ecotrack.errors import NotAllowed
from ecotrack.web.gate import Visitor
from ecotrack.web.portal import Portal

_SECONDS = 60.0
_HOME = "ecotrack.desk.field_work:"
Id = Annotated[str, Query(max_length=80)]


def routes(portal: Portal) -> APIRouter:
    """Return the routes and the page of drawing."""
    router = APIRouter()

    @router.get("/draw", include_in_schema=False)
    def page(request: Request, submission: Id = "", plot: Id = "", upload: Id = "", number: int = 0) -> Response:
        visitor = portal.gate.require(request, "field", "office")
        mend = _plot_to_mend(portal, visitor, submission, plot) if plot else {}
        if upload:
            mend = _candidate_to_mend(portal, visitor, upload, number)
        return portal.page(request, "draw.html", visitor, mend=mend, **portal.choices(visitor.account))

    @router.get("/api/ground", tags=["figures"])
    def ground(request: Request) -> Response:
        """Return counties and waters by which a place is found (EPSG:4490 degrees)."""
        portal.gate.require(request, "field", "office", "reviewer")
        path = portal.board.get("ground.json", f"{_HOME}ground")
        return Response(path.read_bytes(), media_type="application/json")

    @router.get("/api/outcomes", tags=["uploads"])
    def outcomes(request: Request) -> dict[str, Any]:
        """Return what became of this account's last uploads: by upload id the verdict on each plot."""
        visitor = portal.gate.require(request, "field", "office")
        return outcomes_of(portal, portal.counter.uploads.of_account(visitor.account.account_id, most=50))

    @router.get("/api/submissions/{submission_id}/plots/{version_id}/repaired", tags=["uploads"])
    def repaired(request: Request, submission_id: str, version_id: str) -> dict[str, Any]:
        """Return a plot of one's own as the repair that its reviewer asks for would leave it, and as it is."""
        visitor = portal.gate.require(request, "field", "office")
        sent = portal.counter.uploads.of_submission(submission_id)
        given = (portal.folder, submission_id, version_id, visitor.account.login, sent.arrival.asked if sent else {})
        found: dict[str, Any] = portal.counter.desks.call(f"{_HOME}repaired", *given, seconds=_SECONDS)
        return found

    return router


def _plot_to_mend(portal: Portal, visitor: Visitor, submission: str, plot: str) -> dict[str, Any]:
    given = (portal.folder, submission, plot, visitor.account.login)
    found: dict[str, Any] = portal.counter.desks.call(f"{_HOME}plot_to_mend", *given, seconds=_SECONDS)
    return found


def _candidate_to_mend(portal: Portal, visitor: Visitor, upload: str, number: int) -> dict[str, Any]:
    state = portal.counter.known(upload, visitor.account)
    if state is None:
        raise NotAllowed("")
    given = (portal.folder, state.arrival, state.received_at, visitor.account.login, number)
    call = "ecotrack.desk.mending:candidate_to_mend"
    found: dict[str, Any] = portal.counter.checks.call(call, *given, seconds=_SECONDS)
    return found


def outcomes_of(portal: Portal, uploads: list[UploadState]) -> dict[str, Any]:
    """Return by upload id what was decided about the plots of uploads that were sent in."""
    sent = {one.submission_id: one.arrival.upload_id for one in uploads if one.submission_id}
    if not sent:
        return {}
    told = portal.counter.desks.call(f"{_HOME}outcomes", portal.folder, tuple(sent), seconds=_SECONDS)
    return {sent[submission_id]: outcome for submission_id, outcome in told.items()}
