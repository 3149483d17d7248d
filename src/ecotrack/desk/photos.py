"""Photographs of plots: what came, what they say of themselves, and whether they were used before.

The chain keeps that a photograph came (who, for which upload, SHA-256) and never where or when it was taken: position
and time stand in the portal's own file and can be erased with the bytes, and the chain stays whole.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ecotrack.model import IssuedDocument
from ecotrack.register import Register
from ecotrack.register.portal_file import PortalFile
from ecotrack.workspace import today

KIND = "photo"
"""Kind of the issued documents of this module: the receipt for a photograph."""

MAX_BYTES = 20 << 20
"""Bytes of the largest photograph that is taken in."""

ALIKE_BITS = 6
"""Bits of 64 in which the hashes of two likenesses may differ."""

PhotoState = Literal["received", "looked", "refused", "erased"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photograph and how it stands.

    Attributes
    ----------
    upload_id
        The upload to whose plots it belongs; it may come later than its photographs.
    plot
        Id of the feature version that it shows; empty for the whole upload.
    fix
        Where and when the page's own camera took it: ``lon``, ``lat`` (degrees), ``accuracy_m``, ``at``.
    look
        What the photograph says of itself; see `ecotrack.desk.photo_look.look`.
    """

    photo_id: str
    account_id: str
    unit: str
    upload_id: str
    plot: str
    sha256: str
    size_bytes: int
    received_at: str = ""
    state: PhotoState = "received"
    fix: dict[str, Any] = field(default_factory=dict)
    look: dict[str, Any] = field(default_factory=dict)

    def receipt(self) -> IssuedDocument:
        """Return the document that the chain keeps; no position, no time of the photograph, no name of a file."""
        body = {
            "account": self.account_id,
            "unit": self.unit,
            "upload": self.upload_id,
            "plot": self.plot,
            "sha256": self.sha256,
            "bytes": self.size_bytes,
        }
        return IssuedDocument(document_id=self.photo_id, kind=KIND, issued_on=today(), body=body)


class Photos:
    """The photographs of one portal, in the portal's own file."""

    def __init__(self, file: PortalFile) -> None:
        self._file = file

    def take(self, photos: Iterable[Photo]) -> None:
        """Keep new photographs as received; one that stands already stays as it is."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._file.change() as change:
            for one in photos:
                row = (one.photo_id, one.account_id, one.unit, one.upload_id, one.plot, one.sha256, one.size_bytes,
                       one.received_at or now, "received", json.dumps(one.fix), "{}")  # fmt: skip
                change(f"INSERT OR IGNORE INTO photo ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def recover(self, register: Register) -> int:
        """Keep the photographs whose receipts stand in the chain and that are not known here; return how many."""
        known = {row["photo_id"] for row in self._file.all("SELECT photo_id FROM photo")}
        papers = [paper for paper in register.documents(kind=KIND) if paper.document_id not in known]
        self.take(_of_receipt(paper) for paper in papers)
        return len(papers)

    def get(self, photo_id: str) -> Photo | None:
        """Return one photograph."""
        return next(iter(self._some("photo_id = ?", (photo_id,))), None)

    def of_upload(self, upload_id: str) -> list[Photo]:
        """Return the photographs of an upload, in the order in which they came; those that were erased too."""
        return self._some("upload_id = ?", (upload_id,))

    def waiting(self) -> list[Photo]:
        """Return the photographs at which nobody has looked."""
        return self._some("state = 'received'", ())

    def used_before(self, photo: Photo) -> Photo | None:
        """Return the first photograph of the same bytes that came before this one."""
        sql = "sha256 = ? AND number < (SELECT number FROM photo WHERE photo_id = ?)"
        return next(iter(self._some(sql, (photo.sha256, photo.photo_id))), None)

    def alike(self, photo: Photo) -> Photo | None:
        """Return the photograph of other bytes that came before this one and looks most like it."""
        own = photo.look.get("dhash")
        if not own:
            return None
        sql = "sha256 <> ? AND state = 'looked' AND number < (SELECT number FROM photo WHERE photo_id = ?)"
        near = [(bits_apart(own, other.look.get("dhash", "")), other) for other in
                self._some(sql, (photo.sha256, photo.photo_id))]  # fmt: skip
        best = min(near, key=lambda pair: pair[0], default=None)
        return best[1] if best is not None and best[0] <= ALIKE_BITS else None

    def settle(self, photo_id: str, *, state: PhotoState, look: Mapping[str, Any]) -> None:
        """Keep what looking at a photograph has shown, where it was not erased meanwhile."""
        with self._file.change() as change:
            sql = "UPDATE photo SET state = ?, look = ? WHERE photo_id = ? AND state <> 'erased'"
            change(sql, (state, json.dumps(look, ensure_ascii=False), photo_id))

    def erase(self, photos: Sequence[Photo]) -> set[str]:
        """Forget where and when photographs were taken; return the SHA-256 of bytes that nobody else has sent."""
        gone = {photo.photo_id for photo in photos}
        with self._file.change() as change:
            for photo_id in gone:
                change("UPDATE photo SET state = 'erased', fix = '{}', look = '{}' WHERE photo_id = ?", (photo_id,))
        free = {photo.sha256 for photo in photos}
        return {sha256 for sha256 in free if not self._some("sha256 = ? AND state <> 'erased'", (sha256,))}

    def of_account(self, account_id: str) -> list[Photo]:
        """Return the photographs of an account that were not erased."""
        return self._some("account_id = ? AND state <> 'erased'", (account_id,))

    def _some(self, where: str, values: Sequence[Any]) -> list[Photo]:
        rows = self._file.all(f"SELECT {_COLUMNS} FROM photo WHERE {where} ORDER BY number", values)
        return [_photo(row) for row in rows]


def _photo(row: dict[str, Any]) -> Photo:
    read = {"size_bytes": row.pop("bytes"), "fix": json.loads(row.pop("fix")), "look": json.loads(row.pop("look"))}
    return Photo(**row, **read)


_COLUMNS = "photo_id, account_id, unit, upload_id, plot, sha256, bytes, received_at, state, fix, look"


def _of_receipt(paper: IssuedDocument) -> Photo:
    body = paper.body
    return Photo(
        photo_id=paper.document_id,
        account_id=body["account"],
        unit=body["unit"],
        upload_id=body["upload"],
        plot=body["plot"],
        sha256=body["sha256"],
        size_bytes=body["bytes"],
        received_at=f"{paper.issued_on.isoformat()}T00:00:00Z",
    )


def bits_apart(one: str, other: str) -> int:
    """Return in how many bits two difference hashes differ; 64 where there is one only.

    Examples
    --------
    >>> bits_apart("00000000000000ff", "00000000000000f0"), bits_apart("00000000000000ff", "")
    (4, 64)
    """
    return (int(one, 16) ^ int(other, 16)).bit_count() if one and other else 64
