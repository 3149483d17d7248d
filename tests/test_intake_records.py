"""Records come in whole or not at all, by what layers/*.toml say; the notice comes out from every form of sheet."""

import csv
import datetime as dt
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from ecotrack.errors import (
    AmbiguousTask,
    FutureDate,
    NoFittingTask,
    RefusedRows,
    UnknownLayer,
    UnknownTask,
    UnreadableFile,
    Untold,
)
from ecotrack.intake.records import Asked, import_records, known_in, read_records
from ecotrack.intake.records_tasks import AskedTask, import_tasks, read_tasks
from ecotrack.intake.records_template import write_template
from ecotrack.progress import current
from ecotrack.workspace import Workspace

ROOT = Path(__file__).parents[1]
NOTICE = Path(__file__).parent / "data" / "notice_2017_spring" / "notice.csv"
DAY = dt.date(2017, 3, 16)
TASK = "2017-spring-造林绿化-市"


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "衡水 工作区"
    folder.mkdir()
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "ecotrack.toml", folder)
    return Workspace.open(folder)


@pytest.fixture
def with_task(workspace):
    import_tasks(workspace, NOTICE, AskedTask(handed_down_on=dt.date(2017, 1, 10)), author="张三")
    return workspace


def notice_rows():
    with NOTICE.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def county_xlsx(path):
    """Write the notice as a county sends it: merged titles, numbers, percent cells, a sum that was never computed."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet.append(["全市2017年春季造林绿化进度情况统计表"])
    sheet.append(["截至3月16日", None, None, None, "单位：亩"])
    sheet.append(["名次", "单 位", "任务\n（亩）", "累计完成（亩）", "完成率"])
    for rank, unit, task, done, rate in notice_rows()[3:-1]:
        sheet.append(
            [
                int(rank),
                f" {unit[0]}　{unit[1:]}" if len(unit) == 2 else unit,
                float(task),
                int(done),
                float(rate) / 100,
            ]
        )
        sheet.cell(sheet.max_row, 5).number_format = "0.0%"
    sheet.append(["合计", None, "=SUM(C4:C16)", "=SUM(D4:D16)"])
    sheet.merge_cells("A1:E1")
    book.save(path)
    return path


def write_csv(path, *rows, encoding="utf-8-sig"):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def said(reading):
    return {(r.unit, r.value, r.effective_on, r.task_id, r.record_id) for r in reading.records}


def test_the_notice_gives_the_published_figures(with_task):
    import_records(with_task, NOTICE, author="张三")
    [funnel] = with_task.view(as_of=DAY).to_json()["funnel"]
    published = [(row[1], Decimal(row[4])) for row in notice_rows()[3:-1]]
    assert [row["name_zh"] for row in funnel["units"]] == [name for name, _ in published]
    assert [round(row["rate_pct"], 1) for row in funnel["units"]] == [float(rate) for _, rate in published]
    assert (funnel["total"]["reported_mu"], funnel["total"]["assigned_mu"]) == (36777, 70000)


def test_csv_and_the_countys_workbook_give_the_same_records(with_task, tmp_path):
    known = known_in(with_task)
    from_xlsx = read_records(county_xlsx(tmp_path / "县报.xlsx"), known)
    assert said(from_xlsx) == said(read_records(NOTICE, known))
    assert from_xlsx.findings == []


def test_the_facts_as_published_in_english_columns_come_in_too(with_task, tmp_path):
    rows = [["rank", "unit", "done_mu", "rate_pct_published", "task_mu_implied", "task_mu_rounded", "source"]]
    rows += [[r[0], r[1], r[3], r[4], f"{int(r[2])}.4", r[2], "paper"] for r in notice_rows()[3:-1]]
    path = write_csv(tmp_path / "facts.csv", *rows, encoding="utf-8")
    reading = read_records(path, known_in(with_task), Asked(period_end=DAY))
    assert said(reading) == said(read_records(NOTICE, known_in(with_task)))
    assert reading.ignored == {"": ("task_mu_implied", "source")}


def test_importing_twice_adds_nothing(with_task, tmp_path):
    first = import_records(with_task, NOTICE, author="张三")
    again = import_records(with_task, county_xlsx(tmp_path / "县报.xlsx"), author="李四")
    assert (len(first.added), len(again.added), again.already) == (13, 0, 13)


def test_one_sheet_serves_as_task_and_as_report(with_task):
    tasks = [r for r in known_in(with_task).records if r.layer == "tasks"]
    assert sum(r.value for r in tasks) == 70000
    assert {r.fields["season"] for r in tasks} == {"2017-spring"}
    assert {r.fields["kind"] for r in tasks} == {"造林绿化"}


def test_another_number_for_the_same_day_is_refused_and_taken_as_a_correction_when_asked(with_task, tmp_path):
    import_records(with_task, NOTICE, author="张三")
    path = write_csv(tmp_path / "改.csv", ["单位", "完成(亩)"], ["景县", "5500"])
    with pytest.raises(RefusedRows, match="5465 mu stands"):
        import_records(with_task, path, Asked(period_end=DAY), author="张三")
    import_records(with_task, path, Asked(period_end=DAY, correct=True), author="张三")
    standing = [r for r in current(known_in(with_task).records) if r.unit == "131127" and r.layer == "reports"]
    assert [(r.value, r.effective_on, r.state) for r in standing] == [(5500, DAY, "更正")]


def test_a_revision_of_a_task_counts_from_its_own_day(with_task, tmp_path):
    path = write_csv(tmp_path / "调整.csv", ["单位", "任务(亩)"], ["景县", "9000"])
    asked = AskedTask(task_id=TASK, season="2017-spring", handed_down_on=dt.date(2017, 3, 1))
    import_tasks(with_task, path, asked, author="张三")
    before, after = (with_task.view(as_of=day).to_json()["funnel"][0] for day in (dt.date(2017, 2, 28), DAY))
    assert (before["total"]["assigned_mu"], after["total"]["assigned_mu"]) == (70000, 71000)


def test_a_task_that_is_there_is_recognised_by_season_kind_and_level(with_task, tmp_path):
    again = import_tasks(with_task, NOTICE, AskedTask(handed_down_on=dt.date(2017, 2, 1)), author="李四")
    assert (len(again.added), again.already) == (0, 13)
    path = write_csv(tmp_path / "调整.csv", ["单位", "任务(亩)"], ["景县", "9000"], ["桃城区", "2900"])
    asked = AskedTask(season="2017-spring", kind="造林绿化", handed_down_on=dt.date(2017, 3, 1))
    [revised] = import_tasks(with_task, path, asked, author="张三").added
    assert (revised.task_id, revised.unit, revised.state) == (TASK, "131127", "调整")


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda rows: rows[6].__setitem__(2, "9000"), "task_differs"),
        (lambda rows: rows[6].__setitem__(4, "69.3"), "rate_differs"),
        (lambda rows: rows[-1].__setitem__(3, "36778"), "total_differs"),
        (lambda rows: rows.pop(6), "units_missing"),
    ],
)
def test_what_the_sheet_says_otherwise_is_a_finding(with_task, tmp_path, change, check):
    rows = notice_rows()
    change(rows)
    reading = read_records(write_csv(tmp_path / "a.csv", *rows), known_in(with_task))
    assert check in {finding.check for finding in reading.findings}
    assert reading.errors == []


def test_a_sheet_in_ten_thousand_mu_is_converted(with_task, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["截至2017年3月16日", "单位：万亩"], ["单位", "累计完成"], ["景县", "0.5465"])
    assert read_records(path, known_in(with_task)).records[0].value == 5465


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["2017年春季造林进度（截至3月16日）"],
            ["序号", "县（市、区）", "造林任务", "造林面积", "占任务%"],
            [1, "景县", 8000, 5465, 68.3],
        ],
        [
            ["统计截止时间：2017年3月16日"],
            ["单位", "春季任务", "完成任务数（亩）", "完成任务比例"],
            ["景县", 8000, "5,465.0", "68.3%"],
        ],
        [
            ["填报单位：市林业局", "截至2017.3.16"],
            ["单位：万亩、%"],
            ["单位", "任务", "已完成", "完成率"],
            ["景县", 0.8, 0.5465, 68.3],
        ],
        [
            ["unit", "assigned_mu", "reported_mu", "rate_pct", "period_end"],
            ["Jingxian", "8000", "5465", "68.3", "2017/3/16"],
        ],
        [
            ["截至2017年3月16日"],
            ["", "单位", "任务", "完成情况", ""],
            ["", "", "", "面积", "占任务％"],
            ["", "景县", 8000, 5465, 68.3],
        ],
        [["日期", "单位", "累计完成", "完成率"], ["20170316", "景县", 5465, 0.683], ["", "全市", 5465, ""]],
    ],
)
def test_the_sheets_of_other_offices_say_the_same(with_task, tmp_path, rows):
    [known_row] = [r for r in read_records(NOTICE, known_in(with_task)).records if r.unit == "131127"]
    reading = read_records(write_csv(tmp_path / "县报.csv", *rows), known_in(with_task))
    assert (reading.records, reading.errors) == ([known_row], [])
    assert reading.findings == []


def test_of_two_columns_of_tasks_the_one_of_the_season_is_taken(workspace, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["单位", "全年任务", "春季任务"], ["景县", "22000", "8000"])
    values = {
        season: read_tasks(path, known_in(workspace), AskedTask(season=season)).records[0].value
        for season in ("2017-spring", "2017")
    }
    assert values == {"2017-spring": 8000, "2017": 22000}
    with pytest.raises(UnreadableFile, match="全年任务"):
        read_tasks(path, known_in(workspace), AskedTask(season="2017-autumn"))


def test_ties_and_rates_above_all_come_in_as_they_are(with_task, tmp_path):
    rows = [
        ["名次", "单位", "任务", "完成", "完成率"],
        [1, "工业新区", 1000, 1500, "150"],
        [1, "滨湖新区", 1000, 1500, "150"],
    ]
    path = write_csv(tmp_path / "a.csv", *rows)
    import_records(with_task, path, Asked(period_end=dt.date(2017, 4, 6)), author="张三")
    [funnel] = with_task.view(as_of=dt.date(2017, 4, 10)).to_json()["funnel"]
    assert [(row["code"], row["rate_pct"]) for row in funnel["units"][:2]] == [("1311BH", 150.0), ("1311HX", 150.0)]


def test_weekly_amounts_are_not_taken_for_cumulative_ones(with_task, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["单位", "本周完成(亩)", "累计完成(亩)"], ["景县", "100", "5465"])
    reading = read_records(path, known_in(with_task), Asked(period_end=DAY))
    assert (reading.records[0].value, reading.ignored) == (5465, {"": ("本周完成(亩)",)})


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("约5000", "不是数字"),
        ("-5", "负数"),
        ("", "缺少"),
        ("5,46", "不是数字"),
        ("50%", "不是数字"),
        ("1e3", "不是数字"),
    ],
)
def test_a_bad_number_is_named_with_its_row_and_nothing_comes_in(with_task, tmp_path, cell, told):
    before = known_in(with_task).records
    path = write_csv(
        tmp_path / "a.csv", ["单位", "任务", "完成(亩)"], ["桃城区", "2900", "698"], ["景县", "8000", cell]
    )
    with pytest.raises(RefusedRows) as caught:
        import_records(with_task, path, Asked(period_end=DAY), author="张三")
    assert told in caught.value.message("zh")
    assert "第3行" in caught.value.message("zh")
    assert "row 3" in caught.value.message("en")
    assert known_in(with_task).records == before


def test_a_report_names_a_task_that_is_there_and_never_mixes_sample_with_real(with_task, tmp_path):
    header = ["单位", "完成(亩)", "任务编号", "示例"]
    path = write_csv(tmp_path / "a.csv", header, ["景县", "1", "别的", ""], ["桃城区", "1", TASK, "是"])
    errors = read_records(path, known_in(with_task), Asked(period_end=DAY)).errors
    assert [(error.row, error.title) for error in errors] == [(2, "任务编号"), (3, "示例")]


def test_a_report_of_units_without_a_task_is_refused(workspace, tmp_path):
    with pytest.raises(NoFittingTask, match="task import"):
        read_records(NOTICE, known_in(workspace))


def test_an_unknown_unit_and_a_unit_twice_are_errors(with_task, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["单位", "完成(亩)"], ["石家庄", "1"], ["景县", "1"], ["景县", "2"])
    errors = read_records(path, known_in(with_task), Asked(period_end=DAY)).errors
    assert [(error.row, error.title) for error in errors] == [(2, "单位"), (4, "完成(亩)")]


def test_units_are_found_by_the_spellings_of_offices(with_task, tmp_path):
    names = ["衡水市桃城区", "冀州市", "深州", "衡水高新区", "滨湖", "131127", "安 平 县"]
    path = write_csv(tmp_path / "a.csv", ["县（市、区）", "完成"], *([name, "1"] for name in names))
    reading = read_records(path, known_in(with_task), Asked(period_end=DAY))
    codes = [record.unit for record in reading.records]
    assert codes == ["131102", "131103", "131182", "1311HX", "1311BH", "131127", "131125"]


def test_the_refused_csv_comes_back_with_its_errors_and_comes_in_once_mended(with_task, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["单位", "完成(亩)", "备注"], ["景县", "多", "=cmd()"])
    with pytest.raises(RefusedRows, match=r"a\.errors\.csv"):
        import_records(with_task, path, Asked(period_end=DAY), author="张三")
    back = tmp_path / "a.errors.csv"
    text = back.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(text.decode("utf-8-sig").splitlines()))
    assert rows[0][-1] == "错误"
    assert "不是数字" in rows[1][-1]
    assert rows[1][2] == "'=cmd()"
    back.write_bytes(text.replace("多".encode(), b"5465"))
    assert len(import_records(with_task, back, Asked(period_end=DAY), author="张三").added) == 1


def test_a_formula_without_a_result_is_refused_by_its_cell_and_comes_back_inert(with_task, tmp_path):
    book = openpyxl.Workbook()
    for row in (["单位", "完成(亩)"], ["景县", "=5000+465"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(RefusedRows, match="B2 holds a formula"):
        import_records(with_task, tmp_path / "a.xlsx", Asked(period_end=DAY), author="张三")
    sheet = openpyxl.load_workbook(tmp_path / "a.errors.xlsx").active
    assert [cell.data_type for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []
    assert "公式" in sheet["C2"].value


def test_without_a_task_the_message_lists_those_there_are(workspace, with_task, tmp_path):
    import_tasks(with_task, NOTICE, AskedTask(level="省", handed_down_on=dt.date(2017, 1, 10)), author="张三")
    path = write_csv(tmp_path / "a.csv", ["单位", "完成(亩)"], ["景县", "1"])
    with pytest.raises(AmbiguousTask, match=TASK):
        read_records(path, known_in(with_task), Asked(period_end=DAY))
    with pytest.raises(UnknownTask, match=TASK):
        read_records(path, known_in(with_task), Asked(period_end=DAY, task_id="别的"))


def test_the_period_must_be_told_and_not_lie_ahead(with_task, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["单位", "完成(亩)"], ["景县", "1"])
    with pytest.raises(Untold, match="--period-end"):
        read_records(path, known_in(with_task))
    with pytest.raises(FutureDate, match="after today"):
        read_records(path, known_in(with_task), Asked(period_end=dt.date(2999, 1, 1)))


def test_a_task_needs_a_season_and_a_column_of_tasks(workspace, tmp_path):
    known = known_in(workspace)
    path = write_csv(tmp_path / "a.csv", ["单位", "任务(亩)"], ["景县", "1"])
    with pytest.raises(Untold, match="--season"):
        read_tasks(path, known)
    with pytest.raises(UnreadableFile, match="no column of tasks"):
        read_tasks(write_csv(tmp_path / "b.csv", ["单位", "完成(亩)"], ["景县", "1"]), known)


def test_an_unknown_layer_is_told_with_those_that_take_records(workspace, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["日期", "数值"], ["2017-03-01", "1"])
    with pytest.raises(UnknownLayer, match="reaches"):
        read_records(path, known_in(workspace), Asked(layer="trees"))


def test_a_kind_that_cannot_be_told_lists_what_is_possible(workspace, tmp_path):
    path = write_csv(tmp_path / "a.csv", ["日期", "状态", "时段", "平均浓度"], ["2016-12-31", "正式", "2016", "87"])
    with pytest.raises(UnreadableFile, match=r"air/pm25.*air/pm10"):
        read_records(path, known_in(workspace))
    reading = read_records(path, known_in(workspace), Asked(layer="air", kind="pm25"))
    assert [record.kind for record in reading.records] == ["pm25"]


def test_rows_may_say_their_layer_and_kind(workspace, tmp_path):
    path = write_csv(
        tmp_path / "a.csv",
        ["图层", "记录类别", "日期", "数值", "计量单位", "状态", "时段"],
        ["air", "pm25", "2016", "87", "", "正式", "2016"],
        ["air", "PM10浓度", "2016-12-31", "150", "微克/立方米", "正式", "2016"],
    )
    reading = read_records(path, known_in(workspace))
    assert [(r.kind, r.value, r.effective_on) for r in reading.records] == [
        ("pm10", 150, dt.date(2016, 12, 31)),
        ("pm25", 87, dt.date(2016, 12, 31)),
    ]


def first_id(workspace, layer):
    return workspace.features(layer)[0].feature_id


def fill(path, **sheets):
    book = openpyxl.load_workbook(path)
    for title, rows in sheets.items():
        sheet = book[title]
        keys = [cell.value for cell in sheet[3]]
        for number, row in enumerate(rows, 4):
            for key, value in row.items():
                sheet.cell(number, keys.index(key) + 1, value)
    book.save(path)
    return path


def a_record_of_each(workspace):
    return {
        "湖面观测": [{"effective_on": dt.date(2017, 3, 1), "value": 74.5, "state": "采用", "basis": "实测",
                  "surface_kind": "敞水面", "level_m": 21.0}],
        "治理工程": [{"feature_id": first_id(workspace, "reaches"), "effective_on": "2017-02-01", "state": "完工",
                  "work": "清淤"}],
        "海绵达标评估": [{"feature_id": first_id(workspace, "sponge_zones"), "effective_on": "2017年2月1日",
                    "state": "达标", "standard": "GB/T 51345-2018"}],
        "断面月评价": [{"feature_id": first_id(workspace, "sections"), "effective_on": "2017-02", "state": "已评价",
                   "class": "III类"}],
    }  # fmt: skip


def test_the_form_filled_in_comes_in_and_is_corrected_and_never_doubles(workspace, tmp_path):
    form = write_template(known_in(workspace), ["all"], tmp_path / "填报.xlsx")
    fill(form, **a_record_of_each(workspace))
    assert len(import_records(workspace, form, author="张三").added) == 4
    assert len(import_records(workspace, form, author="张三").added) == 0
    [lake] = [record for record in known_in(workspace).records if record.layer == "lake"]
    assert (lake.value, lake.fields["level_m"], lake.author) == (Decimal("74.5"), "21", "张三")
    [month] = [record for record in known_in(workspace).records if record.layer == "sections"]
    assert (month.fields["class"], month.effective_on) == ("Ⅲ", dt.date(2017, 2, 28))

    mended = a_record_of_each(workspace)["湖面观测"][0] | {
        "value": 70,
        "corrects": lake.record_id,
        "effective_on": None,
    }
    correction = write_template(known_in(workspace), ["lake"], tmp_path / "更正.xlsx")
    import_records(workspace, fill(correction, 湖面观测=[mended]), author="李四")
    [now] = [record for record in current(known_in(workspace).records) if record.layer == "lake"]
    assert (now.value, now.effective_on, now.corrects) == (70, dt.date(2017, 3, 1), lake.record_id)


def seen(workspace, as_known=None):
    """Return what the scoreboard of 1 April 2017 says about the four layers."""
    view = workspace.view(as_of=dt.date(2017, 4, 1), as_known=as_known)
    board = view.to_json()
    lake = next(target for target in board["targets"] if target["id"] == "lake")
    states = {name: [f.state for f in view.layer(name).features if f.state] for name in ("reaches", "sponge_zones")}
    classes = [f.records[0].fields["class"] for f in view.layer("sections").features if f.records]
    works = [row["work"] for row in board["indicators"]["km_treated"]["works"]]
    return lake["value_km2"], states["reaches"], states["sponge_zones"], classes, works


def test_records_of_four_layers_move_their_figures_and_corrections_move_them_back_under_as_known(workspace, tmp_path):
    form = write_template(known_in(workspace), ["lake", "reaches", "sponge_zones", "sections"], tmp_path / "a.xlsx")
    first = a_record_of_each(workspace)
    import_records(workspace, fill(form, **first), author="张三")
    before = seen(workspace)
    assert before == (74.5, ["完工"], ["达标"], ["Ⅲ"], ["清淤"])

    known_then = dt.datetime.now(dt.UTC)
    ids = {record.layer: record.record_id for record in known_in(workspace).records}
    change = {
        "湖面观测": ("lake", {"value": 70.25}),
        "治理工程": ("reaches", {"state": "反弹"}),
        "海绵达标评估": ("sponge_zones", {"state": "不达标"}),
        "断面月评价": ("sections", {"class": "Ⅳ"}),
    }
    mended = {
        sheet: [first[sheet][0] | new | {"corrects": ids[layer], "effective_on": None}]
        for sheet, (layer, new) in change.items()
    }
    form = write_template(known_in(workspace), list(ids), tmp_path / "b.xlsx")
    import_records(workspace, fill(form, **mended), author="李四")
    assert seen(workspace)[:4] == (70.25, ["反弹"], ["不达标"], ["Ⅳ"])
    assert seen(workspace, as_known=known_then) == before


def test_the_form_offers_features_units_states_and_codes(workspace, tmp_path):
    book = openpyxl.load_workbook(write_template(known_in(workspace), ["reaches"], tmp_path / "f.xlsx"))
    assert book.sheetnames == ["说明", "治理工程", "名单"]
    offered = {cell.value for row in book["名单"].iter_rows() for cell in row}
    assert {first_id(workspace, "reaches"), "桃城区", "在建", "清淤", "是"} <= offered
    assert len(book["治理工程"].data_validations.dataValidation) >= 5


def test_every_kind_of_every_layer_is_recognised_from_its_own_form(with_task, tmp_path):
    known = known_in(with_task)
    for layer in with_task.layers.values():
        for kind in layer.records:
            form = write_template(known, [layer.id], tmp_path / f"{layer.id}.xlsx")
            fill(form, **{kind.title_zh: [{"document": "x"}]})
            asked = Asked(period_end=DAY) if layer.id == "reports" else None
            errors = read_records(form, known, asked).errors
            assert {error.sheet for error in errors} == {kind.title_zh}


def test_the_form_with_errors_comes_back_marked_and_nothing_came_in(workspace, tmp_path):
    records = a_record_of_each(workspace)
    records["断面月评价"] += [{"feature_id": "没有", "effective_on": "2999-01", "state": "好", "class": "IX"}]
    form = fill(write_template(known_in(workspace), ["all"], tmp_path / "填报.xlsx"), **records)
    with pytest.raises(RefusedRows) as caught:
        import_records(workspace, form, author="张三")
    rows = caught.value.facts["rows"]
    assert {(row.row, row.title) for row in rows} == {(5, "要素编号"), (5, "月末日期"), (5, "状态"), (5, "水质类别")}
    sheet = openpyxl.load_workbook(tmp_path / "填报.errors.xlsx")["断面月评价"]
    column = next(cell.column for cell in sheet[3] if cell.value == "错误")
    assert "没有要素" in sheet.cell(5, column).value
    assert known_in(workspace).records == ()


def test_a_correction_of_what_is_not_there_is_an_error(workspace, tmp_path):
    row = a_record_of_each(workspace)["湖面观测"][0] | {"corrects": "0000"}
    form = fill(write_template(known_in(workspace), ["lake"], tmp_path / "f.xlsx"), 湖面观测=[row])
    [error] = read_records(form, known_in(workspace)).errors
    assert "0000" in error.message.en


def test_more_live_holes_than_checked_and_a_share_above_all_are_errors(workspace, tmp_path):
    known = replace(known_in(workspace), features=lambda _: {"p1": ""})
    path = write_csv(
        tmp_path / "a.csv",
        ["小班号", "核查日期", "核查级别", "检查穴数", "成活穴数"],
        ["p1", "2017-11-01", "县", "100", "101"],
    )
    [error] = read_records(path, known).errors
    assert error.title == "成活穴数"
    path = write_csv(tmp_path / "b.csv", ["日期", "覆盖率", "状态", "口径"], ["2016", "133.5", "正式", "发布"])
    [error] = read_records(path, known).errors
    assert "100" in error.message.en


def test_an_id_stands_for_one_content_only(workspace, tmp_path):
    rows = [["记录编号", "日期", "覆盖率", "状态", "口径"], ["c-1", "2016", "32.1", "正式", "发布"]]
    path = write_csv(tmp_path / "a.csv", *rows)
    import_records(workspace, path, author="张三")
    assert import_records(workspace, path, author="李四").already == 1
    rows[1][2] = "32.2"
    [error] = read_records(write_csv(tmp_path / "b.csv", *rows), known_in(workspace)).errors
    assert "corrects" in error.message.en


def reach_work(path, unit):
    path.write_text(
        f"图层,记录类别,要素编号,日期,状态,责任单位,工程类别\nreaches,work,fuyang-01,2016-05-01,在建,{unit},清淤\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("unit", ["冀州区", "冀州市", "市水务局", "衡水市", ""])
def test_a_reach_takes_records_of_its_unit_under_any_name_of_departments_and_of_nobody(workspace, tmp_path, unit):
    assert len(import_records(workspace, reach_work(tmp_path / "河.csv", unit), author="张三").added) == 1


def test_a_record_on_the_reach_of_another_unit_is_a_mistake_of_its_row(workspace, tmp_path):
    with pytest.raises(RefusedRows) as refused:
        import_records(workspace, reach_work(tmp_path / "河.csv", "枣强县"), author="张三")
    assert "归冀州市负责，责任单位不能填枣强县" in refused.value.facts["rows"][0].message.zh
