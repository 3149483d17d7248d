"""Decisions about what was submitted: by a named reviewer, who is never the sender."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ecotrack.errors import (
    AlreadyAccepted,
    DecidedMeanwhile,
    EarlyDecision,
    FutureDate,
    HeldPlots,
    NoName,
    NoOverlap,
    NotAccepted,
    NotSender,
    OwnReview,
    Text,
    UnknownSubmission,
)
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.overlap import overlap_pairs
from ecotrack.intake.check_meanwhile import held_now, verdicts_of
from ecotrack.model import Decision, FeatureVersion, Submission
from ecotrack.register import Register, Subjects, Tally, new_id
from ecotrack.workspace import today

Subject = Literal["submission", "version"]
Verdict = Literal["accept", "return", "strike", "withdraw"]

UNPROVEN = "（命令行登记，未验证审核人身份）"
"""Stands in the reason of every decision whose reviewer only gave a name."""

_STATES = {
    None: Text("还没有审核", "was never reviewed"),
    "return": Text("已退回", "was returned"),
    "strike": Text("已核销", "was struck already"),
    "withdraw": Text("已由提交人撤回", "was withdrawn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One submission with what was decided about it.

    Attributes
    ----------
    sender
        Name of the account that sent it in.
    plots
        Its feature versions.
    accepted, returned, struck, withdrawn
        How many of them carry that verdict.
    """

    submission: Submission
    sender: str
    plots: int
    accepted: int
    returned: int
    struck: int
    withdrawn: int

    @property
    def waiting(self) -> int:
        """Feature versions without a verdict."""
        return self.plots - self.accepted - self.returned - self.struck - self.withdrawn


def decide(
    register: Register,
    subject_ids: Sequence[str],
    verdict: Verdict,
    *,
    reviewer: str,
    decided_on: dt.date,
    reason: str = "",
    document: str = "",
    identity_proven: bool = False,
    despite: bool = False,
    once: bool = False,
) -> list[Decision]:
    """Write one decision about each submission or feature version, all of them or none.

    What stands accepted already is not accepted again: nothing is written about it, and no decision returned.

    Parameters
    ----------
    subject_ids
        Ids of submissions, of feature versions, or of features: their newest version, for ``strike`` the
        newest one that stands accepted.
    verdict
        ``accept``, ``return``, ``strike`` (核销 of what stands accepted) or ``withdraw`` (the sender takes
        back what was not accepted).
    reviewer
        Name of who decides: not the sender; for ``withdraw`` only the sender.
    decided_on
        The day that counts, not before the day of submission.
    identity_proven
        Whether the reviewer signed in; else the decision says that the name was only given.
    despite
        Accept plots that a check holds back, for the reason given.
    once
        Refuse where anybody decided already: of two reviewers at once the second is told.

    Raises
    ------
    UnknownSubmission
        The register holds no such id.
    NoName
        ``reviewer`` is blank.
    HeldPlots
        A check failed or was not made, or a plot on the same ground was accepted since, and ``despite`` and a reason
        were not given.
    OwnReview
        The reviewer sent it in.
    NotSender, AlreadyAccepted
        A withdrawal by another than the sender, or of what was accepted.
    NotAccepted
        A strike of what does not stand accepted.
    DecidedMeanwhile
        With ``once``: some of it carries a verdict.
    EarlyDecision, FutureDate
        ``decided_on`` is before the submission, or after today.
    """
    _refuse_name_and_day(reviewer, decided_on)
    decisions: list[Decision] = []
    with register.writer(author=reviewer) as writer:
        book = _Book(register.subjects(subject_ids))
        if once:
            book.refuse_decided(subject_ids)
        may_hold = verdict == "accept" and not (despite and reason.strip())
        held = held_now(register, book.named(subject_ids)) if may_hold else {}
        for subject_id in dict.fromkeys(subject_ids):
            subject, found, submission_id = book.find(subject_id, accepted=verdict == "strike")
            book.refuse_day(subject_id, submission_id, decided_on)
            book.refuse_verdict(subject_id, found, submission_id, verdict=verdict, reviewer=reviewer)
            book.refuse_held(subject_id, found, held)
            if verdict == "accept" and book.stands_accepted(found):
                continue
            decision = Decision(
                decision_id=new_id(),
                subject=subject,
                subject_id=found,
                verdict=verdict,
                decided_on=decided_on,
                reviewer=reviewer,
                reason=reason if identity_proven else reason + UNPROVEN,
                document=document,
                sample=book.is_sample(submission_id),
            )
            writer.add(decision)
            decisions.append(decision)
    return decisions


def accept(
    register: Register, subject_ids: Sequence[str], *, reviewer: str, decided_on: dt.date, reason: str = ""
) -> list[Decision]:
    """Accept submissions or feature versions; see `decide`."""
    return decide(register, subject_ids, "accept", reviewer=reviewer, decided_on=decided_on, reason=reason)


def return_(
    register: Register, subject_ids: Sequence[str], *, reviewer: str, decided_on: dt.date, reason: str
) -> list[Decision]:
    """Send submissions or feature versions back with a reason; see `decide`."""
    return decide(register, subject_ids, "return", reviewer=reviewer, decided_on=decided_on, reason=reason)


def strike(
    register: Register, subject_ids: Sequence[str], *, reviewer: str, decided_on: dt.date, reason: str
) -> list[Decision]:
    """Strike accepted plots from the account (核销); see `decide`."""
    return decide(register, subject_ids, "strike", reviewer=reviewer, decided_on=decided_on, reason=reason)


def withdraw(
    register: Register, subject_ids: Sequence[str], *, reviewer: str, decided_on: dt.date, reason: str
) -> list[Decision]:
    """Take back what was sent in; the one verdict that is the sender's own. See `decide`."""
    return decide(register, subject_ids, "withdraw", reviewer=reviewer, decided_on=decided_on, reason=reason)


def award(
    register: Register,
    winner: str,
    loser: str,
    *,
    reviewer: str,
    decided_on: dt.date,
    reason: str,
    document: str = "",
    identity_proven: bool = False,
) -> Decision:
    """Decide a disputed overlap: the ground that two plots share belongs to ``winner`` from now on.

    Parameters
    ----------
    winner, loser
        Ids of the two plots.
    reviewer
        Name of who decides: the sender of neither.

    Raises
    ------
    UnknownSubmission
        The register holds no such plot.
    NoOverlap
        The two share no ground.
    NoName
        ``reviewer`` is blank.
    OwnReview
        The reviewer sent one of them in.
    EarlyDecision, FutureDate
        ``decided_on`` is before one of them was submitted, or after today.
    """
    _refuse_name_and_day(reviewer, decided_on)
    book = _Book(register.subjects([winner, loser]))
    versions = [book.newest(name) for name in (winner, loser)]
    for name, version in zip((winner, loser), versions, strict=True):
        book.refuse_sender(name, version.submission_id, reviewer)
        book.refuse_day(name, version.submission_id, decided_on)
    if not len(overlap_pairs(from_wkb([version.wkb for version in versions])).left):
        raise NoOverlap("", first=winner, second=loser)
    decision = Decision(
        decision_id=new_id(),
        subject="overlap",
        subject_id=f"{versions[0].feature_id}|{versions[1].feature_id}",
        verdict="award",
        decided_on=decided_on,
        reviewer=reviewer,
        reason=reason if identity_proven else reason + UNPROVEN,
        document=document,
        sample=all(version.sample for version in versions),
    )
    with register.writer(author=reviewer) as writer:
        writer.add(decision)
    return decision


def _refuse_name_and_day(reviewer: str, decided_on: dt.date) -> None:
    if not reviewer.strip():
        raise NoName("--by")
    if decided_on > today():
        raise FutureDate(day=decided_on, today=today())


def pending(register: Register, *, layer: str | None = None) -> list[Pending]:
    """Return the submissions of a layer (or all) with their verdicts, in the order of recording."""
    with register.one_moment():
        tallies, senders, submissions = register.tallies(), register.senders(), register.submissions()
    return [
        _pending(submission, senders.get(submission.submission_id, ""), tallies[submission.submission_id])
        for submission in submissions
        if submission.submission_id in tallies and layer in (None, submission.layer)
    ]


def _pending(submission: Submission, sender: str, tally: Tally) -> Pending:
    return Pending(
        submission=submission,
        sender=sender,
        plots=tally.plots,
        accepted=tally.verdicts.get("accept", 0),
        returned=tally.verdicts.get("return", 0),
        struck=tally.verdicts.get("strike", 0),
        withdrawn=tally.verdicts.get("withdraw", 0),
    )


class _Book:
    """What the register holds about what is to be decided, who sent it, and how each version of it stands."""

    def __init__(self, subjects: Subjects) -> None:
        self.submissions = {item.submission_id: item for item in subjects.submissions}
        self.versions, self.senders = subjects.versions, subjects.senders
        self._by_version = {version.version_id: version for version in self.versions}
        self._newest = {version.feature_id: version for version in self.versions}
        self._members: dict[str, list[FeatureVersion]] = {}
        for version in self.versions:
            self._members.setdefault(version.submission_id, []).append(version)
        self.verdicts = verdicts_of(self.versions, subjects.decisions)
        self._decisions = subjects.decisions

    def refuse_decided(self, names: Sequence[str]) -> None:
        """Raise where anything that is named carries a verdict already."""
        named = {version.version_id for version in self.named(names)}
        decided = named & {*self.verdicts}
        if decided:
            about = decided | {self._by_version[version_id].submission_id for version_id in decided}
            last = next(one for one in reversed(self._decisions) if one.subject_id in about)
            state = _STATES.get(last.verdict, Text("已通过", "accepted"))
            facts = {"state_zh": state.zh, "state_en": state.en}
            raise DecidedMeanwhile("", count=len(decided), reviewer=last.reviewer, **facts)

    def named(self, names: Sequence[str]) -> list[FeatureVersion]:
        """Return the versions that ids name, each once."""
        found = (version for name in names for version in self.members(self.find(name)[1]))
        return [*{version.version_id: version for version in found}.values()]

    def members(self, found: str) -> list[FeatureVersion]:
        """Return the versions of a submission, or the one version with this id."""
        alone = self._by_version.get(found)
        return self._members.get(found, []) if alone is None else [alone]

    def find(self, subject_id: str, *, accepted: bool = False) -> tuple[Subject, str, str]:
        """Return what an id names: the subject, its id, and its submission's id.

        Of a plot it is the newest version; with ``accepted`` the newest one that stands accepted, if any.
        """
        if subject_id in self.submissions:
            return "submission", subject_id, subject_id
        version = self.newest(subject_id)
        if accepted and subject_id not in self._by_version:
            version = next((one for one in reversed(self.versions) if self._stands(one, subject_id)), version)
        return "version", version.version_id, version.submission_id

    def _stands(self, version: FeatureVersion, feature_id: str) -> bool:
        return version.feature_id == feature_id and self.verdicts.get(version.version_id) == "accept"

    def newest(self, name: str) -> FeatureVersion:
        """Return the newest version of a plot, or the version with this id."""
        version = self._by_version.get(name) or self._newest.get(name)
        if version is None:
            raise UnknownSubmission("", name=name)
        return version

    def refuse_verdict(self, name: str, found: str, submission_id: str, *, verdict: Verdict, reviewer: str) -> None:
        """Raise where this reviewer cannot give this verdict, or what it is about does not stand so."""
        stands = [self.verdicts.get(version.version_id) for version in self.members(found)]
        if verdict != "withdraw":
            self.refuse_sender(name, submission_id, reviewer)
        elif not self._sent(submission_id, reviewer):
            raise NotSender("", name=name, sender=self.senders.get(submission_id, ""))
        elif "accept" in stands:
            raise AlreadyAccepted("", name=name)
        unfit = [state for state in stands if state != "accept"]
        if verdict == "strike" and unfit:
            raise NotAccepted("", name=name, state_zh=_STATES[unfit[0]].zh, state_en=_STATES[unfit[0]].en)

    def stands_accepted(self, found: str) -> bool:
        """Tell whether everything that an id names stands accepted already."""
        members = self.members(found)
        return bool(members) and all(self.verdicts.get(one.version_id) == "accept" for one in members)

    def refuse_held(self, name: str, found: str, held: Mapping[str, str]) -> None:
        """Raise where a check holds back what is to be accepted."""
        stopped = [version for version in self.members(found) if version.version_id in held]
        if stopped:
            plots = "、".join(version.feature_id for version in stopped[:5])
            raise HeldPlots(name, count=len(stopped), plots=plots, first=held[stopped[0].version_id])

    def refuse_sender(self, name: str, submission_id: str, reviewer: str) -> None:
        """Raise where the reviewer is the one who sent the submission in."""
        if self._sent(submission_id, reviewer):
            raise OwnReview(name, name=reviewer)

    def refuse_day(self, name: str, submission_id: str, decided_on: dt.date) -> None:
        """Raise where the day lies before the submission."""
        submission = self.submissions.get(submission_id)
        if submission is not None and decided_on < submission.submitted_on:
            raise EarlyDecision("--on", day=decided_on, name=name, submitted=submission.submitted_on)

    def _sent(self, submission_id: str, reviewer: str) -> bool:
        return self.senders.get(submission_id, "").strip().casefold() == reviewer.strip().casefold()

    def is_sample(self, submission_id: str) -> bool:
        submission = self.submissions.get(submission_id)
        return submission is not None and submission.sample
