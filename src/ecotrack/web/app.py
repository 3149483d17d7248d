"""The portal as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ecotrack import __version__
from ecotrack.desk.board import Board
from ecotrack.desk.counter import Counter
from ecotrack.maps.assets import VENDOR
from ecotrack.web import (
    answers,
    downloads,
    drawing,
    entrance,
    office,
    ogc,
    openly,
    people,
    photos,
    publishing,
    records,
    reviewing,
    trail,
    units,
    uploads,
)
from ecotrack.web.gate import Gate, Rate, SafeHeaders, SmallBodies
from ecotrack.web.portal import Options, Portal

_STATIC = Path(__file__).with_name("static")


def create_app(counter: Counter, options: Options | None = None) -> FastAPI:
    """Return the portal over an open counter; the counter is closed when the application ends.

    Parameters
    ----------
    options
        How it is served; loopback without https by default.
    """
    options = options or Options()
    portal = Portal(
        counter=counter,
        gate=Gate(counter.accounts, secure=options.https),
        board=Board(counter.workspace, counter.desks, counter.pages / "board"),
        options=options,
        uploads=Rate(options.uploads_a_minute, 60),
    )

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        yield
        counter.close()

    quiet: dict[str, Any] = {"docs_url": None, "redoc_url": None, "responses": answers.RESPONSES}
    app = FastAPI(title="ecotrack", version=__version__, lifespan=running, **quiet)
    app.state.portal = portal
    # A request is compared with one route after the other: what comes most often stands first.
    handed_in = (uploads, photos, drawing, records, reviewing)
    seen = (openly, downloads, publishing, trail, ogc, office, people, units, entrance)
    for one in (*(room.routes for room in (*handed_in, *seen)), people.pages):
        app.include_router(one(portal))
    answers.install(app, portal)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.mount("/vendor", StaticFiles(directory=VENDOR, check_dir=False), name="vendor")
    app.add_middleware(SmallBodies, but=("/api/uploads/", "/api/photos/", "/api/records"), whole_s=options.whole_s)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*options.hosts])
    app.add_middleware(SafeHeaders, https=options.https)
    return app
