"""When the machine fails: a clear word to the person, nothing lost, and all goes on by itself afterwards."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from benchmarks.portal_dies import IN_TRANSACTION, POINTS
from fastapi.testclient import TestClient

from ecotrack.accounts import Role
from ecotrack.desk.counter import Counter
from ecotrack.register import Register, audit, new_id
from ecotrack.web.app import create_app
from ecotrack.web.portal import Options
from ecotrack.workspace import Workspace
from portal_cases import (
    ASKED,
    Person,
    Served,
    bound_by_permissions,
    first_account,
    hire,
    plots,
    served,
    start,
    workspace_in,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the portal is served on Linux")


@pytest.fixture(scope="module")
def field(bureau: Person) -> Person:
    return hire(bureau, "zq-01", ("field", "131121"))


def register_of(folder: Path) -> Path:
    return folder / "register" / "ecotrack.gpkg"


def receipts_in(folder: Path) -> dict[str, str]:
    """Return the receipts of the chain, which must be whole, with the bytes of each on the disk."""
    with Register.open(register_of(folder), read_only=True) as register:
        papers = {paper.document_id: paper.body["sha256"] for paper in register.documents(kind="upload")}
        assert audit(register).sound
        for sha256 in papers.values():
            assert hashlib.sha256(register.raw(sha256)).hexdigest() == sha256
    return papers


def test_a_connection_that_breaks_at_any_tenth_is_gone_on_with(portal: Served, field: Person) -> None:
    token = field.call("POST", "/api/tokens", json={"label": "断线"}).json()["secret"]
    place, sent = urlsplit(portal.url), {}
    for tenth in range(10):
        data, upload_id = os.urandom(200_000), new_id()
        query = urlencode({"name": f"断在{tenth}0%.bin", **ASKED})
        with socket.create_connection((place.hostname, place.port)) as line:
            head = f"PUT /api/uploads/{upload_id}?{query} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            head += f"Authorization: Bearer {token}\r\nContent-Length: {len(data)}\r\n\r\n"
            line.sendall(head.encode() + data[: len(data) * tenth // 10])
        answer = resumed(field, upload_id, data)
        assert (answer.status_code, answer.json()["sha256"]) == (201, hashlib.sha256(data).hexdigest())
        sent[upload_id] = hashlib.sha256(data).hexdigest()
    assert receipts_in(portal.folder).items() >= sent.items()


def resumed(person: Person, upload_id: str, data: bytes) -> httpx.Response:
    """Go on with an upload where the portal says, as the page does; while the broken connection ends, wait."""
    for _ in range(100):
        kept = int(person.call("HEAD", f"/api/uploads/{upload_id}").headers["Upload-Offset"])
        headers = {"Upload-Offset": str(kept), "Upload-Length": str(len(data))}
        path = f"/api/uploads/{upload_id}?{urlencode({'name': '续.bin', **ASKED})}"
        answer = person.call("PUT", path, content=data[kept:], headers=headers)
        if answer.status_code not in (409, 429):
            return answer
    raise AssertionError(answer.text)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; only the superuser can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small disk takes a superuser")
    yield place
    subprocess.run(["umount", "-l", place], check=False)


def fill(disk: Path, leave: int) -> Path:
    filler = disk / "filler"
    room = shutil.disk_usage(disk).free
    filler.write_bytes(b"\0" * max(0, room - leave))
    return filler


def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_there(small_disk: Path) -> None:
    folder = workspace_in(small_disk / "w")
    with served(folder) as portal:
        field = hire(first_account(portal), "zq-01", ("field", "131121"))
        kept, refused = {}, {}
        for leave in (0, 4 << 10, 16 << 10, 48 << 10, 100 << 10, 300 << 10):
            filler = fill(small_disk, leave)
            for size in (2_000, 60_000, 250_000):
                data, upload_id = os.urandom(size), new_id()
                answer = field.send(data, upload_id=upload_id)
                assert answer.status_code in (201, 507), answer.json()
                (kept if answer.status_code == 201 else refused)[upload_id] = data
                if answer.status_code == 507:
                    assert answer.json()["error"] in ("DiskFull", "CannotWrite")
                    assert re.fullmatch(
                        "服务器没能保存：[^a-zA-Z]*磁盘.*满.*还在您的设备上.*稍后再发。", answer.json()["zh"]
                    )
            filler.unlink()
        assert refused
        assert receipts_in(folder).keys() == kept.keys()
        for upload_id, data in refused.items():
            assert field.send(data, upload_id=upload_id).status_code == 201  # there is room again
        wanted = {key: hashlib.sha256(data).hexdigest() for key, data in (kept | refused).items()}
        assert receipts_in(folder) == wanted


def test_a_file_that_the_machine_will_not_take_is_said_and_taken_later(portal: Served, field: Person) -> None:
    data, upload_id = os.urandom(1_500_000), new_id()
    resource.prlimit(portal.process.pid, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    answer = field.send(data, upload_id=upload_id)
    resource.prlimit(portal.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert (answer.status_code, answer.json()["error"]) == (507, "DiskFull")
    assert "还在您的设备上" in answer.json()["zh"]
    assert upload_id not in receipts_in(portal.folder)
    assert resumed(field, upload_id, data).status_code == 201
    assert receipts_in(portal.folder)[upload_id] == hashlib.sha256(data).hexdigest()


def test_a_folder_that_turns_read_only_is_said_and_gone_on_with(tmp_path: Path) -> None:
    folder = workspace_in(tmp_path / "w")
    portal = start(folder, first_do=bound_by_permissions)
    try:
        field = hire(first_account(portal), "zq-01", ("field", "131121"))
        assert field.send(plots(x=115.70)).status_code == 201
        arriving = folder / "register" / "ecotrack.raw" / "arriving"
        arriving.chmod(0o555)
        data, upload_id = plots(x=115.72), new_id()
        answer = field.send(data, upload_id=upload_id)
        assert (answer.status_code, answer.json()["error"]) == (507, "DiskFull")
        assert "服务器没能保存：没有权限" in answer.json()["zh"]
        assert field.call("GET", "/api/figures").status_code == 200
        arriving.chmod(0o755)
        assert field.send(data, upload_id=upload_id).status_code == 201
        assert upload_id in receipts_in(folder)
    finally:
        portal.kill()


def test_a_workspace_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    folder = workspace_in(tmp_path / "w")
    folder.chmod(0o555)
    line = [
        sys.executable,
        "-c",
        "from ecotrack.cli.main import main; main()",
        "-w",
        str(folder),
        "serve",
        "--port",
        "0",
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    told = subprocess.run(line, capture_output=True, text=True, env=environment, preexec_fn=bound_by_permissions,
                          timeout=120, check=False)  # fmt: skip
    folder.chmod(0o755)
    assert told.returncode not in (0, 1)
    assert "Traceback" not in told.stderr
    assert str(folder) in told.stderr


def test_a_clock_that_was_set_back_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = workspace_in(tmp_path / "w")
    workspace = Workspace.open(folder)
    late = "2031-01-01T00:00:00.000000Z"
    with monkeypatch.context() as patched:
        patched.setattr("ecotrack.register.store._instant", lambda _moment: late)
        workspace.register(create=True).close()
    with served(folder) as portal:
        bureau = first_account(portal)
        field, reviewer = hire(bureau, "zq-01", ("field", "131121")), hire(bureau, "sh-01", ("reviewer", ""))
        told = field.submitted(plots(x=115.70))
        wish = {"ids": [told["submission_id"]], "verdict": "accept"}
        assert reviewer.call("POST", "/api/review", json=wish).status_code == 200
        board = field.call("GET", "/api/figures?fresh=true").json()
        assert sum(unit["accepted_mu"] for unit in board["units"]["responsible"]) > 0
    with workspace.register(read_only=True) as register:
        instants = [recorded_at for _, recorded_at, *_ in register.entries()]
        assert instants == sorted(instants)
        assert instants[-1] == late
        assert audit(register).sound


EDITS = """
import sys, fiona
given = {"version_id": "q", "feature_id": "q", "layer": "plots", "submission_id": "q", "effective_on": "2026-01-01",
         "attributes": "{}", "sample": 0}
ring = [(115.7, 37.5), (115.71, 37.5), (115.71, 37.51), (115.7, 37.5)]
with fiona.open(sys.argv[1], "a", layer="feature_version") as layer:
    def edited():
        fields = {name: given.get(name) for name in layer.schema["properties"]}
        yield {"geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": fields}
        print("held", flush=True)
        sys.stdin.read()
    layer.writerecords(edited())
"""
"""Edits the register through GDAL, as QGIS does, and leaves the edit open."""


@contextmanager
def held(path: Path, by: str) -> Iterator[None]:
    """Hold a register for writing: by a transaction of SQLite, or by an edit that a program with GDAL has open."""
    if by == "GDAL":
        program = [sys.executable, "-c", EDITS, str(path)]
        other = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.kill()
        other.communicate()
        return
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"BEGIN {by}")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE", "GDAL"])
def test_a_register_that_another_program_holds_is_said_and_written_to_afterwards(tmp_path: Path, lock: str) -> None:
    counter = Counter(Workspace.open(workspace_in(tmp_path / "w")))
    account = counter.accounts.add("zq-01", roles=[Role("field", "131121")], by="test")
    headers = {"Authorization": f"Bearer {counter.accounts.new_token(account.account_id, label='x')}"}
    options = Options(hosts=("testserver",), patience_s=0.5)
    data, upload_id = plots(), new_id()
    path = f"/api/uploads/{upload_id}?{urlencode({'name': '甲.geojson', **ASKED})}"
    with TestClient(create_app(counter, options)) as client:
        with held(register_of(tmp_path / "w"), lock):
            answer = client.put(path, content=data, headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (503, "RegisterBusy")
            assert "登记库正被另一个程序写入" in answer.json()["zh"]
            assert "请稍后再试" in answer.json()["zh"]
            assert answer.headers["Retry-After"]
            assert client.get("/api/figures", headers=headers).status_code == 200
        again = client.put(path, content=data, headers=headers)
        assert again.status_code in (200, 201)
    assert [*receipts_in(tmp_path / "w")] == [upload_id]


def test_a_program_that_only_reads_holds_nobody_up(portal: Served, field: Person) -> None:
    other = sqlite3.connect(f"file:{register_of(portal.folder)}?mode=ro", uri=True, isolation_level=None)
    other.execute("BEGIN")
    before = other.execute("SELECT count(*) FROM entry").fetchone()
    assert field.send(plots(x=115.90)).status_code == 201
    assert other.execute("SELECT count(*) FROM entry").fetchone() == before
    other.execute("COMMIT")
    other.close()


@pytest.mark.long
def test_whatever_the_point_at_which_it_is_killed_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    folder = workspace_in(tmp_path / "w")
    portal = start(folder)
    field = hire(first_account(portal), "zq-01", ("field", "131121"))
    token = field.call("POST", "/api/tokens", json={"label": "x"}).json()["secret"]
    portal.kill()
    acknowledged: dict[str, bytes] = {}
    unsure: dict[str, bytes] = {}
    assert {*IN_TRANSACTION} < {*POINTS}
    for point in POINTS:
        portal = start(folder, dies=(point, 2))
        sender = Sender(portal.url, token)
        first, second = (new_id(), os.urandom(5_000)), (new_id(), os.urandom(5_000))
        assert sender.send(*first)
        assert not sender.send(*second), point
        assert portal.process.wait(30) == -9
        acknowledged |= {first[0]: first[1]}
        unsure |= {second[0]: second[1]}
        assert receipts_in(folder).keys() >= acknowledged.keys()
    portal = start(folder)
    sender = Sender(portal.url, token)
    assert all(sender.send(upload_id, data) for upload_id, data in unsure.items())
    portal.kill()
    wanted = {key: hashlib.sha256(data).hexdigest() for key, data in (acknowledged | unsure).items()}
    assert receipts_in(folder) == wanted


class Sender:
    """A device that sends with a token and says whether it was acknowledged."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=url, trust_env=False, headers=headers, timeout=60)

    def send(self, upload_id: str, data: bytes) -> bool:
        path = f"/api/uploads/{upload_id}?{urlencode({'name': 'a.bin', **ASKED})}"
        try:
            return self._client.put(path, content=data).status_code in (200, 201)
        except httpx.TransportError:
            return False
