"""Samples for field checks, as an office draws them, checks them and reads the results."""

import datetime as dt
import json
import shutil
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import shapely
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.errors import BadSampleSize, EmptyFrame, UnknownSample, UnknownTask
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.register import Register
from ecotrack.reports.check_cards import FIRST_ROW, PLACE_COLUMNS

ROOT = Path(__file__).parents[1]
DAY = dt.date(2016, 4, 20)
UNITS = {"131102": 12, "131103": 30}
TASK = {"title": "试验任务", "kind": "造林", "level": "市", "season": "2016-spring"}


def plot(unit: str, number: int) -> FeatureVersion:
    west, south = 115.40 + 0.002 * number, 37.5 + 0.01 * list(UNITS).index(unit)
    name = f"{unit}-{number:02d}"
    return FeatureVersion(
        version_id=f"v-{name}",
        feature_id=name,
        layer="plots",
        submission_id="s1",
        effective_on=DAY,
        wkb=to_wkb(shapely.box(west, south, west + 0.001, south + 0.001)),
        unit=unit,
        season="2016-spring",
        kind="造林",
        claimed_mu=Decimal(15),
    )


def accept(name: str) -> Decision:
    return Decision(
        decision_id=f"d-{name}",
        subject="version",
        subject_id=f"v-{name}",
        verdict="accept",
        decided_on=DAY,
        reviewer="李四",
    )


@pytest.fixture
def run(tmp_path):
    for name in ("layers", "geo", "maps"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    path = tmp_path / "register" / "ecotrack.gpkg"
    with Register.create(path, office="trial") as register, register.writer(author="张三") as writer:
        writer.add(
            ProgressRecord(
                record_id="t1-131102",
                layer="tasks",
                kind="task",
                effective_on=DAY,
                unit="131102",
                task_id="t1",
                value=Decimal(1000),
                value_unit="mu",
                fields=TASK,
            )
        )
        writer.add(Submission(submission_id="s1", layer="plots", submitted_on=DAY, unit="131102"))
        for unit, count in UNITS.items():
            for number in range(count):
                writer.add(plot(unit, number))
                writer.add(accept(f"{unit}-{number:02d}"))

    def call(*arguments):
        result = CliRunner().invoke(cli, ["-w", str(tmp_path), *map(str, arguments)], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    call.folder = tmp_path
    return call


def drawn(run, *more):
    words = ("sample", "draw", "--task", "t1", "--size", "4", "--by", "王五", "--as-of", "2016-10-01", "--json")
    return json.loads(run(*words, *more).output)


def fill(path: Path, *, live=lambda i: 90, measured=lambda i: 14) -> list[str]:
    """Fill the cards in as the checkers do and return the plots that stand on them."""
    book = openpyxl.load_workbook(path)
    sheet = book["核查"]
    columns = {cell.value: cell.column for cell in sheet[FIRST_ROW - 1]}
    names = []
    for i, row in enumerate(range(FIRST_ROW, sheet.max_row + 1)):
        name = sheet.cell(row, columns["feature_id"]).value
        if name is None:
            continue
        names.append(name)
        for key, value in {
            "effective_on": "2016-10-20",
            "holes_checked": 100,
            "holes_live": live(i),
            "measured_mu": measured(i),
        }.items():
            sheet.cell(row, columns[key], value)
    book.save(path)
    return names


def test_the_same_seed_draws_the_same_plots_and_both_draws_are_kept(run):
    first, second = drawn(run, "--seed", 9), drawn(run, "--seed", 9)
    assert first["plots"] == second["plots"]
    assert first["frame_sha256"] == second["frame_sha256"]
    assert first["draw"] != second["draw"]
    assert len(json.loads(run("sample", "list", "--json").output)["samples"]) == 2


def test_a_seed_that_nobody_gave_is_drawn_and_kept(run):
    found = drawn(run)
    assert found["seed_given"] is False
    assert drawn(run, "--seed", found["seed"])["plots"] == found["plots"]


def test_every_unit_gives_its_plots(run):
    found = drawn(run)
    assert {row["unit"]: (row["plots"], row["drawn"]) for row in found["strata"]} == {
        "131102": (12, 4),
        "131103": (30, 4),
    }


def test_a_draw_is_verified_after_later_entries_have_moved_the_frame(run):
    found = drawn(run)
    with Register.open(run.folder / "register" / "ecotrack.gpkg") as register, register.writer(author="李四") as writer:
        writer.add(
            Decision(
                decision_id="late",
                subject="version",
                subject_id=f"v-{found['plots'][0]['feature_id']}",
                verdict="strike",
                decided_on=dt.date(2016, 9, 1),
                reviewer="李四",
                reason="重复",
            )
        )
    assert run("sample", "verify", found["draw"]).return_value == 0
    assert drawn(run, "--seed", found["seed"])["frame_sha256"] != found["frame_sha256"]


def test_the_cards_come_back_by_records_import_and_give_the_rates(run, tmp_path):
    found = drawn(run, "--level", "市")
    cards = tmp_path / "核查卡.xlsx"
    run("sample", "cards", found["draw"], "-o", cards)
    names = fill(cards, live=lambda i: 60 if i == 0 else 90, measured=lambda i: 13 + i % 2)
    assert sorted(names) == sorted(row["feature_id"] for row in found["plots"])
    answer = json.loads(run("records", "import", cards, "--by", "赵六", "--json").output)
    assert answer["added"] == 8
    results = json.loads(run("sample", "results", found["draw"], "--as-of", "2016-12-31", "--json").output)
    total = results["total"]
    assert total["checked"] == total["usable"] == 8
    assert total["verified"]["rate_pct"] == pytest.approx(100 * 13.5 / 15)
    assert total["verified"]["low_pct"] < 90 < total["verified"]["high_pct"]
    assert total["qualified"]["rate_pct"] < total["effective"]["rate_pct"]
    assert "面积核实率" in run("sample", "results", found["draw"], "--as-of", "2016-12-31").output


def test_rows_that_nobody_checked_do_not_come_in_unseen(run, tmp_path):
    cards = tmp_path / "cards.xlsx"
    run("sample", "cards", drawn(run)["draw"], "-o", cards)
    result = CliRunner().invoke(cli, ["-w", str(run.folder), "records", "import", str(cards)])
    assert result.exit_code != 0
    assert json.loads(run("records", "list", "--layer", "plots", "--json").output)["records"] == []


def test_a_card_tells_where_the_plot_is_in_degrees_and_in_metres_of_its_zone(run, tmp_path):
    found = drawn(run, "--seed", 3)
    cards = tmp_path / "cards.xlsx"
    run("sample", "cards", found["draw"], "-o", cards)
    sheet = openpyxl.load_workbook(cards)["核查"]
    columns = {cell.value: cell.column - 1 for cell in sheet[FIRST_ROW - 1]}
    assert set(PLACE_COLUMNS) <= set(columns)
    rows = list(sheet.iter_rows(min_row=FIRST_ROW, values_only=True))
    assert {row[columns["card_claimed_mu"]] for row in rows} == {15}
    for row in rows:
        zone, degrees = row[columns["card_crs"]], row[columns["card_longitude_deg"]]
        assert zone == ("EPSG:4526" if degrees < 115.5 else "EPSG:4527")
        assert int(row[columns["card_easting_m"]] // 1e6) == {"EPSG:4526": 38, "EPSG:4527": 39}[zone]


def test_checks_of_another_level_or_of_before_the_draw_are_no_results(run, tmp_path):
    found = drawn(run, "--level", "省")
    path = tmp_path / "checks.csv"
    rows = [f"{row['feature_id']},2016-10-20,县,100,90,14" for row in found["plots"]]
    rows += [f"{row['feature_id']},2016-09-20,省,100,90,14" for row in found["plots"]]
    path.write_text("\n".join(["小班号,日期,核查级别,检查穴数,成活穴数,核实面积（亩）", *rows]), encoding="utf-8")
    run("records", "import", path, "--layer", "plots", "--kind", "check")
    results = json.loads(run("sample", "results", found["draw"], "--json").output)
    assert results["total"]["checked"] == 0
    assert results["total"]["verified"]["rate_pct"] is None
    assert results["total"]["verified"]["reasons"][0]["code"] == "nothing_observed"


def test_the_map_shows_the_drawn_plots_and_no_other(run, tmp_path):
    from ecotrack.errors import Text
    from ecotrack.maps.drawn_plots import drawn_plots_model
    from ecotrack.workspace import Workspace

    found = drawn(run)
    ids = {row["feature_id"] for row in found["plots"]}
    model = drawn_plots_model(Workspace.open(run.folder), ids, title=Text("图", "map"), as_of=dt.date(2016, 10, 1))
    assert {*model.views[0].plots.ids.tolist()} == ids
    run("sample", "cards", found["draw"], "-m", tmp_path / "sample.html")
    assert (tmp_path / "sample.html").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--task", "none", "--size", "2"), UnknownTask),
        (("--season", "2011", "--size", "2"), EmptyFrame),
        (("--season", "soon", "--size", "2"), EmptyFrame),
        (("--task", "t1", "--fraction", "0"), BadSampleSize),
        (("--task", "t1", "--fraction", "some"), BadSampleSize),
        (("--task", "t1", "--fraction", "nan"), BadSampleSize),
        (("--task", "t1", "--size", "0"), BadSampleSize),
        (("--task", "t1"), BadSampleSize),
        (("--task", "t1", "--size", "2", "--fraction", "5"), BadSampleSize),
    ],
)
def test_what_cannot_be_drawn_says_why_and_leaves_no_trace(run, words, error):
    with pytest.raises(error):
        run("sample", "draw", *words, "--by", "王五")
    assert json.loads(run("sample", "list", "--json").output)["samples"] == []


def test_names_that_look_like_formulas_stay_text_on_the_cards(run, tmp_path):
    from ecotrack.figures.sampling import Draw, FrameRow
    from ecotrack.reports.check_cards import write_cards
    from ecotrack.workspace import Workspace

    row = FrameRow(
        feature_id="=1+1", version_id="v", unit="131102", claimed_mu=Decimal(15), credited_mu=Decimal("14.5")
    )
    made = Draw(draw_id="d", drawn_on=dt.date(2016, 10, 1), level="市", sample=True, strata={"131102": 1}, rows=(row,))
    plots = {"=1+1": ("@SUM(A1)", shapely.box(115.6, 37.6, 115.61, 37.61))}
    path = write_cards(Workspace.open(run.folder), made, plots, tmp_path / "cards.xlsx")
    sheet = openpyxl.load_workbook(path)["核查"]
    assert [cell.value for cells in sheet.iter_rows() for cell in cells if cell.data_type == "f"] == []
    columns = {cell.value: cell.column for cell in sheet[FIRST_ROW - 1]}
    assert sheet.cell(FIRST_ROW, columns["sample"]).value == "是"
    assert sheet.cell(FIRST_ROW, columns["level"]).value == "市"


def test_a_sample_is_found_by_the_end_of_its_id(run):
    found = drawn(run)
    assert run("sample", "verify", found["draw"][-8:]).return_value == 0
    with pytest.raises(UnknownSample):
        run("sample", "verify", "none")
