"""Progress records of a unit office: the form to download, the filled sheet, the errors in the same sheet."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ecotrack.errors import NotReady, UploadTooLarge
from ecotrack.web.downloads import FORMATS
from ecotrack.web.portal import Portal
from ecotrack.web.uploads import plain_name

_LIMIT = 20 << 20
_SECONDS = 60.0


def routes(portal: Portal) -> APIRouter:
    """Return the routes and the page of records."""
    router, pool = APIRouter(), portal.counter.desks

    @router.get("/records", include_in_schema=False)
    def page(request: Request) -> Response:
        visitor = portal.gate.require(request, "office")
        layers = [layer for layer in portal.counter.workspace.layers.values() if layer.records]
        return portal.page(request, "records.html", visitor, layers=layers)

    @router.get("/api/records/form.xlsx", tags=["records"])
    def form(request: Request, layer: Annotated[list[str], Query(max_length=20)]) -> Response:
        """Return the form for some layers."""
        portal.gate.require(request, "office")
        names = tuple(portal.counter.workspace.layer(name).id for name in layer)
        data: bytes = pool.call("ecotrack.desk.records_work:form", portal.folder, names, seconds=_SECONDS)
        headers = {"content-disposition": 'attachment; filename="records.xlsx"'}
        return Response(data, media_type=FORMATS["xlsx"][1], headers=headers)

    @router.put("/api/records", tags=["records"])
    async def bring_in(request: Request, name: Annotated[str, Query(min_length=1, max_length=200)]) -> dict[str, Any]:
        """Bring a filled sheet (XLSX or CSV) in, whole or not at all; errors come back marked in the same sheet."""
        from starlette.concurrency import run_in_threadpool

        visitor = await run_in_threadpool(portal.gate.require, request, "office")
        portal.uploads.take(visitor.account.account_id)
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > _LIMIT:
                raise UploadTooLarge("", limit=_LIMIT >> 20)
        shown = plain_name(name)
        if not shown.lower().endswith((".xlsx", ".csv")):
            raise NotReady("", detail="请选 .xlsx 或 .csv 文件")
        units = portal.units_of(visitor.account, "office")
        given = (portal.folder, shown, bytes(data), visitor.account.login, units)
        call = "ecotrack.desk.records_work:bring_in"
        told: dict[str, Any] = await run_in_threadpool(lambda: pool.call(call, *given, seconds=_SECONDS, where=shown))
        portal.board.forget()
        return told | {"marked": base64.b64encode(told["marked"]).decode()}

    return router
