"""Who holds a connection and sends nothing, or next to nothing, is shown out; others are served meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn

from ecotrack.accounts import Role
from ecotrack.desk.counter import Counter
from ecotrack.register import new_id
from ecotrack.web.app import create_app
from ecotrack.web.patience import Patience
from ecotrack.web.portal import Options
from ecotrack.workspace import Workspace
from portal_cases import ASKED, plots, workspace_in

LONGEST_S = 20.0
"""Far more than the second that this portal waits; a connection that lives so long was not closed."""


class Short(Patience):
    head_s = 1.0
    most = 4


@dataclass
class Running:
    port: int
    token: str

    def connect(self) -> socket.socket:
        wire = socket.create_connection(("127.0.0.1", self.port))
        wire.settimeout(LONGEST_S)
        return wire

    def put(self, upload_id: str, data: bytes, **headers: str) -> httpx.Response:
        address = f"http://127.0.0.1:{self.port}{self.path(upload_id)}"
        return httpx.put(address, content=data, headers={"Authorization": f"Bearer {self.token}", **headers},
                         trust_env=False, timeout=60)  # fmt: skip

    def path(self, upload_id: str) -> str:
        return f"/api/uploads/{upload_id}?{urlencode({'name': '甲.geojson', **ASKED})}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    counter = Counter(Workspace.open(workspace_in(tmp_path_factory.mktemp("w") / "w")))
    account = counter.accounts.add("zq-01", roles=[Role("field", "131121")], by="test")
    token = counter.accounts.new_token(account.account_id, label="x")
    app = create_app(counter, Options(idle_s=1.0, whole_s=1.0))
    config = uvicorn.Config(app, port=0, http=Short, log_level="warning", timeout_keep_alive=1)
    listening = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Running(listening.getsockname()[1], token)
    server.should_exit = True
    thread.join()


def dripped(wire: socket.socket, data: bytes) -> bytes:
    """Send byte after byte until the other side says or closes something; return what it said."""
    begun = time.monotonic()
    wire.settimeout(0.2)
    for place in range(len(data)):
        if time.monotonic() - begun > LONGEST_S:
            break
        try:
            wire.sendall(data[place : place + 1])
            return wire.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return b""
    raise AssertionError("the connection stays open")


def test_a_head_that_does_not_come_ends_the_connection_and_lets_others_in(running: Running) -> None:
    silent = [running.connect() for _ in range(4)]
    assert [wire.recv(1000) for wire in silent] == [b""] * 4
    assert httpx.get(f"http://127.0.0.1:{running.port}/sign-in", trust_env=False).status_code == 200


@pytest.mark.parametrize("first", [b"", b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"], ids=["first", "second"])
def test_a_head_that_drips_ends_the_connection(running: Running, first: bytes) -> None:
    with running.connect() as wire:
        if first:
            wire.sendall(first)
            assert b"200 OK" in wire.recv(1 << 20)
        assert dripped(wire, b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"a" * 400) == b""


def test_a_form_that_drips_is_broken_off(running: Running) -> None:
    with running.connect() as wire:
        wire.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 400\r\n"
                     b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")  # fmt: skip
        assert b" 400 " in dripped(wire, b"login=" + b"a" * 394)


def test_an_upload_that_drips_is_broken_off_and_gone_on_with(running: Running) -> None:
    data, upload_id = plots(), new_id()
    with running.connect() as wire:
        head = f"PUT {running.path(upload_id)} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n"
        wire.sendall(f"{head}Authorization: Bearer {running.token}\r\n\r\n".encode())
        assert "上传中断".encode() in dripped(wire, data)
    address = f"http://127.0.0.1:{running.port}/api/uploads/{upload_id}"
    held = httpx.head(address, headers={"Authorization": f"Bearer {running.token}"}, trust_env=False)
    kept = int(held.headers["upload-offset"])
    assert 0 < kept < len(data)
    rest = {"Upload-Offset": str(kept), "Upload-Length": str(len(data))}
    assert running.put(upload_id, data[kept:], **rest).status_code == 201


def test_a_quick_upload_is_taken_meanwhile(running: Running) -> None:
    with running.connect() as wire:
        wire.sendall(b"GET ")
        assert running.put(new_id(), plots(x=115.8)).status_code == 201


def test_of_too_many_connections_each_is_told_in_words(running: Running) -> None:
    waiting = [running.connect() for _ in range(Short.most)]
    address = f"http://127.0.0.1:{running.port}"
    page = httpx.get(f"{address}/sign-in", trust_env=False)
    told = httpx.head(f"{address}/api/uploads/{new_id()}", trust_env=False)
    sent = httpx.put(f"{address}{running.path(new_id())}", content=b"x" * 5000, trust_env=False)
    for wire in waiting:
        wire.close()
    for answer in (page, told, sent):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "30"
    assert "请过半分钟再试" in page.text
    assert sent.json()["error"] == "TooMany"
    assert "请过半分钟再试" in sent.json()["zh"]


def test_where_the_crowd_has_gone_people_are_let_in_again(running: Running) -> None:
    for wire in [running.connect() for _ in range(3 * Short.most)]:
        wire.close()
    deadline = time.monotonic() + LONGEST_S
    while httpx.get(f"http://127.0.0.1:{running.port}/sign-in", trust_env=False).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
