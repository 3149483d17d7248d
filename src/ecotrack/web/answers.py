"""Errors as answers: JSON for programs, a page for people; nothing of the inside in either."""

from __future__ import annotations

import logging
import secrets
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ecotrack import errors
from ecotrack.errors import EcotrackError
from ecotrack.web.gate import HEADERS, NotSignedIn, for_people
from ecotrack.web.portal import Portal


class Problem(BaseModel):
    """What stands in the way, as programs are told it."""

    error: str
    zh: str


_JSON: dict[str, object] = {"model": Problem}
RESPONSES: dict[int | str, dict[str, object]] = {
    "4XX": {**_JSON, "description": "What was asked cannot be done, in words"},
    503: {**_JSON, "description": "Not now: the register is held, or a file is being made; ask again"},
    507: {**_JSON, "description": "The disk is full; nothing was kept"},
}
"""What every route may answer beside its own answer."""

log = logging.getLogger("ecotrack.portal")

STATUS: dict[type[EcotrackError], int] = {
    errors.SignInRefused: 401,
    errors.NotAllowed: 404,
    errors.Forged: 403,
    errors.TooMany: 429,
    errors.UploadConflict: 409,
    errors.WrongOffset: 409,
    errors.NotReady: 409,
    errors.UploadTooLarge: 413,
    errors.OwnReview: 403,
    errors.HeldHere: 409,
    errors.HeldPlots: 409,
    errors.DecidedMeanwhile: 409,
    errors.UnitChanged: 409,
    errors.UnitInUse: 409,
    errors.UnitNameTaken: 409,
    errors.DiskFull: 507,
    errors.CannotWrite: 507,
    errors.RegisterBusy: 503,
    errors.ReadOnlyRegister: 503,
    errors.MissingFile: 503,
    errors.UnknownLayer: 404,
    errors.UnknownSubmission: 404,
    errors.TimedOut: 503,
}
"""Status of each error; every other one is 400."""

_PLAIN = {404: "没有这个页面", 405: "不支持这样的请求", 413: "内容太大"}


def install(app: FastAPI, portal: Portal) -> None:
    """Have the application answer errors in words."""

    @app.exception_handler(EcotrackError)
    def told(request: Request, error: EcotrackError) -> Response:
        status = STATUS.get(type(error), 400)
        headers = _headers(error)
        if error.where.startswith(portal.folder):
            error.where = ""  # where the office keeps its files is nobody's business outside
        return _answer(portal, request, status, type(error).__name__, _words(error), headers)

    @app.exception_handler(NotSignedIn)
    def nobody(request: Request, _error: NotSignedIn) -> Response:
        if request.method == "GET" and for_people(request.url.path):
            return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status_code=303)
        headers = {"WWW-Authenticate": "Bearer"}
        ogc = request.url.path.startswith("/ogc")  # no page of ours asks there
        words = "请用设备口令作密码，用户名任填；口令在网页“我的”里生成。" if ogc else "请先登录。"
        return _answer(portal, request, 401, "NotSignedIn", words, headers)

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> Response:
        words = _PLAIN.get(error.status_code, "请求无法处理") + "。"
        return _answer(portal, request, error.status_code, "HTTP", words, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        places = "、".join(sorted({str(found["loc"][-1]) for found in error.errors()}))[:200]
        # OGC API - Features asks for 400 where a parameter has a value that it cannot have.
        status = 400 if request.url.path.startswith("/ogc") else 422
        return _answer(portal, request, status, "BadRequest", f"请求的内容不对：{places}。", {})

    @app.exception_handler(ClientDisconnect)
    def gone(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=400)

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> Response:
        number = secrets.token_hex(4)
        log.error("error %s at %s %s", number, request.method, request.url.path, exc_info=error)
        words = f"服务器内部错误，编号 {number}。请把编号告诉管理员。"
        # This answer is made outside of what puts the headers of safety on every other.
        return _answer(portal, request, 500, "Unforeseen", words, HEADERS)


def _words(error: EcotrackError) -> str:
    """Return what a person at a page is told: which folder cannot be written is for the bureau to look after."""
    if isinstance(error, errors.CannotWrite):
        error = errors.DiskFull("", **error.facts)
    return error.message("zh")


def _headers(error: EcotrackError) -> dict[str, str]:
    if isinstance(error, errors.TooMany):
        return {"Retry-After": str(error.facts["seconds"])}
    if isinstance(error, errors.WrongOffset):
        return {"Upload-Offset": str(error.facts["kept"])}
    return {"Retry-After": "5"} if isinstance(error, errors.RegisterBusy) else {}


def _answer(portal: Portal, request: Request, status: int, kind: str, words: str, headers: dict[str, str]) -> Response:
    if for_people(request.url.path):
        answer = portal.page(request, "error.html", portal.gate.visitor(request), status=status, error=words)
        answer.headers.update(headers)
        return answer
    return JSONResponse({"error": kind, "zh": words}, status_code=status, headers=headers)
