"""The queue of uploads to be checked: two lanes, so that a small file never waits behind large ones."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ecotrack.desk.uploads import Uploads, UploadState

SMALL_BYTES = 1 << 20
"""Uploads up to this size may use both lanes; larger ones only the second."""

QUICK_BYTES = 64 << 10
"""Uploads up to this size, a few dozen plots, go first in the first lane: one waits for no more than one check."""


def ahead(uploads: Uploads, state: UploadState) -> int:
    """Return how many uploads are looked at before this one; none once it is settled."""
    if state.state not in ("received", "submitting"):
        return 0
    size = state.arrival.size_bytes
    return uploads.before(
        state.seq, up_to_bytes=next(most for most in (QUICK_BYTES, SMALL_BYTES, 1 << 62) if size <= most)
    )


class Lanes:
    """Two threads that take waiting uploads, the oldest first; what waits stands on the disk, not in memory.

    Parameters
    ----------
    uploads
        Where uploads wait.
    work
        Does what one waits for; it settles the upload, also where that fails.
    """

    def __init__(self, uploads: Uploads, work: Callable[[UploadState], None]) -> None:
        self._uploads, self._work = uploads, work
        self._news = threading.Condition()
        self._busy: set[str] = set()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._run, args=(small,), name=f"lane-{int(small)}", daemon=True)
            for small in (True, False)
        ]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that something may wait."""
        with self._news:
            self._news.notify_all()

    def close(self) -> None:
        """Take nothing more and wait for what is being done."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join(timeout=30)

    def _run(self, only_small: bool) -> None:
        while (found := self._next(only_small)) is not None:
            try:
                self._work(found)
            finally:
                with self._news:
                    self._busy.discard(found.arrival.upload_id)
                    self._news.notify_all()

    def _next(self, only_small: bool) -> UploadState | None:
        while True:
            with self._news:
                if self._closed:
                    return None
                for largest in (QUICK_BYTES, SMALL_BYTES) if only_small else (1 << 62,):
                    for one in self._uploads.waiting(up_to_bytes=largest, most=1 + len(self._busy)):
                        if one.arrival.upload_id not in self._busy:
                            self._busy.add(one.arrival.upload_id)
                            return one
                self._news.wait(timeout=5)
