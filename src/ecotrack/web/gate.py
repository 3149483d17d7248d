"""Who is asking, whether the request is the person's own, and how often one may ask."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass

from fastapi import Request
from itsdangerous import BadSignature, Signer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ecotrack.accounts import Account, Accounts, RoleName
from ecotrack.errors import Forged, NotAllowed, TooMany

COOKIE = "ecotrack"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy of every page of the portal itself."""

SEALED_POLICY = "sandbox allow-scripts allow-popups allow-downloads; frame-ancestors 'self'; base-uri 'none'"
"""Policy of sealed pages (map, findings) in addition to their own: they run in an origin of their own."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(self), screen-wake-lock=(self), microphone=()",
    "cache-control": "no-store",
}


class NotSignedIn(Exception):
    """A page that needs somebody who has signed in."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the account, and the CSRF token of the session; a device token needs none."""

    account: Account
    csrf: str


class Gate:
    """Tells who asks, and refuses what did not come from the person.

    Parameters
    ----------
    secure
        Whether cookies travel over https only.
    """

    def __init__(self, accounts: Accounts, *, secure: bool) -> None:
        self.accounts, self.secure = accounts, secure
        self._key = accounts.key()
        self._signer = Signer(self._key, salt="session")

    def cookie(self, secret: str) -> str:
        """Return the signed value of a session's cookie."""
        return self._signer.sign(secret).decode()

    def secret_of(self, request: Request) -> str | None:
        """Return the session's secret where the cookie is one of ours."""
        try:
            return self._signer.unsign(request.cookies.get(COOKIE, "")).decode()
        except BadSignature:
            return None

    def csrf(self, secret: str) -> str:
        """Return the token that a page of this session sends along."""
        return hmac.new(self._key, f"csrf:{secret}".encode(), hashlib.sha256).hexdigest()

    def visitor(self, request: Request) -> Visitor | None:
        """Return who asks, by device token or session; a token that is none is nobody."""
        word, _, token = request.headers.get("authorization", "").partition(" ")
        if word:
            if word.lower() == "basic" and request.method in _SAFE:
                # GIS programs know names and passwords only; a browser may repeat them, so they change nothing.
                word, token = "bearer", _password(token)
            account = self.accounts.of_token(token.strip()) if word.lower() == "bearer" else None
            return Visitor(account, "") if account else None
        secret = self.secret_of(request)
        account = self.accounts.of_session(secret) if secret else None
        return Visitor(account, self.csrf(secret)) if account and secret else None

    def require(self, request: Request, *roles: RoleName) -> Visitor:
        """Return who asks, who must have any of some roles; what changes something must come from our own page.

        Raises
        ------
        NotSignedIn, NotAllowed, Forged
            It is nobody, the account has none of the roles, or another site made the request.
        """
        visitor = self.visitor(request)
        if visitor is None:
            raise NotSignedIn
        if request.method not in _SAFE and visitor.csrf:
            refuse_other_site(request)
            if not hmac.compare_digest(request.headers.get("x-csrf-token", ""), visitor.csrf):
                raise Forged("")
        if roles and not any(visitor.account.may(role) for role in roles):
            raise NotAllowed("")
        return visitor


def _password(token: str) -> str:
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def refuse_other_site(request: Request) -> None:
    """Refuse a request that a browser says another site made.

    Raises
    ------
    Forged
        ``Sec-Fetch-Site`` or ``Origin`` names another site.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forged("")
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Forged("")


class Rate:
    """Takes so many requests from one key in so many seconds; forgets the oldest keys.

    Examples
    --------
    >>> rate = Rate(2, 60)
    >>> rate.take("a"); rate.take("a")
    >>> rate.take("b")
    >>> rate.take("a")
    Traceback (most recent call last):
    ecotrack.errors.portal.TooMany: too many requests. wait 60 seconds.
    """

    _KEYS = 10_000

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> None:
        """Count one request.

        Raises
        ------
        TooMany
            There were too many; this one does not count.
        """
        now = time.monotonic()
        with self._lock:
            times = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= self._most:
                raise TooMany("", seconds=max(1, round(times[0] + self._seconds - now)))
            times.append(now)
            if len(self._seen) > self._KEYS:
                self._seen.popitem(last=False)

    def give_back(self, key: str) -> None:
        """Take back what was counted last: it was no attempt that should count."""
        with self._lock:
            if self._seen.get(key):
                self._seen[key].pop()


class SafeHeaders:
    """Puts the headers of safety on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        more = {"strict-transport-security": "max-age=31536000"} if https else {}
        self._headers = [(name.encode(), value.encode()) for name, value in {**HEADERS, **more}.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in self._headers if h[0] not in own)]
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


_LARGE = "内容太大：超过 1 MB，没有收下。请返回删短再报；文件从“上传边界”里传。"
_TOO_LARGE = {
    "application/json": f'{{"error": "TooLarge", "zh": "{_LARGE}"}}'.encode(),
    "text/html; charset=utf-8": f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>内容太大</title><link rel="stylesheet" href="/static/portal.css"></head>
<body><main class="narrow"><h1>没有办成</h1><p class="error" role="alert">{_LARGE}</p>
<p><a class="button" href="/">回首页</a></p></main></body></html>
""".encode(),
}


def for_people(path: str) -> bool:
    """Tell whether a page is meant for people, who are answered in pages and not in JSON.

    Examples
    --------
    >>> for_people("/sign-in"), for_people("/api/uploads"), for_people("/ogc/collections")
    (True, False, False)
    """
    return not path.startswith(("/api/", "/ogc"))


class SmallBodies:
    """Refuses bodies of more than a megabyte everywhere but where files are sent, and those that do not end.

    Parameters
    ----------
    but
        Paths at which files are sent; one that ends in a slash is the beginning of many.
    whole_s
        Seconds within which the whole of a body must be here.
    """

    def __init__(self, app: ASGIApp, *, but: tuple[str, ...], limit: int = 1 << 20, whole_s: float = 30.0) -> None:
        self._app, self._but, self._limit, self._whole_s = app, but, limit, whole_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or self._takes_files(scope["path"]):
            await self._app(scope, receive, send)
            return
        taken, more = 0, True
        until = asyncio.get_running_loop().time() + self._whole_s

        async def receiving() -> Message:
            nonlocal taken, more
            try:
                async with asyncio.timeout_at(until if more else None):
                    message = await receive()
            except TimeoutError:
                return {"type": "http.disconnect"}
            more = more and message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > self._limit:
                return {"type": "http.disconnect"}
            return message

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limit:
            kind = "text/html; charset=utf-8" if for_people(scope["path"]) else "application/json"
            headers = [(b"connection", b"close"), (b"content-type", kind.encode())]
            await send({"type": "http.response.start", "status": 413, "headers": headers})
            await send({"type": "http.response.body", "body": _TOO_LARGE[kind]})
            return
        await self._app(scope, receiving, send)

    def _takes_files(self, path: str) -> bool:
        return any(path.startswith(one) if one.endswith("/") else path == one for one in self._but)
