"""Candidates become a submission: names matched, defaults given, ids guarded, written once or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely

from ecotrack.errors import NotAnIntakeLayer
from ecotrack.geometry.codec import to_wkb
from ecotrack.intake.candidates import Candidate, LayerReading, Place, Reading
from ecotrack.intake.read import Upload
from ecotrack.intake.submit import STOCK, Proposal, Target, accept_as_stock, propose, register_proposal
from ecotrack.intake.submit_fields import match_fields, read_unit
from ecotrack.model import FeatureVersion, UnitBook
from ecotrack.register import Register
from ecotrack.settings import read_config, read_layers

ROOT = Path(__file__).resolve().parent.parent
CONFIG, LAYERS = read_config(ROOT), read_layers(ROOT)
UNITS = UnitBook(CONFIG.units)
DAY = dt.date(2016, 5, 1)
GIVEN = {"unit": "131121", "season": "2016-spring", "kind": "造林"}
UPLOAD = Upload("枣强.zip", b"the bytes of the file")


def plot(number: int, **attributes: Any) -> Candidate:
    geometry = shapely.box(115.6 + number * 0.01, 37.6, 115.605 + number * 0.01, 37.605)
    return Candidate(number=number, where=f"a.shp #{number}", wkb=to_wkb(geometry), attributes=attributes)


def reading(*candidates: Candidate) -> Reading:
    fields = list(dict.fromkeys(name for item in candidates for name in item.attributes))
    layer = LayerReading(name="a.shp", driver="ESRI Shapefile", crs="EPSG:4490", fields=fields)
    return Reading(file_name="枣强.zip", candidates=list(candidates), layers=[layer])


def target(
    defaults: dict[str, str] | None = None, known: tuple[FeatureVersion, ...] = (), layer: str = "plots"
) -> Target:
    return Target(
        layer=LAYERS[layer],
        units=UNITS,
        code_lists=CONFIG.code_lists,
        defaults=GIVEN if defaults is None else defaults,
        known=known,
    )


def proposed(*candidates: Candidate, **options: Any) -> Proposal:
    where, day = options.pop("target", target()), options.pop("submitted_on", DAY)
    return propose(UPLOAD, reading(*candidates), where, submitted_on=day, **options)


def checks(proposal: Proposal) -> list[tuple[str, str | None]]:
    return [(finding.check, finding.feature) for finding in proposal.findings]


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.create(tmp_path / "r.gpkg", office="hengshui") as made:
        yield made


def test_names_of_county_files_are_matched_to_the_fields() -> None:
    names = ["XIAO_BAN", "xian", "ZLLB", "mian_ji", "优势树种", "YOU_SHI_SZ", "other"]
    assert match_fields(names, LAYERS["plots"]) == {
        "feature_id": "XIAO_BAN",
        "unit": "xian",
        "kind": "ZLLB",
        "claimed_mu": "mian_ji",
        "species": "YOU_SHI_SZ",
    }


@pytest.mark.parametrize("name", ["GONG_CHENG", "工程类别"])
def test_a_name_is_known_by_any_of_its_aliases(name: str) -> None:
    assert match_fields([name], LAYERS["plots"]) == {"programme": name}


def test_a_name_cut_to_ten_bytes_is_known() -> None:
    assert match_fields(["responsibl"], LAYERS["plots"]) == {"unit": "responsibl"}
    assert match_fields(["respons"], LAYERS["plots"]) == {}


@pytest.mark.parametrize("text", ["枣强县", "枣强", "131121", "131121100200"])
def test_a_unit_is_known_by_name_code_or_a_longer_code(text: str) -> None:
    assert read_unit(text, UNITS) == "131121"


def test_attributes_fill_the_version_and_options_fill_what_they_leave_empty() -> None:
    item = plot(
        1, XIAO_BAN="ZQ-1", XIAN="武邑县", ZLLB="重造", MIAN_JI=13.7, SZ="速生杨", GCLB="环湖绿化", BZ="山坡", FLAG=2.0
    )
    version = proposed(item).versions[0]
    assert (version.feature_id, version.unit, version.season, version.kind) == ("ZQ-1", "131122", "2016-spring", "重造")
    assert (version.claimed_mu, version.species, version.programme) == (Decimal("13.7"), "速生杨", "环湖绿化")
    assert version.attributes == {"BZ": "山坡", "FLAG": "2"}
    assert version.effective_on == DAY


def test_a_required_field_that_nobody_gives_keeps_the_feature_out_and_names_the_option() -> None:
    result = proposed(plot(1), target=target({"unit": "131121", "kind": "造林"}))
    assert result.versions == []
    assert result.waiting == [1]
    assert "--season" in result.findings[0].office.zh


def test_the_planting_day_gives_the_season() -> None:
    where = target({"unit": "131121", "kind": "造林"})
    result = proposed(plot(1, ZLRQ="2016-10-20"), target=where, submitted_on=dt.date(2016, 11, 1))
    assert (result.versions[0].season, result.versions[0].planted_on) == ("2016-autumn", dt.date(2016, 10, 20))


def test_a_value_that_is_not_on_the_list_is_a_finding_with_the_values_there_are() -> None:
    result = proposed(plot(1, XIAN="某县", ZLLB="种草"), target=target({"season": "2016-spring"}))
    assert checks(result) == [("bad_value", "1"), ("bad_value", "1")]
    assert "枣强县" in result.findings[0].mend.zh
    assert "补植" in result.findings[1].mend.zh


def test_a_required_field_that_ends_up_empty_keeps_the_feature_out_whatever_was_given() -> None:
    result = proposed(plot(1, ZLLB="种草"), plot(2), target=target({**GIVEN, "kind": "种树"}))
    assert (result.versions, result.waiting) == ([], [1, 2])


def test_a_season_that_had_not_begun_when_the_plot_came_in_keeps_it_out() -> None:
    result = proposed(plot(1, ZLJJ="2016年秋季"), plot(2, ZLJJ="2016年春季"))
    assert checks(result) == [("future_season", "1")]
    assert [version.feature_id[-1] for version in result.versions] == ["2"]


def test_an_unreadable_value_beside_an_option_is_kept_as_text_and_said() -> None:
    result = proposed(plot(1, ZLLB="种草", GCLB="某工程"))
    assert result.versions[0].kind == "造林"
    assert result.versions[0].programme is None
    assert result.versions[0].attributes == {"造林类别": "种草", "工程": "某工程"}
    assert {check for check, _ in checks(result)} == {"odd_value"}


def test_a_plot_as_large_as_a_township_and_a_polygon_that_stands_twice_are_asked_about() -> None:
    wide = to_wkb(shapely.box(115.5, 37.5, 115.6, 37.6))
    huge = Candidate(number=2, where="a.shp #2", wkb=wide)
    again = Candidate(number=3, where="a.shp #3", wkb=plot(1).wkb)
    result = proposed(plot(1), huge, again)
    assert checks(result) == [("same_polygon", "3")]
    assert len(result.versions) == 3


def test_an_id_that_stands_twice_keeps_both_out_and_their_neighbour_comes_in() -> None:
    result = proposed(plot(1, XBH="A"), plot(2, XBH="A"), plot(3, XBH="B"))
    assert [version.feature_id for version in result.versions] == ["B"]
    assert checks(result) == [("twice", "1"), ("twice", "2")]


def test_an_id_of_another_units_plot_is_not_overwritten() -> None:
    before = proposed(plot(1, XBH="7"), target=target(GIVEN | {"unit": "131122"})).versions[0]
    again = propose(Upload("b", b"other"), reading(plot(1, XBH="7")), target(known=(before,)), submitted_on=DAY)
    assert (again.versions, checks(again)) == ([], [("id_taken", "1")])


def test_a_known_id_of_the_same_unit_and_season_is_a_new_version_and_it_is_said() -> None:
    before = proposed(plot(1, XBH="7")).versions[0]
    again = propose(Upload("b", b"other"), reading(plot(2, XBH="7")), target(known=(before,)), submitted_on=DAY)
    assert checks(again) == [("new_version", "2")]
    assert again.versions[0].version_id != before.version_id


def test_a_blocked_candidate_waits_and_a_repair_is_taken_only_when_asked() -> None:
    bad = Candidate(
        number=1,
        where="a #1",
        wkb=b"bow",
        proposed_wkb=plot(1).wkb,
        findings=[Place("a #1", "1").finding("invalid", zh="", en="", before_m2="0", after_m2="1")],
    )
    assert proposed(bad).waiting == [1]
    assert proposed(bad, accept_repairs=True).versions[0].wkb == plot(1).wkb


def test_a_layer_that_takes_no_boundaries_says_so() -> None:
    with pytest.raises(NotAnIntakeLayer, match="lake"):
        proposed(plot(1), target=target(layer="lake"))


def test_a_submission_is_registered_with_its_raw_bytes_and_its_author(register: Register) -> None:
    result = proposed(plot(1), plot(2))
    done = register_proposal(register, UPLOAD, result, author="张三")
    assert (done.submission_id, done.added, done.repeated) == (result.submission.submission_id, 2, False)
    submission = register.submissions()[0]
    assert register.raw(str(submission.raw_sha256)) == UPLOAD.data
    assert (submission.unit, submission.file_name, submission.submitted_on) == ("131121", "枣强.zip", DAY)
    assert [version.feature_id for version in register.versions()] == [
        f"{done.submission_id}-1",
        f"{done.submission_id}-2",
    ]
    assert register.versions()[0].wkb == plot(1).wkb
    assert list(register.accounts().values()) == ["张三"]


def test_the_same_bytes_again_answer_with_the_first_submission(register: Register) -> None:
    first = register_proposal(register, UPLOAD, proposed(plot(1)), author="张三")
    head = register.head()
    again = register_proposal(register, UPLOAD, proposed(plot(1)), author="李四")
    assert (again.submission_id, again.added, again.repeated) == (first.submission_id, 0, True)
    assert register.head() == head


def test_what_had_to_wait_comes_in_later_as_a_submission_of_its_own(register: Register) -> None:
    waiting = Candidate(number=2, where="a #2")
    first = register_proposal(register, UPLOAD, proposed(plot(1), waiting), author="张三")
    later = register_proposal(register, UPLOAD, proposed(plot(1), plot(2)), author="张三")
    assert later.added == 1
    assert later.submission_id != first.submission_id
    assert len(register.versions()) == 2


def test_a_file_of_which_nothing_comes_in_leaves_only_its_raw_bytes(register: Register) -> None:
    done = register_proposal(register, UPLOAD, proposed(Candidate(number=1, where="a #1")), author="张三")
    assert (done.submission_id, done.added) == (None, 0)
    assert register.submissions() == []
    assert register.raw(UPLOAD.sha256) == UPLOAD.data


def test_opening_balance_is_marked_and_accepted_by_one_decision_that_cites_the_document(register: Register) -> None:
    done = register_proposal(register, UPLOAD, proposed(plot(1), stock=True), author="张三")
    day = dt.date(2015, 12, 1)
    accept_as_stock(register, str(done.submission_id), document="衡林〔2015〕8号", decided_on=day, author="张三")
    decision = register.decisions()[0]
    assert (decision.subject, decision.subject_id, decision.verdict) == ("submission", done.submission_id, "accept")
    assert (decision.document, decision.decided_on) == ("衡林〔2015〕8号", day)
    assert register.versions()[0].attributes[STOCK] == "是"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("人工造林", "造林"), ("造林（人工）", "造林"), ("新造", "造林"), ("荒山造林", "造林"),
        ("退耕还林造林", "造林"), ("补植补造", "补植"), ("中幼林抚育", "抚育"),
        ("森林抚育", "抚育"), ("更新造林", "更新"),
    ],
)  # fmt: skip
def test_a_usual_word_for_a_kind_is_taken_for_it_and_told(word: str, code: str) -> None:
    result = proposed(plot(1, ZLLB=word, GCLB="环湖绿化"), target=target({"unit": "131121", "season": "2016-spring"}))
    assert [version.kind for version in result.versions] == [code]
    assert result.words == [("kind", word, code)]
    assert checks(result) == []


@pytest.mark.parametrize("word", ["低效林改造", "退耕还林", "封山育林", "造林抚育"])
def test_a_word_that_is_no_one_kind_is_asked_about(word: str) -> None:
    result = proposed(plot(1, ZLLB=word), target=target({"unit": "131121", "season": "2016-spring"}))
    assert checks(result) == [("bad_value", "1")]


def test_every_word_of_the_layers_names_one_code_of_its_list() -> None:
    for layer in LAYERS.values():
        for field in layer.fields:
            assert {*field.words} <= {*CONFIG.code_lists.get(field.codes or "", {})}
            every = [word for words in field.words.values() for word in words]
            assert len(every) == len({*every})
