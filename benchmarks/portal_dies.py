"""A portal that ends itself by SIGKILL at a named point between the first byte and the acknowledgement.

``python -m benchmarks.portal_dies "chained" 3 -w FOLDER serve`` runs `ecotrack -w FOLDER serve` and dies the third time
that it comes to the point. Nothing of this is in the program itself: the points are put around its functions here.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ecotrack.desk import counter
from ecotrack.register import arrivals, portal_file, writer

IN_TRANSACTION = ("in the chain's transaction", "in the portal's transaction")
"""Points at which SQLite has rows that are written and not committed."""

POINTS = ("some bytes", "synced", "renamed", "handed over", *IN_TRANSACTION, "chained", "taken")
"""In the order in which an upload passes them; only after the last is it acknowledged."""


class Fate:
    """Counts how often a point is passed, and ends the process there."""

    def __init__(self, point: str, times: int) -> None:
        self._point, self._left = point, times
        self._lock = threading.Lock()

    def passes(self, point: str) -> None:
        """Say that a point is passed; this may be the end."""
        if point != self._point:
            return
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


def install(fate: Fate) -> None:
    """Put the points around the functions of the program."""
    after(arrivals.Part, "write", fate, "some bytes")
    before(arrivals, "_sync_folder", fate, "renamed")
    before(counter.Counter, "acknowledge", fate, "handed over")
    after(writer.Writer, "_keep", fate, "in the chain's transaction")
    before(counter.Counter, "_taken", fate, "chained")
    after(counter.Counter, "_taken", fate, "taken")
    _after_sync(fate)
    _in_portal_transaction(fate)


def before(place: Any, name: str, fate: Fate, point: str) -> None:
    """Have a function pass a point before it does anything."""
    _wrap(place, name, lambda call: (fate.passes(point), call())[1])


def after(place: Any, name: str, fate: Fate, point: str) -> None:
    """Have a function pass a point when it has done its work."""
    _wrap(place, name, lambda call: (call(), fate.passes(point))[0])


def _wrap(place: Any, name: str, around: Callable[[Callable[[], Any]], Any]) -> None:
    inner = getattr(place, name)
    setattr(place, name, lambda *given, **named: around(lambda: inner(*given, **named)))


def _after_sync(fate: Fate) -> None:
    inner = os.fsync

    def fsync(descriptor: int) -> None:
        inner(descriptor)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):  # and not the folder
            fate.passes("synced")

    arrivals.os.fsync = fsync  # type: ignore[attr-defined]


def _in_portal_transaction(fate: Fate) -> None:
    inner = portal_file.PortalFile.change

    @contextmanager
    def change(self: portal_file.PortalFile) -> Iterator[Any]:
        with inner(self) as run:
            yield run
            if threading.current_thread().name == "recorder":
                fate.passes("in the portal's transaction")

    portal_file.PortalFile.change = change  # type: ignore[method-assign, assignment]


def main() -> None:
    """Run the program with one point that is its end."""
    from ecotrack.cli.main import main as program

    install(Fate(sys.argv[1], int(sys.argv[2])))
    sys.argv[1:] = sys.argv[3:]
    program()


if __name__ == "__main__":
    main()
