"""Reports draw what the scoreboard says: nothing is computed, nothing unassessed looks like a number."""

import csv
import io
import re

import openpyxl
import pytest
from rich.console import Console

from ecotrack.errors import CannotWrite, UnknownTask
from ecotrack.reports import ranking_xlsx, scoreboard_csv, scoreboard_table

REASON = {"code": "no_boundary", "zh": "没有上图边界", "en": "no boundaries were submitted"}


def step(name, zh, area_mu, **rest):
    reasons = [REASON] if area_mu is None else []
    common = {"step": name, "title_zh": zh, "title_en": name, "area_mu": area_mu, "plots": None, "flag": None}
    return {**common, "reasons": reasons, "losses": [], **rest}


def unit(rank, name, assigned, reported, rate, **rest):
    names = {"rank": rank, "code": name, "name_zh": name, "name_en": name, "reported_on": "2017-03-16"}
    return {**names, "assigned_mu": assigned, "reported_mu": reported, "mapped_mu": None, "rate_pct": rate, **rest}


@pytest.fixture
def board():
    target = {
        "id": "lake", "title_zh": "湖区水面", "title_en": "Lake", "status": "on_course", "status_zh": "推进中",
        "status_en": "on course", "unit": "km2", "value_km2": 74.456, "target_km2": 100.0, "direction": ">=",
        "share_pct": 74.45, "deadline": "2020-12-31", "sample": True, "sketch": True, "basis_zh": "实测",
        "basis_en": "measured", "reasons": [], "details": {}, "note_zh": "", "note_en": "",
    }  # fmt: skip
    missing = {**target, "id": "ring", "title_zh": "环湖造林", "status": "not_assessed", "status_zh": "未评价",
               "value_km2": None, "share_pct": None, "sample": False, "sketch": False, "reasons": [REASON]}  # fmt: skip
    funnel = {
        "task_id": "t", "title_zh": "2017年春季造林绿化", "kind": "造林绿化", "level": "市",
        "season": "2017-spring", "document": "", "sample": False, "account": "responsible",
        "steps": [step("assigned", "下达", 7000.0), step("reported", "上报", 7441.5),
                  step("mapped", "上图", None)],
        "units": [unit(1, "阜城县", 6000.0, 6382.5, 106.375), unit(2, "=工业", 1000.0, 1059.0, 105.85),
                  unit(3, "景县", 8000.0, None, None)],
        "total": {"assigned_mu": 15000.0, "reported_mu": 7441.5, "mapped_mu": None,
                  "rate_pct": 49.61, "reported_on": None},
    }  # fmt: skip
    return {
        "schema": "ecotrack.scoreboard/1", "definition": "1", "version": "0.1.0", "as_of": "2017-03-20",
        "as_known": None,
        "workspace": {"name_zh": "衡水", "name_en": "Hengshui", "office": "h", "classification": "内部"},
        "register": {"seq": 3, "head": "ab" * 32}, "sample": True, "sketch": True,
        "targets": [target, missing], "funnel": [funnel],
        "years": [{"year": "2016", "plots": 3, "accepted_mu": 41.5}],
        "programmes": [],
        "indicators": {
            "km_treated": {"works": [{"work": "清淤", "km": 2.88}], "units": [], "sample": True, "calibrated": False}
        },
        "units": {"sample": False, "responsible": [], "territorial": []},
        "overlaps": {"sample": False, "count": 2, "area_mu": 1.255, "disputed_mu": 0.0, "pairs": []},
        "coverage": [{"layer": "lake", "title_zh": "衡水湖", "title_en": "Lake", "records": 3, "sample_records": 3,
                      "features": 2, "features_with_record": 1, "newest": "2017-03-01", "oldest": "2017-01-01"}],
    }  # fmt: skip


def drawn(board, lang="zh"):
    console = Console(width=160, file=io.StringIO(), highlight=False)
    console.print(scoreboard_table(board, lang))
    return console.file.getvalue()


def test_the_terminal_shows_values_rounded_half_up_with_their_marks(board):
    text = drawn(board)
    assert re.search(r"湖区水面（示例、示意）\s+74\.46 平方公里\s+≥100 平方公里\s+74\.5%", text)
    assert re.search(r"1\s+阜城县\s+6,000\s+6,382\.5\s+106\.4", text)
    assert re.search(r"合计\s+15,000\s+7,441\.5\s+49\.6", text)
    assert "地块重叠 2 处，1.26 亩" in text
    assert "河渠治理：清淤 2.88 公里（示例、示意）" in text


def test_what_is_not_assessed_says_so_with_its_reason(board):
    text = drawn(board)
    assert re.search(r"环湖造林\s+未评价.*没有上图边界", text)
    assert re.search(r"上图\s+未评价.*没有上图边界", text)
    assert re.search(r"景县\s+8,000\s+未评价\s+未评价", text)


def test_english_is_drawn_when_asked(board):
    text = drawn(board, "en")
    assert "not assessed" in text
    assert "(sample, sketch)" in text


def test_columns_stay_aligned_with_letters_of_two_cells(board):
    from rich.cells import cell_len

    lines = [line for line in drawn(board).splitlines() if re.search(r"阜城县|景县 ", line)]
    assert len({cell_len(line) for line in lines}) == 1


def test_the_ranking_has_the_layout_of_the_notice(board, tmp_path):
    sheet = openpyxl.load_workbook(ranking_xlsx(board, tmp_path / "通报.xlsx")).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][0] == "2017年春季造林绿化"
    assert (rows[1][0], rows[1][4]) == ("截至2017年3月16日", "单位：亩")
    assert rows[2] == ["名次", "单位", "任务（亩）", "完成（亩）", "完成率（%）"]
    assert rows[3] == [1, "阜城县", 6000, 6382.5, 106.4]
    assert rows[5] == [3, "景县", 8000, "未评价", "未评价"]
    assert rows[6] == ["合计", None, 15000, 7441.5, 49.6]
    assert (str(sheet.page_setup.paperSize), sheet.sheet_properties.pageSetUpPr.fitToPage) == ("9", True)


def test_no_exported_cell_is_run_as_a_formula(board, tmp_path):
    sheet = openpyxl.load_workbook(ranking_xlsx(board, tmp_path / "a.xlsx")).active
    assert sheet["B5"].value == "'=工业"
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    with scoreboard_csv(board, tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=工业" in cells
    assert not any(cell.startswith(("=", "@", "+")) for cell in cells)


def test_the_csv_has_a_bom_unrounded_numbers_and_no_number_where_there_is_none(board, tmp_path):
    path = scoreboard_csv(board, tmp_path / "a.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = {(row["section"], row["id"], row["item"]): row for row in csv.DictReader(file)}
    assert (rows["target", "lake", "value"]["value"], rows["target", "lake", "value"]["unit"]) == ("74.456", "km2")
    assert rows["years", "2016", "accepted"]["value"] == "41.5"
    assert rows["km_treated", "", "treated"]["unit"] == "km"
    assert (rows["target", "ring", "value"]["value"], rows["target", "ring", "value"]["reason"]) == ("", REASON["zh"])


def test_a_folder_that_is_not_there_is_told(board, tmp_path):
    for write in (scoreboard_csv, ranking_xlsx):
        with pytest.raises(CannotWrite, match="check that the folder"):
            write(board, tmp_path / "none" / "a.file")


def test_an_unknown_task_is_told_with_those_there_are(board, tmp_path):
    with pytest.raises(UnknownTask, match=r"'x'.*t"):
        ranking_xlsx(board, tmp_path / "a.xlsx", task_id="x")
    assert list(tmp_path.iterdir()) == []
