"""An upload whose bytes lie on the disk, and the receipt for it that the chain keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecotrack.model import IssuedDocument
from ecotrack.workspace import today

KIND = "upload"
"""Kind of the issued documents of this module: the receipt for an upload (收件回执)."""

REPAIR = "repair:"
"""Begins the ``document`` of a decision that returns a plot and asks its sender to take a repair."""

REPAIRS = {"drop_duplicates": "删去重复拐点", "clip_slivers": "裁去与相邻地块重叠的细缝"}
"""Repairs of a boundary that was sent in which a reviewer can ask for, in the words of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An upload whose bytes lie on the disk.

    Attributes
    ----------
    upload_id
        UUID that the sender's device made.
    account_id
        Id of the sender's account in the portal; no name.
    asked
        What the sender says about it (unit, season, kind ...).
    """

    upload_id: str
    account_id: str
    unit: str
    layer: str
    file_name: str
    sha256: str
    size_bytes: int
    asked: dict[str, str]

    def receipt(self) -> IssuedDocument:
        """Return the document that the chain keeps."""
        return IssuedDocument(
            document_id=self.upload_id,
            kind=KIND,
            issued_on=today(),
            body={
                "account": self.account_id,
                "unit": self.unit,
                "layer": self.layer,
                "file_name": self.file_name,
                "sha256": self.sha256,
                "bytes": self.size_bytes,
                "asked": dict(self.asked),
            },
        )


def arrival_of(upload_id: str, kept: Mapping[str, Any]) -> Arrival:
    """Return the upload that a kept text speaks of, in the words of its receipt's body.

    Examples
    --------
    >>> here = Arrival(upload_id="u-1", account_id="a-1", unit="131121", layer="plots", file_name="甲.zip",
    ...                sha256="00", size_bytes=4, asked={"season": "2026-spring"})
    >>> arrival_of("u-1", here.receipt().body) == here
    True
    """
    return Arrival(
        upload_id=upload_id,
        account_id=kept["account"],
        unit=kept["unit"],
        layer=kept["layer"],
        file_name=kept["file_name"],
        sha256=kept["sha256"],
        size_bytes=kept["bytes"],
        asked=dict(kept["asked"]),
    )
