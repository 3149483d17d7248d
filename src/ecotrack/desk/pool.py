"""Children that do the heavy work: one child, one piece of work, ended where it takes too long.

The children come from a fork server that has the readers loaded already, so that one starts in milliseconds, takes the
memory of its work with it when it ends, and can be killed without harm to the server.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import threading
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from ecotrack.errors import EcotrackError, TimedOut, UnreadableFile
from ecotrack.nursery import Nursery, starter
from ecotrack.register.connection import wait_at_most
from ecotrack.sandbox import start_by

PRELOADED = ("ecotrack.desk.work", "fiona", "numpy", "shapely")
"""What every child finds loaded; pandas and folium only in those that need them."""

READERS = ("ecotrack.intake.child", "ecotrack.intake.read_vector", "ecotrack.desk.photo_look")
"""What children that read files from outside find loaded; they are forked from a process of their own, with limits."""

_PATIENCE_S = 20.0
NICE = 10
"""How far children stand back: taking uploads in comes before checking them."""


class Pool:
    """Runs functions in children, so many at once.

    Parameters
    ----------
    at_once
        Children at the same time; further callers wait.
    nursery
        Where the children find children of their own for what may be hostile; without one each starts an interpreter.
    """

    def __init__(self, at_once: int, *, nursery: Nursery | None = None) -> None:
        method = "forkserver" if sys.platform != "win32" else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload([*PRELOADED])
        self._room = threading.BoundedSemaphore(at_once)
        self._nursery = nursery
        self._running: set[Any] = set()
        self._closed = False

    def call(self, function: str, *arguments: Any, seconds: float, where: str = "") -> Any:
        """Return what ``function(*arguments)`` gives in a child; blocks the calling thread.

        Parameters
        ----------
        function
            ``module:function``, so that the server itself never loads what its children need.

        Raises
        ------
        TimedOut
            It took longer than ``seconds``, and the child was killed.
        UnreadableFile
            The child died.
        EcotrackError
            Whatever of ecotrack's own errors the function raised.
        """
        with self._room:
            here, there = self._context.Pipe(duplex=False)
            line = self._nursery.line if self._nursery else None
            child = self._context.Process(target=_work, args=(there, line, function, arguments), daemon=True)
            child.start()
            there.close()
            self._running.add(child)
            try:
                return _answer(here, child, seconds, where)
            finally:
                self._running.discard(child)
                here.close()
                if child.is_alive():
                    child.kill()
                child.join()

    def close(self) -> None:
        """Kill what still runs."""
        for child in [*self._running]:
            child.kill()


def _answer(here: Connection, child: Any, seconds: float, where: str) -> Any:
    if not here.poll(seconds):
        raise TimedOut(where, limit=f"{seconds:g} s")
    try:
        good, value = here.recv()
    except EOFError:
        child.join()
        raise UnreadableFile(where, detail=f"exit code {child.exitcode}") from None
    if good:
        return value
    raise value if isinstance(value, EcotrackError) else UnreadableFile(where, detail=value)


def _work(there: Connection, line: socket.socket | None, function: str, arguments: tuple[Any, ...]) -> None:
    if sys.platform != "win32":
        os.nice(NICE)
    if line is not None:
        start_by(starter(line))
    wait_at_most(_PATIENCE_S)
    try:
        module, _, name = function.partition(":")
        answer = (True, getattr(import_module(module), name)(*arguments))
    except EcotrackError as error:
        answer = (False, error)
    except Exception as error:  # the parent says it in its log; nothing of it reaches a page
        answer = (False, f"{type(error).__name__}: {error}"[:300])
    with suppress(BrokenPipeError):  # nobody waits any more
        there.send(answer)
    there.close()
