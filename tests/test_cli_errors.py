"""Whatever goes wrong is told in one line, in Chinese and English: what, where, and how to mend it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ecotrack import errors
from ecotrack.cli.main import main
from ecotrack.errors import EcotrackError
from ecotrack.register import Register
from ecotrack.workspace import Workspace

ROOT = Path(__file__).parent.parent
RUN = "from ecotrack.cli.main import main; main()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace without a register, in a path with Chinese letters and a blank."""
    made = tmp_path / "衡水 工作区"
    made.mkdir()
    shutil.copy(ROOT / "ecotrack.toml", made)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, made / name)
    return made


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command line as the installed command does; return its complaint and its exit code."""

    def run(*arguments: object) -> tuple[str, int]:
        monkeypatch.setattr(sys, "argv", ["ecotrack", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return capsys.readouterr().err, int(ended.value.code or 0)

    return run


@pytest.fixture
def both(call):
    """Run a call in both languages; each complaint is one line."""

    def run(*arguments: object) -> tuple[str, str, int]:
        (zh, code), (en, code_en) = call(*arguments), call("--lang", "en", *arguments)
        assert code == code_en
        for told in (zh, en):
            assert len(told.strip().splitlines()) == 1
        return zh, en, code

    return run


def test_the_installed_command_ends_without_a_traceback(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", RUN, "-w", str(tmp_path), "stats"]
    told = subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ | environment, check=False)
    assert told.returncode == 3
    assert told.stderr.startswith("错误：")
    assert "Traceback" not in told.stderr


def test_no_workspace(tmp_path: Path, both) -> None:
    zh, en, code = both("-w", tmp_path, "stats")
    assert "不是 ecotrack 工作区" in zh
    assert "ecotrack init" in zh
    assert "is no ecotrack workspace" in en
    assert code == 3


def test_no_register(folder: Path, both) -> None:
    zh, en, code = both("-w", folder, "stats")
    assert "还没有登记库" in zh
    assert "no register yet" in en
    assert code == 3


def test_a_workspace_of_a_newer_version(folder: Path, both) -> None:
    text = (folder / "ecotrack.toml").read_text(encoding="utf-8")
    (folder / "ecotrack.toml").write_text("strange = 1\n" + text.replace("format = 1", "format = 9"), encoding="utf-8")
    zh, en, code = both("-w", folder, "stats")
    assert "请升级 ecotrack" in zh
    assert "format 9" in en
    assert code == 3


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('kind = "county"', 'kind = "country"', "kind"),
        ('measure = "lake_surface"', 'measure = "lake_depth"', "lake_depth"),
        ('code = "131103"', 'code = "131102"', "131102"),
        ("[rules]", "[rules", "line"),
    ],
)
def test_a_configuration_that_does_not_fit_names_the_place(folder: Path, old: str, new: str, word: str, both) -> None:
    path = folder / "ecotrack.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    zh, en, code = both("-w", folder, "stats")
    assert "ecotrack.toml" in zh
    assert word in en
    assert code == 3


def test_a_day_in_the_future_and_a_text_that_is_no_day(folder: Path, both) -> None:
    zh, en, code = both("-w", folder, "stats", "--as-of", "2999-01-01")
    assert "2999-01-01 在今天" in zh
    assert "after today" in en
    assert code == 2
    zh, en, code = both("-w", folder, "stats", "--as-of", "16 March")
    assert "--as-of" in zh
    assert "is not a date" in en
    assert code == 2


def test_an_unknown_layer(folder: Path, both) -> None:
    zh, en, code = both("-w", folder, "export", "trees", folder / "x.csv")
    assert "没有名为“trees”的图层" in zh
    assert "plots" in en
    assert code == 2


def test_a_layer_file_that_is_missing_or_empty(folder: Path, both) -> None:
    with Workspace.open(folder).register(create=True):
        pass
    lake = folder / "geo" / "lake.geojson"
    lake.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    zh, en, code = both("-w", folder, "stats")
    assert "lake.geojson：文件是空的" in zh
    assert "empty" in en
    lake.unlink()
    zh, en, code = both("-w", folder, "stats")
    assert "找不到文件" in zh
    assert "does not exist" in en
    assert code == 3


def test_a_register_that_is_no_register(folder: Path, both) -> None:
    path = folder / "register" / "ecotrack.gpkg"
    path.parent.mkdir()
    path.write_bytes(b"")
    assert "文件是空的" in both("-w", folder, "audit")[0]
    path.write_bytes(b"no database here" * 99)
    zh, en, code = both("-w", folder, "audit")
    assert "无法读取" in zh
    assert "cannot be read" in en
    assert code == 3


def test_a_backup_that_is_missing_or_no_backup(tmp_path: Path, both) -> None:
    assert "找不到文件" in both("restore", tmp_path / "none.zip", "--verify")[0]
    (tmp_path / "bad.zip").write_text("no zip")
    zh, _, code = both("restore", tmp_path / "bad.zip", "--verify")
    assert "备份文件不完整" in zh
    assert code == 3


def test_init_leaves_what_is_there_alone(folder: Path, both) -> None:
    zh, en, code = both("init", folder)
    assert "目录不是空的" in zh
    assert "not empty" in en
    assert code == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("sample", "draw", "--task", "t"), "缺少选项 --by"),
        (("export",), "缺少参数 LAYER"),
        (("map", "--periods", "day"), "--periods 的值无效"),
    ],
)
def test_what_a_call_lacks_is_named_as_it_is_written(call, arguments: tuple[str, ...], named: str) -> None:
    told, code = call(*arguments)
    assert code == 2
    assert named in told


def test_a_wrong_option_is_told_in_the_language_of_the_call(call) -> None:
    (zh, code), (en, code_en) = call("stats", "--foo"), call("--lang", "en", "stats", "--foo")
    assert (code, code_en) == (2, 2)
    assert "没有选项 --foo" in zh
    assert "No such option" in en


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stat",), "没有命令“stat”"),
        (("stats", "--by", "town"), "“town”不在可选值中"),
        (("audit", "extra"), "多出的参数：extra"),
        (("audit", "--expect"), "选项 --expect 后面要有值"),
    ],
)
def test_what_click_says_of_a_call_is_said_in_chinese(call, arguments: tuple[str, ...], words: str) -> None:
    told, code = call(*arguments)
    assert code == 2
    assert words in told


def test_a_target_below_a_file_is_one_line_and_leaves_nothing(folder: Path, both) -> None:
    Register.create(folder / "register" / "ecotrack.gpkg", office="hengshui").close()
    blocker = folder.parent / "文件"
    blocker.write_text("")
    before = sorted(folder.parent.rglob("*"))
    zh, en, code = both("-w", folder, "backup", blocker / "a.zip")
    assert (code, "无法读写" in zh, "cannot be read or written" in en) == (3, True, True)
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stats", "--json", "--csv"), "--json 和 --csv 不能同时使用"),
        (("stats", "--by", "unit", "--json"), "--json 和 --by 不能同时使用"),
        (("rank", "--xlsx", "a.txt"), ".xlsx"),
        (("rank",), "ecotrack task import"),
    ],
)
def test_what_cannot_be_asked_together_or_yet_is_said_in_words(
    folder: Path, both, arguments: tuple[str, ...], words: str
) -> None:
    Register.create(folder / "register" / "ecotrack.gpkg", office="hengshui").close()
    zh, en, code = both("-w", folder, *arguments)
    assert code == 2
    assert words in zh
    assert "''" not in en


@pytest.mark.parametrize("verb", [("records", "import"), ("task", "import")])
def test_a_folder_in_the_place_of_a_file_is_one_line(folder: Path, both, verb: tuple[str, ...]) -> None:
    zh, en, code = both("-w", folder, *verb, folder)
    assert code in (2, 3)
    assert folder.name in zh
    assert folder.name in en


def every_error(root: type[EcotrackError] = EcotrackError) -> list[type[EcotrackError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in every_error(child))]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_speaks_both_languages(kind: type[EcotrackError]) -> None:
    assert kind.__module__.startswith(errors.__name__)
    assert getattr(errors, kind.__name__) is kind
    assert bool(kind.what.zh) == bool(kind.what.en)
    assert bool(kind.mend.zh) == bool(kind.mend.en)
    assert kind.__doc__
