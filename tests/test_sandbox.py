"""A child with limits: whatever a target does, the parent gets an answer or one clear error.

Every rule holds for a child with an interpreter of its own and for one that a nursery has forked.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecotrack import sandbox
from ecotrack.errors import TimedOut, UnreadableFile
from ecotrack.nursery import Nursery, starter
from ecotrack.sandbox import Limits, missing_limits, run, start_by, start_interpreter

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


@pytest.fixture(params=["interpreter", pytest.param("fork", marks=LINUX)])
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Path]:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "sandbox_targets.py").write_text(TARGETS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "targets"))
    folder = tmp_path / "work"
    folder.mkdir()
    nursery = Nursery(("sandbox_targets",))
    if request.param == "fork":
        line = nursery.line
        assert line is not None
        start_by(starter(line))
    yield folder
    start_by(start_interpreter)
    nursery.close()


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


def soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


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


@LINUX
def test_a_forked_child_is_ended_when_nobody_waits_for_it_any_more(tmp_path: Path, target: Path) -> None:
    note = target / "pid"
    words = "from pathlib import Path; from ecotrack.nursery import Nursery, starter; from ecotrack import sandbox; "
    words += "sandbox.start_by(starter(Nursery(()).line)); sandbox.run('sandbox_targets:starts_another', "
    words += f"{str(note)!r}.encode(), folder=Path({str(target)!r}))"
    paths = os.pathsep.join([str(Path(sandbox.__file__).parents[1]), os.environ["PYTHONPATH"]])
    waits = subprocess.Popen([sys.executable, "-c", words], env=os.environ | {"PYTHONPATH": paths})
    assert soon(note.exists)
    waits.kill()
    waits.wait()
    pid = int(note.read_text())
    assert soon(lambda: not _alive(pid))


@LINUX
def test_without_its_nursery_a_child_is_started_all_the_same(target: Path) -> None:
    nursery = Nursery(())
    line = nursery.line
    assert line is not None
    kept = line.dup()
    nursery.close()
    start_by(starter(kept))
    assert call(target, "echo", b"abc") == b"cbaTrue"


@LINUX
def test_a_nursery_that_was_killed_starts_again(target: Path) -> None:
    nursery = Nursery(("sandbox_targets",))
    for _ in range(2):
        line = nursery.line
        assert line is not None
        start_by(starter(line))
        assert call(target, "echo", b"abc") == b"cbaTrue"
        process = nursery._process
        assert process is not None
        process.kill()
        process.wait()
    nursery.close()


@LINUX
def test_a_nursery_carries_no_secret_and_no_way_out(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "canary")
    nursery = Nursery(())
    line = nursery.line
    assert line is not None
    start_by(starter(line))
    call(target, "echo")
    process = nursery._process
    assert process is not None
    assert b"canary" not in Path(f"/proc/{process.pid}/environ").read_bytes()
    assert "Seccomp:\t2" in Path(f"/proc/{process.pid}/status").read_text()
    nursery.close()


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
