"""Many entries at once join the same chain as one after the other, and leave nothing half-written."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import rfc8785
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ecotrack.errors import CannotWrite, DuplicateEntry
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, Fields, IssuedDocument, ProgressRecord, Submission
from ecotrack.register import Entry, Register, UnitEntry, audit, canonical, creation, store, writer

DAY = dt.date(2016, 5, 1)
ODD_FIELDS: Fields = {
    "面积（亩）": "12.5",
    "\ue000": "private",
    "\U0001f333": "树",
    "count": 3,
    "seen": True,
    "note": None,
}


def record(number: int, **changes) -> ProgressRecord:
    given = {"record_id": f"r-{number}", "layer": "plots", "kind": "check", "effective_on": DAY}
    return ProgressRecord(**given | {"fields": {"holes_live": number}, "basis_document": "（示例）"} | changes)


def version(number: int, **changes) -> FeatureVersion:
    west = 115.0 + number * 0.01
    given = {"version_id": f"v-{number}", "feature_id": f"p-{number}", "layer": "plots", "submission_id": "s-1"}
    wkb = to_wkb(shapely.box(west, 37.6, west + 0.005, 37.61))
    return FeatureVersion(**given | {"effective_on": DAY, "wkb": wkb, "claimed_mu": Decimal("12.50")} | changes)


def one_of_each() -> list[Entry]:
    return [
        UnitEntry(unit_id="u-1", code="131102", name_zh="桃城区", kind="区", names="桃城区"),
        Submission(submission_id="s-1", layer="plots", submitted_on=DAY, file_name='a"\\\n.zip', sample=True),
        version(1, attributes=ODD_FIELDS, submitted_wkb=b"raw", planted_on=DAY),
        record(1, value=Decimal("1.0E+3"), fields=ODD_FIELDS),
        version(2, wkb=to_wkb(shapely.Polygon())),
        Decision(
            decision_id="d-1", subject="version", subject_id="v-1", verdict="accept", decided_on=DAY, reviewer="李"
        ),
        IssuedDocument(
            document_id="x-1", kind="receipt", issued_on=DAY, body={"rows": [1, {"值": None}, [ODD_FIELDS]]}
        ),
        record(2, corrects="r-1"),
    ]


@pytest.fixture
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock and hand out the same ids, so that two registers differ in nothing but their entries."""

    class Then(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime(2016, 6, 1, 8, 30, tzinfo=tz)

    monkeypatch.setattr(store.dt, "datetime", Then)
    for module in (creation, writer):
        monkeypatch.setattr(module, "new_id", lambda: "00000000-0000-7000-8000-000000000001")


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.create(tmp_path / "r.gpkg", office="hengshui") as made:
        yield made


def content(register: Register) -> list[str]:
    """Return every table, row, index and trigger as SQL text, the pages of the spatial index included."""
    return sorted(line for line in register._connection.iterdump() if "gpkg_contents" not in line)


@pytest.mark.parametrize("in_bulk", [False, True], ids=["kept up to date", "indexed later"])
def test_many_at_once_give_the_register_that_one_after_the_other_gives(
    tmp_path: Path, at_rest: None, monkeypatch: pytest.MonkeyPatch, in_bulk: bool
) -> None:
    monkeypatch.setattr(writer, "_TOGETHER", 30)
    monkeypatch.setattr(writer, "_WORTH_INDEXING_LATER", 25)
    entries = [*one_of_each(), *(version(number) for number in range(3, 60)), record(3)]
    with Register.create(tmp_path / "a.gpkg", office="hengshui") as single, single.writer(author="张三") as one:
        places = [one.add(entry) for entry in entries]
    with Register.create(tmp_path / "b.gpkg", office="hengshui") as bulk, bulk.writer(author="张三") as many:
        grown = many.add_many(iter(entries))
    with Register.open(tmp_path / "a.gpkg") as single, Register.open(tmp_path / "b.gpkg") as bulk:
        assert places == [*range(1, grown + 1)]
        assert bulk.head() == single.head()
        assert content(bulk) == content(single)
        assert audit(bulk).sound


def test_the_chain_is_what_the_standard_says_digit_for_digit(register: Register, at_rest: None) -> None:
    """Computed here once more, from the fields of the entries, with the reference implementation of RFC 8785."""
    entries = one_of_each()
    with register.writer(author="张三") as given:
        given.add_many(entries)
    tables = ("unit", "submission", "feature_version", "progress_record", "feature_version", "decision")
    previous = "0" * 64
    for seq, (entry, kind) in enumerate(
        zip(entries, (*tables, "issued_document", "progress_record"), strict=True), start=1
    ):
        document = {
            "seq": seq, "kind": kind, "previous": previous, "office": "hengshui", "body": as_hashed(entry),
            "recorded_at": "2016-06-01T08:30:00.000000Z", "account_id": "00000000-0000-7000-8000-000000000001",
        }  # fmt: skip
        previous = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
        assert register.head_at(seq).sha256 == previous


def as_hashed(entry: Entry) -> dict[str, object]:
    def plain(value: object) -> object:
        if isinstance(value, bytes):
            return hashlib.sha256(value).hexdigest()
        if isinstance(value, Decimal):
            return {"12.50": "12.5", "1.0E+3": "1000"}[str(value)]
        return value.isoformat() if isinstance(value, dt.date) else value

    names = {field.name for field in dataclasses.fields(entry)} - {"author", "seq", "recorded_at"}
    return {name: plain(getattr(entry, name)) for name in names}


def test_what_stands_already_is_not_written_again(register: Register) -> None:
    with register.writer(author="张三") as first:
        first.add_many([record(1), record(2)])
    with register.writer(author="张三") as second:
        assert second.add_many([record(2), record(3), record(3), record(1), record(4)]) == 2
        assert [second.add(record(number)) for number in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert [found.record_id for found in register.records()] == ["r-1", "r-2", "r-3", "r-4"]
    assert audit(register).sound


OTHER = [record(2, state="已造林"), Submission(submission_id="r-2", layer="plots", submitted_on=DAY)]


@pytest.mark.parametrize("other", OTHER, ids=["another content", "another kind"])
@pytest.mark.parametrize("before", [[], [record(2)]], ids=["in one call", "written before"])
def test_one_id_with_two_contents_is_refused_and_nothing_of_it_is_kept(
    register: Register, before: list[Entry], other: Entry
) -> None:
    with register.writer(author="张三") as first:
        first.add_many(before)
    entries = [record(1), other] if before else [record(1), record(2), other]
    with pytest.raises(DuplicateEntry), register.writer(author="张三") as second:
        second.add_many(entries)
    assert register.head().seq == len(before)
    assert audit(register).sound


def test_half_of_what_the_file_refused_cannot_be_committed_by_swallowing_the_error(register: Register) -> None:
    beside = "INSERT INTO progress_record VALUES (99, 'r-2', 'x', 'x', '', '', '', '', '', '', '{}', '', '', 0, '')"
    register._connection.execute(beside)

    def write() -> None:
        with register.writer(author="张三") as given:
            given.add(record(7))
            with pytest.raises(sqlite3.IntegrityError):
                given.add_many([record(1), record(2), record(3)])
            given.add(record(8))

    with pytest.raises(CannotWrite):
        write()
    assert register.head().seq == 0
    assert register.row_counts()["progress_record"] == 1


def test_the_spatial_index_holds_every_box_after_many_at_once(register: Register) -> None:
    with register.writer(author="张三") as given:
        given.add_many([version(number) for number in range(200)] + [version(200, wkb=to_wkb(shapely.Polygon()))])
    boxes = register._connection.execute("SELECT id, minx, maxx FROM rtree_feature_version_geom ORDER BY id").fetchall()
    assert [place for place, *_ in boxes] == [*range(1, 201)]
    assert all(west <= 115.0 + (i - 1) * 0.01 and 115.005 + (i - 1) * 0.01 <= east for i, west, east in boxes)
    assert register._connection.execute("SELECT rtreecheck('rtree_feature_version_geom')").fetchone() == ("ok",)


SCALARS = st.one_of(st.text("aé面\ue000\U0001f333", max_size=3), st.integers(0, 9), st.floats())
TREES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text("aé\ue000\U0001f333"), inner))
)


@given(st.dictionaries(st.text("aé\ue000\U0001f333"), TREES))
def test_a_float_is_refused_wherever_it_stands(document) -> None:
    if holds_float(document):
        with pytest.raises(TypeError, match="decimal text"):
            canonical.canonical_json(document)
    else:
        assert canonical.canonical_json(document) == rfc8785.dumps(document)


def holds_float(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(holds_float, value.values()))
    return any(map(holds_float, value)) if isinstance(value, list) else isinstance(value, float)


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {1, 2}}, {"a": b"raw"}, {"a": DAY}], ids=str)
def test_what_has_no_one_text_is_not_hashed(value) -> None:
    with pytest.raises(TypeError):
        canonical.canonical_json(value)
