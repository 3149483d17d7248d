"""A child with limits: whatever a target does, the parent gets an answer or one clear error."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from ecotrack.errors import TimedOut, UnreadableFile
from ecotrack.sandbox import Limits, missing_limits, run

TARGETS = """
import os, sys, time
from pathlib import Path

def echo(request, folder):
    print("a library that prints")
    os.write(1, b"and one that writes to stdout")
    return request[::-1] + str(folder == Path.cwd()).encode()

def sleeps(request, folder):
    time.sleep(60)

def burns(request, folder):
    while True:
        pass

def eats(request, folder):
    return b"x" * (3 << 30)

def writes(request, folder):
    (folder / "big").write_bytes(bytes(8 << 20))
    return b""

def answers_much(request, folder):
    return bytes(8 << 20)

def opens(request, folder):
    kept = [open(os.devnull) for _ in range(500)]
    return b""

def crashes(request, folder):
    os.abort()

def raises(request, folder):
    raise ValueError("row 7 is odd")

def sees(request, folder):
    return "\\n".join(sorted(os.environ)).encode()

def starts_another(request, folder):
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(request.decode()).write_text(str(child.pid))
    time.sleep(60)

def calls_out(request, folder):
    import socket
    try:
        socket.create_connection(("127.0.0.1", int(request)), timeout=2).close()
    except OSError as error:
        return b"no way out"
    return b"connected"

def modules(request, folder):
    import ecotrack.intake.child
    return ",".join(sorted({name.partition(".")[0] for name in sys.modules})).encode()
"""

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds every limit")


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "sandbox_targets.py").write_text(TARGETS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "targets"))
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def call(folder: Path, name: str, request: bytes = b"", **limits: float) -> bytes:
    return run(f"sandbox_targets:{name}", request, folder=folder, limits=Limits(**limits), where="a.shp")  # type: ignore[arg-type]


def test_the_answer_is_the_targets_bytes_alone(target: Path) -> None:
    assert call(target, "echo", b"abc") == b"cbaTrue"


def test_a_large_request_arrives_whole(target: Path) -> None:
    request = os.urandom(1 << 20)
    assert call(target, "echo", request) == request[::-1] + b"True"


def test_a_child_is_ended_at_the_deadline(target: Path) -> None:
    start = time.monotonic()
    with pytest.raises(TimedOut, match=r"a\.shp.*0\.5 s"):
        call(target, "sleeps", wall_s=0.5)
    assert time.monotonic() - start < 5


@LINUX
def test_processor_time_is_limited(target: Path) -> None:
    with pytest.raises(TimedOut, match="1 s CPU"):
        call(target, "burns", cpu_s=1)


@LINUX
def test_memory_is_limited(target: Path) -> None:
    with pytest.raises(TimedOut, match="256 MB"):
        call(target, "eats", memory_bytes=256 << 20)


@LINUX
@pytest.mark.parametrize("name", ["writes", "answers_much"])
def test_output_is_limited(target: Path, name: str) -> None:
    with pytest.raises(TimedOut, match="1 MB"):
        call(target, name, output_bytes=1 << 20)


@LINUX
def test_open_files_are_limited(target: Path) -> None:
    with pytest.raises(UnreadableFile, match="Too many open files"):
        call(target, "opens", open_files=64)


def test_a_crash_is_an_error_that_names_the_signal(target: Path) -> None:
    with pytest.raises(UnreadableFile, match="crashed" if sys.platform != "win32" else "exit code"):
        call(target, "crashes")


def test_an_exception_is_an_error_that_carries_its_words(target: Path) -> None:
    with pytest.raises(UnreadableFile, match="row 7 is odd"):
        call(target, "raises")


def test_the_child_sees_no_secret_of_the_environment(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "canary")
    assert b"DATABASE_PASSWORD" not in call(target, "sees")


@LINUX
def test_what_the_child_started_ends_with_it(target: Path) -> None:
    note = target / "pid"
    with pytest.raises(TimedOut):
        call(target, "starts_another", str(note).encode(), wall_s=3)
    pid = int(note.read_text())
    deadline = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@LINUX
def test_no_packet_leaves_the_child(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert call(target, "calls_out", str(port).encode()) == b"no way out"


def test_the_child_of_intake_loads_no_pandas(target: Path) -> None:
    loaded = set(call(target, "modules").decode().split(","))
    assert {"shapely", "pyproj"} <= loaded
    assert loaded.isdisjoint({"pandas", "geopandas", "folium", "openpyxl", "pyarrow"})


def test_each_platform_says_what_it_cannot_limit() -> None:
    assert missing_limits("linux") is None
    for platform in ("win32", "darwin"):
        words = missing_limits(platform)
        assert words is not None
        assert words.zh
        assert "memory" in words.en
