"""The verbs records and task, as an office uses them."""

import csv
import json
import shutil
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.errors import RefusedRows, UnknownFormat, UnknownTask

ROOT = Path(__file__).parents[1]
NOTICE = Path(__file__).parent / "data" / "notice_2017_spring" / "notice.csv"


@pytest.fixture
def run(tmp_path):
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)

    def call(*arguments):
        result = CliRunner().invoke(cli, ["-w", str(tmp_path), *map(str, arguments)], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    call.folder = tmp_path
    return call


def test_a_task_and_its_report_come_in_and_are_listed(run):
    assert "登记 13 条" in run("task", "import", NOTICE, "--on", "2017-01-10", "--by", "张三").output
    assert "70,000" in run("task", "list").output
    assert "登记 13 条" in run("records", "import", NOTICE, "--by", "张三").output
    assert "登记 0 条，已有 13 条" in run("records", "import", NOTICE).output
    listed = json.loads(run("records", "list", "--layer", "reports", "--json").output)
    assert (listed["schema"], len(listed["records"])) == ("ecotrack.records/1", 13)
    assert {record["author"] for record in listed["records"]} == {"张三"}


def test_a_list_prints_the_last_ones_and_says_how_many_there_are(run):
    run("task", "import", NOTICE, "--on", "2017-01-10", "--by", "张三")
    assert run("records", "list", "--last", "2").output.count("2017-01-10") == 2
    assert "共 13 条，只列最后登记的 2 条；--last 0 列出全部" in run("records", "list", "--last", "2").output
    assert "共 13 条\n" in run("records", "list").output
    every = json.loads(run("records", "list", "--json").output)
    some = json.loads(run("records", "list", "--json", "--last", "3").output)
    assert (every["total"], some["total"]) == (13, 13)
    assert some["records"] == every["records"][-3:]


def test_english_is_spoken_when_asked(run):
    output = run("--lang", "en", "task", "import", NOTICE).output
    assert "added 13 records" in output
    assert "say it with --on" in output


def test_a_dry_run_registers_nothing_and_leaves_nothing_behind(run):
    before = sorted(run.folder.iterdir())
    assert "将登记 13 条" in run("task", "import", NOTICE, "--on", "2017-01-10", "--dry-run").output
    assert sorted(run.folder.iterdir()) == before


def test_a_dry_run_with_findings_exits_with_one(run):
    result = CliRunner().invoke(
        cli, ["-w", str(run.folder), "task", "import", str(NOTICE), "--dry-run"], standalone_mode=False
    )
    assert result.return_value == 1


def test_the_answer_as_json_names_records_findings_and_ignored_columns(run, tmp_path):
    run("task", "import", NOTICE, "--on", "2017-01-10")
    path = tmp_path / "a.csv"
    path.write_text("单位,任务,完成,备注\n景县,9000,5465,x\n", encoding="utf-8")
    answer = json.loads(run("records", "import", path, "--period-end", "2017-03-16", "--json").output)
    assert (answer["added"], answer["ignored_columns"]) == (1, {"": ["备注"]})
    assert [finding["check"] for finding in answer["findings"]] == ["task_differs"]
    assert answer["records"][0]["value"] == "5465"


def test_errors_are_listed_by_row_and_the_sheet_comes_back(run, tmp_path):
    run("task", "import", NOTICE, "--on", "2017-01-10")
    path = tmp_path / "a.csv"
    path.write_text("单位,完成\n景县,多\n", encoding="utf-8")
    with pytest.raises(RefusedRows) as caught:
        run("records", "import", path, "--period-end", "2017-03-16")
    assert "第2行 完成：“多”不是数字" in caught.value.message("zh")
    with (tmp_path / "a.errors.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1][2].startswith("完成：")


def test_a_report_without_any_task_says_what_to_do(run):
    with pytest.raises(UnknownTask) as caught:
        run("records", "import", NOTICE)
    assert "ecotrack task import" in caught.value.message("zh")


def report(run, day: str, done: str, *options: str):
    path = run.folder / "a.csv"
    path.write_text(f"单位,完成\n景县,{done}\n", encoding="utf-8")
    call = ["-w", str(run.folder), "records", "import", str(path), "--period-end", day, *options]
    return CliRunner().invoke(cli, call, standalone_mode=False).output


@pytest.mark.parametrize(
    ("day", "done", "words"),
    [
        ("2017-03-20", "5000", "累计完成 5000 亩，少于 2017-03-16 的 5465 亩"),
        ("2017-01-05", "10", "2017-01-10 才下达"),
        ("2017-03-20", "546500", "超过任务 8000 亩的 10 倍"),
    ],
)
def test_a_number_that_can_hardly_be_right_is_asked_about_in_a_dry_run_too(run, day, done, words):
    run("task", "import", NOTICE, "--on", "2017-01-10")
    run("records", "import", NOTICE)
    task = ("--task", json.loads(run("task", "list", "--json").output)["tasks"][0]["task_id"])
    dry, real = (report(run, day, done, *task, *more) for more in (("--dry-run",), ()))
    assert (words in dry, words in real) == (True, True)
    assert "1 处请核对：将登记 1 条" in dry


def test_what_a_report_says_in_all_is_repeated_to_who_imports_it(run):
    run("task", "import", NOTICE, "--on", "2017-01-10")
    output = run("records", "import", NOTICE).output
    assert "2017-03-16，13 个单位，合计 " in output
    assert "2017-spring-造林绿化-市" in output


def test_a_form_is_only_written_as_xlsx(run, tmp_path):
    with pytest.raises(UnknownFormat, match="xlsx"):
        run("records", "template", "lake", "-o", tmp_path / "a.csv")


def test_the_form_is_written_where_asked(run, tmp_path):
    run("records", "template", "lake", "reaches", "-o", tmp_path / "填报.xlsx")
    assert "湖面观测" in openpyxl.load_workbook(tmp_path / "填报.xlsx").sheetnames


@pytest.mark.parametrize("verb", ["records", "task"])
@pytest.mark.parametrize(("lang", "word"), [("zh", "示例"), ("en", "Example")])
def test_help_has_examples_in_both_languages(run, verb, lang, word):
    assert word in run("--lang", lang, verb, "--help").output
    assert word in run("--lang", lang, verb, "import", "--help").output


@pytest.mark.parametrize(("first", "last", "wrong"), [(1200, 2500, 1200), (28400, 60000, 60000)])
def test_work_outside_its_reach_is_refused_and_the_reach_is_named(run, tmp_path, first, last, wrong):
    path = tmp_path / "a.csv"
    path.write_text(
        f"要素,截止日期,状态,工程类别,完成起点桩号,完成终点桩号\nfuyang-02,2017-02-01,完工,护岸,{first},{last}\n",
        encoding="utf-8",
    )
    with pytest.raises(RefusedRows) as refused:
        run("records", "import", path, "--layer", "reaches", "--kind", "work")
    said = refused.value.message("zh")
    assert f"{wrong} 不在 fuyang-02 的桩号 28307–51947 之内" in said
