"""The verbs import and review as a clerk types them, on the repository's own workspace definition."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import fiona
import pytest
import shapely
from click.testing import CliRunner
from shapely.geometry import mapping

from ecotrack.cli.main import cli
from ecotrack.errors import EcotrackError
from ecotrack.register import Register

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = (
    "--unit",
    "枣强县",
    "--season",
    "2016-spring",
    "--kind",
    "造林",
    "--by",
    "张三",
    "--submitted-on",
    "2016-05-01",
)


class Result(NamedTuple):
    code: int
    text: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = tmp_path / "工作 区"
    workspace.mkdir()
    shutil.copy(ROOT / "ecotrack.toml", workspace)
    shutil.copytree(ROOT / "layers", workspace / "layers")
    return workspace


@pytest.fixture
def eco(folder: Path) -> Callable[..., Result]:
    def call(*arguments: object, lang: str = "zh") -> Result:
        line = ["--lang", lang, "-w", str(folder), *map(str, arguments)]
        result = CliRunner().invoke(cli, line, env={"COLUMNS": "200"})
        if result.exception is not None and isinstance(result.exception, EcotrackError):
            return Result(result.exception.exit_code, result.exception.message("zh"))
        return Result(result.exit_code, result.output)

    return call


@pytest.fixture
def register(folder: Path) -> Callable[[], Register]:
    return lambda: Register.open(folder / "register" / "ecotrack.gpkg", read_only=True)


def geojson(path: Path, *, bow: bool = False, x: float = 115.6) -> Path:
    shapes = [shapely.box(x + n * 0.01, 37.6, x + 0.005 + n * 0.01, 37.605) for n in range(3)]
    features = [
        {"type": "Feature", "properties": {"编号": f"A{n}"}, "geometry": mapping(s)} for n, s in enumerate(shapes)
    ]
    if bow:
        ring = [[x, 37.7], [x + 0.01, 37.71], [x + 0.01, 37.7], [x, 37.71], [x, 37.7]]
        crossed = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"编号": "[red]X"}, "geometry": crossed})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), encoding="utf-8")
    return path


def test_a_good_file_is_registered_and_the_reading_of_its_coordinates_is_said(
    eco: Callable[..., Result], register: Callable[[], Register], tmp_path: Path
) -> None:
    result = eco("import", geojson(tmp_path / "枣强.geojson"), *OPTIONS)
    assert result.code == 0, result.text
    assert "已登记3个地块" in result.text
    assert "WGS84" in result.text
    assert "编号→小班号" in result.text
    with register() as kept:
        assert [(v.feature_id, v.unit, v.season) for v in kept.versions()] == [
            (f"A{n}", "131121", "2016-spring") for n in range(3)
        ]


def test_a_gbk_shapefile_of_zone_39_comes_in(
    eco: Callable[..., Result], register: Callable[[], Register], tmp_path: Path
) -> None:
    schema = {"geometry": "Polygon", "properties": {"XIAO_BAN": "str:20", "县区": "str:20", "优势树种": "str:20"}}
    path = tmp_path / "枣强.shp"
    with fiona.open(path, "w", driver="ESRI Shapefile", crs="EPSG:4527", schema=schema, encoding="GBK") as sink:
        values = {"XIAO_BAN": "ZQ-1", "县区": "枣强县", "优势树种": "速生杨"}
        sink.write({"geometry": mapping(shapely.box(39376000, 4150000, 39376100, 4150100)), "properties": values})
    result = eco("import", path, "--season", "2016-spring", "--kind", "造林", "--by", "张三")
    assert result.code == 0, result.text
    with register() as kept:
        version = kept.versions()[0]
        assert (version.unit, version.species, version.submitted_crs) == ("131121", "速生杨", "EPSG:4527")
        assert len(kept.raw(str(kept.submissions()[0].raw_sha256))) > 0


def test_a_bad_feature_is_listed_with_what_to_do_and_its_neighbours_come_in(
    eco: Callable[..., Result], register: Callable[[], Register], tmp_path: Path
) -> None:
    path = geojson(tmp_path / "a.geojson", bow=True)
    result = eco("import", path, *OPTIONS)
    assert result.code == 1
    assert "边界自己相交" in result.text
    assert "--accept make_valid" in result.text
    assert "已登记3个地块，1个待改" in result.text
    mended = eco("import", path, *OPTIONS, "--accept-repairs")
    assert (mended.code, "已登记1个地块，0个待改" in mended.text) == (0, True)
    with register() as kept:
        assert len(kept.versions()) == 4
        assert kept.versions()[-1].feature_id == "[red]X"


def test_the_same_file_again_adds_nothing(
    eco: Callable[..., Result], register: Callable[[], Register], tmp_path: Path
) -> None:
    path = geojson(tmp_path / "a.geojson")
    eco("import", path, *OPTIONS)
    with register() as kept:
        head, submission = kept.head(), kept.submissions()[0].submission_id
    again = eco("import", path, *OPTIONS, lang="en")
    assert (again.code, submission in again.text, "nothing was added" in again.text) == (0, True, True)
    with register() as kept:
        assert kept.head() == head


def test_a_dry_run_leaves_no_register(eco: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    result = eco("import", geojson(tmp_path / "a.geojson"), *OPTIONS, "--dry-run")
    assert (result.code, "试运行" in result.text) == (0, True)
    assert not (folder / "register").exists()


def test_a_file_that_cannot_be_read_is_kept_raw_and_answered_in_both_languages(
    eco: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.kml"
    path.write_bytes(b"<kml><broken")
    result = eco("import", path, *OPTIONS)
    assert (result.code, "文件无法读取" in result.text) == (1, True)
    assert "cannot be read" in eco("import", path, *OPTIONS, lang="en").text
    assert len([kept for kept in (folder / "register").rglob("*") if kept.is_file() and kept.stat().st_size == 12]) == 1


def test_json_has_every_finding_and_the_counts(eco: Callable[..., Result], tmp_path: Path) -> None:
    result = eco("import", geojson(tmp_path / "a.geojson", bow=True), *OPTIONS, "--json")
    document = json.loads(result.text)
    assert document["schema"] == "ecotrack.import/1"
    file = document["files"][0]
    assert (file["features"], file["can_come_in"], file["waiting"], file["added"]) == (4, 3, [4], 3)
    finding = next(found for found in file["findings"] if found["check"] == "invalid")
    assert finding["lonlat"] == pytest.approx([115.605, 37.705])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--unit", "某县"), 2, "没有名为“某县”的单位"),
        (("--layer", "tree"), 2, "没有名为“tree”的图层"),
        (("--layer", "lake"), 2, "不接收地块边界"),
        (("--submitted-on", "2999-01-01"), 2, "在今天"),
        (("--submitted-on", "spring"), 2, "不是有效日期"),
        (("--accepted-by", "文件"), 2, "--decided-on"),
        (("--kind", "种树"), 2, "可用的值：造林、"),
        (("--programme", "某工程"), 2, "“某工程”不是“工程”的值"),
        (("--season", "春天"), 2, "2016-spring"),
        (("--season", "2099-spring"), 2, "还没有开始"),
        (("--by", " "), 2, "没有写姓名"),
        (("--crs", "北京54"), 2, "不认识坐标系“北京54”"),
    ],
)
def test_a_wrong_option_is_an_error_that_says_what_is_right_and_nothing_is_registered(
    eco: Callable[..., Result], folder: Path, tmp_path: Path, arguments: tuple[str, str], code: int, words: str
) -> None:
    result = eco("import", geojson(tmp_path / "a.geojson"), *arguments)
    assert result.code == code
    assert words in result.text
    assert not (folder / "register").exists()


def test_what_came_in_is_counted_and_measured_and_unused_fields_are_named(
    eco: Callable[..., Result], tmp_path: Path
) -> None:
    path = geojson(tmp_path / "a.geojson")
    text = path.read_text(encoding="utf-8").replace('"properties": {', '"properties": {"备注甲": 1, ')
    path.write_text(text, encoding="utf-8")
    result = eco("import", path, *OPTIONS, "--dry-run")
    assert "未用到的字段：备注甲" in result.text
    assert "3个可以登记" in result.text
    assert "可登记的合计1,102.6亩" in result.text


@pytest.mark.parametrize("missing", [".shx", ".dbf"])
def test_a_shapefile_without_one_of_its_files_is_told_which(
    eco: Callable[..., Result], tmp_path: Path, missing: str
) -> None:
    path = tmp_path / "a.shp"
    schema = {"geometry": "Polygon", "properties": {"XBH": "str:20"}}
    with fiona.open(path, "w", driver="ESRI Shapefile", crs="EPSG:4490", schema=schema) as sink:
        sink.write({"geometry": mapping(shapely.box(115.6, 37.6, 115.605, 37.605)), "properties": {"XBH": "A"}})
    path.with_suffix(missing).unlink()
    result = eco("import", path, *OPTIONS, "--dry-run")
    assert f"缺少同名的 {missing} 文件" in result.text


def test_a_missing_file_is_named(eco: Callable[..., Result], tmp_path: Path) -> None:
    result = eco("import", tmp_path / "没有.shp", *OPTIONS)
    assert (result.code, "找不到文件" in result.text, "没有.shp" in result.text) == (3, True, True)


def test_an_opening_balance_is_accepted_by_its_document(
    eco: Callable[..., Result], register: Callable[[], Register], tmp_path: Path
) -> None:
    stock = ("--accepted-by", "衡林〔2015〕8号", "--decided-on", "2015-12-01")
    assert eco("import", geojson(tmp_path / "a.geojson"), *OPTIONS, *stock).code == 0
    with register() as kept:
        assert kept.decisions()[0].document == "衡林〔2015〕8号"
        assert kept.versions()[0].attributes["存量"] == "是"


def test_of_a_file_with_many_features_a_person_is_told_that_they_are_being_checked(
    eco: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecotrack.intake.check._MANY", 3)
    told = "a.geojson：读出3个图形，正在逐个检查"
    assert told in eco("check", geojson(tmp_path / "a.geojson"), *OPTIONS).text


def test_all_findings_of_a_submission_are_listed_however_many_documents_they_fill(
    eco: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecotrack.intake.check_record.BLOCK", 2)
    found = json.loads(eco("import", geojson(tmp_path / "a.geojson", x=117.0), *OPTIONS, "--json").text)["files"][0]
    warned = [one for one in found["findings"] if one["level"] != "notes"]
    assert len(warned) > 2
    listed = json.loads(eco("review", "findings", found["submission"], "--json").text)["findings"]
    assert [one["check"] for one in listed] == [one["check"] for one in warned]


def test_a_submission_is_listed_returned_and_accepted_by_somebody_else(
    eco: Callable[..., Result], tmp_path: Path
) -> None:
    eco("import", geojson(tmp_path / "a.geojson"), *OPTIONS)
    row = json.loads(eco("review", "list", "--json").text)["submissions"][0]
    assert (row["sender"], row["plots"], row["waiting"]) == ("张三", 3, 3)
    # Whole in a file too, with the unit's name: no cell is cut to the width of a window.
    listed = eco("review", "list").text
    assert all(text in listed for text in (row["submission"], "a.geojson", "枣强县", "未核对"))
    own = eco("review", "accept", row["submission"], "--by", "张三")
    assert (own.code, "不能审核自己提交的内容" in own.text) == (2, True)
    assert eco("review", "return", "A1", "--by", "李四").code == 2  # a return needs its reason
    assert eco("review", "return", "A1", "--by", "李四", "--reason", "压占耕地").code == 0
    accepted = eco("review", "accept", "A0", "A2", "--by", "李四", "--on", "2016-06-01")
    assert (accepted.code, "未验证审核人身份" in accepted.text) == (0, True)
    row = json.loads(eco("review", "list", "--json").text)["submissions"][0]
    assert (row["accepted"], row["returned"], row["waiting"]) == (2, 1, 0)
    assert json.loads(eco("review", "list", "--waiting", "--json").text)["submissions"] == []
