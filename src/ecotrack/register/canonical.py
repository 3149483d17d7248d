"""The byte form that the chain hashes: RFC 8785 JSON of an entry, never the rows of a database.

Numbers are integers or decimal text, days and instants are ISO 8601 text, geometry is the SHA-256 of its
canonical WKB: so two stores that hold the same entries have the same head.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import rfc8785

from ecotrack.model import Decision, FeatureVersion, IssuedDocument, ProgressRecord, Submission

GENESIS = "0" * 64
"""What the first entry follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEntry:
    """A unit as the workspace named it when the register was written.

    Attributes
    ----------
    unit_id
        Stable id of this state of the unit.
    names
        Every name and alias, with the days that bound them, as text.
    """

    unit_id: str
    code: str
    name_zh: str
    kind: str
    names: str


Entry = Submission | FeatureVersion | ProgressRecord | Decision | UnitEntry | IssuedDocument

KINDS: dict[type[Any], tuple[str, str]] = {
    Submission: ("submission", "submission_id"),
    FeatureVersion: ("feature_version", "version_id"),
    ProgressRecord: ("progress_record", "record_id"),
    Decision: ("decision", "decision_id"),
    UnitEntry: ("unit", "unit_id"),
    IssuedDocument: ("issued_document", "document_id"),
}
"""Entry class to its table and the field that holds its id."""

_SET_ON_READING = frozenset({"author", "seq", "recorded_at"})


def entry_id(entry: Entry) -> str:
    """Return the id of an entry."""
    return str(getattr(entry, KINDS[type(entry)][1]))


def decimal_text(number: Decimal) -> str:
    """Return the one text of a decimal: no exponent, no trailing zeros.

    Examples
    --------
    >>> decimal_text(Decimal("1059.00")), decimal_text(Decimal("1E+3"))
    ('1059', '1000')
    """
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text


def plain(value: Any) -> Any:
    """Return ``value`` in the types that canonical JSON knows."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return value


def body(entry: Entry) -> dict[str, Any]:
    """Return what of an entry is hashed: every field that its author gave."""
    names = (f.name for f in dataclasses.fields(entry) if f.name not in _SET_ON_READING)
    return {name: plain(getattr(entry, name)) for name in names}


def link(previous: str, entry: Entry, *, seq: int, recorded_at: str, office: str, account_id: str) -> str:
    """Return the hash that joins ``entry`` to the chain after ``previous`` (hex SHA-256)."""
    document: dict[str, Any] = {
        "account_id": account_id,
        "body": body(entry),
        "kind": KINDS[type(entry)][0],
        "office": office,
        "previous": previous,
        "recorded_at": recorded_at,
        "seq": seq,
    }
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()
