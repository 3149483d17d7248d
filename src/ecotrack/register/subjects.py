"""What a review asks the register: how much of each submission waits, and all about a few that are to be decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from ecotrack.model import Decision, FeatureVersion, IssuedDocument, Submission
from ecotrack.register import rows
from ecotrack.register.canonical import KINDS

SENDERS = """SELECT s.submission_id, a.name FROM submission s JOIN entry e ON e.seq = s.seq
JOIN account a ON a.account_id = e.account_id"""

# Of each subject the last decision: SQLite takes the other columns from the row that has the greatest seq.
_LAST = (
    "SELECT subject_id, max(seq) AS seq, verdict FROM decision WHERE subject {test} 'submission' GROUP BY subject_id"
)
_SINGLE = f"""SELECT v.submission_id, one.verdict, count(*) FROM ({_LAST.format(test="<>")}) one
JOIN feature_version v ON v.version_id = one.subject_id
LEFT JOIN ({_LAST.format(test="=")}) whole ON whole.subject_id = v.submission_id
WHERE one.seq > coalesce(whole.seq, 0) GROUP BY v.submission_id, one.verdict"""


# The first column of these indexes takes few values: named, it lets SQLite go straight to the ids.
_NAMED = """version_id IN ({some}) OR submission_id IN ({some})
OR (layer IN (SELECT DISTINCT layer FROM feature_version) AND feature_id IN ({some}))"""
_ABOUT = "subject IN (SELECT DISTINCT subject FROM decision) AND subject_id IN ({some})"
_CHUNK = 300

_T = TypeVar("_T", Submission, FeatureVersion, Decision, IssuedDocument)


class Tally(NamedTuple):
    """How many feature versions a submission has, and how many carry each verdict; the rest wait."""

    plots: int
    verdicts: dict[str, int]


class Subjects(NamedTuple):
    """All that was said about a few submissions or plots, each in the order of recording.

    Attributes
    ----------
    senders
        Name of the account that sent each submission, by its id.
    """

    submissions: list[Submission]
    versions: list[FeatureVersion]
    decisions: list[Decision]
    senders: dict[str, str]


def read_tallies(connection: sqlite3.Connection) -> dict[str, Tally]:
    """Return how each submission of features stands, by its id, without reading a single feature."""
    plots = dict(connection.execute("SELECT submission_id, count(*) FROM feature_version GROUP BY submission_id"))
    tallies = {submission_id: Tally(count, {}) for submission_id, count in plots.items()}
    for submission_id, verdict, count in connection.execute(_SINGLE):
        tallies[submission_id].verdicts[verdict] = count
    for submission_id, _, verdict in connection.execute(_LAST.format(test="=")):
        if submission_id in tallies:
            plots_, verdicts = tallies[submission_id]
            verdicts[verdict] = verdicts.get(verdict, 0) + plots_ - sum(verdicts.values())
    return tallies


def read_subjects(connection: sqlite3.Connection, ids: Iterable[str]) -> Subjects:
    """Return the submissions, feature versions and features that some ids name, with what was decided about them.

    Of a named feature every version is returned, of a named submission every version in it.
    """
    wanted = sorted({*ids})
    versions = read_some(connection, FeatureVersion, _NAMED, wanted)
    sent = sorted({*wanted} | {version.submission_id for version in versions})
    return Subjects(
        submissions=read_some(connection, Submission, "submission_id IN ({some})", sent),
        versions=versions,
        decisions=read_some(connection, Decision, _ABOUT, [*sent, *(version.version_id for version in versions)]),
        senders=_senders(connection, sent),
    )


def _senders(connection: sqlite3.Connection, submission_ids: Sequence[str]) -> dict[str, str]:
    sql = f"{SENDERS} WHERE s.submission_id IN ({{some}})"
    return dict(row for row in _some(connection, sql, submission_ids))


def read_some(connection: sqlite3.Connection, cls: type[_T], condition: str, wanted: Sequence[str]) -> list[_T]:
    """Return the entries for which a condition holds, in the order of recording, each once."""
    table = KINDS[cls][0]
    sql = f"SELECT seq, {', '.join(rows.columns(table))} FROM {table} WHERE {condition}"
    found = {row[0]: row[1:] for row in _some(connection, sql, wanted)}
    return [cls(**rows.from_row(table, found[seq])) for seq in sorted(found)]


def _some(connection: sqlite3.Connection, sql: str, wanted: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a question about many ids, asked about a few hundred at a time."""
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(sql.replace("{some}", marks), [*some] * sql.count("{some}"))
