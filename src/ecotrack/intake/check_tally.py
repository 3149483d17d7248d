"""How often a check answered what; silence is counted as a pass only where the check could have spoken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ecotrack.intake.candidates import Candidate
from ecotrack.intake.check_shape import Subject
from ecotrack.intake.checks import Check
from ecotrack.intake.surroundings import Surroundings
from ecotrack.model import FeatureVersion
from ecotrack.model.findings import Finding

_ANSWERS = ("failed", "not_checked", "passed")


class Tally(NamedTuple):
    """How often a check answered what; ``not_asked`` counts the features that it does not apply to."""

    check: Check
    passed: int
    failed: int
    not_checked: int
    not_asked: int


class _Sort(NamedTuple):
    """What decides whether a silent check has passed a feature: all features of one sort are alike to it."""

    drawn: bool
    placed: bool
    sound: bool
    kind: str | None = None
    form: str | None = None


class Tallies:
    """The answers of every check that gives one for each feature, counted block by block."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = [check for check in checks.values() if check.each]
        self._counts: dict[str, Counter[str]] = {check.id: Counter() for check in self._checks}

    def add(
        self,
        candidates: Iterable[Candidate],
        subjects: Iterable[Subject],
        findings: Iterable[Finding],
        around: Surroundings,
    ) -> None:
        """Count the answers about some features."""
        spoken: dict[str, dict[str, set[str]]] = {}
        for finding in findings:
            if finding.feature:
                spoken.setdefault(finding.check, {}).setdefault(finding.feature, set()).add(finding.answer)
        versions = {item.number: item.version for item in subjects}
        sorts = {str(item.number): _sort_of(item, versions.get(item.number)) for item in candidates}
        silent = Counter(sorts.values())
        for check in self._checks:
            self._counts[check.id] += _counted(check, sorts, silent.copy(), spoken, around)

    def done(self) -> list[Tally]:
        """Return the sums."""
        names = ("passed", "failed", "not_checked", "not_asked")
        return [Tally(check, *(self._counts[check.id][name] for name in names)) for check in self._checks]


def _sort_of(item: Candidate, version: FeatureVersion | None) -> _Sort:
    drawn, placed = item.submitted_wkb is not None, item.wkb is not None
    return _Sort(drawn, placed, True, version.kind, version.form) if version else _Sort(drawn, placed, False)


def _counted(
    check: Check,
    sorts: Mapping[str, _Sort],
    silent: Counter[_Sort],
    spoken: Mapping[str, Mapping[str, set[str]]],
    around: Surroundings,
) -> Counter[str]:
    """Count the answers of one check: where it said nothing, silence passes only where it could have spoken."""
    told: dict[str, set[str]] = {}
    for name in (check.id, *check.covers):
        for feature, answers in spoken.get(name, {}).items():
            told[feature] = told.get(feature, set()) | answers
    counts: Counter[str] = Counter()
    for feature, answers in told.items():
        counts[next(answer for answer in _ANSWERS if answer in answers)] += 1
        silent[sorts[feature]] -= 1
    for sort, number in silent.items():
        counts[_silent_answer(check, sort, around)] += number
    return counts


def _silent_answer(check: Check, sort: _Sort, around: Surroundings) -> str:
    absent = check.layer is not None and check.layer not in {*around.zones, *around.unread}
    if absent or (sort.sound and not check.applies(kind=sort.kind, form=sort.form)):
        return "not_asked"
    drawn = sort.placed if check.placed else sort.drawn
    reached = {"geometry": drawn, "position": sort.placed, "file": True, "attributes": True}
    passed = reached.get(check.stage, sort.sound) and check.layer not in around.unread
    return "passed" if passed else "not_checked"
