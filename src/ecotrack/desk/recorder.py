"""Receipts for uploads: what is acknowledged stands in the register's chain, many uploads in one commit."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from ecotrack.errors import DuplicateEntry, EcotrackError, UploadConflict
from ecotrack.model import IssuedDocument
from ecotrack.register import Register
from ecotrack.workspace import Workspace

_TOGETHER = 64


class Receipted(Protocol):
    """What came in and has a receipt: an upload, a photograph."""

    def receipt(self) -> IssuedDocument:
        """Return the document that the chain keeps."""


class Recorder:
    """The one thread that writes receipts; whoever waits is answered after the commit.

    Parameters
    ----------
    taken
        Called with the places and uploads of a commit before anybody is answered.
    """

    def __init__(self, workspace: Workspace, taken: Any) -> None:
        self._workspace, self._taken = workspace, taken
        self._waiting: queue.SimpleQueue[tuple[Receipted, Future[int]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def record(self, arrival: Receipted) -> Future[int]:
        """Have a receipt written; the future gives its place in the chain.

        Raises
        ------
        UploadConflict, CannotWrite, RegisterBusy
            From the future: nothing of this upload was written.
        """
        answer: Future[int] = Future()
        self._waiting.put((arrival, answer))
        return answer

    def close(self) -> None:
        """Write what waits and end."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_: Register | None = None
        while (first := self._waiting.get()) is not None:
            some = [first]
            while len(some) < _TOGETHER and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    self._waiting.put(None)
                    break
                some.append(following)
            try:
                open_ = open_ or self._workspace.register(create=True)
                self._write(open_, some)
            except BaseException as error:
                _refuse(some, error)
                if open_ is not None:  # after a fault of the disk the next one begins with a connection of its own
                    open_.close()
                    open_ = None
        if open_ is not None:
            open_.close()

    def _write(self, register: Register, some: Sequence[tuple[Receipted, Future[int]]]) -> None:
        try:
            with register.writer(author="ecotrack") as writer:
                places = [writer.add(arrival.receipt()) for arrival, _ in some]
        except DuplicateEntry as error:
            if len(some) == 1:
                raise UploadConflict("") from error
            for one in some:
                try:
                    self._write(register, [one])
                except EcotrackError as fault:
                    _refuse([one], fault)
            return
        self._taken([(place, arrival) for place, (arrival, _) in zip(places, some, strict=True)])
        for place, (_, answer) in zip(places, some, strict=True):
            if not answer.done():
                answer.set_result(place)


def _refuse(some: Sequence[tuple[Receipted, Future[int]]], error: BaseException) -> None:
    for _, answer in some:
        if not answer.done():
            answer.set_exception(error)
