"""Photographs of plots: bytes in, their previews out to the sender and to reviewers of their unit, and erasing them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from ecotrack.accounts import EVERY_UNIT
from ecotrack.desk.photo_remarks import place_of, remarks, shown
from ecotrack.desk.photos import MAX_BYTES, Photo
from ecotrack.errors import NotAllowed, NotReady
from ecotrack.register.arrivals import Part
from ecotrack.web.gate import Visitor
from ecotrack.web.portal import Portal
from ecotrack.web.uploads import Active, UploadId, acknowledged, take_in
from ecotrack.workspace import TIME_ZONE

_SECONDS = 30.0
Degrees = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)]


def routes(portal: Portal) -> APIRouter:
    """Return the routes of photographs."""
    router = APIRouter(tags=["photos"])
    _add_taking(router, portal)
    _add_showing(router, portal)
    return router


def _add_taking(router: APIRouter, portal: Portal) -> None:
    desk, active = portal.counter.photos, Active()

    @router.head(
        "/api/photos/{photo_id}",
        responses={204: {"description": "Not acknowledged yet; Upload-Offset says what is here"}},
    )
    def held(request: Request, photo_id: UploadId) -> Response:
        """Say how many bytes of a photograph are here: ``Upload-Offset``; 200 once it is acknowledged."""
        visitor = portal.gate.require(request, "field", "office")
        known = desk.known(photo_id, visitor.account)
        if known is not None:
            return Response(headers={"Upload-Offset": str(known.size_bytes)})
        size = desk.arrivals.part(visitor.account.account_id, photo_id).size
        return Response(status_code=204, headers={"Upload-Offset": str(size)})

    @router.put(
        "/api/photos/{photo_id}", status_code=201, responses={200: {"description": "It was acknowledged before"}}
    )
    async def put(
        request: Request,
        photo_id: UploadId,
        upload: Annotated[str, Query(max_length=36)],
        plot: Annotated[str, Query(max_length=80)] = "",
        lon: Degrees = None,
        lat: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False)] = None,
        accuracy_m: Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False)] = 0,
        at: Annotated[int, Query(ge=0, le=4_102_444_800_000)] = 0,
        upload_offset: Annotated[int, Header(ge=0)] = 0,
        upload_length: Annotated[int | None, Header(ge=1)] = None,
    ) -> Response:
        """Take a photograph of an upload's plots; position and time (ms) are those of the page's own camera."""
        visitor = await asyncio.to_thread(portal.gate.require, request, "field", "office")
        account = visitor.account
        known = await asyncio.to_thread(desk.known, photo_id, account)
        if known is not None:
            return JSONResponse({"photo_id": photo_id, "state": known.state})
        unit = await asyncio.to_thread(_unit_of, portal, visitor, upload)
        portal.uploads.take(account.account_id)
        key = f"{account.account_id}/{photo_id}"
        active.begin(key)
        try:
            limit, fix = MAX_BYTES, _fix(lon, lat, accuracy_m, at)
            photo = partial(Photo, photo_id=photo_id, account_id=account.account_id, unit=unit, upload_id=upload)
            with desk.arrivals.part(account.account_id, photo_id) as part:
                size = await take_in(request, part, portal, upload_offset, upload_length, limit=limit)
                whole = partial(photo, plot=plot, size_bytes=size, fix=fix)
                receipt = await asyncio.to_thread(_hand_over, portal, part, whole)
            await acknowledged(receipt, portal.options.patience_s)
        finally:
            active.end(key)
        return JSONResponse({"photo_id": photo_id, "state": "received"}, status_code=201)


def _hand_over(portal: Portal, part: Part, photo: Callable[..., Photo]) -> Future[int]:
    """Keep the bytes for good and have their receipt written: one way to another thread and back for both."""
    return portal.counter.acknowledge_photo(photo(sha256=part.keep()))


def _fix(lon: float | None, lat: float | None, accuracy_m: float, at: int) -> dict[str, Any]:
    fix: dict[str, Any] = {}
    if lon is not None and lat is not None:
        fix |= {"lon": lon, "lat": lat, "accuracy_m": accuracy_m}
    if at:
        fix["at"] = f"{dt.datetime.fromtimestamp(at / 1000, TIME_ZONE):%Y-%m-%d %H:%M:%S}"
    return fix


def _unit_of(portal: Portal, visitor: Visitor, upload_id: str) -> str:
    """Return the unit of an upload that is this account's own, or nobody's yet."""
    state = portal.counter.known(upload_id, visitor.account)
    return state.arrival.unit if state else ""


def _add_showing(router: APIRouter, portal: Portal) -> None:
    desk = portal.counter.photos

    @router.get("/api/photos")
    def of_upload(request: Request, upload: Annotated[str, Query(max_length=36)]) -> list[dict[str, Any]]:
        """Return the photographs of one of this account's uploads with what is said of each."""
        visitor = portal.gate.require(request, "field", "office")
        state = portal.counter.known(upload, visitor.account)
        found = [one for one in desk.photos.of_upload(upload) if one.account_id == visitor.account.account_id]
        return _told(portal, found, state.submission_id if state else None)

    @router.get("/api/review/{submission_id}/photos")
    def of_submission(request: Request, submission_id: str) -> list[dict[str, Any]]:
        """Return the photographs of a submission, for a reviewer of its units."""
        visitor = portal.gate.require(request, "reviewer")
        if not _reviews(portal, visitor, submission_id):
            raise NotAllowed("")
        sent = portal.counter.uploads.of_submission(submission_id)
        found = desk.photos.of_upload(sent.arrival.upload_id) if sent else []
        own = [one for one in found if sent and one.account_id == sent.arrival.account_id]
        return _told(portal, own, submission_id)

    @router.get("/api/photos/{photo_id}", response_class=FileResponse)
    def preview(request: Request, photo_id: UploadId) -> Response:
        """Return the preview of a photograph (JPEG without any note of place or time)."""
        visitor = portal.gate.require(request, "field", "office", "reviewer")
        photo = desk.photos.get(photo_id)
        if photo is None or not _may_see(portal, visitor, photo):
            raise NotAllowed("")
        path = desk.preview(photo_id)
        if not path.is_file():
            raise NotReady("", detail="照片还在处理，或已删除")
        return FileResponse(path, media_type="image/jpeg", headers={"content-disposition": "inline"})

    @router.delete("/api/photos/{photo_id}", status_code=204)
    def erase(request: Request, photo_id: UploadId) -> None:
        """Erase a photograph: its sender until the upload is sent in, the bureau at any time."""
        visitor = portal.gate.require(request, "field", "office", "bureau")
        photo = desk.photos.get(photo_id)
        own = photo is not None and photo.account_id == visitor.account.account_id
        if photo is None or not (own or visitor.account.may("bureau")):
            raise NotAllowed("")
        state = portal.counter.uploads.get(photo.upload_id)
        if state is not None and state.submission_id and not visitor.account.may("bureau"):
            raise NotReady("", detail="已经提交的照片要由管理员删除")
        desk.erase([photo])


def _may_see(portal: Portal, visitor: Visitor, photo: Photo) -> bool:
    if photo.account_id == visitor.account.account_id:
        return True
    state = portal.counter.uploads.get(photo.upload_id)
    sent = state is not None and state.submission_id and state.arrival.account_id == photo.account_id
    return bool(sent and state and _reviews(portal, visitor, state.submission_id or ""))


def _reviews(portal: Portal, visitor: Visitor, submission_id: str) -> bool:
    """Tell whether somebody reviews every unit whose plots a submission holds."""
    if not visitor.account.may("reviewer"):
        return False
    with portal.counter.workspace.register(read_only=True) as register:
        units = {version.unit or "" for version in register.versions(submission_id=submission_id)}
    mine = visitor.account.units("reviewer")
    return bool(units) and (EVERY_UNIT in mine or units <= mine)


def _told(portal: Portal, photos: list[Photo], submission_id: str | None) -> list[dict[str, Any]]:
    """Return photographs with what is said of each; how far they are from the plots once these are registered."""
    places = ((photo, place_of(photo)) for photo in photos)
    asked = tuple((photo.photo_id, photo.plot, *place) for photo, place in places if place)
    away: dict[str, dict[str, float]] = {}
    if submission_id and asked:
        call = "ecotrack.desk.photo_work:away"
        away = portal.counter.desks.call(call, portal.folder, submission_id, asked, seconds=_SECONDS)
    store = portal.counter.photos.photos
    return [
        shown(
            photo,
            remarks(
                photo,
                before=store.used_before(photo),
                alike=store.alike(photo),
                away_m=away.get(photo.photo_id, {}).get("away_m"),
            ),
        )
        for photo in photos
    ]
