"""Review: a named reviewer who is not the sender decides, on a day, for a reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from ecotrack.errors import (
    AlreadyAccepted,
    EarlyDecision,
    FutureDate,
    NoName,
    NotAccepted,
    NotSender,
    OwnReview,
    UnknownSubmission,
)
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, Submission
from ecotrack.register import Register
from ecotrack.review import UNPROVEN, Verdict, accept, decide, pending, return_, strike, withdraw

DAY = dt.date(2016, 6, 1)
SQUARE = to_wkb(shapely.box(115.6, 37.6, 115.61, 37.61))


def version(number: int) -> FeatureVersion:
    return FeatureVersion(
        version_id=f"v{number}",
        feature_id=f"P{number}",
        layer="plots",
        submission_id="s1",
        effective_on=dt.date(2016, 5, 1),
        wkb=SQUARE,
    )


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.create(tmp_path / "r.gpkg", office="hengshui") as made:
        with made.writer(author="张三") as writer:
            writer.add(Submission(submission_id="s1", layer="plots", submitted_on=dt.date(2016, 5, 1)))
            for number in (1, 2, 3):
                writer.add(version(number))
        yield made


def test_a_submission_waits_until_somebody_decides(register: Register) -> None:
    before = pending(register)[0]
    assert (before.sender, before.plots, before.waiting) == ("张三", 3, 3)
    accept(register, ["s1"], reviewer="李四", decided_on=DAY)
    after = pending(register)[0]
    assert (after.accepted, after.waiting) == (3, 0)


def test_one_plot_can_be_returned_out_of_an_accepted_submission(register: Register) -> None:
    accept(register, ["s1"], reviewer="李四", decided_on=DAY)
    return_(register, ["v2"], reviewer="李四", decided_on=DAY, reason="压占耕地")
    found = pending(register)[0]
    assert (found.accepted, found.returned) == (2, 1)
    decision = register.decisions()[-1]
    assert (decision.subject, decision.subject_id, decision.verdict) == ("version", "v2", "return")
    assert decision.reason.startswith("压占耕地")


def test_a_feature_id_names_its_newest_version(register: Register) -> None:
    assert accept(register, ["P3"], reviewer="李四", decided_on=DAY)[0].subject_id == "v3"


def test_the_decision_says_that_the_reviewer_was_not_proven(register: Register) -> None:
    assert UNPROVEN in accept(register, ["v1"], reviewer="李四", decided_on=DAY)[0].reason
    proven = decide(register, ["v2"], "accept", reviewer="李四", decided_on=DAY, identity_proven=True)
    assert UNPROVEN not in proven[0].reason


def test_nobody_reviews_what_they_sent_in(register: Register) -> None:
    with pytest.raises(OwnReview, match="张三"):
        accept(register, ["s1"], reviewer=" 张三 ", decided_on=DAY)
    assert register.decisions() == []


def test_the_sender_may_take_it_back(register: Register) -> None:
    withdraw(register, ["s1"], reviewer="张三", decided_on=DAY, reason="传错文件")
    assert (pending(register)[0].withdrawn, pending(register)[0].waiting) == (3, 0)


def test_only_the_sender_takes_it_back_and_only_before_it_is_accepted(register: Register) -> None:
    with pytest.raises(NotSender, match="张三"):
        withdraw(register, ["s1"], reviewer="李四", decided_on=DAY, reason="传错文件")
    accept(register, ["v2"], reviewer="李四", decided_on=DAY)
    with pytest.raises(AlreadyAccepted, match="review strike"):
        withdraw(register, ["s1"], reviewer="张三", decided_on=DAY, reason="传错文件")
    withdraw(register, ["v1"], reviewer="张三", decided_on=DAY, reason="传错文件")
    assert pending(register)[0].withdrawn == 1


@pytest.mark.parametrize(("verdict", "state"), [(None, "还没有审核"), ("return", "已退回"), ("strike", "已核销")])
def test_what_does_not_stand_accepted_cannot_be_struck_and_its_state_is_named(
    register: Register, verdict: Verdict | None, state: str
) -> None:
    if verdict == "strike":
        accept(register, ["v1"], reviewer="李四", decided_on=DAY)
    if verdict is not None:
        decide(register, ["v1"], verdict, reviewer="李四", decided_on=DAY, reason="压占耕地")
    with pytest.raises(NotAccepted) as caught:
        strike(register, ["v1"], reviewer="李四", decided_on=DAY, reason="已征占")
    assert state in caught.value.message("zh")


def test_a_feature_id_is_struck_by_its_accepted_version_though_a_newer_one_waits(register: Register) -> None:
    accept(register, ["v1"], reviewer="李四", decided_on=DAY)
    with register.writer(author="张三") as writer:
        writer.add(Submission(submission_id="s2", layer="plots", submitted_on=DAY))
        writer.add(dataclasses.replace(version(1), version_id="v1b", submission_id="s2", effective_on=DAY))
    struck = strike(register, ["P1"], reviewer="李四", decided_on=DAY, reason="已征占")
    assert struck[0].subject_id == "v1"


@pytest.mark.parametrize("name", ["", " \u3000"])
def test_a_decision_has_a_name_under_it(register: Register, name: str) -> None:
    with pytest.raises(NoName):
        accept(register, ["s1"], reviewer=name, decided_on=DAY)


def test_nothing_is_decided_before_it_was_submitted(register: Register) -> None:
    with pytest.raises(EarlyDecision, match="2016-05-01"):
        accept(register, ["v1"], reviewer="李四", decided_on=dt.date(2016, 4, 30))
    assert register.decisions() == []


def test_an_accepted_plot_can_be_struck(register: Register) -> None:
    accept(register, ["s1"], reviewer="李四", decided_on=DAY)
    strike(register, ["v1"], reviewer="李四", decided_on=DAY, reason="已征占")
    assert pending(register)[0].struck == 1


def test_one_unknown_id_leaves_the_register_as_it_was(register: Register) -> None:
    with pytest.raises(UnknownSubmission, match="nobody") as caught:
        accept(register, ["v1", "nobody"], reviewer="李四", decided_on=DAY)
    assert "review list" in caught.value.message("zh")
    assert register.decisions() == []


def test_a_day_after_today_is_refused(register: Register) -> None:
    with pytest.raises(FutureDate):
        accept(register, ["s1"], reviewer="李四", decided_on=dt.date(2999, 1, 1))


def test_what_waits_is_what_going_through_every_decision_in_order_leaves(tmp_path: Path) -> None:
    dice = random.Random(6)
    with Register.create(tmp_path / "r.gpkg", office="hengshui") as register:
        with register.writer(author="张三") as writer:
            for number in range(30):
                one = dataclasses.replace(version(number), submission_id=f"s{number % 5}", feature_id=f"P{number % 11}")
                if number < 5:
                    writer.add(Submission(submission_id=f"s{number}", layer="plots", submitted_on=DAY))
                writer.add(one)
        stands: dict[str, str] = {}
        with register.writer(author="李四") as writer:
            for number in range(120):
                whole, verdict = dice.random() < 0.2, dice.choice(["accept", "return", "strike", "withdraw"])
                about = f"s{dice.randrange(5)}" if whole else f"v{dice.randrange(30)}"
                kind = "submission" if whole else "version"
                writer.add(Decision(decision_id=f"d{number}", subject=kind, subject_id=about, verdict=verdict,
                                    decided_on=DAY, reviewer="李四"))  # fmt: skip
                members = [f"v{n}" for n in range(30) if f"s{n % 5}" == about] if whole else [about]
                stands |= dict.fromkeys(members, verdict)
        for item in pending(register):
            own = [stands.get(f"v{n}") for n in range(30) if f"s{n % 5}" == item.submission.submission_id]
            told = (item.plots, item.accepted, item.returned, item.struck, item.withdrawn, item.waiting)
            assert told == (6, *(own.count(word) for word in ("accept", "return", "strike", "withdraw", None)))


def test_deciding_about_one_plot_reads_no_other(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Register, "versions")
    monkeypatch.delattr(Register, "decisions")
    named = register.subjects(["P2"])
    assert [one.version_id for one in named.versions] == ["v2"]
    accept(register, ["P2"], reviewer="李四", decided_on=DAY)
    assert pending(register)[0].waiting == 2


def test_what_stands_accepted_is_not_accepted_again(register: Register) -> None:
    accept(register, ["s1"], reviewer="李四", decided_on=DAY)
    before = register.decisions()
    assert accept(register, ["s1", "P2"], reviewer="王五", decided_on=DAY) == []
    assert register.decisions() == before
    return_(register, ["P2"], reviewer="李四", decided_on=DAY, reason="压占耕地")
    assert [one.subject_id for one in accept(register, ["P1", "P2"], reviewer="李四", decided_on=DAY)] == ["v2"]
