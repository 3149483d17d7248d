"""A leader opens the map that an office wrote from its own workspace, on a computer without a network."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pyproj import Geod, Transformer
from shapely.geometry import Polygon

from ecotrack.geometry.area import area_m2
from ecotrack.model.entries import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.register import new_id
from ecotrack.workspace import Workspace
from map_cases import Open

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = dt.date(2017, 3, 16)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("办公室") / "生态 修复"
    folder.mkdir()
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo", "maps"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("out"))
    workspace = Workspace.open(folder)
    basin = workspace.features("lake")[0]
    reach = workspace.features("reaches")[0]
    with workspace.register(create=True) as register, register.writer(author="张三") as writer:
        hand_in = Submission(submission_id=new_id(), layer="plots", submitted_on=dt.date(2016, 4, 1), unit="131103")
        writer.add(hand_in)
        centre = basin.geometry.centroid
        plot = FeatureVersion(
            version_id=new_id(),
            feature_id="1311030001",
            layer="plots",
            submission_id=hand_in.submission_id,
            effective_on=hand_in.submitted_on,
            wkb=centre.buffer(0.01, quad_segs=1).wkb,
            unit="131103",
            season="2016-spring",
            kind="造林",
            name="湖边一号",
            claimed_mu=Decimal("300.5"),
        )
        writer.add(plot)
        accept = Decision(
            decision_id=new_id(),
            subject="version",
            subject_id=plot.version_id,
            verdict="accept",
            decided_on=dt.date(2016, 4, 2),
            reviewer="李四",
        )
        writer.add(accept)
        for fields in ({"value": Decimal("41.8")}, {"value": Decimal("43.2"), "effective_on": dt.date(2017, 3, 10)}):
            known = {
                "record_id": new_id(),
                "layer": "lake",
                "kind": "observation",
                "effective_on": dt.date(2017, 2, 10),
                "feature_id": basin.feature_id,
                "state": "采用",
                "value_unit": "km2",
                "fields": {"basis": "影像", "surface_kind": "敞水面"},
            }
            writer.add(ProgressRecord(**{**known, **fields}))
        work = ProgressRecord(
            record_id=new_id(),
            layer="reaches",
            kind="work",
            effective_on=DAY,
            feature_id=reach.feature_id,
            state="在建",
            fields={"work": "清淤"},
        )
        writer.add(work)
    return folder


def ecotrack(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from ecotrack.cli.main import main; main()", "-w", str(folder), *arguments]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)


def test_the_map_of_a_day_shows_the_numbers_of_that_day(office: Path, open_map: Open) -> None:
    done = ecotrack(office, "map", "--as-of", DAY.isoformat())
    assert done.returncode == 0, done.stderr
    written = office / "maps" / "out" / "hengshui.html"
    assert str(written) in done.stdout
    assert "正在" in done.stderr
    board = Workspace.open(office).view(as_of=DAY).to_json()
    opened = open_map(written)
    page = opened.page
    head = f"截至 2017-03-16 · 数据版本 {board['register']['seq']}-{board['register']['head'][:8]}"
    assert page.inner_text("#eco-state") == head
    assert page.locator("[data-target]").count() == len(board["targets"])
    for row in board["targets"]:
        value = row[f"value_{row['unit']}"]
        shown = page.get_attribute(f"[data-target={row['id']}] .eco-value", "data-value")
        assert float(shown) == value if value is not None else shown == ""
        assert row["status_zh"] in page.inner_text(f"[data-target={row['id']}] .eco-status")
    assert opened.complaints == []


def test_every_figure_on_a_published_map_names_a_receipt_that_can_be_computed_again(
    office: Path, open_map: Open, tmp_path: Path
) -> None:
    written = tmp_path / "map.html"
    done = ecotrack(office, "map", "--as-of", DAY.isoformat(), "-o", str(written), "--publish", "--by", "张三")
    assert done.returncode == 0, done.stderr
    opened = open_map(written)
    listed = opened.page.locator(".eco-receipt li")
    named = {row.get_attribute("data-figure"): row.get_attribute("data-receipt") for row in listed.all()}
    shown = {f"{row.get_attribute('data-target')}" for row in opened.page.locator("[data-target]").all()}
    opened.page.click("[data-panel=funnel]")
    for task in opened.page.locator("[data-task]").all():
        steps = task.locator("[data-step]").all()
        shown |= {f"{task.get_attribute('data-task')}/{step.get_attribute('data-step')}" for step in steps}
    assert shown <= {*named}
    assert all(named.values())
    again = ecotrack(office, "reproduce", *[str(receipt) for receipt in named.values()], "--json")
    assert [one["equal"] for one in json.loads(again.stdout)["reproductions"]] == [True] * len(named)
    issued = {one["receipt"]: one for one in json.loads(ecotrack(office, "receipts", "--json").stdout)["receipts"]}
    year = issued[str(named["year"])]["cells"][0]["value"]
    opened.page.click("[data-panel=targets]")
    opened.page.click(".eco-receipt summary")
    assert str(year or "未评价") in opened.page.inner_text("[data-figure=year]")
    assert opened.complaints == []


def test_a_map_as_it_was_known_then_issues_no_receipt(office: Path) -> None:
    known = ("--as-known", "2017-04-01T08:00:00Z")
    done = ecotrack(office, "map", "--as-of", DAY.isoformat(), *known, "--publish")
    assert done.returncode == 2
    assert "--publish 和 --as-known 不能同时使用" in done.stderr


def test_a_click_on_the_plot_the_reach_and_the_lake_tells_what_is_recorded(office: Path, open_map: Open) -> None:
    out = office / "点.html"
    assert ecotrack(office, "map", "hengshui", "--as-of", DAY.isoformat(), "-o", str(out)).returncode == 0
    workspace = Workspace.open(office)
    opened = open_map(out)
    page = opened.page
    basin, reach = workspace.features("lake")[0], workspace.features("reaches")[0]
    centre = basin.geometry.centroid
    opened.click_on(centre.x, centre.y)
    card = page.inner_text(".eco-card")
    assert "湖边一号" in card
    assert "300.5" in card
    page.evaluate("(at) => { map_shell.setView(at, 12, { animate: false }); }", [centre.y, centre.x])
    opened.click_on(centre.x + 0.013, centre.y)
    card = page.inner_text(".eco-card").replace("\u202f", "")
    assert "43.2平方公里" in card
    assert card.index("2017-03-10") < card.index("2017-02-10")
    middle = reach.geometry.interpolate(0.5, normalized=True)
    page.evaluate("(at) => { map_shell.panTo(at, { animate: false }); }", [middle.y, middle.x])
    opened.click_on(middle.x, middle.y)
    assert "在建" in page.inner_text(".eco-card")
    assert "清淤" in page.inner_text(".eco-card")


@pytest.mark.parametrize("limit", [("--as-of", "2017-02-28"), ("--as-known", "2016-01-01T00:00:00Z")])
def test_an_earlier_day_or_an_earlier_knowledge_leaves_out_what_came_later(
    office: Path, open_map: Open, limit: tuple[str, str]
) -> None:
    out = office / "早.html"
    done = ecotrack(office, "map", *limit, "-o", str(out))
    assert done.returncode == 0, done.stderr
    shown = open_map(out).page.locator("#eco-layers .eco-entry", has_text="河渠治理段").inner_text()
    assert "有记录 0/" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["map", "nowhere"], 2, "没有名为“nowhere”的地图"),
        (["map", "--as-of", "2999-01-01"], 2, "在今天"),
        (["map", "--as-known", "昨天"], 2, "不是有效日期"),
        (["--lang", "en", "map", "nowhere"], 2, "Maps in this workspace's maps/: hengshui"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(office: Path, arguments: list[str], code: int, words: str) -> None:
    done = ecotrack(office, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def written(office: Path) -> Path:
    """Write the map with its slider once."""
    out = office / "时间.html"
    done = ecotrack(office, "map", "hengshui", "--as-of", DAY.isoformat(), "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert "时段" in done.stderr
    return out


def targets_shown(page: Page) -> dict[str, str | None]:
    gauges = page.locator("[data-target]").all()
    return {
        str(one.get_attribute("data-target")): one.locator(".eco-value").get_attribute("data-value") for one in gauges
    }


def numbers_of(office: Path, day: dt.date) -> dict[str, float | None]:
    board = Workspace.open(office).view(as_of=day).to_json()
    return {row["id"]: row[f"value_{row['unit']}"] for row in board["targets"]}


def test_sliding_moves_gauges_states_and_head_to_the_numbers_of_that_day(
    office: Path, written: Path, open_map: Open
) -> None:
    opened = open_map(written)
    page = opened.page
    days = [dt.date.fromisoformat(day) for day in page.evaluate("ecotrack.read('map').days")]
    assert days[-1] == DAY
    assert dt.date(2016, 12, 31) in days
    slider = page.locator(".eco-range input")
    for place, day in enumerate(days):
        slider.fill(str(place))
        expect(page.locator("#eco-state")).to_contain_text(f"截至 {day}")
        shown = {name: float(value) if value else None for name, value in targets_shown(page).items()}
        assert shown == numbers_of(office, day)
    slider.focus()
    entry = page.locator(".eco-entry[data-layer=plots]")
    page.keyboard.press("Home")
    expect(entry).to_contain_text("0\u202f块")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#eco-state")).to_contain_text(f"截至 {days[1]}")
    page.keyboard.press("End")
    expect(entry).to_contain_text("有记录 0/1")
    page.click(".eco-play")
    expect(page.locator("#eco-state")).to_contain_text(f"截至 {days[1]}")
    page.click(".eco-play")
    assert opened.complaints == []


NAMED = """() => Array.from(document.querySelectorAll('.eco-label:not(.eco-hidden)'))
  .map((one) => [one.firstChild.textContent, one.getBoundingClientRect()])
  .filter((one) => one[0].startsWith('衡水湖') && one[1].width).map((one) => [one[0].slice(3), one[1].left])"""


@pytest.mark.parametrize("size", [(360, 740), (768, 1024), (1280, 800)], ids=["phone", "tablet", "desk"])
def test_the_western_basin_is_never_named_in_the_east(written: Path, browser: Browser, size: tuple[int, int]) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, offline=True)
    page.goto(written.as_uri())
    page.wait_for_selector("html[data-ecotrack=ready]", state="attached")
    places = dict(page.evaluate(NAMED))
    page.close()
    assert places.keys() <= {"西湖", "东湖"}
    assert places
    assert places.get("西湖", 0) < places.get("东湖", size[0])


def test_a_link_brings_back_view_day_layers_and_language(written: Path, open_map: Open) -> None:
    page = open_map(written).page
    page.evaluate("ecotrack.goToPeriod(1)")
    page.locator(".eco-entry[data-layer=canals] input").uncheck()
    page.click("#eco-lang")
    page.evaluate("void map_shell.setView([37.7, 115.6], 12, { animate: false })")
    page.wait_for_url(lambda url: "v=12" in url and "lang=en" in url)
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("html[data-ecotrack=ready]")
    assert "2016-06-30" in page.inner_text("#eco-state")
    assert page.evaluate("map_shell.getZoom()") == 12
    assert not page.locator(".eco-entry[data-layer=canals] input").is_checked()
    assert page.get_attribute("html", "lang") == "en"


@pytest.mark.parametrize(
    "hash_", ["#v=x/y/z&t=never&l=no&f.c99=a&h.plots=b", "#v=9/99/999&lang=<b>", "#%%%", "#l=%25&f.c0=%25E0%25A4%25A"]
)
def test_a_damaged_link_opens_the_map_all_the_same(written: Path, open_map: Open, hash_: str) -> None:
    opened = open_map(written)
    page = opened.page
    page.goto("about:blank")
    page.goto(written.as_uri() + hash_)
    page.wait_for_selector("html[data-ecotrack=ready]")
    assert opened.complaints == []


def test_search_finds_a_plot_by_its_id_and_the_map_goes_there(written: Path, open_map: Open) -> None:
    page = open_map(written).page
    page.fill("#eco-search", "1311030001")
    page.wait_for_selector("#eco-found li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".eco-card")
    assert "湖边一号" in page.inner_text(".eco-card h3")
    assert page.evaluate("map_shell.getZoom()") > 12


def test_an_open_card_keeps_its_head_on_the_map_through_a_zoom(written: Path, open_map: Open) -> None:
    page = open_map(written).page
    page.set_viewport_size({"width": 1280, "height": 480})
    page.fill("#eco-search", "1311030001")
    page.wait_for_selector("#eco-found li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".eco-card")
    for _ in range(2):
        page.click(".leaflet-control-zoom-out")
        page.wait_for_timeout(800)
    top = "element => element.getBoundingClientRect().top"
    assert page.locator(".eco-popup").evaluate(top) >= page.locator("#map_shell").evaluate(top)


def test_what_is_pointed_out_or_measured_lies_above_the_map_and_escape_puts_it_away(
    written: Path, open_map: Open
) -> None:
    page = open_map(written).page
    seen = "document.querySelectorAll('.leaflet-eco-marks-pane path, .leaflet-eco-marks-pane canvas').length"
    over = """['eco-marks'].concat(
      Object.keys(map_shell.getPanes()).filter((name) => /^eco-(vector|plots|above)/.test(name))
    ).map((name) => Number(map_shell.getPane(name).style.zIndex))"""
    page.fill("#eco-search", "1311030001")
    page.wait_for_selector("#eco-found li")
    page.keyboard.press("Enter")
    page.wait_for_selector(".eco-card")
    assert page.evaluate(seen) > 0
    marks, *panes = page.evaluate(over)
    assert all(marks > pane for pane in panes)
    page.keyboard.press("Escape")
    expect(page.locator(".eco-card")).to_have_count(0)
    page.click("[data-tool=measure]")
    middle = page.locator(".folium-map").bounding_box()
    assert middle
    for right, down in ((200, 200), (400, 200), (400, 350)):
        page.mouse.click(middle["x"] + right, middle["y"] + down)
    expect(page.locator(".eco-measure")).to_contain_text("亩")
    page.keyboard.press("Escape")
    expect(page.locator(".eco-measure")).to_have_count(0)


def boxes(page: Page, *selectors: str) -> list[dict[str, float]]:
    found = [one.bounding_box() for selector in selectors for one in page.locator(selector).all() if one.is_visible()]
    return [dict(one) for one in found if one]


def apart(first: dict[str, float], second: dict[str, float]) -> bool:
    return any(
        one[at] + one[size] <= other[at] + 0.5
        for one, other in ((first, second), (second, first))
        for at, size in (("x", "width"), ("y", "height"))
    )


@pytest.mark.parametrize("size", [(360, 740), (1280, 800)], ids=["phone", "desk"])
def test_a_card_the_badges_of_the_swipe_and_the_measure_cover_no_control(
    written: Path, browser: Browser, size: tuple[int, int]
) -> None:
    phone = size[0] < 900
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, offline=True, has_touch=phone)
    page.goto(written.as_uri())
    page.wait_for_selector("html[data-ecotrack=ready]", state="attached")

    def use(tool: str) -> None:
        if phone:
            page.click("[data-show=extras]")
        page.click(f"[data-tool={tool}]")
        if phone:
            page.click("[data-show=map]")

    page.fill("#eco-search", "1311030001")
    page.wait_for_selector("#eco-found li")
    page.keyboard.press("Enter")
    page.wait_for_selector(".eco-card")
    expect(page.locator(".leaflet-pan-anim")).to_have_count(0)
    (card,) = boxes(page, ".leaflet-popup")
    assert all(apart(card, one) for one in boxes(page, ".leaflet-control-zoom", ".eco-north"))
    page.keyboard.press("Escape")
    use("compare")
    left, right = boxes(page, ".eco-badge")
    assert apart(left, right)
    assert all(apart(one, other) for one in (left, right) for other in boxes(page, ".leaflet-control"))
    use("compare")
    use("measure")
    (measure,) = boxes(page, ".eco-measure")
    assert all(apart(measure, one) for one in boxes(page, ".leaflet-control"))
    page.close()


def test_a_name_under_the_pointer_is_one_line(written: Path, open_map: Open) -> None:
    opened = open_map(written)
    middle = opened.page.locator(".folium-map").bounding_box()
    assert middle
    opened.page.mouse.move(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    opened.page.mouse.move(middle["x"] + middle["width"] / 2 + 3, middle["y"] + middle["height"] / 2)
    opened.page.wait_for_selector(".eco-tip")
    (tip,) = boxes(opened.page, ".eco-tip bdi")
    assert tip["width"] > tip["height"]


def test_a_filter_and_a_state_of_the_legend_take_plots_off_the_map(written: Path, open_map: Open) -> None:
    page = open_map(written).page
    plots = "ecotrack.entries.find((entry) => entry.client)"
    counted = f"{plots}.counts.reduce((sum, count) => sum + count, 0)"
    assert page.evaluate(counted) == 1
    page.locator(".eco-entry[data-layer=plots] .eco-switch").click()
    page.wait_for_selector(".eco-entry[data-layer=plots] .eco-off")
    middle = page.evaluate(f"{plots}.client.bounds.map((edge) => edge * {plots}.client.header.rings.step)")
    asked = {"ask": "hit", "scene": "main", "x": (middle[0] + middle[2]) / 2, "y": (middle[1] + middle[3]) / 2}
    ask = f"(asked) => {plots}.client.ask(asked)"
    assert page.evaluate(ask, {**asked, "metresPerPixel": 1}) == []
    page.locator(".eco-entry[data-layer=plots] .eco-switch").click()
    page.wait_for_selector(".eco-off", state="detached")
    assert page.evaluate(ask, {**asked, "metresPerPixel": 1}) == [0]


def test_the_swipe_shows_two_days_beside_each_other(written: Path, open_map: Open) -> None:
    opened = open_map(written)
    page = opened.page
    page.click("[data-tool=compare]")
    page.select_option(".eco-swipe-day", index=0)
    assert "2017-03-16" in page.inner_text(".eco-badge-left")
    assert "43.2" in page.inner_text(".eco-badge-left")
    assert "43.2" not in page.inner_text(".eco-badge-right")
    clip = "map_shell.getPane('eco-vector-main').style.clip"
    before = page.evaluate(clip)
    page.locator(".eco-swipe-range").fill("200")
    assert page.evaluate(clip) != before
    page.click("[data-tool=compare]")
    assert page.evaluate(clip) == ""
    assert opened.complaints == []


def test_measuring_agrees_with_the_ellipsoid_and_coordinates_with_the_zone(written: Path, open_map: Open) -> None:
    page = open_map(written).page
    ring = [(115.5, 37.5), (115.62, 37.51), (115.6, 37.62), (115.49, 37.6)]
    assert page.evaluate("(ring) => ecotrack.area_m2(ring)", ring) == pytest.approx(
        area_m2(np.array([Polygon(ring)], dtype=object))[0], rel=1e-9
    )
    geod = Geod(ellps="GRS80")
    assert page.evaluate("(ring) => ecotrack.length_m(ring)", ring) == pytest.approx(
        geod.line_length(*zip(*ring, strict=True)), rel=2e-6
    )
    for lon, code in ((115.2, 4526), (115.9, 4527)):
        east, north = Transformer.from_crs(4490, code, always_xy=True).transform(lon, 37.7)
        found = page.evaluate("(at) => ecotrack.toZone(at[0], at[1])", [lon, 37.7])
        assert found["north_m"] == pytest.approx(north, abs=0.001)
        assert found["zone"] * 1_000_000 + found["east_m"] == pytest.approx(east, abs=0.001)


@pytest.mark.parametrize("width", [360, 700, 1280])
def test_the_years_under_the_slider_never_run_into_each_other(written: Path, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740}, offline=True)
    page.goto(written.as_uri())
    page.wait_for_selector("html[data-ecotrack=ready]", state="attached")
    years = page.locator(".eco-ticks span:not([hidden])").all()
    edges = [(box["x"], box["x"] + box["width"]) for one in years if (box := one.bounding_box())]
    page.close()
    assert edges
    assert all(right < left for (_, right), (left, _) in itertools.pairwise(edges))


def test_measuring_changes_the_cursor_and_leaves_the_map_as_large_as_it_was(written: Path, open_map: Open) -> None:
    page = open_map(written).page
    before = page.locator(".folium-map").bounding_box()
    page.click("[data-tool=measure]")
    assert page.evaluate("getComputedStyle(document.querySelector('.folium-map')).cursor") == "crosshair"
    assert page.locator(".folium-map").bounding_box() == before
    assert page.evaluate("getComputedStyle(document.querySelector('.folium-map')).paddingLeft") == "0px"


def test_the_sheet_for_paper_and_the_picture_hold_the_map(written: Path, open_map: Open, tmp_path: Path) -> None:
    opened = open_map(written)
    page = opened.page
    with page.expect_download() as download:
        page.click("[data-tool=png]")
    assert download.value.suggested_filename == "hengshui-2017-03-16.png"
    download.value.save_as(tmp_path / "图.png")
    assert (tmp_path / "图.png").read_bytes()[:4] == b"\x89PNG"
    page.evaluate("window.print = () => {}")
    for paper, size in (("A4", (841.9, 595.3)), ("A3", (1190.6, 841.9))):
        page.click(f"[data-tool=print{paper}]")
        page.wait_for_selector(f"html[data-ecotrack-sheet={paper.lower()}]", state="attached")
        sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
        assert [tuple(map(float, found)) for found in sizes] == [pytest.approx(size, abs=1.5)]
    assert opened.complaints == []


def test_a_unit_has_a_map_of_its_own_and_an_unknown_one_is_refused(office: Path, open_map: Open) -> None:
    done = ecotrack(office, "map", "--unit", "冀州区", "--periods", "none", "--as-of", DAY.isoformat())
    assert done.returncode == 0, done.stderr
    page = open_map(office / "maps" / "out" / "hengshui-131103.html").page
    assert page.inner_text("#eco-title") == "衡水市生态修复进度图·冀州区"
    assert "有记录 0/1" in page.inner_text(".eco-entry[data-layer=plots]")
    refused = ecotrack(office, "map", "--unit", "火星")
    assert (refused.returncode, "火星" in refused.stderr) == (2, True)


def test_all_maps_come_with_an_index_of_pictures(office: Path, browser: Browser) -> None:
    done = ecotrack(office, "map", "--all", "--periods", "none", "--as-of", DAY.isoformat())
    assert done.returncode == 0, done.stderr
    page = browser.new_context(offline=True).new_page()
    page.goto((office / "maps" / "out" / "index.html").as_uri())
    names = sorted(path.stem for path in (ROOT / "maps").glob("*.toml"))
    links = [str(link.get_attribute("href")) for link in page.locator("a").all()]
    assert sorted(links) == [f"{name}.html" for name in names]
    assert page.locator("a svg path").count() > len(names)
    assert all((office / "maps" / "out" / link).is_file() for link in links)
    assert page.locator("script").count() == 0


@pytest.mark.parametrize(
    ("base", "words"),
    [("https://webrd01.is.autonavi.com/{z}/{x}/{y}", "加偏坐标"), ("http://example.com/{z}/{x}/{y}", "没有名为")],
)
def test_a_base_that_does_not_fit_is_refused_with_the_reason(office: Path, base: str, words: str) -> None:
    done = ecotrack(office, "map", "--periods", "none", "--base", base)
    assert done.returncode == 3
    assert words in done.stderr


def test_a_key_is_written_only_when_it_is_handed_over(office: Path, open_map: Open) -> None:
    asked = ["map", "--periods", "none", "--as-of", DAY.isoformat(), "--base", "tianditu-vector"]
    for more, there in (([], False), (["--base-key", "secret-1"], True)):
        out = office / f"底图{there}.html"
        assert ecotrack(office, *asked, *more, "-o", str(out)).returncode == 0
        text = out.read_text(encoding="utf-8")
        assert ("tk=secret-1" in text) is there
        assert "img-src data: https://t0.tianditu.gov.cn;" in text
    page = open_map(office / "底图False.html").page
    assert page.locator(".eco-base input[type=password]").count() == 1
