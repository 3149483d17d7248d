"""Progress records of a unit office: the form to download, the filled sheet, the errors in the same sheet."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ecotrack.errors import NotReady, UploadTooLarge
from ecotrack.web.downloads import FORMATS
from ecotrack.web.portal import Portal
from ecotrack.web.uploads import plain_name

Short = Annotated[str, Path(max_length=60)]
_LIMIT = 20 << 20
_SECONDS = 60.0


class Entry(BaseModel):
    """A record as somebody typed it: the questions' names and what was written."""

    values: dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=500)]] = Field(max_length=60)


def routes(portal: Portal) -> APIRouter:
    """Return the routes and the page of records."""
    router = APIRouter()
    _add_sheets(router, portal)
    _add_forms(router, portal)
    return router


def _add_forms(router: APIRouter, portal: Portal) -> None:
    pool = portal.counter.desks

    @router.get("/api/records/forms", tags=["records"])
    def forms(request: Request) -> list[dict[str, Any]]:
        """Return what each record kind asks for."""
        portal.gate.require(request, "office")
        found: list[dict[str, Any]] = pool.call("ecotrack.desk.records_work:forms", portal.folder, seconds=_SECONDS)
        return found

    @router.post("/api/records/{layer}/{kind}", tags=["records"])
    def enter(request: Request, layer: Short, kind: Short, entry: Entry) -> dict[str, Any]:
        """Bring one typed record in; with errors nothing is recorded and each names its question."""
        visitor = portal.gate.require(request, "office")
        portal.uploads.take(visitor.account.account_id)
        units = portal.units_of(visitor.account, "office")
        given = (portal.folder, layer, kind, entry.values, visitor.account.login, units)
        told: dict[str, Any] = pool.call("ecotrack.desk.records_work:enter", *given, seconds=_SECONDS)
        portal.board.forget()
        return told


def _add_sheets(router: APIRouter, portal: Portal) -> None:
    pool = portal.counter.desks

    @router.get("/records", include_in_schema=False)
    def page(request: Request) -> Response:
        visitor = portal.gate.require(request, "office")
        layers = [layer for layer in portal.counter.workspace.layers.values() if layer.records]
        bound, units = portal.units_of(visitor.account, "office"), portal.counter.workspace.units
        own = units[bound[0]].name_zh if len(bound) == 1 and bound[0] in units else ""
        return portal.page(request, "records.html", visitor, layers=layers, own_unit=own)

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
        visitor = await run_in_threadpool(portal.gate.require, request, "office")
        portal.uploads.take(visitor.account.account_id)
        data = bytearray()
        try:
            async with asyncio.timeout(portal.options.sheet_s):
                async for chunk in request.stream():
                    data += chunk
                    if len(data) > _LIMIT:
                        raise UploadTooLarge("", limit=_LIMIT >> 20)
        except TimeoutError:
            raise NotReady("", detail="上传中断：网太慢，请重新上传") from None
        shown = plain_name(name)
        if not shown.lower().endswith((".xlsx", ".csv")):
            raise NotReady("", detail="请选 .xlsx 或 .csv 文件")
        units = portal.units_of(visitor.account, "office")
        given = (portal.folder, shown, bytes(data), visitor.account.login, units)
        call = "ecotrack.desk.records_work:bring_in"
        told: dict[str, Any] = await run_in_threadpool(lambda: pool.call(call, *given, seconds=_SECONDS, where=shown))
        portal.board.forget()
        return told | {"marked": base64.b64encode(told["marked"]).decode()}
