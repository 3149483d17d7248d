"""doctor: what is missing is named with its remedy, and only what is missing makes it exit 1."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecotrack.cli import doctor as room
from ecotrack.cli.doctor import Check
from ecotrack.cli.main import cli
from ecotrack.register import Register
from ecotrack.register.location import Mount

ROOT = Path(__file__).parent.parent
WORKSPACE = """\
format = 1
name_zh = "试验"
name_en = "Trial"
office = "trial"
classification = "内部"
extent = [115.0, 37.0, 117.0, 39.0]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ecotrack.toml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "layers").mkdir()
    return tmp_path


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_an_old_python_is_missing_and_the_mend_says_which_one() -> None:
    check = room.check_python((3, 10, 4))
    assert check.answer == "missing"
    assert "3.11" in check.mend.zh
    assert "3.11" in check.mend.en


def test_a_package_that_is_not_installed_is_missing() -> None:
    there, absent = room.check_packages(["numpy", "no-such-package-anywhere"])
    assert (there.answer, absent.answer) == ("good", "missing")


def test_a_library_that_crashes_is_missing_and_takes_nobody_with_it() -> None:
    crashing = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    crash, fine = room.check_libraries({"crash": crashing, "fine": "print('1.2.3')"})
    assert crash.answer == "missing"
    assert (fine.answer, fine.found.en) == ("good", "1.2.3")


def test_the_native_libraries_of_this_installation_answer() -> None:
    assert {check.answer for check in room.check_libraries()} == {"good"}


def test_no_chinese_font_is_missing() -> None:
    assert room.check_fonts([]).answer == "missing"
    assert room.check_fonts(["Noto Sans CJK SC"]).answer == "good"


def test_browser_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "leaflet.css").touch()
    check = room.check_assets(tmp_path)
    assert (check.answer, check.found.en) == ("missing", "leaflet.js")


def test_an_unknown_time_zone_is_missing() -> None:
    assert room.check_zone("Asia/Nowhere").answer == "missing"
    assert room.check_zone().answer == "good"


def test_a_register_on_a_network_share_is_missing_a_local_disk() -> None:
    path = Path("/mnt/office/register/ecotrack.gpkg")
    assert room.check_file_system(path, [Mount("/", "ext4"), Mount("/mnt/office", "cifs")]).answer == "missing"
    assert room.check_file_system(path, [Mount("/", "ext4")]).answer == "good"


def test_a_folder_that_is_no_workspace_is_a_note_only(tmp_path: Path) -> None:
    assert by_name(list(room.workspace(tmp_path)))["workspace"].answer == "note"


def test_a_workspace_with_a_misspelt_key_is_missing_its_mend(folder: Path) -> None:
    (folder / "ecotrack.toml").write_text(WORKSPACE + "sketsch = true\n", encoding="utf-8")
    check = by_name(list(room.workspace(folder)))["workspace"]
    assert check.answer == "missing"
    assert "sketsch" in check.found.en


def test_a_sound_register_tells_its_head_and_one_that_is_no_register_is_missing(folder: Path) -> None:
    path = folder / "register" / "ecotrack.gpkg"
    assert by_name(list(room.workspace(folder)))["register"].answer == "note"
    path.parent.mkdir()
    Register.create(path, office="trial").close()
    checks = by_name(list(room.workspace(folder)))
    assert (checks["register"].answer, checks["clock"].answer) == ("good", "good")
    path.write_bytes(b"no register at all, only text")
    assert by_name(list(room.workspace(folder)))["register"].answer == "missing"


def test_borders_that_fit_are_good_and_those_that_do_not_are_told_in_square_metres(tmp_path: Path) -> None:
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    found = by_name(list(room.workspace(tmp_path)))
    assert (found["counties"].answer, found["report_units"].answer) == ("good", "good")
    path = tmp_path / "geo" / "counties.geojson"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"].append(document["features"][0])
    path.write_text(json.dumps(document), encoding="utf-8")
    counties = by_name(list(room.workspace(tmp_path)))["counties"]
    assert counties.answer == "missing"
    assert "1 overlaps of" in counties.found.en
    assert "layer set counties" in counties.mend.zh
    path.unlink()
    assert by_name(list(room.workspace(tmp_path)))["counties"].answer == "missing"


def test_json_has_a_schema_and_the_exit_code_follows_the_answers(folder: Path) -> None:
    result = CliRunner().invoke(cli, ["-w", str(folder), "doctor", "--json"], standalone_mode=False)
    told = json.loads(result.output)
    assert told["schema"] == "ecotrack.doctor/1"
    answers = {check["answer"] for check in told["checks"]}
    assert result.return_value == (1 if "missing" in answers else 0)


@pytest.mark.parametrize(("lang", "word"), [("zh", "中文字体"), ("en", "Chinese fonts")])
def test_it_speaks_both_languages(folder: Path, lang: str, word: str) -> None:
    assert word in CliRunner().invoke(cli, ["--lang", lang, "-w", str(folder), "doctor"]).output
