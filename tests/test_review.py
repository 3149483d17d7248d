"""Review: a named reviewer who is not the sender decides, on a day, for a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from ecotrack.errors import FutureDate, OwnReview, UnknownSubmission
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import FeatureVersion, Submission
from ecotrack.register import Register
from ecotrack.review import UNPROVEN, accept, decide, pending, return_, strike, withdraw

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
    assert pending(register)[0].struck == 3


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
