"""Records in force: corrections applied, the latest of each feature, real ones before sample ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from ecotrack.model import ProgressRecord


def current(records: Iterable[ProgressRecord]) -> list[ProgressRecord]:
    """Return the records in force: a corrected record gives way to its latest correction.

    Parameters
    ----------
    records
        In the order of recording.

    Returns
    -------
    list of ProgressRecord
        In the order of recording of what stands now.

    Examples
    --------
    >>> day = dt.date(2016, 5, 1)
    >>> first = ProgressRecord(record_id="a", layer="air", kind="pm25", effective_on=day)
    >>> mended = ProgressRecord(record_id="b", layer="air", kind="pm25", effective_on=day, corrects="a")
    >>> [record.record_id for record in current([first, mended])]
    ['b']
    """
    root: dict[str, str] = {}
    standing: dict[str, ProgressRecord] = {}
    for record in records:
        origin = root.get(record.corrects, record.corrects) if record.corrects else record.record_id
        root[record.record_id] = origin
        standing[origin] = record
    return sorted(standing.values(), key=lambda record: record.seq)


def latest(records: Iterable[ProgressRecord]) -> dict[str, ProgressRecord]:
    """Return the latest record of each feature: by effective day, then by recording.

    Examples
    --------
    >>> def seen(name, month, state):
    ...     return ProgressRecord(record_id=name, layer="reaches", kind="work", feature_id="r-1", state=state,
    ...                           effective_on=dt.date(2016, month, 1))
    >>> latest([seen("b", 9, "完工"), seen("a", 5, "在建")])["r-1"].state
    '完工'
    """
    result: dict[str, ProgressRecord] = {}
    for record in sorted(records, key=when):
        if record.feature_id is not None:
            result[record.feature_id] = record
    return result


def when(record: ProgressRecord) -> tuple[dt.date, int]:
    """Return what orders records in time: the effective day, then the place in the chain.

    Examples
    --------
    >>> when(ProgressRecord(record_id="a", layer="air", kind="pm25", effective_on=dt.date(2016, 5, 1), seq=7))
    (datetime.date(2016, 5, 1), 7)
    """
    return record.effective_on, record.seq


def choose_basis(records: Sequence[ProgressRecord]) -> tuple[list[ProgressRecord], bool]:
    """Return the records that a figure may use and whether they are sample data.

    Real records and sample data are never mixed: where there is a real one, the sample stands aside.

    Examples
    --------
    >>> def cover(name, sample):
    ...     return ProgressRecord(record_id=name, layer="cover", kind="cover", effective_on=dt.date(2020, 12, 31),
    ...                           sample=sample)
    >>> records, sample = choose_basis([cover("made up", True), cover("real", False)])
    >>> [record.record_id for record in records], sample
    (['real'], False)
    >>> choose_basis([cover("made up", True)])[1]
    True
    """
    real = [record for record in records if not record.sample]
    return (real, False) if real else (list(records), bool(records))
