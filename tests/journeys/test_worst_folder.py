"""A field worker hands in a county's worst folder and reads, in Chinese, what to do about each of its twelve files."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import fiona
import openpyxl
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from ecotrack.cli.main import cli
from worst_folder import FILES, make

ROOT = Path(__file__).resolve().parent.parent.parent
SAYS = {
    "01枣强没有prj编号重复.zip": ("出现多次", "改为各不相同的编号"),
    "02手机画的.kml": ("3种可能的读法", "告诉接收的人"),
    "04度分秒.csv": ("不是数，也不是度分秒", "小于60"),
    "05公顷.xlsx": ("看来是公顷", "写明单位"),
    "06没走完的轨迹.gpx": ("没有走回起点", "走完整一圈"),
    "07缺shx.zip": ("缺少 .shx", "一起打包成 zip"),
    "08打结重叠.geojson": ("边界自己相交", "制图软件中改正"),
    "09其实是rar.zip": ("rar 压缩包", "改用 zip 打包"),
    "10图纸.dxf": ("不知道坐标系", "重新发来"),
    "11西安80.zip": ("坐标系是西安80", "测绘部门提供的参数"),
    "12空表.xlsx": ("没有任何图形", "是否选中了数据"),
}
"""What the report says of each file that must be mended, and what to do."""

JARGON = ("polygon", "geometry", "LineString", "null", "None", "WKB", "GEOS", "schema", "driver", "Traceback", "Error",
          "self-intersection", "feature", "layer", "vertex", "float", "str:")  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("办公室")
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, folder / name)
    paths = make(folder / "来文")
    line = ["-w", folder, "check", *paths, "--unit", "枣强县", "--season", "2016-spring", "--kind", "造林", "--json",
            "--report", folder / "报告", "--give-back", folder / "退回"]  # fmt: skip
    result = CliRunner().invoke(cli, [str(part) for part in line])
    assert result.exit_code == 1, result.output
    document = json.loads(result.output)
    assert document["schema"] == "ecotrack.check/1"
    return folder, {file["file"]: file for file in document["files"]}


def test_every_file_has_an_answer_and_the_good_one_is_taken(judged: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    _, files = judged
    assert list(files) == list(FILES)
    assert [name for name, file in files.items() if file["clean"]] == ["03奥维.ovkml", "05公顷.xlsx"]
    assert files["03奥维.ovkml"]["can_come_in"] == 1


@pytest.mark.parametrize("name", SAYS)
def test_the_report_says_what_is_wrong_and_what_to_do(
    judged: tuple[Path, dict[str, dict[str, Any]]], name: str
) -> None:
    what, mend = SAYS[name]
    found = judged[1][name]["findings"]
    assert any(what in finding["zh"] and mend in finding["mend_zh"] for finding in found), found


def test_not_a_word_that_only_a_programmer_knows(judged: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    for name, file in judged[1].items():
        for finding in file["findings"]:
            said = finding["zh"] + finding["mend_zh"]
            assert not [word for word in JARGON if word in said], (name, said)
            assert finding["mend_zh"] or finding["level"] == "notes", (name, said)


def test_one_bad_plot_never_holds_up_its_neighbours(judged: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    file = judged[1]["08打结重叠.geojson"]
    assert {plot["feature_id"]: plot["state"] for plot in file["plots"]} == {
        "AP-2": "held",
        "AP-3": "held",
        "AP-4": "ready",
        "AP-5": "waits",
    }
    assert file["waiting"] == [1, 5]


def test_each_file_comes_back_with_its_findings_as_columns(judged: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    folder, _ = judged
    with fiona.open(folder / "退回" / "08打结重叠-检查.geojson") as source:
        rows = {row.properties["编号"]: row.properties for row in source}
        assert source.crs.to_epsg() == 4490
    assert rows["AP-4"]["检查结论"] == "可以登记"
    assert "尖刺" in rows["AP-4"]["检查问题"]
    assert rows["AP-1"]["改法"].startswith("请在制图软件中改正")
    back = zipfile.ZipFile(io.BytesIO((folder / "退回" / "01枣强没有prj编号重复-检查.zip").read_bytes()))
    back.extractall(folder / "解开")
    with fiona.open(folder / "解开" / "layer1.shp") as source:
        first = next(iter(source)).properties
        assert (first["XIAN"], first["JC_JL"]) == ("枣强县", "改正后再报")
        assert "ZQ-1" in first["JC_WT1"]
    sheet = openpyxl.load_workbook(folder / "退回" / "04度分秒-检查.xlsx").active
    # Nobody has settled what its degrees are, and the file says so wherever it goes.
    assert [cell.value for cell in sheet[1]][-4:] == ["检查结论", "检查问题", "改法", "坐标未定"]
    assert "第7行" in sheet.cell(3, sheet.max_column - 2).value


@pytest.mark.parametrize("name", ["08打结重叠", "02手机画的", "09其实是rar"])
def test_the_page_opens_without_a_network_and_marks_the_places(
    judged: tuple[Path, dict[str, dict[str, Any]]], browser: Browser, name: str
) -> None:
    [path] = (judged[0] / "报告").glob(f"{name}-*.html")
    page = browser.new_context(offline=True).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    findings = judged[1][next(file for file in FILES if file.startswith(name))]["findings"]
    marked = [found for found in findings if found["lonlat"] and found["feature"]]
    assert page.locator(".mark").count() == len(marked)
    assert page.locator("#plots .find").count() == len([found for found in findings if found["feature"]])
    if marked:
        page.locator(".goto").first.click()
        assert page.locator(".leaflet-popup-content").inner_text() == marked[0]["zh"]
    assert said == []
