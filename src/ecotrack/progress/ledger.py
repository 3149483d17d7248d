"""The plot ledger: what the register says about plots, as columns in the order of recording.

A city has 200,000 plots and more than a million checks; columns of integers are read and asked in the time that
objects would take to be made. Texts stand once, in tables; a column holds their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.model import Decision, FeatureVersion, ProgressRecord
from ecotrack.progress.keys import APART, Keys
from ecotrack.progress.seasons import season_code

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

VERDICTS = ("", "accept", "return", "strike", "withdraw")
CHECK_STATES = {"合格": 1, "补植": 2, "失败": 3}
STRUCK = "核销"
RETENTION = "retention"
NO_SURVEY = -2
"""What stands for the share kept in a record that is no survey of retention."""

KEPT_UNITS = 1_000_000
NONE = -1
CLAIM_UNITS = 10_000
"""Claimed areas are kept in ten-thousandths of a mu, rounded."""

CLAIM_MOST = 2**31 - 1
_LEAST = -(2**31)

_GROWN = 1.25
"""How much longer than its hash table a table of texts may grow before that is made anew."""


class Codes:
    """A growing table of texts; a column holds their numbers.

    Examples
    --------
    >>> table = Codes()
    >>> [table.number(text) for text in ("a", "b", "a")], table.names
    ([0, 1, 0], ['a', 'b'])
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = list(names)
        self._keys: Keys | None = None

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def numbers(self, texts: Sequence[str]) -> Ints:
        """Return the numbers of many texts, shape (n,); new ones are entered in their order."""
        try:
            return np.fromiter(map(self._numbers.__getitem__, texts), np.int64, len(texts))
        except KeyError:
            fresh = [text for text in dict.fromkeys(texts) if text not in self._numbers]
            self._numbers.update(zip(fresh, range(len(self.names), len(self.names) + len(fresh)), strict=True))
            self.names += fresh
            return np.fromiter(map(self._numbers.__getitem__, texts), np.int64, len(texts))

    def numbers_of(self, texts: bytes) -> Ints:
        """Return the numbers of joined texts (`ecotrack.progress.keys`), shape (n,); new ones are entered.

        An empty text is none, -1.
        """
        if self._keys is None or len(self.names) > _GROWN * len(self._keys):
            self._keys = Keys(self.names)
        result = self._keys.find(texts)
        missing = np.flatnonzero(result == NONE).tolist()
        if missing:
            one_by_one = texts.split(APART)
            given = [i for i in missing if one_by_one[i]]
            result[given] = self.numbers([one_by_one[i].decode() for i in given])
        return result

    def number(self, text: str) -> int:
        """Return the number of a text, which is entered if it is new."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.names)
            self.names.append(text)
        return found

    def find(self, text: str) -> int:
        """Return the number of a text, or -1 where the table does not hold it."""
        return self._numbers.get(text, NONE)


TABLES = ("features", "submissions", "units", "kinds", "programmes", "tasks")

VERSION = ("seq", "day", "feature", "submission", "unit", "kind", "programme", "season", "task", "parent", "claimed",
           "sample")  # fmt: skip
DECISION = ("seq", "day", "verdict", "version", "submission")
CHECK = ("seq", "day", "feature", "live", "holes", "state", "sample", "corrects")
NOTE = ("seq", "day", "feature", "status", "struck", "kept", "sample", "corrects")
PARTS = {"version": VERSION, "decision": DECISION, "check": CHECK, "note": NOTE}
"""Columns of the four parts. Days are ordinals, texts are numbers of their table, -1 is none; ``corrects`` is the
place in the chain of the record that is corrected; ``kept`` is what a survey of retention found (`kept_of`)."""


@dataclass(frozen=True, eq=False)
class Award:
    """A dispute that a reviewer decided."""

    seq: int
    day: int
    winner: str
    loser: str


@dataclass(frozen=True, eq=False)
class PlotLedger:
    """Columns of versions, decisions, checks and other records of the plots of one layer.

    Attributes
    ----------
    version, decision, check, note
        Column name to integers, shape (n,), in the order of recording.
    tables
        Texts by table.
    awards
        Decided disputes, few.
    """

    version: dict[str, Ints]
    decision: dict[str, Ints]
    check: dict[str, Ints]
    note: dict[str, Ints]
    tables: dict[str, Codes]
    awards: tuple[Award, ...] = ()


class LedgerWriter:
    """Collects columns of a ledger; start it empty, or from a ledger that is to be carried on."""

    def __init__(self, before: PlotLedger | None = None) -> None:
        known = before.tables if before else {}
        self._tables = {name: Codes(known[name].names if before else ()) for name in TABLES}
        self._blocks: dict[str, list[dict[str, Ints]]] = {
            part: [getattr(before, part)] if before else [] for part in PARTS
        }
        self._decisions: list[tuple[int, ...]] = []
        self._awards = list(before.awards) if before else []

    def add_versions(self, columns: Mapping[str, npt.ArrayLike]) -> None:
        """Add feature versions: the columns of `VERSION`."""
        self._add("version", columns)

    def numbers(self, table: str, texts: Sequence[str]) -> Ints:
        """Return the numbers of texts in a table, where new ones are entered; -1 for an empty task, parent or plot.

        A unit, kind or programme that was not given is the empty text, which has a number of its own.
        """
        if table not in ("tasks", "features") or all(texts):
            return self._tables[table].numbers(texts)
        result = np.full(len(texts), NONE)
        given = [i for i, text in enumerate(texts) if text]
        result[given] = self._tables[table].numbers([texts[i] for i in given])
        return result

    def plots(self, ids: bytes) -> Ints:
        """Return the numbers of joined feature ids; -1 for an empty one."""
        return self._tables["features"].numbers_of(ids)

    def add_decision(
        self, seq: int, day: int, verdict: str, subject: str, subject_id: str, *, version_seq: int | None
    ) -> None:
        """Add a decision; ``version_seq`` is the place of the version that it is about."""
        if subject == "overlap" and verdict == "award":
            winner, _, loser = subject_id.partition("|")
            self._awards.append(Award(seq, day, winner, loser))
        elif verdict in VERDICTS and subject in ("version", "submission"):
            submission = self._tables["submissions"].number(subject_id) if subject == "submission" else NONE
            version = NONE if version_seq is None else version_seq
            self._decisions.append((seq, day, VERDICTS.index(verdict), version, submission))

    def add_checks(self, columns: Mapping[str, npt.ArrayLike], rows: Ints | None = None) -> None:
        """Add field checks: the columns of `CHECK` (others are left), of some rows or of all."""
        self._add("check", columns, rows)

    def add_notes(self, columns: Mapping[str, npt.ArrayLike], rows: Ints | None = None) -> None:
        """Add records of other kinds: the columns of `NOTE`, of some rows or of all."""
        self._add("note", columns, rows)

    def ledger(self) -> PlotLedger:
        """Return the ledger."""
        rows = np.array(self._decisions, dtype=np.int64).reshape(-1, len(DECISION))
        self._blocks["decision"].append({name: np.ascontiguousarray(rows[:, i]) for i, name in enumerate(DECISION)})
        self._decisions = []
        parts = {
            part: {name: _joined([block[name] for block in self._blocks[part]]) for name in names}
            for part, names in PARTS.items()
        }
        return PlotLedger(**parts, tables=self._tables, awards=tuple(self._awards))

    def _add(self, part: str, columns: Mapping[str, npt.ArrayLike], rows: Ints | None = None) -> None:
        given = {name: _narrow(np.asarray(columns[name], dtype=np.int64)) for name in PARTS[part]}
        self._blocks[part].append(given if rows is None else {name: column[rows] for name, column in given.items()})


def _narrow(column: Ints) -> Any:
    """Return a column in four bytes a number where that holds it: tens of millions of them are kept."""
    fits = len(column) == 0 or (column.min() >= _LEAST and column.max() <= CLAIM_MOST)
    return column.astype(np.int32) if fits else column


def _joined(blocks: list[Ints]) -> Ints:
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)


def ledger_of(
    versions: Sequence[FeatureVersion], decisions: Sequence[Decision], records: Sequence[ProgressRecord]
) -> PlotLedger:
    """Return the ledger of entries in the order of recording, as tests and small callers have them.

    Entries without a place in the chain are numbered in the order given.

    Examples
    --------
    >>> import datetime as dt
    >>> plot = FeatureVersion(version_id="v-1", feature_id="p-1", layer="plots", submission_id="s-1", unit="131102",
    ...                       effective_on=dt.date(2016, 5, 1), season="2016-spring", wkb=b"")
    >>> ledger = ledger_of([plot], [], [])
    >>> ledger.version["season"].tolist(), ledger.tables["units"].names
    ([20161], ['131102'])
    """
    writer = LedgerWriter()
    texts = {
        "feature": ("features", [version.feature_id for version in versions]),
        "submission": ("submissions", [version.submission_id for version in versions]),
        "unit": ("units", [version.unit or "" for version in versions]),
        "kind": ("kinds", [version.kind or "" for version in versions]),
        "programme": ("programmes", [version.programme or "" for version in versions]),
        "task": ("tasks", [version.task_id or "" for version in versions]),
        "parent": ("features", [version.parent_id or "" for version in versions]),
    }
    columns: dict[str, npt.ArrayLike] = {
        "seq": range(len(versions)),
        "day": [version.effective_on.toordinal() for version in versions],
        "season": [season_code(version.season, version.planted_on) for version in versions],
        "claimed": [claim_of(version.claimed_mu) for version in versions],
        "sample": [int(version.sample) for version in versions],
    }
    writer.add_versions(columns | {name: writer.numbers(table, column) for name, (table, column) in texts.items()})
    version_at = {version.version_id: seq for seq, version in enumerate(versions)}
    for seq, decision in enumerate(decisions, start=len(versions)):
        writer.add_decision(
            seq,
            decision.decided_on.toordinal(),
            decision.verdict,
            decision.subject,
            decision.subject_id,
            version_seq=version_at.get(decision.subject_id),
        )
    _add_records(writer, records)
    return writer.ledger()


def _add_records(writer: LedgerWriter, records: Sequence[ProgressRecord]) -> None:
    place = {record.record_id: record.seq or i for i, record in enumerate(records, start=1)}
    of_plots = [record for record in records if record.feature_id is not None]
    for wanted, add in ((True, writer.add_checks), (False, writer.add_notes)):
        some = [record for record in of_plots if (record.kind == "check") is wanted]
        columns: dict[str, npt.ArrayLike] = {
            "seq": [place[record.record_id] for record in some],
            "day": [record.effective_on.toordinal() for record in some],
            "sample": [int(record.sample) for record in some],
            "corrects": [place.get(record.corrects or "", NONE) for record in some],
            "feature": writer.numbers("features", [str(record.feature_id) for record in some]),
        }
        add(columns | _of_kind(some, check=wanted))


def _of_kind(records: Sequence[ProgressRecord], *, check: bool) -> dict[str, npt.ArrayLike]:
    if check:
        return {
            "live": [count_of(record.fields.get("holes_live")) for record in records],
            "holes": [count_of(record.fields.get("holes_checked")) for record in records],
            "state": [CHECK_STATES.get(record.state or "", 0) for record in records],
        }
    return {
        "status": [int(record.kind == "status") for record in records],
        "struck": [int(record.state == STRUCK) for record in records],
        "kept": [kept_of(record.value) if record.kind == RETENTION else NO_SURVEY for record in records],
    }


def kept_of(value_pct: Decimal | None) -> int:
    """Return the share that a survey of retention found, in millionths of a percent; -1 where it names none.

    Rounded down, so that comparing it with a bar gives the same as comparing the percentages.

    Examples
    --------
    >>> kept_of(Decimal("79.9999999")), kept_of(Decimal(80)), kept_of(None)
    (79999999, 80000000, -1)
    """
    return NONE if value_pct is None else min(int(value_pct * KEPT_UNITS), CLAIM_MOST)


def claim_of(claimed_mu: Decimal | None) -> int:
    """Return a claimed area in the ledger's unit (`CLAIM_UNITS`), -1 where nothing was claimed.

    Examples
    --------
    >>> claim_of(Decimal("12.5")), claim_of(None)
    (125000, -1)
    """
    return NONE if claimed_mu is None else min(int(claimed_mu * CLAIM_UNITS + Decimal("0.5")), CLAIM_MOST)


def count_of(value: Any) -> int:
    """Return a count, -1 where there is none.

    Examples
    --------
    >>> count_of(85), count_of(None), count_of("85"), count_of(True)
    (85, -1, -1, -1)
    """
    return value if isinstance(value, int) and not isinstance(value, bool) else NONE


def in_force(part: dict[str, Ints], mask: Mask) -> Mask:
    """Return which records of a part stand: those in ``mask`` that no record in ``mask`` corrects.

    Of several corrections of one record the last one stands.

    Examples
    --------
    >>> part = {"seq": np.array([4, 7, 9]), "corrects": np.array([NONE, 4, 4])}
    >>> in_force(part, np.array([True, True, True])).tolist()
    [False, False, True]
    >>> in_force(part, np.array([True, True, False])).tolist()  # as it was known before the third
    [False, True, False]
    """
    corrections = np.flatnonzero(mask & (part["corrects"] != NONE))
    if len(corrections) == 0:
        return mask
    result = mask.copy()
    seqs = part["seq"]
    root: dict[int, int] = {}
    last: dict[int, int] = {}
    for i in corrections.tolist():
        target = int(part["corrects"][i])
        origin = root.get(target, target)
        root[int(part["seq"][i])] = origin
        if origin in last:
            result[last[origin]] = False
        else:
            row = int(np.searchsorted(seqs, origin))
            if row < len(seqs) and seqs[row] == origin:
                result[row] = False
        last[origin] = i
    return result
