"""Maps show what imagery says: the lake's series, verdicts on plots; neither is ever a figure of record."""

import base64
import dataclasses
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
import shapely
from playwright.sync_api import expect

from ecotrack.desk import review_work
from ecotrack.errors import UnreadableFile
from ecotrack.figures.lake_series import lake_document
from ecotrack.imagery.grid import to_lonlat
from ecotrack.imagery.kept_verdicts import FILE, read_verdicts
from ecotrack.model import ProgressRecord
from imagery_office import GRID, hand_in_plots, listed, take_scenes
from imagery_scenes import Painting
from map_cases import a_definition, a_model, target

LARGE = base64.b64encode(b"\xff\xd8\xff" + bytes(17_997)).decode()
HOSTILE = "</script><img src=x onerror=alert(1)>${alert(1)}"


def seen(day: str, km2: str, state: str = "采用", basin: str | None = None, **fields: str) -> ProgressRecord:
    return ProgressRecord(
        record_id=f"{day}-{basin}",
        layer="lake",
        kind="observation",
        effective_on=dt.date.fromisoformat(day),
        feature_id=basin,
        state=state,
        value=Decimal(km2),
        value_unit="km2",
        fields={"basis": "影像", "surface_kind": "敞水面", **fields},
    )


SERIES = [
    seen("2016-04-01", "40", level_m="20.10", datum="大沽", clear_share_pct="97", method="MNDWI otsu +0.18"),
    seen("2016-06-01", "43"),
    seen("2016-08-01", "46.5", method=HOSTILE, scene_id=HOSTILE),
    seen("2016-09-01", "70", state="待审"),
    seen("2016-10-01", "20", state="退回"),
    seen("2016-11-01", "30", basin="lake-east"),
    seen("2017-02-01", "28", basin="lake-east"),
    seen("2017-02-01", "17", basin="lake-west"),
]
BASINS = {"lake-east": "东湖", "lake-west": "西湖"}


def test_only_adopted_observations_of_the_whole_lake_make_a_year():
    found = lake_document(SERIES, BASINS)
    years = [(one["year"], one["observations"], one["median_km2"], one["least_km2"]) for one in found["years"]]
    assert years == [(2016, 3, 43.0, 40.0), (2017, 1, 45.0, 45.0)]
    assert [(one["on"], one["km2"]) for one in found["surfaces"] if one["state"] == "待审"] == [("2016-09-01", 70.0)]
    assert len(found["observations"]) == found["total"] == len(SERIES)
    assert found["observations"][0]["on"] == "2017-02-01"


def test_real_and_sample_observations_are_never_joined():
    sample = dataclasses.replace(SERIES[1], record_id="s", sample=True)
    found = lake_document([SERIES[0], sample], BASINS)
    assert [(one["median_km2"], one["sample"]) for one in found["years"]] == [(40.0, False)]


def test_two_bases_of_one_surface_are_told_apart_by_their_marks(open_map):
    bases = ("影像", "实测", "水位-面积曲线")
    series = [seen(f"2016-0{n}-01", str(40 + n), basis=basis) for n, basis in enumerate(bases, start=1)]
    model = a_model(definition=a_definition("plots", panels=("lake",)), witness={"lake": lake_document(series, BASINS)})
    panel = open_map(model).page.locator("#eco-panel")
    expect(panel.locator("svg.eco-chart [data-state=采用]")).to_have_count(3)
    marks = panel.locator("svg.eco-chart [data-basis]")
    boxes = marks.evaluate_all("all => all.map(one => one.tagName + (one.getBBox().width / 2).toFixed(1))")
    assert len(set(boxes)) == 3, boxes
    expect(panel.locator(".eco-chart-key svg")).to_have_count(3)
    expect(panel.locator("line[data-year='2016'][stroke-dasharray]")).to_have_count(2)


def test_the_lake_panel_draws_each_observation_and_what_waits_as_waiting(open_map):
    model = a_model(definition=a_definition("plots", panels=("lake",)), witness={"lake": lake_document(SERIES, BASINS)})
    opened = open_map(model)
    panel = opened.page.locator("#eco-panel")
    expect(panel.locator("svg circle[data-state=采用]")).to_have_count(4)
    expect(panel.locator("svg circle[data-state=待审]")).to_have_count(1)
    expect(panel.locator("tr[data-year='2016'] td").nth(2)).to_have_text("43.00")
    expect(panel.locator("tr[data-year='2016'] td").nth(3)).to_have_text("40.0–46.5")
    said = panel.inner_text().replace("\u202f", "")
    for words in ("水位 20.10米 (大沽)", "无云 97%", "MNDWI otsu +0.18", "待审", "东湖", HOSTILE):
        assert words in said
    assert panel.locator("img").count() == 0
    assert panel.locator(".eco-panel-body").get_attribute("tabindex") == "0", "the keyboard cannot scroll it"
    assert opened.complaints == []


def test_a_lake_without_observations_has_an_empty_panel(open_map):
    model = a_model(definition=a_definition("plots", panels=("lake",)), witness={"lake": lake_document([], BASINS)})
    opened = open_map(model)
    assert "没有可显示的内容" in opened.page.inner_text("#eco-panel")
    assert opened.complaints == []


def test_land_cover_stands_beside_the_figure_that_it_could_be_taken_for(open_map):
    total = {"area_km2": 100.0, "seen_pct": 99.0, "shares_pct": {"forest": 12.84, "built": None}, "unnamed_pct": 0.0}
    cover = {"date": "2016-09-30", "source": HOSTILE, "sample": True, "total": total, "counties": []}
    scoreboard = a_model().scoreboard | {"targets": [target("cover", "pct", 33.6, 33.5), target("sponge", "pct", 0, 20),
                                                     target("lake", "km2", 60, 100)]}  # fmt: skip
    definition = a_definition("plots", panels=("targets",))
    opened = open_map(a_model(definition=definition, scoreboard=scoreboard, witness={"landcover": cover}))
    beside = opened.page.locator(".eco-beside")
    assert beside.count() == 2
    said = opened.page.inner_text("[data-target=cover] .eco-beside")
    assert "林地 12.8%" in said
    assert "不进入本指标" in said
    assert HOSTILE in said
    assert "未评价" in opened.page.inner_text("[data-target=sponge] .eco-beside")
    assert opened.complaints == []


def box(col: int, row: int, side: int = 12):
    return to_lonlat([shapely.box(col, row, col + side, row + side)], GRID)[0]


FLOODED, GROWN, AWAY = box(20, 20), box(60, 60), shapely.box(115.9, 37.9, 115.902, 37.902)


@pytest.fixture
def verified(office, tmp_path):
    """Return an office whose plots were verified: one under water, one grown, one that no scene shows."""
    office.submission = hand_in_plots(office, tmp_path, {"淹没": FLOODED, "成林": GROWN, "图外": AWAY})
    before = Painting([("soil", FLOODED), ("soil", GROWN)], base="crops")
    after = Painting([("water", FLOODED), ("trees", GROWN)], base="soil")
    grown = ("2024-05-10", "2024-06-10", "2024-06-20", "2024-07-10", "2024-08-01")
    days = ("2019-07-10", "2019-08-20", *grown)
    take_scenes(office, tmp_path, {day: before if day < "2020" else after for day in days})
    office("verify", "plots")
    return office


def test_verdicts_stand_on_the_reviewers_map_with_pictures_and_a_filter(verified, open_map, tmp_path):
    verified("map", "review", "-o", tmp_path / "review.html")
    opened = open_map(tmp_path / "review.html")
    panel, page = opened.page.locator("#eco-panel"), opened.page
    counts = {one: panel.locator(f"li[data-answer={one}] b").inner_text() for one in
              ("supports", "contradicts", "cannot_tell", "not_run")}  # fmt: skip
    assert counts == {"supports": "1", "contradicts": "1", "cannot_tell": "0", "not_run": "1"}
    finding = panel.locator("article[data-check=satellite]")
    assert "历次影像都是水面" in finding.inner_text()
    assert ["2019-08-20" in text or "2024-08-01" in text for text in finding.locator("figcaption").all_inner_texts()] \
        == [True, True]  # fmt: skip
    widths = page.evaluate("[...document.querySelectorAll('.eco-chips img')].map(one => one.naturalWidth)")
    assert len(widths) == 2
    assert min(widths) > 20
    page.locator(".eco-filters summary").click()
    page.locator(".eco-filters select").last.select_option("未核对")
    expect(page.locator("li[data-layer=plots] .eco-count")).to_contain_text("1\u202f块")
    at = FLOODED.centroid
    page.evaluate("(at) => { map_shell.setView(at, 15, { animate: false }); }", [at.y, at.x])
    opened.click_on(at.x, at.y)
    card = page.locator(".eco-card")
    expect(card).to_contain_text("影像核对")
    expect(card.locator("img")).to_have_count(2)
    page.click("#eco-lang")
    expect(finding).to_contain_text("Taocheng · 2024-05-10 … 2024-08-01 (5)")
    told = page.locator(".eco-filters select").last.locator("option").all_inner_texts()
    assert [text.split(" (")[0] for text in told[1:]] == ["contradicts", "supports", "not run"]
    assert opened.complaints == []


def test_reviewers_read_contradictions_in_lists_and_in_the_portal(verified):
    [row] = listed(verified)
    assert row["satellite"] == {"looked_at": 2, "contradicts": 1}
    findings = json.loads(verified("review", "findings", verified.submission, "--json").output)
    assert ["历次影像都是水面" in one["zh"] for one in findings["satellite"]] == [True]
    said = verified("review", "findings", verified.submission).output
    assert "历次影像都是水面" in said
    assert "2024-05-10至2024-08-01的5景影像" in said.replace("\n", "")
    shown = review_work.submission(str(verified.folder), verified.submission, ())
    told = {plot["feature_id"]: [one["zh"] for one in plot["findings"]] for plot in shown["plots_list"]}
    assert any("历次影像都是水面" in text for text in told["淹没"])
    assert not any("影像" in text for text in [*told["成林"], *told["图外"]])


def test_a_verdict_holds_for_the_outline_that_was_looked_at(verified, tmp_path):
    hand_in_plots(verified, tmp_path, {"淹没": box(22, 22)})
    rows = [row["satellite"] for row in listed(verified)]
    assert rows == [{"looked_at": 2, "contradicts": 1}, {"looked_at": 0, "contradicts": 0}]
    verified("map", "review", "-o", tmp_path / "review.html")
    text = (tmp_path / "review.html").read_text(encoding="utf-8")
    assert '"contradictions":[]' in text


def test_a_plot_that_was_struck_since_is_counted_no_more(verified, tmp_path):
    verified("review", "strike", verified.submission, "--by", "李四", "--reason", "并入湖区")
    verified("map", "review", "-o", tmp_path / "review.html")
    text = (tmp_path / "review.html").read_text(encoding="utf-8")
    assert '"contradictions":[]' in text
    assert '"en":"not run","plots":0' in text


def test_verdicts_of_a_later_day_are_not_known_on_a_map_of_an_earlier_one(verified, tmp_path):
    verified("map", "review", "--as-of", "2026-11-20", "-o", tmp_path / "review.html")
    text = (tmp_path / "review.html").read_text(encoding="utf-8")
    assert '"contradictions":[]' in text
    assert '"as_of":null,"later":"' in text


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-50],
        lambda text: text.replace("ecotrack.verdicts/3", "ecotrack.verdicts/2"),
        lambda text: text.replace('"verdict": "contradicts"', '"verdict": "surely"'),
        lambda text: text.replace('"jpeg": "', '"jpeg": "PHN2Zz4'),
        lambda text: text.replace('"jpeg": "', '"jpeg": "\\" onerror=\\"'),
        lambda text: text.replace('"jpeg": "', f'"jpeg": "{LARGE}'),
    ],
)
def test_damaged_verdicts_or_pictures_are_refused_in_words(verified, damage):
    path = Path(verified.workspace.register_path.parent) / FILE
    whole = path.read_text(encoding="utf-8")
    assert len(read_verdicts(path.parent).chips["淹没"]) == 2
    assert damage(whole) != whole
    path.write_text(damage(whole), encoding="utf-8")
    with pytest.raises(UnreadableFile, match="verify plots"):
        read_verdicts(path.parent)


def test_reviewers_go_on_when_the_verdicts_are_damaged_and_are_told_so(verified):
    (Path(verified.workspace.register_path.parent) / FILE).write_text("{", encoding="utf-8")
    said = verified("review", "list")
    assert "影像结论读不出来" in said.stderr
    assert "verify plots" in said.stderr
    assert json.loads(verified("review", "list", "--json").stdout)["submissions"][0]["satellite"]["looked_at"] == 0
    assert "读不出来" in verified("review", "findings", verified.submission).stderr
    shown = review_work.submission(str(verified.folder), verified.submission, ())
    told = [one["zh"] for plot in shown["plots_list"] for one in plot["findings"]]
    assert sum("影像结论读不出来" in text for text in told) == 1


def test_the_lake_panel_says_what_is_in_doubt(open_map):
    words = {"doubts": f"光谱像阴影里的陆地{HOSTILE}", "doubts_en": f"looks like shadow{HOSTILE}"}
    doubted = seen("2016-09-02", "61", state="待审", doubted_km2="2.3", **words)
    lake = lake_document([*SERIES, doubted], BASINS)
    opened = open_map(a_model(definition=a_definition("plots", panels=("lake",)), witness={"lake": lake}))
    doubt = opened.page.locator("#eco-panel .eco-doubt")
    expect(doubt).to_have_count(1)
    said = doubt.inner_text().replace("\u202f", " ").replace("\u00a0", " ")
    assert "存疑 2.3 平方公里" in said
    assert words["doubts"] in said
    opened.page.locator("#eco-lang").click()
    expect(doubt).to_contain_text(words["doubts_en"])
    assert "光谱" not in doubt.inner_text()
    assert doubt.locator("img").count() == 0
