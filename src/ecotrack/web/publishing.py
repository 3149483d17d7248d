"""Published figures and maps: what the bureau publishes with a confirmation, and everybody who may sign in can read."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from ecotrack.errors import FutureDate, NotReady
from ecotrack.web.gate import SEALED_POLICY
from ecotrack.web.portal import Portal
from ecotrack.workspace import today

_SECONDS = 300.0
_WORK = "ecotrack.desk.bureau_work:"


class Issue(BaseModel):
    """What is to be published, as it was shown: the register must not have moved since."""

    as_of: dt.date
    seq: int = Field(ge=0, le=1 << 60)
    figures: list[Annotated[str, Field(min_length=1, max_length=120)]] = Field(min_length=1, max_length=500)
    maps: list[Annotated[str, Field(min_length=1, max_length=120)]] = Field(default=[], max_length=50)


def routes(portal: Portal) -> APIRouter:
    """Return the pages and routes of publishing."""
    router = APIRouter()
    _add_pages(router, portal)
    _add_publishing(router, portal)
    return router


def _ask(portal: Portal, work: str, *given: Any, seconds: float = _SECONDS) -> Any:
    return portal.counter.desks.call(_WORK + work, portal.folder, *given, seconds=seconds)


def _add_pages(router: APIRouter, portal: Portal) -> None:
    @router.get("/published", include_in_schema=False)
    def published(request: Request) -> Response:
        visitor = portal.gate.require(request)
        return portal.page(request, "published.html", visitor, **_ask(portal, "issued"), today=today().isoformat())

    @router.get("/published/maps/{sha256}", include_in_schema=False)
    def one_map(request: Request, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
        portal.gate.require(request)
        headers = {
            "content-security-policy": SEALED_POLICY,
            "content-disposition": f'inline; filename="map-{sha256[:12]}.html"',
        }
        return FileResponse(_ask(portal, "published_map", sha256), media_type="text/html", headers=headers)


def _add_publishing(router: APIRouter, portal: Portal) -> None:
    @router.get("/api/receipts", tags=["publishing"])
    def issued(request: Request) -> dict[str, Any]:
        """Return the receipts that were issued, those of one state together, and the published maps."""
        portal.gate.require(request)
        found: dict[str, Any] = _ask(portal, "issued")
        return found

    @router.get("/api/publishable", tags=["publishing"])
    def publishable(request: Request, as_of: dt.date) -> dict[str, Any]:
        """Return the figures of a day as they would be published now, and the maps that can be."""
        portal.gate.require(request, "bureau")
        _refuse_future(as_of)
        found: dict[str, Any] = _ask(portal, "publishable", as_of.isoformat())
        return found

    @router.post("/api/receipts", status_code=201, tags=["publishing"])
    def issue(request: Request, wish: Issue) -> dict[str, Any]:
        """Publish figures, and maps of that day with all that they show: each figure gets a receipt in the chain."""
        visitor = portal.gate.require(request, "bureau")
        _refuse_future(wish.as_of)
        with portal.counter.workspace.register(read_only=True) as register:
            if register.last_said().seq != wish.seq:
                raise NotReady("", detail="登记库刚有新的登记，数字可能变了，请重新查看后再发布")
        given = (wish.as_of.isoformat(), tuple(wish.figures), visitor.account.login, tuple(dict.fromkeys(wish.maps)))
        found: dict[str, Any] = _ask(portal, "issue", *given, seconds=_SECONDS * (1 + len(wish.maps)))
        portal.board.forget()
        return found

    @router.get("/api/restated", tags=["publishing"])
    def moved(request: Request) -> list[dict[str, Any]]:
        """Return the published figures that what was recorded later has moved, by how much and through what."""
        portal.gate.require(request, "bureau")
        found: list[dict[str, Any]] = _ask(portal, "moved")
        return found


def _refuse_future(day: dt.date) -> None:
    if day > today():
        raise FutureDate("", day=day, today=today())
