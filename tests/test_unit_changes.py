"""A unit is added, renamed and closed: in the file and in the chain together, and nothing of before is lost."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from conftest import Office
from ecotrack import unit_changes, unit_file
from ecotrack.accounts import Accounts, Role
from ecotrack.errors import (
    BadConfig,
    BadUnit,
    EcotrackError,
    RefusedRows,
    RegisterBusy,
    UnitChanged,
    UnitClosed,
    UnitInUse,
    UnitNameTaken,
    UnknownUnit,
)
from ecotrack.model import Unit
from ecotrack.publication import publish, reproduce, restated
from ecotrack.register import Register, audit, connection
from ecotrack.register.portal_file import PortalFile, portal_path
from ecotrack.unit_changes import add_unit, close_unit, open_unit, rename_unit
from ecotrack.unit_changes import unit_changes as changes_in
from ecotrack.unit_file import mark_of, with_units
from ecotrack.workspace import Workspace, today
from portal_cases import plots
from publication_cases import AS_OF, make_workspace

NEW = Unit(code="1311GX", name_zh="高铁新城", name_en="Railway Town", kind="functional_area", reports=True)
DAY = dt.date(2018, 5, 1)


@contextmanager
def refused(kind: type[EcotrackError], *words: str) -> Iterator[None]:
    """Hold an error to its kind and to what a person is told in Chinese."""
    with pytest.raises(kind) as caught:
        yield
    assert all(one in caught.value.message("zh") for one in words), caught.value.message("zh")


def told(workspace: Workspace) -> list[tuple[str, str, str]]:
    """Return who did what to which unit, the newest first, without what the first start listed."""
    with workspace.register(read_only=True) as register:
        assert audit(register).sound
        return [(one.by, one.code, one.what.zh) for one in changes_in(register) if one.by != "ecotrack"]


def test_a_change_stands_in_the_file_and_in_the_chain_with_who_and_when(office: Office) -> None:
    begun = dt.datetime.now(dt.UTC)
    workspace = add_unit(office.workspace, NEW, by="王五")
    workspace = rename_unit(workspace, "1311HX", name_zh="经开区", since=DAY, by="赵六", basis="冀政函〔2018〕1号")
    workspace = close_unit(workspace, "1311BH", until=DAY, by="王五")
    workspace = open_unit(workspace, "1311BH", by="王五")
    assert told(workspace) == [
        ("王五", "1311BH", "恢复"),
        ("王五", "1311BH", "停用，自 2018-05-01 起"),
        ("赵六", "1311HX", "改名：工业新区 → 经开区，自 2018-05-01 起"),
        ("王五", "1311GX", "登记"),
    ]
    with workspace.register(read_only=True) as register:
        newest = changes_in(register)[2]
    assert dt.datetime.fromisoformat(newest.at) >= begun.replace(microsecond=0)
    assert newest.basis == "冀政函〔2018〕1号"
    assert workspace.units["1311BH"].basis is None
    assert workspace.units["1311GX"] == NEW
    assert office.workspace.config == workspace.config


def test_days_before_keep_the_old_name_and_both_names_lead_to_the_unit(office: Office) -> None:
    units = rename_unit(office.workspace, "131127", name_zh="景州区", since=DAY, by="王五").units
    found = units["131127"]
    assert (found.name_on(dt.date(2018, 4, 30)), found.name_on(DAY)) == ("景县", "景州区")
    assert units.resolve("景县") is units.resolve("景州区") is found


def test_a_mended_spelling_was_never_a_name_and_is_still_understood(office: Office) -> None:
    workspace = add_unit(office.workspace, msgspec.structs.replace(NEW, name_zh="高铁新诚"), by="王五")
    units = rename_unit(workspace, "1311GX", name_zh="高铁新城", by="王五").units
    assert units["1311GX"].former == ()
    assert units["1311GX"].name_on(dt.date(2000, 1, 1)) == "高铁新城"
    assert units.resolve("高铁新诚").code == "1311GX"


def test_what_was_published_still_comes_out_digit_for_digit_and_nothing_is_restated(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    issued = publish(workspace, as_of=AS_OF, by="王五")
    workspace = add_unit(workspace, NEW, by="王五")
    workspace = rename_unit(workspace, "131102", name_zh="桃城新区", since=DAY, by="王五")
    workspace = close_unit(workspace, "131103", until=DAY, by="王五")
    assert all(one.equal for one in reproduce(workspace, issued))
    assert restated(workspace) == []
    again = publish(workspace, as_of=AS_OF, by="王五")
    assert [one.figure.cells for one in again] == [one.figure.cells for one in issued]
    assert {one.receipt_id for one in again}.isdisjoint(one.receipt_id for one in issued)
    rows = {row["code"]: row for row in workspace.view(as_of=AS_OF).to_json()["units"]["responsible"]}
    assert (rows["131102"]["name_zh"], rows["131103"]["name_zh"]) == ("桃城区", "冀州区")


@pytest.mark.parametrize(
    "name", ["枣强县", "枣强", "冀州市", "131181", "１３１１２１", "Zaoqiang", "zaoqiang", " 枣 强 县 "]
)
def test_a_name_that_leads_to_another_unit_is_refused_with_that_unit(office: Office, name: str) -> None:
    before = (office.folder / "ecotrack.toml").read_bytes()
    for change in (
        lambda: add_unit(office.workspace, msgspec.structs.replace(NEW, name_zh=name), by="王五"),
        lambda: add_unit(office.workspace, msgspec.structs.replace(NEW, aliases=(name,)), by="王五"),
        lambda: rename_unit(office.workspace, "131127", name_zh=name, since=DAY, by="王五"),
    ):
        with refused(UnitNameTaken, "已经是"):
            change()
    assert (office.folder / "ecotrack.toml").read_bytes() == before
    assert told(office.workspace) == []


def test_a_closed_unit_keeps_its_names_to_itself(office: Office) -> None:
    workspace = close_unit(office.workspace, "1311BH", until=DAY, by="王五")
    with refused(UnitNameTaken, "滨湖新区"):
        add_unit(workspace, msgspec.structs.replace(NEW, name_zh="滨湖"), by="王五")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name_zh": " "}, "名称要 2 到 40 个字"),
        ({"name_zh": "名" * 41}, "名称要 2 到 40 个字"),
        ({"name_zh": "看不\u202e见"}, "看不见的字符"),
        ({"code": "高新"}, "代码只能用"),
        ({"code": "13 11"}, "代码只能用"),
        ({"code": "1311", "kind": "county"}, "六位"),
        ({"name_en": ""}, "英文名称"),
        ({"aliases": ("x" * 41,)}, "其他写法"),
        ({"basis": "文" * 121}, "依据文件"),
    ],
)
def test_what_no_unit_can_be_is_refused_in_words(office: Office, given: dict[str, str], words: str) -> None:
    with refused(BadUnit, words):
        add_unit(office.workspace, msgspec.structs.replace(NEW, **given), by="王五")
    assert "1311GX" not in office.workspace.units


@pytest.mark.parametrize(
    ("since", "words"),
    [(today() + dt.timedelta(days=1), "还没有到"), (dt.date(2016, 7, 1), "上一次改名之后")],
)
def test_a_name_begins_after_the_last_one_and_not_in_the_future(office: Office, since: dt.date, words: str) -> None:
    with refused(BadUnit, words):
        rename_unit(office.workspace, "131103", name_zh="冀州新区", since=since, by="王五")


def test_a_unit_that_is_not_there_cannot_be_changed(office: Office) -> None:
    with pytest.raises(UnknownUnit):
        close_unit(office.workspace, "000000", until=DAY, by="王五")


def test_a_unit_for_which_somebody_answers_is_not_closed_and_it_is_said_who(office: Office) -> None:
    office.workspace.register(create=True).close()
    file = PortalFile(portal_path(office.workspace.register_path))
    accounts = Accounts(file)
    held = accounts.add("bh-01", roles=[Role("field", "1311BH")], by="admin")
    accounts.add("all-1", roles=[Role("reviewer", "")], by="admin")
    with refused(UnitInUse, "1 个账号在管它（bh-01）"):
        close_unit(office.workspace, "1311BH", until=DAY, by="王五")
    accounts.disable(held.account_id, by="admin")
    assert not close_unit(office.workspace, "1311BH", until=DAY, by="王五").units["1311BH"].stands_on(DAY)
    file.close()


def send(office: Office, unit: str, name: str = "a.geojson", x: float = 115.72) -> None:
    (office.folder.parent / name).write_bytes(plots(x=x, count=1))
    office("import", office.folder.parent / name, "--unit", unit, "--season", "2017-spring", "--kind", "造林",
           "--by", "张三")  # fmt: skip


def test_what_waits_for_review_is_decided_before_its_unit_is_closed(office: Office) -> None:
    send(office, "枣强县")
    with refused(UnitInUse, "1 批提交还在等审核"):
        close_unit(office.workspace, "131121", until=DAY, by="王五")
    with office.workspace.register(read_only=True) as register:
        (submission,) = register.submissions()
    office("review", "accept", submission.submission_id, "--by", "李四")
    workspace = close_unit(office.workspace, "131121", until=DAY, by="王五")
    (row, _) = workspace.view().to_json()["units"]["responsible"]
    assert (row["code"], row["accepted_mu"] > 0) == ("131121", True)


def test_nothing_new_is_taken_in_for_a_closed_unit(office: Office) -> None:
    close_unit(office.workspace, "1311BH", until=DAY, by="王五")
    with refused(UnitClosed, "滨湖新区自 2018-05-01 起已停用"):
        send(office, "滨湖新区")
    path = office.folder.parent / "named.geojson"
    path.write_bytes(plots(count=1, 责任单位="滨湖新区"))
    given = ("--season", "2017-spring", "--kind", "造林", "--by", "张三")
    said = office("import", path, *given)
    assert "滨湖新区自 2018-05-01 起已停用" in said.output
    with office.workspace.register(read_only=True) as register:
        assert register.submissions() == []


def test_records_of_a_closed_unit_end_with_its_last_day(office: Office) -> None:
    close_unit(office.workspace, "1311BH", until=DAY, by="王五")
    row = "lake,observation,{},41,采用,滨湖新区,实测,敞水面,lake-east\n"
    sheet = office.folder.parent / "湖.csv"
    for day, fine in (("2018-04-30", True), ("2018-05-01", False)):
        sheet.write_text(
            "图层,记录类别,日期,数值,状态,责任单位,依据,水面类型,要素编号\n" + row.format(day), encoding="utf-8"
        )
        if fine:
            office("records", "import", sheet, "--by", "张三")
        else:
            with pytest.raises(RefusedRows) as caught:
                office("records", "import", sheet, "--by", "张三")
            assert "滨湖新区自 2018-05-01 起已停用" in str(caught.value.facts)
    with office.workspace.register(read_only=True) as register:
        assert [one.effective_on for one in register.records(layer="lake")] == [dt.date(2018, 4, 30)]


def test_who_changes_what_somebody_else_has_changed_meanwhile_is_told_by_whom(office: Office) -> None:
    seen = mark_of(office.workspace.units["131127"])
    workspace = rename_unit(office.workspace, "131127", name_zh="景州区", since=DAY, by="甲", seen=seen)
    for change in (
        lambda: rename_unit(workspace, "131127", name_zh="景城区", since=DAY, by="乙", seen=seen),
        lambda: close_unit(workspace, "131127", until=DAY, by="乙", seen=seen),
    ):
        with refused(UnitChanged, "景州区", "甲"):
            change()
    assert [by for by, _, _ in told(workspace)] == ["甲"]


def test_of_many_at_once_each_new_unit_stands_and_one_name_is_given_once(office: Office) -> None:
    office.workspace.register(create=True).close()
    refused: list[EcotrackError] = []

    def add(number: int, name: str) -> None:
        try:
            add_unit(
                office.workspace,
                msgspec.structs.replace(NEW, code=f"new-{number}", name_zh=name, name_en=f"{name}-{number}"),
                by=f"人{number}",
            )
        except EcotrackError as error:
            refused.append(error)

    names = ["同一个名"] * 3 + [f"新区{n}" for n in range(5)]
    threads = [threading.Thread(target=add, args=(n, name)) for n, name in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in refused] == [UnitNameTaken, UnitNameTaken]
    added = [unit.name_zh for unit in office.workspace.units if unit.code.startswith("new-")]
    assert sorted(added) == sorted(set(names))
    assert len(told(office.workspace)) == len(added)


def test_while_another_program_holds_the_register_neither_file_nor_chain_changes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.workspace.register(create=True).close()
    before = (office.folder / "ecotrack.toml").read_bytes()
    hold = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE')"
    program = [sys.executable, "-c", hold + "; print('held', flush=True); sys.stdin.read()"]
    other = subprocess.Popen(
        [*program, str(office.workspace.register_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    monkeypatch.setattr(connection, "_patience_ms", 50)
    with refused(RegisterBusy, "登记库"):
        add_unit(office.workspace, NEW, by="王五")
    other.communicate("")
    assert ((office.folder / "ecotrack.toml").read_bytes(), leftovers(office)) == (before, [])
    assert add_unit(office.workspace, NEW, by="王五").units["1311GX"] == NEW


class Died(BaseException):
    """Stands for a program that is killed."""


def dies(*_: object) -> None:
    raise Died


def test_a_program_that_dies_after_the_chain_was_joined_has_made_the_change(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(unit_changes, "put_in_place", dies)
        with pytest.raises(Died):
            add_unit(office.workspace, NEW, by="王五")
    assert "1311GX" not in office.workspace.units
    office.workspace.register(create=True).close()
    assert office.workspace.units["1311GX"] == NEW
    assert told(office.workspace) == [("王五", "1311GX", "登记")]
    assert leftovers(office) == []


def test_a_program_that_dies_before_the_chain_was_joined_has_changed_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepared_and_dead(folder: Path, units: tuple[Unit, ...]) -> Path:
        unit_file.prepare(folder, units)
        raise Died

    before = (office.folder / "ecotrack.toml").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(unit_changes, "prepare", prepared_and_dead)
        with pytest.raises(Died):
            add_unit(office.workspace, NEW, by="王五")
    assert leftovers(office) != []
    office.workspace.register(create=True).close()
    assert (office.folder / "ecotrack.toml").read_bytes() == before
    assert (told(office.workspace), leftovers(office)) == ([], [])


def test_what_somebody_wrote_by_hand_after_that_is_not_written_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(unit_changes, "put_in_place", dies)
        with pytest.raises(Died):
            rename_unit(office.workspace, "131127", name_zh="景州区", since=DAY, by="王五")
    path = office.folder / "ecotrack.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"景县"', '"景城县"'), encoding="utf-8")
    office.workspace.register(create=True).close()
    assert office.workspace.units["131127"].name_zh == "景城县"
    with office.workspace.register(read_only=True) as register:
        newest = changes_in(register)[0]
    assert (newest.by, newest.name_zh) == ("ecotrack", "景城县")
    assert leftovers(office) == []


def leftovers(office: Office) -> list[str]:
    return [path.name for path in office.folder.iterdir() if path.name.startswith(".")]


def test_comments_and_order_and_everything_else_in_the_file_stay(office: Office) -> None:
    path = office.folder / "ecotrack.toml"
    before = office.workspace.config
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    path.chmod(0o640)
    workspace = rename_unit(office.workspace, "131127", name_zh="景州区", since=DAY, by="王五")
    workspace = add_unit(workspace, NEW, by="王五")
    after = path.read_text(encoding="utf-8")
    assert [line for line in after.splitlines() if line.startswith("#")] == lines
    assert msgspec.structs.replace(workspace.config, units=before.units) == before
    assert path.stat().st_mode & 0o777 == 0o640
    assert [unit.code for unit in workspace.units] == [*(unit.code for unit in before.units), "1311GX"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_that_notepad_saved_keeps_its_line_ends(office: Office, mark: bytes) -> None:
    path = office.folder / "ecotrack.toml"
    path.write_bytes(mark + path.read_bytes().replace(b"\n", b"\r\n"))
    assert add_unit(office.workspace, NEW, by="王五").units["1311GX"] == NEW
    data = path.read_bytes()
    assert data.startswith(mark)
    assert data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.parametrize(
    "text", ["", 'units = [{ code = "131127", name_zh = "景县", name_en = "Jingxian", kind = "county" }]\n']
)
def test_units_are_written_however_the_file_holds_them(text: str) -> None:
    changed = msgspec.toml.decode(with_units(text, [NEW]))
    assert msgspec.convert(changed["units"][-1], Unit) == NEW


def test_a_file_that_cannot_be_carried_over_is_left_alone(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_file, "with_units", lambda text, _units: text)
    before = (office.folder / "ecotrack.toml").read_bytes()
    with pytest.raises(BadConfig):
        add_unit(office.workspace, NEW, by="王五")
    assert (office.folder / "ecotrack.toml").read_bytes() == before
    assert (told(office.workspace), leftovers(office)) == ([], [])


@pytest.fixture
def changed_by_hand(office: Office) -> Callable[[str, str], Workspace]:
    def change(old: str, new: str) -> Workspace:
        path = office.folder / "ecotrack.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        return office.workspace

    office.workspace.register(create=True).close()
    return change


def test_a_change_by_hand_is_kept_and_one_back_to_what_was_is_kept_too(
    changed_by_hand: Callable[[str, str], Workspace],
) -> None:
    for old, new in (('"景县"', '"景城县"'), ('"景城县"', '"景县"')):
        changed_by_hand(old, new).register(create=True).close()
    workspace = changed_by_hand("", "")
    with workspace.register(read_only=True) as register:
        found = [(one.by, one.what.zh) for one in changes_in(register) if one.code == "131127"]
    assert found == [
        ("ecotrack", "改正写法：景城县 → 景县"),
        ("ecotrack", "改正写法：景县 → 景城县"),
        ("ecotrack", "登记"),
    ]


def test_opening_a_register_again_adds_nothing(office: Office) -> None:
    office.workspace.register(create=True).close()
    with Register.open(office.workspace.register_path) as register:
        head = register.head()
    office.workspace.register(create=True).close()
    with Register.open(office.workspace.register_path) as register:
        assert register.head() == head


def test_the_command_line_does_the_same(office: Office) -> None:
    office("unit", "add", "1311GX", "高铁新城", "--name-en", "Railway Town", "--kind", "functional_area", "--reports",
           "--alias", "高铁", "--by", "王五")  # fmt: skip
    office("unit", "rename", "高铁", "高铁片区", "--since", "2018-05-01", "--document", "批复1号", "--by", "王五")
    office("unit", "close", "高铁片区", "--from", "2019-01-01", "--by", "赵六")
    shown = office("unit", "list", "--json").output
    assert '"until": "2019-01-01"' in shown
    log = office("unit", "log").output
    assert [line.split()[1] for line in log.splitlines()[:3]] == ["赵六", "王五", "王五"]
    assert "改名：高铁新城 → 高铁片区，自 2018-05-01 起  批复1号" in log
    office("unit", "open", "高铁新城", "--by", "赵六")
    assert office.workspace.units["1311GX"].until is None
    assert "高铁片区" in office("unit", "list").output
