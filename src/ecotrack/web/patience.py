"""Connections that hold a place and ask nothing are closed, so that others get in; of too many each is told so."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ecotrack.web.gate import for_people

_CROWDED = "现在打开的人太多，一时进不来。请过半分钟再试；没有发出的内容都在您的设备上，不会丢。"
_WAIT_S = b"30"


class Patience(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol with a clock that it lacks: the head of a request must come within so many seconds.

    Bodies have clocks of their own (`ecotrack.web.gate.SmallBodies`, `ecotrack.web.uploads.take_in`), and a connection
    that has been answered and says nothing is closed by uvicorn itself.
    """

    head_s = 20.0
    most = 512
    """Connections at once; a request on one more is answered that there are too many."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what came; begin to wait where it is not yet a request, end where it is one."""
        self.app = crowded if len(self.connections) > self.most else self.config.loaded_app
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._forget()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(self.head_s, self.transport.close)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = None


async def crowded(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that there are too many at this moment: a page to people, JSON to programs; the connection ends."""
    if scope["type"] != "http":
        return
    kind, body = b"application/json", f'{{"error": "TooMany", "zh": "{_CROWDED}"}}'
    if for_people(scope["path"]):
        kind, body = b"text/html; charset=utf-8", _PAGE
    headers = [(b"content-type", kind), (b"retry-after", _WAIT_S), (b"connection", b"close"), *_SAFE]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


_SAFE = [(b"cache-control", b"no-store"), (b"content-security-policy", b"default-src 'none'")]
_PAGE = f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>请稍后再试</title></head><body><main><h1>请稍后再试</h1><p role="alert">{_CROWDED}</p>
<p><a href="/">再试一次</a></p></main></body></html>
"""
