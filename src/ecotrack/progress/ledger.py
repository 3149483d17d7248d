"""The plot ledger: what the register says about plots, as columns in the order of recording.

A city has 200,000 plots and more than a million checks; columns of integers are read and asked in the time that
objects would take to be made. Texts stand once, in tables; a column holds their numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.model import Decision, FeatureVersion, ProgressRecord
from ecotrack.progress.seasons import season_code

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

VERDICTS = ("", "accept", "return", "strike", "withdraw")
CHECK_STATES = {"合格": 1, "补植": 2, "失败": 3}
STRUCK = "核销"
NONE = -1
CLAIM_UNITS = 10_000
"""Claimed areas are kept in ten-thousandths of a mu."""

_MOST = 2**31 - 1


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

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

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
NOTE = ("seq", "day", "feature", "status", "struck", "sample", "corrects")
"""Columns of the four parts. Days are ordinals, texts are numbers of their table, -1 is none; ``corrects`` is the
place in the chain of the record that is corrected."""


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
    """Collects rows of a ledger; start it empty, or from a ledger that is to be carried on."""

    def __init__(self, before: PlotLedger | None = None) -> None:
        self._before = before
        known = before.tables if before else {}
        self._tables = {name: Codes(known[name].names if before else ()) for name in TABLES}
        self._rows: dict[str, list[tuple[int, ...]]] = {"version": [], "decision": [], "check": [], "note": []}
        self._checks: list[dict[str, Ints]] = []
        self._awards = list(before.awards) if before else []

    def _code(self, table: str, text: str | None) -> int:
        return NONE if text is None else self._tables[table].number(text)

    def add_version(
        self,
        seq: int,
        day: int,
        feature_id: str,
        submission_id: str,
        *,
        unit: str | None,
        kind: str | None,
        programme: str | None,
        season: int,
        task_id: str | None,
        parent_id: str | None,
        claimed_mu: Decimal | None,
        sample: int,
    ) -> None:
        """Add a feature version; ``season`` is a code (`Season.code`)."""
        self._rows["version"].append(
            (
                seq,
                day,
                self._tables["features"].number(feature_id),
                self._tables["submissions"].number(submission_id),
                self._tables["units"].number(unit or ""),
                self._tables["kinds"].number(kind or ""),
                self._tables["programmes"].number(programme or ""),
                season,
                self._code("tasks", task_id),
                self._code("features", parent_id),
                NONE if claimed_mu is None else min(int(claimed_mu * CLAIM_UNITS), _MOST),
                sample,
            )
        )

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
            self._rows["decision"].append((seq, day, VERDICTS.index(verdict), version, submission))

    def add_check(
        self, seq: int, day: int, feature: str, *, live: int, holes: int, state: str | None, sample: int, corrects: int
    ) -> None:
        """Add a field check; ``live`` and ``holes`` are -1 where they were not counted."""
        number = self._tables["features"].number(feature)
        self._rows["check"].append((seq, day, number, live, holes, CHECK_STATES.get(state or "", 0), sample, corrects))

    def add_checks(self, columns: Mapping[str, npt.ArrayLike], features: Sequence[str]) -> None:
        """Add many field checks as columns (those of `CHECK` but ``feature``), and the ids of their plots."""
        number = self._tables["features"].number
        block = {name: np.asarray(column, dtype=np.int64) for name, column in columns.items()}
        self._checks.append(block | {"feature": np.fromiter((number(f) for f in features), np.int64, len(features))})

    def add_note(
        self, seq: int, day: int, feature: str, *, kind: str, state: str | None, sample: int, corrects: int
    ) -> None:
        """Add a record of another kind; only the state 核销 of a status matters to figures."""
        number, status = self._tables["features"].number(feature), int(kind == "status")
        self._rows["note"].append((seq, day, number, status, int(state == STRUCK), sample, corrects))

    def ledger(self) -> PlotLedger:
        """Return the ledger."""
        parts = {
            name: self._columns(name, names)
            for name, names in (("version", VERSION), ("decision", DECISION), ("check", CHECK), ("note", NOTE))
        }
        return PlotLedger(**parts, tables=self._tables, awards=tuple(self._awards))

    def _columns(self, part: str, names: Sequence[str]) -> dict[str, Ints]:
        rows = np.array(self._rows[part], dtype=np.int64).reshape(-1, len(names))
        fresh = {name: np.ascontiguousarray(rows[:, i]) for i, name in enumerate(names)}
        blocks = [fresh, *(self._checks if part == "check" else ())]
        if self._before is not None:
            blocks.insert(0, getattr(self._before, part))
        return {name: np.concatenate([block[name] for block in blocks]) for name in names}


def ledger_of(
    versions: Sequence[FeatureVersion], decisions: Sequence[Decision], records: Sequence[ProgressRecord]
) -> PlotLedger:
    """Return the ledger of entries in the order of recording, as tests and small callers have them.

    Entries without a place in the chain are numbered in the order given.
    """
    writer = LedgerWriter()
    version_at = {version.version_id: seq for seq, version in enumerate(versions)}
    for seq, version in enumerate(versions):
        writer.add_version(
            seq,
            version.effective_on.toordinal(),
            version.feature_id,
            version.submission_id,
            unit=version.unit,
            kind=version.kind,
            programme=version.programme,
            season=season_code(version.season, version.planted_on),
            task_id=version.task_id,
            parent_id=version.parent_id,
            claimed_mu=version.claimed_mu,
            sample=int(version.sample),
        )
    for seq, decision in enumerate(decisions, start=len(versions)):
        writer.add_decision(
            seq,
            decision.decided_on.toordinal(),
            decision.verdict,
            decision.subject,
            decision.subject_id,
            version_seq=version_at.get(decision.subject_id),
        )
    place = {record.record_id: record.seq or i for i, record in enumerate(records, start=1)}
    for i, record in enumerate(records, start=1):
        add_record(writer, dataclasses.replace(record, seq=record.seq or i), place)
    return writer.ledger()


def add_record(writer: LedgerWriter, record: ProgressRecord, place: dict[str, int]) -> None:
    """Add a record of a plot; ``place`` tells where in the chain the records stand that others correct."""
    if record.feature_id is None:
        return
    corrects = place.get(record.corrects, NONE) if record.corrects else NONE
    seq, day, sample = record.seq, record.effective_on.toordinal(), int(record.sample)
    if record.kind != "check":
        writer.add_note(
            seq, day, record.feature_id, kind=record.kind, state=record.state, sample=sample, corrects=corrects
        )
        return
    live, holes = count_of(record.fields.get("holes_live")), count_of(record.fields.get("holes_checked"))
    writer.add_check(
        seq, day, record.feature_id, live=live, holes=holes, state=record.state, sample=sample, corrects=corrects
    )


def count_of(value: Any) -> int:
    """Return a count, -1 where there is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else NONE


def in_force(part: dict[str, Ints], mask: Mask) -> Mask:
    """Return which records of a part stand: those in ``mask`` that no record in ``mask`` corrects.

    Of several corrections of one record the last one stands.
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
