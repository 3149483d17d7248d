"""Uploads: bytes in, on the disk and in the chain before they are acknowledged; then their findings, and sending in."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, Field

from ecotrack.desk.arrival import Arrival
from ecotrack.desk.lanes import ahead
from ecotrack.desk.uploads import UploadState
from ecotrack.errors import NotAllowed, NotReady, RegisterBusy, TooMany, UploadConflict, UploadTooLarge, WrongOffset
from ecotrack.register.arrivals import Part
from ecotrack.web.gate import SEALED_POLICY, Visitor
from ecotrack.web.portal import Portal

LEAST_BYTES = 4 << 10
"""Bytes that must come within `Options.idle_s`; who sends slower is broken off and may go on where it broke."""

UploadId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="UUID of the client")
]
Word = Annotated[str, Query(max_length=200)]


class Again(BaseModel):
    """How an upload is to be read and mended, in its sender's words."""

    unit: str = Field("", max_length=60)
    season: str = Field("", max_length=20)
    kind: str = Field("", max_length=60)
    programme: str = Field("", max_length=60)
    read_as: str = Field("", max_length=20)
    crs: str = Field("", max_length=20)
    encoding: str = Field("", max_length=20)
    repairs: list[Annotated[str, Field(max_length=40)]] = Field(default=[], max_length=10)
    reason: str = Field("", max_length=500)


def said(state: UploadState) -> dict[str, Any]:
    """Return an upload as JSON values."""
    arrival = state.arrival
    return {
        "upload_id": arrival.upload_id,
        "seq": state.seq,
        "file_name": arrival.file_name,
        "sha256": arrival.sha256,
        "size_bytes": arrival.size_bytes,
        "unit": arrival.unit,
        "asked": arrival.asked,
        "received_at": state.received_at,
        "state": state.state,
        "told": state.told,
        "submission_id": state.submission_id,
    }


class Active:
    """Uploads that a connection is sending at this moment: a second one must wait."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = threading.Lock()

    def begin(self, key: str) -> None:
        """Say that a connection begins; a second one for the same key is refused."""
        with self._lock:
            if key in self._ids:
                raise TooMany("", seconds=5)
            self._ids.add(key)

    def end(self, key: str) -> None:
        """Say that it has ended."""
        with self._lock:
            self._ids.discard(key)


def routes(portal: Portal) -> APIRouter:
    """Return the routes of uploads."""
    router = APIRouter(prefix="/api/uploads", tags=["uploads"])
    _add_reading(router, portal)
    _add_taking(router, portal)
    _add_steps(router, portal)
    return router


def _mine(portal: Portal, request: Request, upload_id: str) -> tuple[Visitor, UploadState]:
    visitor = portal.gate.require(request, "field", "office")
    state = portal.counter.known(upload_id, visitor.account)
    if state is None:
        raise NotAllowed("")
    return visitor, state


def _add_reading(router: APIRouter, portal: Portal) -> None:
    counter = portal.counter

    @router.get("")
    def list_(request: Request) -> list[dict[str, Any]]:
        """Return the uploads of this account, newest first."""
        visitor = portal.gate.require(request, "field", "office")
        return [said(state) for state in counter.uploads.of_account(visitor.account.account_id)]

    @router.head(
        "/{upload_id}", responses={204: {"description": "Not acknowledged yet; Upload-Offset says what is here"}}
    )
    def held(request: Request, upload_id: UploadId) -> Response:
        """Say how many bytes of an upload are here: ``Upload-Offset``; 200 once it is acknowledged."""
        visitor = portal.gate.require(request, "field", "office")
        state = counter.known(upload_id, visitor.account)
        if state is not None:
            return Response(headers={"Upload-Offset": str(state.arrival.size_bytes)})
        size = counter.arrivals.part(visitor.account.account_id, upload_id).size
        return Response(status_code=204, headers={"Upload-Offset": str(size)})

    @router.get("/{upload_id}")
    def one(request: Request, upload_id: UploadId) -> dict[str, Any]:
        """Return how one upload stands, and while it waits how many are looked at before it."""
        state = _mine(portal, request, upload_id)[1]
        return said(state) | {"ahead": ahead(counter.uploads, state)}

    @router.get("/{upload_id}/findings", response_class=FileResponse)
    def findings(request: Request, upload_id: UploadId) -> Response:
        """Return the page of what the checks found: map, marks, what to do."""
        _mine(portal, request, upload_id)
        path = counter.page(upload_id)
        if not path.is_file():
            raise NotReady("", detail="还没有检查完")
        return FileResponse(path, media_type="text/html", headers={"content-security-policy": SEALED_POLICY})


def _add_taking(router: APIRouter, portal: Portal) -> None:
    counter, active = portal.counter, Active()

    @router.put("/{upload_id}", status_code=201)
    async def put(
        request: Request,
        upload_id: UploadId,
        name: Annotated[str, Query(min_length=1, max_length=200)],
        layer: Word = "plots",
        unit: Word = "",
        season: Word = "",
        kind: Word = "",
        programme: Word = "",
        reason: Annotated[str, Query(max_length=500)] = "",
        submit: bool = False,
        upload_offset: Annotated[int, Header(ge=0)] = 0,
        upload_length: Annotated[int | None, Header(ge=1)] = None,
    ) -> Response:
        """Take an upload, or the rest of it from ``Upload-Offset`` on; 201 once it is durable and chained.

        ``reason`` says why known plots are changed; with ``submit`` it is sent in as soon as all of it may come in.
        """
        visitor, state = await asyncio.to_thread(_admitted, portal, request, upload_id)
        account, unit = visitor.account, _own_unit(portal, visitor, unit)
        if state is None:
            portal.uploads.take(account.account_id)
        key = f"{account.account_id}/{upload_id}"
        active.begin(key)
        try:
            if state is not None:
                return await _repeated(request, state, upload_offset)
            asked = {"unit": unit, "season": season, "kind": kind, "programme": programme}
            asked |= {"reason": reason.strip(), "submit": "1" if submit else ""}
            arrival = partial(
                Arrival,
                upload_id=upload_id,
                account_id=account.account_id,
                unit=unit,
                layer=layer,
                file_name=plain_name(name),
                asked={word: value for word, value in asked.items() if value},
            )
            with counter.arrivals.part(account.account_id, upload_id) as part:
                limit = portal.options.max_upload_bytes
                size = await take_in(request, part, portal, upload_offset, upload_length, limit=limit)
                taken, receipt = await asyncio.to_thread(_hand_over, portal, part, arrival, size)
            seq = await acknowledged(receipt, portal.options.patience_s)
        finally:
            active.end(key)
        answer = {"upload_id": upload_id, "seq": seq, "sha256": taken.sha256, "size_bytes": size, "state": "received"}
        return JSONResponse(answer, status_code=201)


def _admitted(portal: Portal, request: Request, upload_id: str) -> tuple[Visitor, UploadState | None]:
    visitor = portal.gate.require(request, "field", "office")
    return visitor, portal.counter.known(upload_id, visitor.account)


def _hand_over(portal: Portal, part: Part, arrival: Callable[..., Arrival], size: int) -> tuple[Arrival, Future[int]]:
    """Keep the bytes for good and have their receipt written: one way to another thread and back for both."""
    taken = arrival(sha256=part.keep(), size_bytes=size)
    return taken, portal.counter.acknowledge(taken)


async def acknowledged(receipt: Future[int], seconds: float) -> int:
    """Return the place of a receipt in the chain once it stands there.

    Raises
    ------
    RegisterBusy
        It does not within so many seconds.
    """
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(receipt)), seconds)
    except TimeoutError:
        raise RegisterBusy("") from None


def _add_steps(router: APIRouter, portal: Portal) -> None:
    counter = portal.counter

    @router.post("/{upload_id}/check")
    def check(request: Request, upload_id: UploadId, again: Again) -> dict[str, Any]:
        """Have an upload checked again with other words."""
        visitor, state = _mine(portal, request, upload_id)
        words = {key: str(value) for key, value in again.model_dump(exclude={"repairs"}).items() if value}
        words["unit"] = _own_unit(portal, visitor, words.get("unit") or state.arrival.unit)
        words["repairs"] = ",".join(again.repairs)
        return said(counter.check_again(upload_id, {key: value for key, value in words.items() if value}))

    @router.post("/{upload_id}/submit", status_code=202)
    def submit(request: Request, upload_id: UploadId) -> dict[str, Any]:
        """Send a checked upload in; the wish is on the disk when this answers, and a repeated one changes nothing."""
        _, state = _mine(portal, request, upload_id)
        if state.state == "checked" and (state.told.get("refused") or not _can_come_in(state)):
            raise NotReady("", detail="没有可以提交的地块，请先按提示改正")
        return said(counter.send_in(upload_id))


def _can_come_in(state: UploadState) -> bool:
    return bool(state.told.get("ready", 0) + state.told.get("held", 0))


def _own_unit(portal: Portal, visitor: Visitor, unit: str) -> str:
    """Return the unit for which an upload comes: one of the account's; its only one where none is named.

    Raises
    ------
    NotAllowed
        The account may not send for it.
    """
    mine = portal.units_of(visitor.account, "field", "office")
    if not unit:
        return mine[0] if len(mine) == 1 else ""
    code = portal.counter.workspace.units.resolve(unit).code
    if mine and code not in mine:
        raise NotAllowed("")
    return code


def plain_name(name: str) -> str:
    r"""Return the last part of a file's name, without what cannot be shown.

    Examples
    --------
    >>> plain_name("../../etc/passwd"), plain_name("C:\\图\\甲.zip"), plain_name("..")
    ('passwd', '甲.zip', '未命名')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if char.isprintable()).strip()
    return shown if shown.strip(".") else "未命名"


async def take_in(request: Request, part: Part, portal: Portal, offset: int, length: int | None, *, limit: int) -> int:
    """Write the body to the disk as it comes and return how many bytes are here once all of them are.

    Raises
    ------
    UploadTooLarge, WrongOffset, NotReady, DiskFull
        It is too large, begins or ends in the wrong place, stops coming, or cannot be kept.
    """
    if (length or 0) > limit:
        raise UploadTooLarge("", limit=limit >> 20)
    if offset == 0 and part.size:
        part.begin_again()
    if offset != part.size:
        raise WrongOffset("", kept=part.size)
    size, idle_s, since = offset, portal.options.idle_s, offset
    try:
        async with asyncio.timeout(idle_s) as patience:
            async for chunk in request.stream():
                size += len(chunk)
                if size - since >= LEAST_BYTES:
                    patience.reschedule(asyncio.get_running_loop().time() + idle_s)
                    since = size
                if size > (length or limit):
                    raise UploadTooLarge("", limit=max(1, (length or limit) >> 20))
                if chunk:  # the last one is empty
                    part.write(chunk)
    except TimeoutError:
        raise NotReady("", detail="上传中断：太久没有收到数据，已收到的部分保留，可以续传") from None
    if size == 0 or (length is not None and size < length):
        raise WrongOffset("", kept=size)
    return size


async def _repeated(request: Request, state: UploadState, offset: int) -> Response:
    """Answer a repeated send: the bytes that stand already are acknowledged once more, others are refused."""
    digest, size = hashlib.sha256(), offset
    async for chunk in request.stream():
        digest.update(chunk)
        size += len(chunk)
        if size > state.arrival.size_bytes:
            break
    whole = offset == 0 and size
    if size != state.arrival.size_bytes or (whole and digest.hexdigest() != state.arrival.sha256):
        raise UploadConflict("")
    return JSONResponse(said(state), status_code=200)
