"""The client of the portal for scripts and offices: sends a file, goes on after a break, and waits for the answer."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from hashlib import file_digest
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ecotrack.errors import PushRefused, PushUnreachable
from ecotrack.register import stable_id


class Push:
    """One portal, reached with a device token.

    Parameters
    ----------
    url
        Address of the portal, ``http://`` (loopback only) or ``https://``.
    token
        A device token.
    ca
        A certificate (PEM) to be trusted beside those of this machine: the office's own.

    Raises
    ------
    PushRefused
        The address is none, or would send the token over a network in the open; or the certificate is none.
    """

    def __init__(self, url: str, token: str, *, tries: int = 5, ca: Path | None = None) -> None:
        self._host, self._https = _place(url)
        self._tries = tries
        self._headers = {"Authorization": f"Bearer {token}"}
        try:
            self._trust = ssl.create_default_context()
            if ca is not None:
                self._trust.load_verify_locations(ca)
        except OSError as error:
            raise PushRefused(ca, detail=error) from error

    def _ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        connection = (
            http.client.HTTPSConnection(self._host, timeout=120, context=self._trust)
            if self._https
            else http.client.HTTPConnection(self._host, timeout=120)
        )
        try:
            connection.request(method, path, body=body, headers=self._headers | headers)
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, _json(answer.read())
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
        size = path.stat().st_size
        if not size:
            raise PushRefused(path, detail="文件是空的（0 字节）")
        with path.open("rb") as opened:
            digest = file_digest(opened, "sha256").hexdigest()
        upload_id = stable_id("push", digest, self._headers["Authorization"], *sorted(asked.items()))
        place = f"/api/uploads/{upload_id}?{urlencode({'name': path.name, **asked})}"
        fault: object = ""
        for attempt in range(self._tries):
            try:
                status, headers, told = self._ask("HEAD", f"/api/uploads/{upload_id}")
                if status not in (200, 204, 429, 503):  # an answer to HEAD has no words
                    raise PushRefused(path, detail=_said(*self._ask("GET", f"/api/uploads/{upload_id}")[::2]))
                kept = min(int(headers.get("upload-offset", 0)), size) if status == 204 else 0
                with path.open("rb") as rest:
                    rest.seek(kept)
                    sizes = {"Upload-Offset": kept, "Upload-Length": size, "Content-Length": size - kept}
                    told_sizes = {name: str(count) for name, count in sizes.items()}
                    status, headers, told = self._ask("PUT", place, rest, **told_sizes)
            except (OSError, http.client.HTTPException) as error:
                fault = error
            else:
                if status in (200, 201):
                    return dict(told)
                if status not in (409, 429, 503, 507) or told.get("error") == "UploadConflict":
                    raise PushRefused(path, detail=_said(status, told))
                fault = _said(status, told)
            time.sleep(min(0.2 * 2**attempt, 5))
        raise PushUnreachable(self._host, detail=fault)

    def follow(self, upload_id: str, *, submit: bool, seconds: float = 120) -> dict[str, Any]:
        """Wait until an upload is checked and, if wished, sent in; return how it stands."""
        wished, deadline = False, time.monotonic() + seconds
        while True:
            try:
                status, _, told = self._ask("GET", f"/api/uploads/{upload_id}")
                if status != 200:
                    raise PushRefused("", detail=_said(status, told))
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


def _place(url: str) -> tuple[str, bool]:
    """Return host and port of a portal, and whether https is spoken there."""
    place = urlsplit(url.strip())
    try:
        host, _ = place.hostname, place.port
    except ValueError:
        host = None
    if place.scheme not in ("http", "https") or not host or place.path.strip("/"):
        raise PushRefused(url, detail="地址要像 https://10.1.2.3:8040 这样写，后面不带别的")
    if place.scheme == "http" and host not in ("127.0.0.1", "localhost", "::1"):
        raise PushRefused(url, detail="http 会让口令在网络上明文传送，请用 https")
    return place.netloc, place.scheme == "https"


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}  # no portal, or no words of its own


def _said(status: int, told: Any) -> str:
    """Return why nothing was taken; of an answer without words of a portal, what may be behind it."""
    words = told.get("zh") if isinstance(told, dict) else None
    if status == 401:
        return "设备口令不对或已作废；请到网页“我的”里重新生成"
    return words.rstrip("。") if words else f"HTTP {status}，这个地址可能不是报送网站"
