"""What everyone who may sign in sees: figures, the live map, downloads, plots around."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from ecotrack.desk.published import published_maps
from ecotrack.errors import NotAllowed, NotReady
from ecotrack.web.gate import SEALED_POLICY
from ecotrack.web.portal import Portal

_STATIC = Path(__file__).with_name("static")
_SHOWN = 50
"""Uploads on one page of the home."""

_PAGE: dict[int | str, dict[str, Any]] = {"4XX": {"content": {"text/html": {}}, "description": "A page that says why"}}


def routes(portal: Portal) -> APIRouter:
    """Return the routes and pages that every account may see."""
    router = APIRouter()
    _add_pages(router, portal)
    _add_figures(router, portal)
    _add_plots(router, portal)
    return router


def _add_pages(router: APIRouter, portal: Portal) -> None:
    counter = portal.counter

    @router.get("/", include_in_schema=False)
    def home(request: Request, before: Annotated[int, Query(ge=1, le=1 << 62)] = 1 << 62) -> Response:
        visitor = portal.gate.require(request)
        found = counter.uploads.of_account(visitor.account.account_id, most=_SHOWN + 1, before=before)
        older = found[_SHOWN - 1].seq if len(found) > _SHOWN else None
        return portal.page(request, "home.html", visitor, uploads=found[:_SHOWN], older=older)

    @router.get("/upload", include_in_schema=False)
    def upload_page(request: Request) -> Response:
        visitor = portal.gate.require(request, "field", "office")
        return portal.page(request, "upload.html", visitor, **portal.choices(visitor.account))

    @router.get("/walk", include_in_schema=False)
    def walk_page(request: Request) -> Response:
        visitor = portal.gate.require(request, "field", "office")
        return portal.page(request, "walk.html", visitor, **portal.choices(visitor.account))

    @router.get("/worker.js", include_in_schema=False)
    def worker(_request: Request) -> Response:
        # From the root, since a service worker looks after no page above its own place.
        return FileResponse(_STATIC / "worker.js", media_type="text/javascript")

    @router.get("/uploads/{upload_id}", include_in_schema=False)
    def one_upload(request: Request, upload_id: str) -> Response:
        visitor = portal.gate.require(request, "field", "office")
        state = counter.known(upload_id, visitor.account)
        if state is None:
            raise NotAllowed("")
        return portal.page(request, "one_upload.html", visitor, upload=state, **portal.choices(visitor.account))


def _add_figures(router: APIRouter, portal: Portal) -> None:
    @router.get("/figures", include_in_schema=False)
    def figures_page(request: Request) -> Response:
        visitor = portal.gate.require(request)
        path = portal.board.get("figures.json", "ecotrack.desk.board:figures")
        current = portal.board.current("figures.json")  # asked before it is read
        document = json.loads(path.read_bytes())
        return portal.page(request, "figures.html", visitor, board=document, current=current)

    @router.get("/api/figures", tags=["figures"])
    def figures_json(request: Request, fresh: bool = False) -> Response:
        """Return the figures as ``ecotrack stats --json`` gives them; ``fresh`` waits until they are the newest."""
        portal.gate.require(request)
        path = portal.board.get("figures.json", "ecotrack.desk.board:figures", fresh=fresh)
        return Response(path.read_bytes(), media_type="application/json")

    @router.get("/map", include_in_schema=False)
    def map_page(request: Request) -> Response:
        visitor = portal.gate.require(request)
        with portal.counter.workspace.register(read_only=True) as register:
            maps = published_maps(register)
        return portal.page(request, "map.html", visitor, current=portal.board.current("map.html"), maps=maps)

    @router.get("/map/live", tags=["figures"], response_class=HTMLResponse, responses=_PAGE)
    def live(request: Request, fresh: bool = False) -> Response:
        """Return the live map, a sealed page."""
        portal.gate.require(request)
        path = portal.board.get("map.html", "ecotrack.desk.board:live_map", fresh=fresh)
        return FileResponse(path, media_type="text/html", headers={"content-security-policy": SEALED_POLICY})


def _add_plots(router: APIRouter, portal: Portal) -> None:
    counter = portal.counter

    @router.get("/api/plots", tags=["figures"])
    def plots(request: Request, bbox: Annotated[str, Query(max_length=120)]) -> dict[str, Any]:
        """Return the accepted plots in a box (west,south,east,north; EPSG:4490 degrees)."""
        portal.gate.require(request, "field", "office", "reviewer")
        found: dict[str, Any] = counter.desks.call(
            "ecotrack.desk.review_work:accepted_near", portal.folder, box_of(bbox), seconds=30.0
        )
        return found


def box_of(text: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north.

    Raises
    ------
    NotReady
        The text is no box.

    Examples
    --------
    >>> box_of("115.5,37.5,115.6,37.6")
    (115.5, 37.5, 115.6, 37.6)
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise NotReady("", detail="bbox 要写成 西,南,东,北") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise NotReady("", detail="bbox 要写成 西,南,东,北")
    return west, south, east, north
