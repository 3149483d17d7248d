"""Connections that hold a place and ask nothing: they are closed, so that others get in."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class Patience(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol with a clock that it lacks: the head of a request must come within so many seconds.

    Bodies have clocks of their own (`ecotrack.web.gate.SmallBodies`, `ecotrack.web.uploads.take_in`), and a connection
    that has been answered and says nothing is closed by uvicorn itself.
    """

    head_s = 20.0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what came; begin to wait where it is not yet a request, end where it is one."""
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
