"""The register is append-only, one chain, one writer; what was acknowledged stays."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from decimal import Decimal
from pathlib import Path

import fiona
import pytest
import rfc8785
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ecotrack.errors import (
    BackupDamaged,
    BadHead,
    DuplicateEntry,
    EmptyFile,
    FolderNotEmpty,
    NewerWorkspace,
    NoRegister,
    OutputExists,
    RegisterBusy,
    UnreadableFile,
)
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, IssuedDocument, ProgressRecord, Submission
from ecotrack.register import (
    Head,
    Register,
    audit,
    back_up,
    canonical,
    connection,
    new_id,
    restore,
    stable_id,
    store,
    verify,
)
from ecotrack.register.audit import read_head

DAY = dt.date(2016, 5, 1)


def submission(name: str = "s-1", **changes) -> Submission:
    return Submission(**{"submission_id": name, "layer": "plots", "submitted_on": DAY} | changes)


def version(name: str = "v-1", west: float = 115.6, **changes) -> FeatureVersion:
    wkb = to_wkb(shapely.box(west, 37.6, west + 0.01, 37.61))
    given = {"version_id": name, "feature_id": f"p-{name}", "layer": "plots", "submission_id": "s-1"}
    return FeatureVersion(**given | {"effective_on": DAY, "wkb": wkb, "claimed_mu": Decimal("12.50")} | changes)


def record(name: str = "r-1", **changes) -> ProgressRecord:
    given = {"record_id": name, "layer": "reports", "kind": "report", "effective_on": DAY}
    return ProgressRecord(**given | {"value": Decimal("1059"), "fields": {"form": "片林"}} | changes)


@pytest.fixture
def register(tmp_path: Path):
    with Register.create(tmp_path / "r.gpkg", office="hengshui") as made:
        yield made


def test_what_was_written_is_read_back_whole(register: Register) -> None:
    decision = Decision(
        decision_id="d-1", subject="version", subject_id="v-1", verdict="accept", decided_on=DAY, reviewer="李四"
    )
    paper = IssuedDocument(
        document_id="x-1", kind="receipt", issued_on=DAY, body={"值": "52.5", "rows": [1, {"a": None}]}
    )
    entries = [submission(unit="131102"), version(), record(), decision, paper]
    with register.writer(author="张三") as writer:
        assert [writer.add(entry) for entry in entries] == [1, 2, 3, 4, 5]
    assert register.documents(kind="receipt") == [paper]
    assert register.submissions() == [entries[0]]
    assert register.versions(layer="plots") == [entries[1]]
    assert register.decisions() == [decision]
    (found,) = register.records(layer="reports")
    assert (found.value, found.fields, found.author, found.seq) == (Decimal("1059"), {"form": "片林"}, "张三", 3)
    assert audit(register).sound


def test_nothing_is_kept_of_a_write_that_fails(register: Register) -> None:
    def fail_in_the_middle() -> None:
        with register.writer(author="张三") as writer:
            writer.add(submission())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert register.head().seq == 0
    assert register.submissions() == []


def test_the_same_entry_twice_is_one_entry_and_another_content_is_refused(register: Register) -> None:
    with register.writer(author="张三") as writer:
        assert writer.add(record()) == writer.add(record()) == 1
    with pytest.raises(DuplicateEntry), register.writer(author="张三") as writer:
        writer.add(record(value=Decimal("1060")))
    assert len(register.records()) == 1


@pytest.mark.parametrize("sql", ["UPDATE progress_record SET value = '9'", "DELETE FROM entry"])
def test_rows_cannot_be_changed_in_place(register: Register, sql: str) -> None:
    with register.writer(author="张三") as writer:
        writer.add(record())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        register._connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE progress_record SET value = '9999' WHERE seq = 4", 4),
        ("UPDATE feature_version SET geom = (SELECT geom FROM feature_version WHERE seq = 3) WHERE seq = 2", 2),
        ("UPDATE progress_record SET value = 'many' WHERE seq = 4", 4),
        ("UPDATE progress_record SET effective_on = '' WHERE seq = 4", 4),
        ("UPDATE progress_record SET fields = '{' WHERE seq = 4", 4),
        ("UPDATE progress_record SET fields = '{\"a\": 0.5}' WHERE seq = 4", 4),
        ("UPDATE entry SET recorded_at = '2001-01-01T00:00:00.000000Z' WHERE seq = 3", 3),
        ("DELETE FROM progress_record WHERE seq = 5", 5),
        ("DELETE FROM entry WHERE seq = 3", 3),
    ],
)
def test_audit_names_the_first_row_that_was_touched(register: Register, sql: str, row: int) -> None:
    with register.writer(author="张三") as writer:
        for entry in (submission(), version(), version("v-2", 115.7), record(), record("r-2")):
            writer.add(entry)
    for (name,) in register._connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        if "_no_" in name:
            register._connection.execute(f"DROP TRIGGER {name}")
    register._connection.execute(sql)
    assert audit(register).broken_at == row


def test_audit_finds_a_row_put_in_beside_the_chain_and_a_head_that_is_not_in_it(register: Register) -> None:
    with register.writer(author="张三") as writer:
        writer.add(submission())
    assert not audit(register, expected=Head(1, "f" * 64)).sound
    register._connection.execute(
        "INSERT INTO decision VALUES (7, 'd-9', 'version', 'v-1', 'accept', '2016-05-01', 'x', '', '', 0)"
    )
    assert not audit(register).sound


def test_recorded_at_never_runs_backwards(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    with register.writer(author="张三") as writer:
        writer.add(record())

    class Yesterday(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr(store.dt, "datetime", Yesterday)
    with register.writer(author="张三") as writer:
        writer.add(record("r-2"))
    first, second = register.records()
    assert first.recorded_at <= second.recorded_at


def test_as_of_and_as_known_are_two_questions(register: Register) -> None:
    with register.writer(author="张三") as writer:
        writer.add(record())
    between = dt.datetime.now(dt.UTC)
    time.sleep(0.002)
    with register.writer(author="张三") as writer:
        writer.add(record("r-2", effective_on=dt.date(2016, 4, 1)))
    assert [r.record_id for r in register.records(as_of=dt.date(2016, 4, 30))] == ["r-2"]
    assert [r.record_id for r in register.records(seq=register.seq_at(between))] == ["r-1"]


def test_two_registers_with_the_same_entries_have_the_same_bodies(tmp_path: Path) -> None:
    bodies = []
    for name in ("a", "b"):
        with Register.create(tmp_path / f"{name}.gpkg", office="hengshui") as made:
            with made.writer(author="张三") as writer:
                writer.add(version())
            bodies.append([canonical.body(entry) for *_, entry in made.entries()])
    assert bodies[0] == bodies[1]


TEXT = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.one_of(TEXT, st.integers(-(2**53) + 1, 2**53 - 1), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_what_is_hashed_is_rfc_8785_before_and_after_it_was_kept(document) -> None:
    assert canonical.canonical_json(document) == rfc8785.dumps(document)
    kept = json.loads(json.dumps(document, ensure_ascii=False, sort_keys=True))
    assert canonical.canonical_json(kept) == rfc8785.dumps(document)


def test_floats_are_never_hashed(register: Register) -> None:
    paper = IssuedDocument(document_id="x", kind="receipt", issued_on=DAY, body={"deep": [{"value": 0.1}]})
    with pytest.raises(TypeError, match="decimal text"), register.writer(author="张三") as writer:
        writer.add(paper)
    assert register.head().seq == 0


WRITER = textwrap.dedent(
    """
    import datetime as dt, sys
    from pathlib import Path
    from ecotrack.model import ProgressRecord
    from ecotrack.register import Register
    path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with Register.open(path) as register:
        for i in range(count):
            with register.writer(author=name) as writer:
                writer.add(ProgressRecord(record_id=f"{name}-{i}", layer="air", kind="pm25",
                           effective_on=dt.date(2016, 1, 1)))
            print(f"{name}-{i}", flush=True)
    """
)


def start_writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_two_writers_at_once_lose_nothing_and_keep_one_chain(register: Register) -> None:
    writers = [start_writer(register.path, name, 25) for name in ("甲", "乙")]
    acknowledged = [line for writer in writers for line in writer.communicate(timeout=60)[0].split()]
    assert len(acknowledged) == 50
    assert sorted(r.record_id for r in register.records()) == sorted(acknowledged)
    assert audit(register).sound


def test_a_killed_writer_leaves_every_acknowledged_row_and_no_half(register: Register) -> None:
    writer = start_writer(register.path, "甲", 100000)
    assert writer.stdout is not None
    seen = [writer.stdout.readline().strip() for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    seen += writer.stdout.read().split()
    writer.wait()
    with Register.open(register.path) as again:
        assert {*seen} <= {r.record_id for r in again.records()}
        assert audit(again).sound


READER = textwrap.dedent(
    """
    import sys, fiona
    with fiona.open(sys.argv[1], layer="feature_version") as layer:
        print(len(list(layer)), layer.crs.to_epsg())
    """
)


def test_a_gdal_reader_in_its_own_process_sees_the_features_and_breaks_no_lock(register: Register) -> None:
    with register.writer(author="张三") as writer:
        writer.add(submission())
        writer.add(version())
    with register.writer(author="张三") as writer:
        writer.add(version("v-2", 115.7))
        read = subprocess.run(
            [sys.executable, "-c", READER, str(register.path)], capture_output=True, text=True, check=True
        )
        assert read.stdout.split() == ["1", "4490"]
        other = sqlite3.connect(register.path, timeout=0.1)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    assert len(register.versions()) == 2
    assert audit(register).sound


def test_the_spatial_index_serves_gdal(register: Register, tmp_path: Path) -> None:
    with register.writer(author="张三") as writer:
        for i in range(5):
            writer.add(version(f"v-{i}", 115.0 + i * 0.1))
    register.copy_to(tmp_path / "copy.gpkg")
    with fiona.open(tmp_path / "copy.gpkg", layer="feature_version") as layer:
        assert len(list(layer.filter(bbox=(115.19, 37.5, 115.25, 37.7)))) == 1


def test_a_second_writer_waits_and_then_is_told(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_patience_ms", 50)
    with (
        register.writer(author="张三"),
        Register.open(register.path) as other,
        pytest.raises(RegisterBusy),
        other.writer(author="李四"),
    ):
        pass


def test_what_is_no_register_is_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NoRegister):
        Register.open(tmp_path / "none.gpkg")
    (tmp_path / "empty.gpkg").write_bytes(b"")
    with pytest.raises(EmptyFile):
        Register.open(tmp_path / "empty.gpkg")
    (tmp_path / "text.gpkg").write_text("not a database, " * 100)
    with pytest.raises(UnreadableFile):
        Register.open(tmp_path / "text.gpkg")


NOBODY = """
import os
import sys
from pathlib import Path
import psutil  # before the privileges are dropped, as an interpreter of the superuser may be closed to others
from ecotrack.errors import ReadOnlyRegister
from ecotrack.register import Register, audit
if os.geteuid() == 0:  # who may write anywhere
    os.setuid(65534)
with Register.open(Path(sys.argv[1])) as register:
    print(register.head().seq, audit(register).sound)
    try:
        with register.writer(author="nobody"):
            pass
    except ReadOnlyRegister as error:
        print(error.message("en"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="folders of Windows have no such permission")
def test_a_register_in_a_folder_that_is_not_writable_is_read_and_not_written() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "locked"
        with (
            Register.create(folder / "r.gpkg", office="hengshui") as register,
            register.writer(author="张三") as writer,
        ):
            writer.add(submission())
        for path, mode in ((Path(scratch), 0o755), (folder, 0o555), (folder / "r.gpkg", 0o444)):
            path.chmod(mode)
        command = [sys.executable, "-c", NOBODY, str(folder / "r.gpkg")]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        folder.chmod(0o755)
    assert answer.stdout.splitlines()[:1] == ["1 True"], answer.stderr
    assert "its folder is not writable" in answer.stdout, answer.stderr


def test_a_register_of_a_newer_program_is_refused(register: Register) -> None:
    register._connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(NewerWorkspace) as caught:
        Register.open(register.path)
    assert "升级" in caught.value.message("zh")


def test_raw_bytes_are_kept_under_their_hash(register: Register) -> None:
    name = register.keep_raw(b"boundary")
    assert register.raw(name) == b"boundary"
    assert register.keep_raw(b"boundary") == name


def make_workspace(folder: Path) -> Register:
    folder.mkdir()
    (folder / "ecotrack.toml").write_text("format = 1\n")
    register = Register.create(folder / "register" / "ecotrack.gpkg", office="hengshui")
    with register.writer(author="张三") as writer:
        writer.add(submission(raw_sha256=register.keep_raw(b"raw")))
        writer.add(version())
    return register


def test_a_backup_brings_back_register_raw_files_and_workspace(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "a") as register:
        back_up(register, tmp_path / "a", tmp_path / "b.zip")
        head = register.head()
    assert verify(tmp_path / "b.zip") == head
    assert restore(tmp_path / "b.zip", tmp_path / "c") == head
    with Register.open(tmp_path / "c" / "register" / "ecotrack.gpkg") as again:
        assert again.head() == head
        assert again.raw(again.submissions()[0].raw_sha256 or "") == b"raw"
    with pytest.raises(FolderNotEmpty):
        restore(tmp_path / "b.zip", tmp_path / "c")


def test_a_backup_leaves_a_file_that_is_there_alone_unless_told(tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    target.write_bytes(b"an older backup")
    with make_workspace(tmp_path / "a") as register:
        with pytest.raises(OutputExists):
            back_up(register, tmp_path / "a", target)
        assert target.read_bytes() == b"an older backup"
        back_up(register, tmp_path / "a", target, force=True)
    assert verify(target).seq == 2


def test_a_backup_holds_the_layers_that_were_replaced(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "a") as register:
        (tmp_path / "a" / "geo" / "replaced").mkdir(parents=True)
        (tmp_path / "a" / "geo" / "replaced" / "counties.geojson").write_text("{}")
        manifest = back_up(register, tmp_path / "a", tmp_path / "b.zip")
    assert "geo/replaced/counties.geojson" in manifest["files"]


def test_an_audit_of_many_entries_tells_how_far_it_is(register: Register) -> None:
    with register.writer(author="张三") as writer:
        writer.add_many([submission(f"many-{number}") for number in range(4100)])
    walked: list[int] = []
    found = audit(register, walked=walked.append)
    assert found.sound
    assert len(walked) == 2
    assert found.entries - 2000 < sum(walked) <= found.entries


def test_audit_names_the_submission_whose_raw_file_is_gone_or_changed(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "a") as register:
        assert audit(register).sound
        raw = next(path for path in register.raw_folder.rglob("*") if path.is_file())
        raw.write_bytes(b"other")
        changed = audit(register)
        raw.unlink()
        gone = audit(register)
    assert (changed.sound, changed.missing_raw[0].zh) == (False, "提交 s-1 的原始文件被改动（-）")
    assert (gone.sound, gone.problem, "s-1 is missing" in gone.missing_raw[0].en) == (False, None, True)


def test_a_tail_cut_off_is_told_by_a_head_noted_elsewhere(register: Register) -> None:
    with register.writer(author="张三") as writer:
        writer.add(submission())
    noted = f"{register.head().seq}:{register.head().sha256}"
    assert audit(register, expected=read_head(noted)).sound
    assert not audit(register, expected=read_head(f"9:{register.head().sha256}")).sound


@pytest.mark.parametrize("text", ["", "7", "7:abc", "x:" + "a" * 64])
def test_a_text_that_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(BadHead):
        read_head(text)


def test_a_damaged_backup_writes_nothing(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "a") as register:
        head = register.head()
        back_up(register, tmp_path / "a", tmp_path / "b.zip")
    whole, refused = (tmp_path / "b.zip").read_bytes(), 0
    for place in range(0, len(whole), max(len(whole) // 60, 1)):
        data = bytearray(whole)
        data[place] ^= 0xFF
        (tmp_path / "b.zip").write_bytes(data)
        try:
            # Some bytes of an archive say nothing of what it holds: the hour a file was written.
            assert restore(tmp_path / "b.zip", tmp_path / f"c{place}") == head
        except BackupDamaged:
            refused += 1
            assert not (tmp_path / f"c{place}").exists()
    assert refused > 40


def test_ids_of_version_seven_sort_by_time_and_stable_ids_repeat() -> None:
    ids = [new_id() for _ in range(50)]
    assert ids == sorted(ids)
    assert len({*ids}) == 50
    assert stable_id("a", 1) != stable_id("a", 2)


def test_an_audit_beside_a_writer_sees_one_moment(tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        with Register.open(tmp_path / "r.gpkg") as other:
            for number in range(150):
                with other.writer(author="李四") as writer:
                    writer.add(submission(submission_id=f"beside-{number}"))
        done.set()

    with Register.create(tmp_path / "r.gpkg", office="hengshui") as register:
        thread = threading.Thread(target=write)
        thread.start()
        while not done.is_set():
            assert audit(register).sound
        thread.join()
        assert audit(register).entries == 150
