"""The byte form that the chain hashes: RFC 8785 JSON of an entry, never the rows of a database.

Numbers are integers or decimal text, days and instants are ISO 8601 text, geometry is the SHA-256 of its
canonical WKB: so two stores that hold the same entries have the same head.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
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

CLASSES: dict[str, type[Entry]] = {table: cls for cls, (table, _) in KINDS.items()}
"""Table to the class of its entries."""

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


def canonical_json(document: dict[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a document of text, integers, booleans, nulls, lists and objects.

    msgspec gives these bytes at a fiftieth of the time of the reference implementation, but for one case: it sorts
    keys by code point and not by UTF-16 unit, which differ only where a key holds a character beyond U+FFFF. The
    reference implementation does the work there.

    Raises
    ------
    TypeError
        A float stands in the document (its text is not the same everywhere, so hashes must not rest on it), or
        something else that is none of the above.

    Examples
    --------
    >>> canonical_json({"b": [1, True], "a": {"面积（亩）": "12.5", "注": None}}).decode()
    '{"a":{"注":null,"面积（亩）":"12.5"},"b":[1,true]}'
    """
    return _ENCODER.encode(document) if _keys_sort_alike(document) else rfc8785.dumps(document)


def _keys_sort_alike(value: Any) -> bool:
    """Return whether every key in ``value`` sorts alike by code point and by UTF-16 unit; refuse what is not hashed."""
    if isinstance(value, dict):
        keys = "".join(value)
        alike = keys.isascii() or max(keys) <= _LAST_OF_ONE_UNIT
        return alike & (_are_scalars(value.values()) or _all_alike(value.values()))
    if isinstance(value, (list, tuple)):
        return _are_scalars(value) or _all_alike(value)
    if value is None or isinstance(value, (str, int)):
        return True
    raise TypeError(f"{value!r} is not hashed; floats and the like are given as decimal text")


def _all_alike(values: Iterable[Any]) -> bool:
    return all([*map(_keys_sort_alike, values)])  # a list, so that what stands behind the first False is looked at too


def _are_scalars(values: Iterable[Any]) -> bool:
    return _SCALARS.issuperset(map(type, values))


def _exact(value: Any) -> str:
    """Return a subclass of text as text, which msgspec asks for."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{value!r} is not hashed")


_SCALARS = frozenset({str, int, bool, type(None)})
_ENCODER = msgspec.json.Encoder(order="deterministic", enc_hook=_exact)
_LAST_OF_ONE_UNIT = "\uffff"


def plain(value: Any) -> Any:
    """Return ``value`` in the types that canonical JSON knows; documents as the bytes that they have in it.

    Raises
    ------
    TypeError
        As `canonical_json` says.
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return msgspec.Raw(canonical_json(value))


def plain_columns(entries: Sequence[Entry]) -> dict[str, Sequence[Any]]:
    """Return what is hashed of entries of one class, every field that an author gave, as columns of `plain` values."""
    names = _hashed_fields(KINDS[type(entries[0])][0])
    return {name: _plain_column([*map(attrgetter(name), entries)]) for name in names}


def _plain_column(values: list[Any]) -> Sequence[Any]:
    kinds = {*map(type, values)}
    if kinds == {dt.date}:
        return [*map(_day_text, values)]
    return values if kinds <= _SCALARS else [plain(value) for value in values]


_day_text = lru_cache(maxsize=1 << 14)(dt.date.isoformat)


@cache
def _hashed_fields(table: str) -> tuple[str, ...]:
    return tuple(sorted(f.name for f in dataclasses.fields(CLASSES[table]) if f.name not in _SET_ON_READING))


def bodies(table: str, columns: dict[str, Sequence[Any]]) -> list[bytes]:
    """Return the bytes that are hashed of each entry of a table whose `plain_columns` are given."""
    return [*map(_ENCODER.encode, map(_body_class(table), *columns.values()))]


@cache
def _body_class(table: str) -> type[msgspec.Struct]:
    """Return the class of what is hashed, its fields in the order of sorted keys: three times as fast as a dict."""
    return msgspec.defstruct(table, _hashed_fields(table), gc=False)


def body(entry: Entry) -> bytes:
    """Return the bytes that are hashed of one entry.

    Examples
    --------
    >>> body(UnitEntry(unit_id="u-1", code="131102", name_zh="桃城区", kind="区", names="桃城区（1996-）")).decode()
    '{"code":"131102","kind":"区","name_zh":"桃城区","names":"桃城区（1996-）","unit_id":"u-1"}'
    """
    table, _ = KINDS[type(entry)]
    return bodies(table, plain_columns([entry]))[0]


class Stamp(NamedTuple):
    """When, in which office and by whom (account id) an entry is recorded."""

    recorded_at: str
    office: str
    account_id: str


def link(previous: str, kind: str, content: bytes, *, seq: int, stamp: Stamp) -> str:
    """Return the hash that joins an entry to the chain.

    It is taken over the canonical JSON of an object with the keys ``account_id``, ``body``, ``kind``, ``office``,
    ``previous``, ``recorded_at`` and ``seq``.

    Parameters
    ----------
    previous
        Hash of the entry before it (hex SHA-256), or `GENESIS`.
    kind
        Table of the entry.
    content
        Its `body`.
    """
    before, between, after = _frame(kind, stamp)
    return hashlib.sha256(b"%b%b%b%b%b%d}" % (before, content, between, previous.encode(), after, seq)).hexdigest()


@lru_cache(maxsize=256)
def _frame(kind: str, stamp: Stamp) -> tuple[bytes, bytes, bytes]:
    """Return what stands around an entry's body, the previous hash and its place, in the order of sorted keys."""
    account_id, office, recorded_at = map(_ENCODER.encode, (stamp.account_id, stamp.office, stamp.recorded_at))
    between = b',"kind":%b,"office":%b,"previous":"' % (_ENCODER.encode(kind), office)
    return b'{"account_id":%b,"body":' % account_id, between, b'","recorded_at":%b,"seq":' % recorded_at
