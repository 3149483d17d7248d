"""The way in from a phone: the portal's own address as a QR code."""

from __future__ import annotations

import io

import segno
from fastapi import APIRouter, Request
from fastapi.responses import Response

from ecotrack.errors import NotAllowed
from ecotrack.web.portal import Options, Portal


def address(options: Options, host: str) -> str | None:
    """Return the address at which a phone reaches the portal; ``None`` where only this machine does.

    Parameters
    ----------
    host
        Name and port by which the portal was called.

    Examples
    --------
    >>> office = Options(https=True, hosts=("127.0.0.1", "localhost", "[::1]", "10.1.2.3"))
    >>> address(office, "10.1.2.3:8080"), address(office, "127.0.0.1:8080")
    ('https://10.1.2.3:8080/', 'https://10.1.2.3:8080/')
    >>> address(Options(), "127.0.0.1:8080") is None
    True
    """
    if not options.names:
        return None
    name, port = host, ""
    if ":" in host.rpartition("]")[2]:
        name, _, port = host.rpartition(":")
    name = name if name in options.names else options.names[0]
    return f"{'https' if options.https else 'http'}://{name}{':' + port if port else ''}/"


def routes(portal: Portal) -> APIRouter:
    """Return the route of the QR code."""
    router = APIRouter()

    @router.get("/qr.svg", include_in_schema=False)
    def code(request: Request) -> Response:
        found = address(portal.options, request.headers.get("host", ""))
        if found is None:
            raise NotAllowed("")
        picture = io.BytesIO()
        segno.make(found, error="m", micro=False).save(picture, kind="svg", scale=6, border=4)
        return Response(picture.getvalue(), media_type="image/svg+xml")

    return router
