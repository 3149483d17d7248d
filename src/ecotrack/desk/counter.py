"""The counter of the portal: where uploads are handed in, followed, mended and sent in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ecotrack.accounts import EVERY_UNIT, Account, Accounts
from ecotrack.desk.arrival import Arrival
from ecotrack.desk.lanes import Lanes
from ecotrack.desk.photo_desk import PhotoDesk
from ecotrack.desk.photos import Photo
from ecotrack.desk.pool import NICE, READERS, Pool
from ecotrack.desk.recorder import Recorder
from ecotrack.desk.uploads import State, Uploads, UploadState
from ecotrack.errors import EcotrackError, NotAllowed, UploadConflict
from ecotrack.nursery import Nursery
from ecotrack.register.arrivals import Arrivals
from ecotrack.register.portal_file import PortalFile, portal_path
from ecotrack.settings import CONFIG_NAME
from ecotrack.workspace import Workspace

log = logging.getLogger("ecotrack.portal")

CHECK_S = 60.0
"""Seconds that a check may take, from its start to the page of findings."""
_PARTS_KEPT_S = 7 * 86_400.0


class Counter:
    """One workspace, open for uploads; `close` ends its threads.

    Parameters
    ----------
    workspace
        The workspace; its register is made where there is none.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._read_from = workspace, _marks_of(workspace)
        path = workspace.register_path
        with workspace.register(create=True) as register:
            self.file = PortalFile(portal_path(path))
            self.accounts, self.uploads = Accounts(self.file), Uploads(self.file)
            self.missed = self.uploads.recover(register)
            self.arrivals = Arrivals(register.raw_folder)
        self.arrivals.forget(older_than_s=_PARTS_KEPT_S)
        self.pages = path.with_name(path.stem + ".portal")
        self._nursery = Nursery(READERS, nice=NICE)
        self.checks, self.desks = (Pool(2, nursery=self._nursery) for _ in range(2))
        with workspace.register(read_only=True) as register:
            self.photos = PhotoDesk(self.file, register, self.pages, self.checks)
        self.photos.arrivals.forget(older_than_s=_PARTS_KEPT_S)
        self._recorder = Recorder(workspace, self._taken)
        self._lanes = Lanes(self.uploads, self._work)

    @property
    def workspace(self) -> Workspace:
        """The workspace as its ``ecotrack.toml`` stands: read again once the file was changed, by whomever."""
        marks = _marks_of(self._workspace)
        if marks != self._read_from:
            self._read_from = marks  # a file that cannot be read is told once, and what was read before goes on
            try:
                self._workspace = Workspace.open(self._workspace.folder)
            except EcotrackError as error:
                log.warning("ecotrack.toml was changed and is not taken over: %s", error)
        return self._workspace

    def close(self) -> None:
        """Stop taking work; what waits is on the disk."""
        self._recorder.close()
        self._lanes.close()
        self.photos.close()
        self.checks.close()
        self.desks.close()
        self._nursery.close()
        self.file.close()

    def known(self, arrival_id: str, account: Account) -> UploadState | None:
        """Return an upload of this account that stands already.

        Raises
        ------
        NotAllowed
            It is somebody else's.
        """
        found = self.uploads.get(arrival_id)
        if found is not None and found.arrival.account_id != account.account_id:
            raise NotAllowed("")
        return found

    def acknowledge(self, arrival: Arrival) -> Future[int]:
        """Have the receipt written; the future is done when it stands in the chain.

        Raises
        ------
        UploadConflict
            The id stands for other bytes.
        """
        found = self.uploads.get(arrival.upload_id)
        if found is not None:
            if (found.arrival.sha256, found.arrival.account_id) != (arrival.sha256, arrival.account_id):
                raise UploadConflict("")
            answer: Future[int] = Future()
            answer.set_result(found.seq)
            return answer
        return self._recorder.record(arrival)

    def acknowledge_photo(self, photo: Photo) -> Future[int]:
        """Have the receipt of a photograph written; see `ecotrack.desk.photo_desk.PhotoDesk.acknowledge`."""
        return self.photos.acknowledge(photo, self._recorder)

    def erase_person(self, account_id: str, *, by: str) -> None:
        """Erase a person's data: what leads from the number to the person, and every photograph that was sent."""
        self.photos.erase(self.photos.photos.of_account(account_id))
        self.accounts.erase(account_id, by=by)

    def _taken(self, entries: Sequence[tuple[int, Arrival | Photo]]) -> None:
        arrivals = [(seq, one) for seq, one in entries if isinstance(one, Arrival)]
        if arrivals:
            self.uploads.take(arrivals)
            self._lanes.wake()
        photos = [one for _, one in entries if isinstance(one, Photo)]
        if photos:
            self.photos.taken(photos)

    def check_again(self, upload_id: str, asked: dict[str, str]) -> UploadState:
        """Have an upload checked again with other words of its sender."""
        state = self.uploads.ask_again(upload_id, asked)
        self._lanes.wake()
        return state

    def send_in(self, upload_id: str) -> UploadState:
        """Have a checked upload submitted."""
        state = self.uploads.send_in(upload_id)
        self._lanes.wake()
        return state

    def page(self, upload_id: str) -> Path:
        """Return where the page of an upload's findings lies."""
        return self.pages / "findings" / upload_id[:2] / f"{upload_id}.html"

    def _work(self, state: UploadState) -> None:
        upload_id = state.arrival.upload_id
        account = self.accounts.get(state.arrival.account_id)
        sender = account.login if account else ""
        mine = account.units("field", "office") if account else frozenset()
        units = () if EVERY_UNIT in mine else tuple(sorted(mine)) or ("-",)
        given = (str(self.workspace.folder), state.arrival, state.received_at, sender, units)
        where = state.arrival.file_name
        try:
            if state.state == "submitting":
                told = self.checks.call("ecotrack.desk.work:submit", *given, seconds=CHECK_S, where=where)
                done = told["submission_id"]
                self.uploads.settle(upload_id, was="submitting", state="submitted", told=told, submission_id=done)
            else:
                told = self.checks.call(
                    "ecotrack.desk.work:check", *given, str(self.page(upload_id)), seconds=CHECK_S, where=where
                )
                self.uploads.settle(upload_id, was="received", state=_after_check(state, told), told=told)
        except EcotrackError as error:
            self._failed(state, error.message("zh"))
        except Exception:
            log.exception("work on upload %s failed", upload_id)
            self._failed(state, "处理时出现内部错误，文件已保存。请重新检查，仍不行请联系管理员。")

    def _failed(self, state: UploadState, message: str) -> None:
        try:
            told = {**state.told, "failed": message}
            self.uploads.settle(state.arrival.upload_id, was=state.state, state="failed", told=told)
        except EcotrackError:
            # The disk is full: it stays waiting and is done again when there is room.
            log.warning("the state of upload %s could not be kept", state.arrival.upload_id)


def _marks_of(workspace: Workspace) -> tuple[int, int, int]:
    """Return what changes of a file when somebody writes it; zeros while an editor puts another in its place."""
    try:
        found = (workspace.folder / CONFIG_NAME).stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _after_check(state: UploadState, told: dict[str, Any]) -> State:
    """Return how a checked upload stands: on its way in where its sender wished so and nothing is wrong with it."""
    fine = told["ready"] and not (told["refused"] or told["held"] or told["waiting"])
    return "submitting" if fine and state.arrival.asked.get("submit") else "checked"
