"""Receipts: what was published, from which state of the register, by which definitions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecotrack.errors import MissingFile, Text, UnknownReceipt, UnreadableFile
from ecotrack.model import IssuedDocument
from ecotrack.publication.definitions import (
    definition_files,
    fresh_definitions,
    hashes,
    kept_workspace,
    libraries,
)
from ecotrack.publication.figures import Cell, FigureReader, PublishedFigure
from ecotrack.register import Head, Register, stable_id
from ecotrack.workspace import Workspace, today

KIND = "receipt"
SCHEMA = "ecotrack.receipt/1"
LIST_SCHEMA = "ecotrack.receipts/1"
UNNAMED = "（未署名）"
"""Stands where nobody said who publishes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One published figure with everything that is needed to compute it again.

    Attributes
    ----------
    head
        Place and hash of the chain's end that was read.
    known_at
        Instant (UTC) at which that end was recorded.
    definition
        Version of the definitions of docs/figures.md.
    libraries
        Versions of what computed it.
    files
        SHA-256 of each kept file of configuration and geography, by path.
    """

    receipt_id: str
    figure: PublishedFigure
    as_of: dt.date
    head: Head
    known_at: str
    definition: str
    libraries: dict[str, str]
    files: dict[str, str]
    by: str
    issued_on: dt.date

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as JSON values (schema ``ecotrack.receipt/1``, docs/receipts.md)."""
        return {"schema": SCHEMA, "receipt": self.receipt_id, "issued_on": self.issued_on.isoformat(), **self.body()}

    def body(self) -> dict[str, Any]:
        """Return what the chain keeps of it: text and integers only."""
        figure = self.figure
        return {
            "figure": figure.figure_id,
            "title_zh": figure.title.zh,
            "title_en": figure.title.en,
            "as_of": self.as_of.isoformat(),
            "as_known": self.known_at,
            "seq": self.head.seq,
            "head": self.head.sha256,
            "definition": self.definition,
            "cells": [{"row": cell.row, "column": cell.column, "value": cell.value} for cell in figure.cells],
            "sample": figure.sample,
            "sketch": figure.sketch,
            "libraries": self.libraries,
            "files": self.files,
            "by": self.by,
        }

    def document(self) -> IssuedDocument:
        """Return the receipt as an entry of the chain."""
        return IssuedDocument(
            document_id=self.receipt_id,
            kind=KIND,
            issued_on=self.issued_on,
            body=self.body(),
            sample=self.figure.sample,
        )

    @classmethod
    def of(cls, document: IssuedDocument) -> Receipt:
        """Return the receipt that an issued document holds."""
        return cls._read(document.body, document.document_id, document.issued_on)

    @classmethod
    def from_json(cls, document: Any, *, where: object = "") -> Receipt:
        """Return the receipt that `to_json` wrote: one that was kept outside the register.

        Raises
        ------
        UnreadableFile
            It is no receipt.
        """
        try:
            if document["schema"] != SCHEMA:
                raise ValueError(f"schema = {document['schema']!r}")
            return cls._read(document, document["receipt"], dt.date.fromisoformat(document["issued_on"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableFile(where, detail=repr(error)) from error

    @classmethod
    def _read(cls, body: Mapping[str, Any], receipt_id: str, issued_on: dt.date) -> Receipt:
        figure = PublishedFigure(
            figure_id=body["figure"],
            title=Text(body["title_zh"], body["title_en"]),
            cells=tuple(Cell(cell["row"], cell["column"], cell["value"]) for cell in body["cells"]),
            sample=body["sample"],
            sketch=body["sketch"],
        )
        return cls(
            receipt_id=receipt_id,
            figure=figure,
            as_of=dt.date.fromisoformat(body["as_of"]),
            head=Head(body["seq"], body["head"]),
            known_at=body["as_known"],
            definition=body["definition"],
            libraries=body["libraries"],
            files=body["files"],
            by=body["by"],
            issued_on=issued_on,
        )


def receipts(register: Register) -> list[Receipt]:
    """Return every receipt in the order of issue."""
    return [Receipt.of(document) for document in register.documents(kind=KIND)]


def find_receipt(register: Register, name: str) -> Receipt:
    """Return the receipt with this id, or the only one whose id begins so.

    Raises
    ------
    UnknownReceipt
        There is none, or the beginning fits several.
    """
    found = [one for one in receipts(register) if one.receipt_id.startswith(name.strip().lower() or "?")]
    if len(found) != 1:
        raise UnknownReceipt(register.path, name=name)
    return found[0]


def read_receipts(path: Path) -> list[Receipt]:
    """Read receipts that were kept in a file: one, or the list that ``publish --json`` printed.

    A register that somebody has rewritten as a whole still agrees with itself; only a receipt that was kept
    elsewhere tells.

    Raises
    ------
    MissingFile, UnreadableFile
        The file is not there, or holds no receipts.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise MissingFile(path) from None
    except (OSError, ValueError) as error:
        raise UnreadableFile(path, detail=error) from error
    several = isinstance(document, dict) and document.get("schema") == LIST_SCHEMA
    return [Receipt.from_json(one, where=path) for one in (document["receipts"] if several else [document])]


def publish(
    workspace: Workspace,
    *,
    as_of: dt.date | None = None,
    figures: Sequence[str] | None = None,
    by: str = UNNAMED,
) -> list[Receipt]:
    """Publish figures: compute them and keep a receipt of each in the register.

    What is computed is computed from the very files that are kept. Publishing the same state again gives the
    receipts that are there already.

    Parameters
    ----------
    as_of
        Day of the figures; today by default.
    figures
        Their ids (`ecotrack.publication.FigureReader`); all by default.
    by
        Who publishes.

    Raises
    ------
    UnknownFigure
        No figure has such an id.
    FutureDate, NoRegister
        As `ecotrack.workspace.Workspace.view` says.
    """
    files, day = definition_files(workspace), as_of or today()
    with workspace.register() as register:
        head = register.last_said()
        known_at = register.recorded_at(head.seq)
    with kept_workspace(workspace.register_path, files) as kept:
        view = kept.view(as_of=day, seq=head.seq)
        reader, definition = FigureReader(view), view.scoreboard.definition
        found = [reader.read(figure_id) for figure_id in (reader.ids if figures is None else figures)]
    versions, sums = libraries(), hashes(files)
    issued = [
        Receipt(
            receipt_id=_receipt_id(figure.figure_id, day, head, definition, versions, sums),
            figure=figure,
            as_of=day,
            head=head,
            known_at=known_at,
            definition=definition,
            libraries=versions,
            files=sums,
            by=by,
            issued_on=today(),
        )
        for figure in found
    ]
    with workspace.register() as register:
        return _keep(register, issued, files, by)


def _receipt_id(
    figure_id: str, day: dt.date, head: Head, definition: str, versions: dict[str, str], sums: dict[str, str]
) -> str:
    rests_on = [f"{name}={value}" for name, value in (*sorted(versions.items()), *sorted(sums.items()))]
    return stable_id(KIND, figure_id, day, head.seq, head.sha256, definition, *rests_on)


def _keep(register: Register, issued: list[Receipt], files: dict[str, bytes], by: str) -> list[Receipt]:
    """Write what is not kept yet and return each receipt as it stands in the register."""
    with register.writer(author=by) as writer:
        standing = {one.receipt_id: one for one in receipts(register)}
        fresh = [one for one in issued if one.receipt_id not in standing]
        if fresh:
            writer.add_many(fresh_definitions(register, files, issued_on=today()))
        writer.add_many(one.document() for one in fresh)
    return [standing.get(one.receipt_id, one) for one in issued]
