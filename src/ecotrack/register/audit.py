"""Audit: the chain computed again from the content, and the first row that was touched."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ecotrack.errors import BadHead, MissingFile, Text
from ecotrack.register.canonical import GENESIS, KINDS, Entry, Stamp, link
from ecotrack.register.drafts import contents
from ecotrack.register.store import Register
from ecotrack.register.writer import Head

_TOGETHER = 2_000
"""Entries whose content is made ready for hashing together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    head
        End of the chain as far as it was walked.
    entries
        Number of entries that hold.
    broken_at
        Place of the first entry that does not hold; ``None`` where all do.
    problem
        What is wrong there.
    missing_raw
        For each submission whose raw file is not there with its hash: what is wrong, and with which one.
    """

    head: Head
    entries: int
    broken_at: int | None = None
    problem: Text | None = None
    missing_raw: tuple[Text, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether every entry holds and every raw file is there as it came."""
        return self.broken_at is None and not self.missing_raw


def read_head(text: str) -> Head:
    """Return the head that ``SEQ:SHA256`` names, as it was noted from an audit or a backup.

    Raises
    ------
    BadHead
        The text is no such thing.

    Examples
    --------
    >>> read_head("7:" + "ab" * 32).seq
    7
    """
    found = re.fullmatch(r"(\d{1,18})[:：]([0-9a-f]{64})", text.strip().lower(), re.ASCII)
    if found is None:
        raise BadHead("--expect", text=text)
    return Head(int(found[1]), found[2])


def audit(register: Register, *, expected: Head | None = None, walked: Callable[[int], object] | None = None) -> Audit:
    """Walk the whole chain and compare it with what the tables hold.

    Parameters
    ----------
    expected
        A head kept elsewhere (a receipt, a backup): the chain must pass through it. A chain alone proves
        nothing against one who rewrites the whole file.
    walked
        Told of every so many entries that hold, by how many it is further.

    Returns
    -------
    Audit
        Names the first entry that was changed, removed or put in.
    """
    with register.one_moment():  # a writer beside it must not look like rows that came from nowhere
        return _audit(register, expected, walked)


def _audit(register: Register, expected: Head | None, walked: Callable[[int], object] | None) -> Audit:
    previous, count, passed = Head(0, GENESIS), 0, expected is None
    counts: Counter[str] = Counter()
    for head, stamp, table, content in _walk(register):
        if head.seq != previous.seq + 1:
            return _broken(previous, count, previous.seq + 1, Text("该行被删除", "the row was removed"))
        if content is None:
            problem = Text("内容行缺失或无法读取", "its content row is missing or cannot be read")
            return _broken(previous, count, head.seq, problem)
        if link(previous.sha256, table, content, seq=head.seq, stamp=stamp) != head.sha256:
            return _broken(previous, count, head.seq, Text("内容被改动", "its content was changed"))
        previous, count = head, count + 1
        counts[table] += 1
        passed = passed or head == expected
        if walked and count % _TOGETHER == 0:
            walked(_TOGETHER)
    return _check_rest(register, previous, count, counts, passed, expected)


def _walk(register: Register) -> Iterator[tuple[Head, Stamp, str, bytes | None]]:
    """Yield every link of the chain with the table and the bytes of its content; ``None`` where there are none."""
    waiting = register.entries()
    while some := list(islice(waiting, _TOGETHER)):
        made = iter(_contents([entry for *_, entry in some if entry is not None]))
        for head, recorded_at, office, account_id, entry in some:
            stamp = Stamp(recorded_at, office, account_id)
            yield (head, stamp, "", None) if entry is None else (head, stamp, KINDS[type(entry)][0], next(made))


def _contents(entries: Sequence[Entry]) -> Sequence[bytes | None]:
    try:
        return contents(entries)
    except TypeError:  # somebody has put a float into one of them: that one is to be named, not all
        return [None] if len(entries) == 1 else [content for entry in entries for content in _contents([entry])]


def _check_rest(
    register: Register, head: Head, count: int, counts: Counter[str], passed: bool, expected: Head | None
) -> Audit:
    for table, rows in register.row_counts().items():
        if rows != counts[table]:
            problem = Text(f"表 {table} 有链外的行", f"table {table} holds rows outside the chain")
            return _broken(head, count, head.seq + 1, problem)
    if not passed and expected is not None:
        problem = Text("登记链不经过给定的链尾", "the chain does not pass through the given head")
        return _broken(head, count, expected.seq, problem)
    damage = register.integrity()
    if damage:
        return _broken(head, count, head.seq, Text(f"文件损坏：{damage[0]}", f"the file is damaged: {damage[0]}"))
    return Audit(head=head, entries=count, missing_raw=tuple(_raw_problems(register)))


def _raw_problems(register: Register) -> Iterator[Text]:
    gone = Text("提交 {name} 的原始文件缺失（{file}）", "the raw file of submission {name} is missing ({file})")
    other = Text("提交 {name} 的原始文件被改动（{file}）", "the raw file of submission {name} was changed ({file})")
    for submission in register.submissions():
        if submission.raw_sha256 is None:
            continue
        facts = {"name": submission.submission_id, "file": submission.file_name or "-"}
        try:
            if hashlib.sha256(register.raw(submission.raw_sha256)).hexdigest() != submission.raw_sha256:
                yield other.format(**facts)
        except MissingFile:
            yield gone.format(**facts)


def _broken(head: Head, count: int, seq: int, problem: Text) -> Audit:
    return Audit(head=head, entries=count, broken_at=seq, problem=problem)
