"""The client of the portal for scripts and offices: sends a file, goes on after a break, and waits for the answer."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ecotrack.errors import PushRefused, PushUnreachable
from ecotrack.register import stable_id

_CHUNK = 1 << 20


class Push:
    """One portal, reached with a device token.

    Parameters
    ----------
    url
        Address of the portal, ``http://`` (loopback only) or ``https://``.
    token
        A device token.

    Raises
    ------
    PushRefused
        The address would send the token over a network in the open.
    """

    def __init__(self, url: str, token: str, *, tries: int = 5) -> None:
        place = urlsplit(url)
        self._host, self._https, self._tries = place.netloc, place.scheme == "https", tries
        if not self._https and place.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise PushRefused(url, detail="http 会让口令在网络上明文传送，请用 https")
        self._headers = {"Authorization": f"Bearer {token}"}

    def _ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        connection = kind(self._host, timeout=120)
        try:
            connection.request(method, path, body=body, headers=self._headers | headers)
            answer = connection.getresponse()
            text = answer.read()
            told = json.loads(text) if text.startswith((b"{", b"[")) else {}
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, told
        finally:
            connection.close()

    def send(self, path: Path, **asked: str) -> dict[str, Any]:
        """Send a file and return its receipt; the same file with the same words is one upload however often it goes.

        Raises
        ------
        PushUnreachable
            The portal could not be reached, or kept breaking off.
        PushRefused
            It answered, and took nothing.
        """
        data = path.read_bytes()
        upload_id = stable_id("push", data.hex(), self._headers["Authorization"], *sorted(asked.items()))
        place = f"/api/uploads/{upload_id}?{urlencode({'name': path.name, **asked})}"
        fault: object = ""
        for attempt in range(self._tries):
            try:
                status, headers, told = self._ask("HEAD", f"/api/uploads/{upload_id}")
                if status not in (200, 204):
                    raise PushRefused(path, detail=told.get("zh") or f"HTTP {status}")
                kept = min(int(headers.get("upload-offset", 0)), len(data)) if status == 204 else 0
                sizes = {"Upload-Offset": str(kept), "Upload-Length": str(len(data))}
                status, headers, told = self._ask("PUT", place, data[kept:], **sizes)
            except (OSError, http.client.HTTPException) as error:
                fault = error
            else:
                if status in (200, 201):
                    return dict(told)
                if status not in (409, 429, 503, 507):
                    raise PushRefused(path, detail=told.get("zh") or f"HTTP {status}")
                fault = told.get("zh") or f"HTTP {status}"
            time.sleep(min(0.2 * 2**attempt, 5))
        raise PushUnreachable(self._host, detail=fault)

    def follow(self, upload_id: str, *, submit: bool, seconds: float = 120) -> dict[str, Any]:
        """Wait until an upload is checked and, if wished, sent in; return how it stands."""
        wished, deadline = False, time.monotonic() + seconds
        while True:
            try:
                status, _, told = self._ask("GET", f"/api/uploads/{upload_id}")
                if status != 200:
                    raise PushRefused("", detail=told.get("zh") or f"HTTP {status}")
                if told["state"] == "checked" and submit and not wished:
                    status, _, said = self._ask("POST", f"/api/uploads/{upload_id}/submit")
                    wished = True
                    if status != 202:
                        return dict(told) | {"refused": said.get("zh", "")}
                elif told["state"] not in ("received", "submitting"):
                    return dict(told)
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline:
                    raise PushUnreachable(self._host, detail=error) from error
            if time.monotonic() > deadline:
                raise PushUnreachable(self._host, detail="timeout")
            time.sleep(0.3)
