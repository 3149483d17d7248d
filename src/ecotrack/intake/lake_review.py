"""A reviewer's word on observations of the lake: adopted (采用) or sent back (退回), with all that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from ecotrack.errors import NoName, OwnReview, SceneCountedTwice, UnknownObservation
from ecotrack.intake.lake_observation import KIND, LAYER, WAITS
from ecotrack.model import ProgressRecord
from ecotrack.progress import current
from ecotrack.register import stable_id

if TYPE_CHECKING:
    from ecotrack.workspace import Workspace

ADOPTED = "采用"
Word = Literal["采用", "退回"]


def decide_observations(
    workspace: Workspace, names: Sequence[str], word: Word, *, reviewer: str, reason: str = ""
) -> list[ProgressRecord]:
    """Write a reviewer's word on observations, all of them or none, and return the records that are new.

    A new record takes the place of each and keeps its numbers, level, scene, method and doubts. What stands so already
    gives none.

    Parameters
    ----------
    names
        Ids of records, or of scenes: the observations from it that wait, or all where none does.

    Raises
    ------
    NoName, OwnReview
        The reviewer has no name, or handed the observation in.
    UnknownObservation
        No observation in force has such an id.
    SceneCountedTwice
        The same scene has given an adopted observation of the same water already.
    """
    if not reviewer.strip():
        raise NoName("--by")
    with workspace.register() as register, register.writer(author=reviewer) as writer:
        made = decisions(register.records(layer=LAYER, kind=KIND), names, word, reviewer=reviewer, reason=reason)
        writer.add_many(made)
    return made


def decisions(
    records: Sequence[ProgressRecord], names: Sequence[str], word: Word, *, reviewer: str, reason: str = ""
) -> list[ProgressRecord]:
    """Return the records that a reviewer's word on some observations makes.

    Parameters
    ----------
    records
        Observations in the order of recording, corrected ones too.

    Raises
    ------
    OwnReview, UnknownObservation, SceneCountedTwice
        As `decide_observations` says.
    """
    standing, senders = current(records), _senders(records)
    chosen: dict[str, ProgressRecord] = {}
    for name in names:
        found = [one for one in standing if name in (one.record_id, one.fields.get("scene_id"))]
        if not found:
            raise UnknownObservation(name=name)
        waits = [one for one in found if one.state == WAITS]
        chosen |= {one.record_id: one for one in waits or found if one.state != word}
    taken = [one for one in standing if one.state == ADOPTED]
    for one in chosen.values():
        if senders[one.record_id] == reviewer:
            raise OwnReview(one.record_id, name=reviewer)
        twice = next((other for other in taken if is_same_look(one, other)), None)
        if word == ADOPTED and twice is not None:
            raise SceneCountedTwice(one.record_id, scene=one.fields["scene_id"], other=twice.record_id, km2=twice.value)
        taken.append(one)
    return [_worded(one, word, reason) for one in chosen.values()]


def _senders(records: Sequence[ProgressRecord]) -> dict[str, str]:
    """Return who handed in what each record tells: a reviewer's word has another author."""
    found: dict[str, str] = {}
    for one in records:
        before = found.get(one.corrects or "")
        found[one.record_id] = one.author if one.state == WAITS or before is None else before
    return found


def _worded(one: ProgressRecord, word: Word, reason: str) -> ProgressRecord:
    return replace(
        one,
        record_id=stable_id("lake-word", one.record_id, word, reason),
        state=word,
        fields={**one.fields, "reason": reason} if reason else one.fields,
        corrects=one.record_id,
        author="",
        seq=0,
        recorded_at="",
    )


def beside(made: Sequence[ProgressRecord], standing: Sequence[ProgressRecord]) -> list[ProgressRecord]:
    """Return adopted observations of the same water and day as some that were adopted now: of other scenes, or copies.

    Both count in the year's median, which may be meant.
    """
    now = {one.record_id for one in made}
    return [
        other
        for other in standing
        if other.state == ADOPTED
        and other.record_id not in now
        and any(_series_of(one) == _series_of(other) for one in made if one.state == ADOPTED)
    ]


def _series_of(one: ProgressRecord) -> tuple[object, ...]:
    return (one.effective_on, one.feature_id, one.sample, one.fields.get("basis"), one.fields.get("surface_kind"))


def is_same_look(one: ProgressRecord, other: ProgressRecord) -> bool:
    """Return whether two observations tell the same water of the same scene: one of them would count it twice.

    The whole lake and one of its basins are the same water, open water with plants and without are two series.
    """
    keys = ("scene_id", "basis", "surface_kind")
    if not one.fields.get("scene_id") or any(one.fields.get(key) != other.fields.get(key) for key in keys):
        return False
    basins = {one.feature_id, other.feature_id}
    return one.sample is other.sample and (None in basins or len(basins) == 1)
