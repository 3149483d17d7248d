"""Children of `ecotrack.sandbox` that are forked from a process which has the readers loaded already.

An interpreter of its own needs half a second of processor time before it reads the first byte of a file; a fork needs
a few milliseconds. The process from which they are forked is as bare as such an interpreter: its environment is the
one of `ecotrack.sandbox.environment`, it gives up the network before it loads anything, and it never sees an upload.
Each piece of work is one child, one file; beside it a guard waits that kills it, and all that it started, as soon as
it ends or nobody waits for it any more. Linux only; wherever it cannot be had, an interpreter is started as before.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, NoReturn

from ecotrack.sandbox import (
    Child,
    Order,
    Starter,
    environment,
    forbid_sockets,
    leave_network,
    limit_self,
    start_interpreter,
    work,
)

_MESSAGE_BYTES = 1 << 16
_FDS = 4  # request, answer, complaint, and the line on which the guard says how it ended


class Nursery:
    """Starts children by fork; it starts itself with the first one and ends when nobody holds it any more.

    Parameters
    ----------
    modules
        What every child finds loaded.
    nice
        How far its children stand back from other work.
    """

    def __init__(self, modules: tuple[str, ...], *, nice: int = 0) -> None:
        self._modules, self._nice = modules, nice
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    @property
    def line(self) -> socket.socket | None:
        """The line on which orders are given, for this process and its children; ``None`` where there is none."""
        if not (sys.platform == "linux" and hasattr(os, "pidfd_open")):
            return None
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return self._line

    def _start(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-m", "ecotrack.nursery", str(self._nice), *self._modules],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=environment(Path(tempfile.gettempdir())),
                start_new_session=True,
            )

    def close(self) -> None:
        """Start nothing more: it ends when the last child that may give orders has ended."""
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = None
            if self._process is not None and self._process.poll() is None:
                self._process.kill()
                self._process.wait()


class Forked:
    """A child that a nursery has forked; as `subprocess.Popen`."""

    def __init__(self, line: socket.socket, stdin: IO[bytes]) -> None:
        self.stdin: IO[bytes] | None = stdin
        self.pid = 0
        self.returncode: int | None = None
        self._line = line

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code; `subprocess.TimeoutExpired` where it takes longer."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                said = self._line.recv(32)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("fork", timeout or 0) from None
            except OSError:
                said = b""
            # A guard that says nothing was itself killed.
            self.returncode = int(said) if said else -int(signal.SIGKILL)
        return self.returncode

    def end(self) -> None:
        """Kill it, and what it started, where it still runs."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
        self.wait()
        self._line.close()


def starter(line: socket.socket) -> Starter:
    """Return what starts children on a nursery's line, for `ecotrack.sandbox.start_by`."""

    def start(order: Order, answer: IO[bytes], complaint: IO[bytes]) -> Child:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        reading, writing = os.pipe()
        text = json.dumps([order.target, *order.numbers, str(order.folder)]).encode()
        try:
            socket.send_fds(line, [text], [reading, answer.fileno(), complaint.fileno(), there.fileno()])
        except OSError:  # the nursery is gone: slower, and none the less safe
            os.close(writing)
            here.close()
            return start_interpreter(order, answer, complaint)
        finally:
            os.close(reading)
            there.close()
        return Forked(here, os.fdopen(writing, "wb"))

    return start


def main(arguments: list[str]) -> int:
    """Run as the nursery: how nice it is, and the modules that it loads; orders come on standard input."""
    leave_network()
    forbid_sockets()
    os.nice(int(arguments[0]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # its guards leave nothing behind
    for name in arguments[1:]:
        import_module(name)
    gc.freeze()  # what is loaded stays shared with the children
    with socket.socket(fileno=0) as line:
        while True:
            text, fds, _, _ = socket.recv_fds(line, _MESSAGE_BYTES, _FDS)
            if not text:
                return 0
            with suppress(OSError):  # where nothing more can be forked, the closed line tells it
                if len(fds) == _FDS and os.fork() == 0:
                    _guard(text, fds)
            _close(fds)


def _close(fds: list[int]) -> None:
    """Close what came with an order; what the modules keep open (PROJ its database) stays theirs."""
    for fd in fds:
        os.close(fd)


def _guard(text: bytes, fds: list[int]) -> NoReturn:
    """Fork the child, wait until it ends or nobody waits for it, kill what is left of it, and say how it ended."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        child = os.fork()
        if child == 0:
            _child(text, fds)
        os.dup2(fds[-1], 0)
        _close(fds)
        watch = os.pidfd_open(child)
        select.select([0, watch], [], [])
        for kill in (os.killpg, os.kill):  # it may not have got so far as to lead a group
            with suppress(ProcessLookupError):
                kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(OSError):
            os.write(0, str(code).encode())
    finally:
        os._exit(0)


def _child(text: bytes, fds: list[int]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        for place, fd in enumerate(fds[:3]):
            os.dup2(fd, place)
        _close(fds)
        target, *numbers, folder = json.loads(text)
        os.environ.update(environment(Path(folder)))
        tempfile.tempdir = None
        os.chdir(folder)
        limit_self(*numbers)
        code = work(target)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
