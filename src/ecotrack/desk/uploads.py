"""How each upload stands: received, checked, sent in, or what went wrong; told again from the chain after a crash."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ecotrack.desk.arrival import KIND, Arrival, arrival_of
from ecotrack.errors import BadDate, NotReady
from ecotrack.register import Register
from ecotrack.register.portal_file import PortalFile
from ecotrack.workspace import TIME_ZONE

State = Literal["received", "checked", "failed", "submitting", "submitted", "withdrawn"]

_TO_CHECK, _TO_SUBMIT = "received", "submitting"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    """An upload and how it stands.

    Attributes
    ----------
    seq
        Place of its receipt in the chain.
    told
        What the last check or submission said, as plain values.
    """

    arrival: Arrival
    seq: int
    received_at: str
    state: State
    told: dict[str, Any] = field(default_factory=dict)
    submission_id: str | None = None


class Uploads:
    """The uploads of one portal, in the portal's own file."""

    def __init__(self, file: PortalFile) -> None:
        self._file = file

    def take(self, arrivals: Iterable[tuple[int, Arrival]], *, received_at: str | None = None) -> None:
        """Keep new uploads as received; one that stands already stays as it is."""
        instant = received_at or dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._file.change() as change:
            for seq, one in arrivals:
                asked = json.dumps(one.asked, ensure_ascii=False)
                row = (one.upload_id, seq, one.account_id, one.unit, one.layer, one.file_name, one.sha256,
                       one.size_bytes, asked, instant, _TO_CHECK, "{}", None)  # fmt: skip
                change("INSERT OR IGNORE INTO upload VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def recover(self, register: Register) -> int:
        """Keep the uploads whose receipts stand in the chain and that are not known here; return how many."""
        last = self._file.one("SELECT max(seq) AS seq FROM upload")
        known = (last or {}).get("seq") or 0
        missed = [(r.seq, arrival_of(r.paper.document_id, r.paper.body), r.recorded_at)
                  for r in register.papers_since(known, kind=KIND)]  # fmt: skip
        for seq, arrival, recorded_at in missed:
            self.take([(seq, arrival)], received_at=recorded_at)
        return len(missed)

    def get(self, upload_id: str) -> UploadState | None:
        """Return one upload."""
        row = self._file.one("SELECT * FROM upload WHERE upload_id = ?", (upload_id,))
        return _state(row) if row else None

    def of_account(self, account_id: str, *, most: int = 100, before: int = 1 << 62) -> list[UploadState]:
        """Return the uploads of an account that came before a place in the chain, newest first."""
        sql = "SELECT * FROM upload WHERE account_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
        return [_state(row) for row in self._file.all(sql, (account_id, before, most))]

    def of_submission(self, submission_id: str) -> UploadState | None:
        """Return the upload that became a submission; ``None`` where it came in another way."""
        row = self._file.one("SELECT * FROM upload WHERE submission_id = ? ORDER BY seq LIMIT 1", (submission_id,))
        return _state(row) if row else None

    def waiting(self, *, up_to_bytes: int = 1 << 62, most: int = 1_000) -> list[UploadState]:
        """Return the uploads that are to be checked or submitted, in the order in which they came."""
        sql = "SELECT * FROM upload WHERE state IN ('received', 'submitting') AND bytes <= ? ORDER BY seq LIMIT ?"
        return [_state(row) for row in self._file.all(sql, (up_to_bytes, most))]

    def before(self, seq: int, *, up_to_bytes: int) -> int:
        """Return how many uploads of such a size came before a place in the chain and wait still."""
        sql = "SELECT count(*) AS n FROM upload WHERE state IN ('received', 'submitting') AND bytes <= ? AND seq < ?"
        found = self._file.one(sql, (up_to_bytes, seq))
        return int(found["n"]) if found else 0

    def settle(
        self, upload_id: str, *, was: State, state: State, told: dict[str, Any], submission_id: str | None = None
    ) -> None:
        """Keep what became of an upload, where it still stands as it was."""
        with self._file.change() as change:
            sql = "UPDATE upload SET state = ?, told = ?, submission_id = ? WHERE upload_id = ? AND state = ?"
            change(sql, (state, json.dumps(told, ensure_ascii=False), submission_id, upload_id, was))

    def ask_again(self, upload_id: str, asked: dict[str, str]) -> UploadState:
        """Have an upload checked again, with other words of its sender.

        Raises
        ------
        NotReady
            It was sent in already, or is being worked on.
        """
        sql = "UPDATE upload SET asked = ?, state = ? WHERE upload_id = ? AND state IN ('checked', 'failed')"
        return self._step(sql, (json.dumps(asked, ensure_ascii=False), _TO_CHECK, upload_id), upload_id)

    def send_in(self, upload_id: str) -> UploadState:
        """Have a checked upload submitted; the wish is on the disk when this returns.

        Raises
        ------
        NotReady
            It is not checked, or was sent in already.
        """
        found = self.get(upload_id)
        if found is not None and found.state in ("submitting", "submitted"):
            return found  # the same wish again
        sql = "UPDATE upload SET state = ? WHERE upload_id = ? AND state = 'checked'"
        return self._step(sql, (_TO_SUBMIT, upload_id), upload_id)

    def _step(self, sql: str, values: tuple[Any, ...], upload_id: str) -> UploadState:
        with self._file.change() as change:
            changed = change(sql, values)
        found = self.get(upload_id)
        if found is None or not changed:
            raise NotReady("", detail="这份文件还在处理，或已经提交")
        return found


def _state(row: dict[str, Any]) -> UploadState:
    kept = row | {"account": row["account_id"], "asked": json.loads(row["asked"])}
    return UploadState(
        arrival=arrival_of(row["upload_id"], kept),
        seq=row["seq"],
        received_at=row["received_at"],
        state=row["state"],
        told=json.loads(row["told"]),
        submission_id=row["submission_id"],
    )


def day_of(instant: str) -> dt.date:
    """Return the day in Hengshui of an instant in UTC.

    Examples
    --------
    >>> day_of("2026-05-01T17:00:00Z")
    datetime.date(2026, 5, 2)
    """
    try:
        return dt.datetime.fromisoformat(instant).astimezone(TIME_ZONE).date()
    except ValueError:
        raise BadDate("", text=instant) from None
