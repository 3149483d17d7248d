"""A child process with limits, for work on files that come from outside.

The parent names a function as ``module:function``; the child puts limits on itself and (on Linux) gives up
the network before it imports that module, so a file that makes a reader run away costs one child and
nothing else. The network is given up twice: by a network namespace without a way out, where the kernel lets
us have one, and by a filter on system calls, which needs no privilege and under which no socket can be made.
Every difference between platforms stands here: where the operating system cannot hold a limit,
`missing_limits` says so in words.
"""

from __future__ import annotations

import errno
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, cast

from ecotrack.errors import Text, TimedOut, UnreadableFile

_EXIT_MEMORY, _EXIT_OUTPUT = 41, 42
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one child may use.

    Attributes
    ----------
    wall_s
        Seconds until it is killed.
    cpu_s
        Seconds of processor time.
    memory_bytes
        Address space.
    open_files
        Files open at once.
    output_bytes
        Size of any file that it writes, its answer included.
    """

    wall_s: float = 20.0
    cpu_s: int = 20
    memory_bytes: int = 1 << 30
    open_files: int = 128
    output_bytes: int = 512 << 20


class Order(NamedTuple):
    """What a child is to do: ``module:function``, its limits, its working folder."""

    target: str
    limits: Limits
    folder: Path

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """The limits that a child puts on itself: `limit_self`."""
        limits = self.limits
        return limits.cpu_s, limits.memory_bytes, limits.open_files, limits.output_bytes


class Child(Protocol):
    """A child that runs, or has run; as `subprocess.Popen`."""

    stdin: IO[bytes] | None
    pid: int
    returncode: int | Any

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code; `subprocess.TimeoutExpired` where it takes longer."""

    def end(self) -> None:
        """Kill it, and what it started, where it still runs."""


Starter = Callable[[Order, IO[bytes], IO[bytes]], Child]
"""Starts a child that writes to a file for its answer and to one for its complaint."""


def missing_limits(platform: str = sys.platform) -> Text | None:
    """Say which limits this platform cannot hold; ``None`` where it holds all of them.

    Examples
    --------
    >>> missing_limits("linux") is None
    True
    >>> missing_limits("win32").en.startswith("Windows")
    True
    """
    if platform.startswith("linux"):
        return None
    if platform == "win32":
        return Text(
            "Windows 上只限制总时长和内存（定时查看），不限制处理器时间、打开文件数和输出大小；"
            "来历不明的文件请在 Linux 上检查",
            "Windows holds only the deadline and, by looking now and then, the memory; processor time, open files and "
            "output are not limited. Check files of unknown origin on Linux",
        )
    return Text(
        "本系统不强制内存上限，改为定时查看",
        "this system does not enforce the memory limit; it is looked at now and then",
    )


def run(target: str, request: bytes, *, folder: Path, limits: Limits | None = None, where: object = "") -> bytes:
    """Call ``target(request, folder)`` in a child with limits and return the bytes that it answers.

    As `run_to_file`, for answers that are short.
    """
    with run_to_file(target, request, folder=folder, limits=limits, where=where) as answer:
        return answer.read()


def run_to_file(
    target: str, request: bytes, *, folder: Path, limits: Limits | None = None, where: object = ""
) -> IO[bytes]:
    """Call ``target(request, folder)`` in a child with limits and return a file without a name that holds its answer.

    Parameters
    ----------
    target
        ``module:function``; the function takes ``(bytes, Path)`` and returns bytes, or yields them piece by piece.
    folder
        The child's working folder, and the only place that it is told about.
    where
        Name of the upload, for messages.

    Raises
    ------
    TimedOut
        A limit was reached; the message names it.
    UnreadableFile
        The child raised or crashed.
    """
    limits = limits or Limits()
    with ExitStack() as stack:
        answer = stack.enter_context(tempfile.TemporaryFile())
        complaint = stack.enter_context(tempfile.TemporaryFile())
        child = _starter(Order(target, limits, folder), answer, complaint)
        try:
            _send(child, request)
            reached = _watch(child, limits)
        finally:
            child.end()
        if reached is not None:
            raise TimedOut(where, limit=reached)
        if child.returncode != 0:
            raise _failure(cast(int, child.returncode), complaint, limits, where)
        complaint.close()
        stack.pop_all()
    answer.seek(0)
    return answer


def start_by(starter: Starter) -> None:
    """Have this process start its children in another way than by an interpreter of their own."""
    global _starter
    _starter = starter


class _Interpreter(subprocess.Popen[bytes]):
    """A child with an interpreter of its own."""

    def end(self) -> None:
        """Kill it, and what it started, where it still runs."""
        if self.poll() is not None:
            return
        if sys.platform == "win32":
            self.kill()
        else:
            # The session is the child's own, so that nothing that it started outlives it.
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()


def start_interpreter(order: Order, answer: IO[bytes], complaint: IO[bytes]) -> Child:
    """Start a child with an interpreter of its own."""
    return _Interpreter(
        [sys.executable, "-P", "-s", "-m", "ecotrack.sandbox", order.target, *map(str, order.numbers)],
        stdin=subprocess.PIPE,
        stdout=answer,
        stderr=complaint,
        cwd=order.folder,
        env=environment(order.folder),
        start_new_session=True,
    )


_starter: Starter = start_interpreter


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that a child is given: nothing of the environment but what finds its programs."""
    kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if key in os.environ}
    places = (str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", ""))
    return kept | {
        "PYTHONPATH": os.pathsep.join(place for place in places if place),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "TMPDIR": str(folder),
        "TEMP": str(folder),
        # Thread pools and arenas reserve far more address space than they use.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "PROJ_NETWORK": "OFF",
    }


def _send(child: Child, request: bytes) -> None:
    stream = cast("IO[bytes]", child.stdin)
    try:
        stream.write(request)
        stream.close()
    except BrokenPipeError:
        # The child ended before it read everything; its exit code says why.
        return


def _watch(child: Child, limits: Limits) -> str | None:
    """Wait for the child; return the limit that it went over, if the parent had to end it."""
    deadline = time.monotonic() + limits.wall_s
    looks_at_memory = missing_limits() is not None
    while True:
        try:
            child.wait(timeout=_POLL_S if looks_at_memory else max(deadline - time.monotonic(), 0.0))
            return None
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline:
                return f"{limits.wall_s:g} s"
            if looks_at_memory and _resident_bytes(child.pid) > limits.memory_bytes:
                return f"{limits.memory_bytes >> 20} MB"


def _resident_bytes(pid: int) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _failure(code: int, complaint: IO[bytes], limits: Limits, where: object) -> TimedOut | UnreadableFile:
    if code == _EXIT_MEMORY:
        return TimedOut(where, limit=f"{limits.memory_bytes >> 20} MB")
    if code == _EXIT_OUTPUT:
        return TimedOut(where, limit=f"{limits.output_bytes >> 20} MB")
    if sys.platform != "win32" and -code in (signal.SIGXCPU, signal.SIGKILL):
        return TimedOut(where, limit=f"{limits.cpu_s} s CPU")
    complaint.seek(0)
    lines = complaint.read(1 << 20).decode("utf-8", "backslashreplace").strip().splitlines()
    if lines and "bad_alloc" in lines[-1]:
        return TimedOut(where, limit=f"{limits.memory_bytes >> 20} MB")
    if code < 0:
        return UnreadableFile(where, detail=f"the reader crashed ({signal.Signals(-code).name})")
    return UnreadableFile(where, detail=lines[-1][:300] if lines else f"exit code {code}")


def limit_self(cpu_s: int, memory_bytes: int, open_files: int, output_bytes: int) -> None:
    """Put limits on this process, as far as the platform has them; see `Limits`."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_FSIZE: output_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for name, value in wanted.items():
        _, hard = resource.getrlimit(name)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(name, (ceiling, ceiling))
        except (ValueError, OSError):
            # macOS refuses some of them; the parent watches the memory there.
            continue


class _Machine(NamedTuple):
    """What a filter on system calls must know of a processor: its number in audit.h, and that of ``socket``."""

    audit: int
    socket: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 41), "aarch64": _Machine(0xC00000B7, 198)}
_IO_URING_SETUP, _X32 = 425, 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000


def forbid_sockets(*, kill: bool = False) -> bool:
    """Let this process, and all that it starts, make no socket but those inside the machine (``AF_UNIX``).

    A filter of seccomp-bpf (Linux, ``Documentation/userspace-api/seccomp_filter.rst``); it cannot be taken back.

    Parameters
    ----------
    kill
        End the process at the first try, instead of refusing it: a proof that nothing tries.

    Returns
    -------
    bool
        Whether the kernel has taken it.
    """
    import ctypes
    import platform

    machine = _MACHINES.get(platform.machine())
    if machine is None or not sys.platform.startswith("linux"):
        return False
    program = _filter(machine, _KILL if kill else _REFUSE)
    steps = ctypes.create_string_buffer(program, len(program))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(steps)))
    libc, no_new_privileges, set_seccomp = ctypes.CDLL(None, use_errno=True), 38, 22
    return bool(libc.prctl(no_new_privileges, 1, 0, 0, 0) == 0 and libc.prctl(set_seccomp, 2, head, 0, 0) == 0)


def _filter(machine: _Machine, deny: int) -> bytes:
    """Return the steps of the filter: operation, how far to jump if so and if not, operand."""
    steps = (
        (_LOAD, 0, 0, 4),  # the processor whose calls these are
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_AT_LEAST, 4, 0, _X32),
        (_EQUAL, 3, 0, _IO_URING_SETUP),  # its rings make sockets, too
        (_EQUAL, 0, 3, machine.socket),
        (_LOAD, 0, 0, 16),  # its first argument
        (_EQUAL, 1, 0, 1),  # AF_UNIX
        (_RETURN, 0, 0, deny),
        (_RETURN, 0, 0, _ALLOW),
    )
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def leave_network() -> None:
    """Move into a network namespace of its own, which has no way out; where the kernel lets us."""
    import ctypes

    new_net, new_user = 0x40000000, 0x10000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_net) != 0:
        # Without privileges a user namespace is needed first; where that is closed too, the filter is left.
        libc.unshare(new_user | new_net)


def main(arguments: list[str]) -> int:
    """Run as the child: ``module:function cpu_s memory_bytes open_files output_bytes``."""
    if sys.platform.startswith("linux"):
        leave_network()
        forbid_sockets()
    limit_self(*map(int, arguments[1:5]))
    return work(arguments[0])


def work(target: str) -> int:
    """Answer on standard output what the function gives for the request on standard input; return the exit code."""
    # Libraries that print must not spoil the answer, so the real stdout is set aside for it.
    answer = os.dup(1)
    os.dup2(2, 1)
    try:
        module, _, name = target.partition(":")
        function = cast(Callable[[bytes, Path], bytes | Iterable[bytes]], getattr(import_module(module), name))
        with open(0, "rb", closefd=False) as request:
            result = function(request.read(), Path.cwd())
        with os.fdopen(answer, "wb") as stream:
            stream.writelines([result] if isinstance(result, bytes) else result)
    except MemoryError:
        return _EXIT_MEMORY
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return _EXIT_OUTPUT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
