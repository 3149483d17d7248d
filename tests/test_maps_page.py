"""The page in a real browser, without a network: it draws, and what it says is what the scoreboard says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import folium
import pytest
from branca.element import JavascriptLink
from shapely.geometry import Point, Polygon, box

from ecotrack.errors import ExternalAsset
from ecotrack.maps import build_map, write_map
from ecotrack.maps.definition import Paint
from ecotrack.units import round_half_up
from ecotrack.workspace import FeatureView
from map_cases import LAYERS, Open, a_definition, a_model, a_scoreboard, feature, record, view

PIXELS = """(which) => Array.from(document.querySelectorAll(which)).reduce((sum, canvas) => {
  const copy = document.createElement('canvas');
  copy.width = canvas.width; copy.height = canvas.height;
  const pen = copy.getContext('2d');
  pen.drawImage(canvas, 0, 0);
  const data = copy.width ? pen.getImageData(0, 0, copy.width, copy.height).data : [];
  let count = 0;
  for (let at = 3; at < data.length; at += 4) { count += data[at] > 0; }
  return sum + count;
}, 0)"""
"""How many pixels of the canvases of a page are drawn."""


def test_the_page_opens_without_a_network_and_without_a_complaint(open_map: Open) -> None:
    opened = open_map(a_model())
    page = opened.page
    opened.click_on(115.51, 37.51)
    for panel in ("funnel", "units", "targets"):
        page.click(f"[data-panel={panel}]")
    page.click("#eco-lang")
    assert opened.complaints == []
    assert page.evaluate(PIXELS, "canvas.leaflet-zoom-animated") > 10_000
    assert page.evaluate(PIXELS, ".eco-tiles canvas") > 1000


def test_the_head_says_what_the_map_is_of_which_day_and_which_data(open_map: Open) -> None:
    page = open_map(a_model()).page
    assert page.title() == "衡水市生态修复进度图"
    assert page.inner_text("#eco-state") == "截至 2017-03-16 · 数据版本 12345-ab12cd34"
    assert page.locator("#eco-marks li").all_inner_texts() == ["示意", "示例", "内部工作用图", "内部"]
    assert page.inner_text("#eco-level") == "密级 内部"


def test_a_public_map_prints_its_approval_number(open_map: Open) -> None:
    public = a_definition("counties", classification="公开", approval_number="冀S（2017）1号", panels=())
    page = open_map(a_model(definition=public, views=(a_model().views[2],))).page
    assert "审图号 冀S（2017）1号" in page.locator("#eco-marks li").all_inner_texts()
    assert not page.locator("#eco-panel").is_visible()


def test_every_gauge_shows_the_number_of_the_scoreboard(open_map: Open) -> None:
    page = open_map(a_model()).page
    for row in a_scoreboard()["targets"]:
        gauge = page.locator(f"[data-target={row['id']}]")
        value, goal = row[f"value_{row['unit']}"], row[f"target_{row['unit']}"]
        shown = gauge.locator(".eco-value").get_attribute("data-value")
        assert shown == ("" if value is None else f"{value}")
        assert float(gauge.locator(".eco-goal").get_attribute("data-value") or "nan") == goal
        assert gauge.locator(".eco-mark-sample").count() == int(row["sample"])
    texts = page.locator(".eco-value").all_inner_texts()
    assert [text.replace("\u202f", "") for text in texts] == ["58.35平方公里", "151,234.5亩", "未评价"]


def test_what_is_not_assessed_says_why(open_map: Open) -> None:
    gauge = open_map(a_model()).page.locator("[data-target=cover]")
    assert gauge.locator(".eco-why").inner_text() == "没有观测记录"
    assert gauge.locator(".eco-fill").count() == 0


def test_funnel_and_ranking_show_the_numbers_of_the_scoreboard(open_map: Open) -> None:
    page = open_map(a_model()).page
    page.click("[data-panel=funnel]")
    assert [node.get_attribute("data-value") for node in page.locator(".eco-step-value").all()] == [
        "70000",
        "36777",
        "",
    ]
    assert "没有地块图形" in page.inner_text("[data-step=mapped]")
    assert "无边界 −12.5\u202f亩" in page.inner_text("[data-step=reported]")
    page.click("[data-panel=units]")
    rows = [row.inner_text().split("\t") for row in page.locator(".eco-ranking tr").all()]
    assert rows[0] == ["名次", "单位", "任务（亩）", "完成（亩）", "完成率"]
    assert rows[1] == ["1", "饶阳县", "5,000", "5,512", "110.2%"]
    assert rows[-1] == ["", "合计", "70,000", "36,777", "52.5%"]


def test_numbers_are_rounded_as_python_rounds_them(open_map: Open) -> None:
    page = open_map(a_model()).page
    numbers = [0, 0.005, 1.005, 2.675, 52.545, -1.005, -0.001, 99.995, 1234567.891, 0.1 + 0.2, 1e-9, 36777]
    for value in numbers:
        shown = page.evaluate(f"ecotrack.number({value!r}, 2, true)").replace(",", "").replace("−", "-")
        assert Decimal(shown) == round_half_up(value, 2), value


def test_a_click_tells_the_feature_and_its_latest_records(open_map: Open) -> None:
    opened = open_map(a_model())
    opened.click_on(115.51, 37.51)
    text = opened.page.inner_text(".eco-card").replace("\u202f", "")
    for part in (
        "一号小班",
        "示例",
        "合格",
        "杨树",
        "17.67亩",
        "桃城区",
        "2017-03-16 核查 合格",
        "县级",
        "300",
        "县核查表第3号",
    ):
        assert part in text


def test_a_click_into_a_hole_is_not_a_click_on_the_plot(open_map: Open) -> None:
    opened = open_map(a_model())
    opened.click_on(115.62, 37.52)
    assert "桃城区" in opened.page.inner_text(".eco-card h3")
    opened.click_on(115.605, 37.505)
    assert "p2" in opened.page.inner_text(".eco-card h3")


def test_a_feature_without_a_record_is_drawn_and_named_as_such(open_map: Open) -> None:
    opened = open_map(a_model())
    page = opened.page
    style = (
        "(k) => { const l = ecotrack.read('layers').find((x) => x.id === 'reaches'); return ecotrack.styleOf(l, k); }"
    )
    without, with_record = page.evaluate(style, 0), page.evaluate(style, 1)
    assert without["dashArray"]
    assert not with_record["dashArray"]
    assert without["color"] != LAYERS["reaches"].style.states["未开工"]
    opened.click_on(115.6, 37.71)
    card = page.inner_text(".eco-card")
    assert "无记录" in card
    assert "未开工" not in card
    legend = page.inner_text("#eco-layers")
    assert "有记录 1/2" in legend
    assert "未开工" not in legend


def test_the_layer_control_switches_layers_and_their_legend(open_map: Open) -> None:
    opened = open_map(a_model())
    page = opened.page
    row = page.locator(".eco-entry", has_text="造林地块")
    assert "失败" in row.inner_text()
    row.locator("input").uncheck()
    assert "失败" not in page.locator(".eco-entry", has_text="造林地块").inner_text()
    opened.click_on(115.51, 37.51)
    assert "桃城区" in page.inner_text(".eco-card h3")
    page.locator(".eco-entry", has_text="造林地块").locator("input").check()
    opened.click_on(115.51, 37.515)
    assert "一号小班" in page.inner_text(".eco-card h3")


def test_the_page_speaks_english_when_asked(open_map: Open) -> None:
    page = open_map(a_model(lang="en")).page
    assert page.locator("#eco-marks li").all_inner_texts() == ["Sketch", "Sample", "Internal working map", "Internal"]
    assert "No record" in page.inner_text("#eco-layers")
    page.click("#eco-lang")
    assert "无记录" in page.inner_text("#eco-layers")
    assert page.get_attribute("html", "lang") == "zh-CN"


def test_layers_that_a_user_adds_in_folium_still_work(open_map: Open) -> None:
    shell = build_map(a_model())
    folium.Marker([37.6, 115.7], popup="监测点", tooltip="点").add_to(shell)
    shape = box(115.75, 37.55, 115.8, 37.6).__geo_interface__
    zone = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"name": "区"}, "geometry": shape}],
    }
    folium.GeoJson(zone, name="补充", tooltip=folium.GeoJsonTooltip(["name"])).add_to(shell)
    folium.LayerControl().add_to(shell)
    opened = open_map(shell)
    marker = opened.page.locator("img.leaflet-marker-icon")
    assert marker.evaluate("(image) => image.naturalWidth") > 0
    marker.click()
    assert "监测点" in opened.page.inner_text(".leaflet-popup-content")
    assert opened.page.locator("svg path").count() == 1
    assert opened.complaints == []


def test_a_phone_shows_everything_and_nothing_covers_anything(open_map: Open) -> None:
    opened = open_map(a_model(), width=360, height=740, touch=True)
    page = opened.page
    for chosen, parts in {
        "map": ["#eco-head", ".folium-map", "#eco-foot", "#eco-tabs"],
        "layers": ["#eco-head", ".folium-map", "#eco-layers", "#eco-tabs"],
        "panel": ["#eco-head", ".folium-map", "#eco-panel", "#eco-tabs"],
    }.items():
        page.tap(f"[data-show={chosen}]")
        boxes = [page.locator(part).bounding_box() for part in parts]
        edges = [(found["y"], found["y"] + found["height"]) for found in boxes if found]
        assert len(edges) == len(parts)
        assert all(above[1] <= below[0] + 0.5 for above, below in pairwise(edges)), chosen
        assert edges[-1][1] <= 740.5
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert all((tab.bounding_box() or {"height": 0})["height"] >= 44 for tab in page.locator("#eco-tabs button").all())
    assert opened.complaints == []


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_map(build_map(a_model()), tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second


def test_a_map_that_cannot_be_sealed_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("old", encoding="utf-8")
    shell = build_map(a_model())
    shell.get_root().header.add_child(JavascriptLink("https://example.com/heat.js"))  # type: ignore[attr-defined]
    with pytest.raises(ExternalAsset, match="heat"):
        write_map(shell, path)
    assert [found.name for found in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text(encoding="utf-8") == "old"


def test_saving_and_showing_in_a_notebook_are_sealed_too(tmp_path: Path) -> None:
    shell = build_map(a_model())
    shell.save(str(tmp_path / "a.html"))
    assert "Content-Security-Policy" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in shell._repr_html_()


def test_eleven_thousand_plots_make_a_file_under_thirteen_hundred_kilobytes(open_map: Open, tmp_path: Path) -> None:
    def plot(index: int) -> FeatureView:
        x, y = 115.4 + 0.005 * (index % 110), 37.4 + 0.005 * (index // 110)
        shape = Polygon([(x, y), (x + 0.0011, y), (x + 0.0011, y + 0.0009), (x, y + 0.0008)])
        facts = {
            "species": "杨树",
            "season": "2016-spring",
            "claimed_mu": Decimal(index % 3000) / 100,
            "area_mu": index / 700,
        }
        return feature(
            f"1311{index:08d}",
            None,
            shape,
            "合格",
            records=[record("plots", "check", str(index), "合格")],
            properties=facts,
        )

    model = a_model(definition=a_definition("plots"), views=(view("plots", *(plot(index) for index in range(11_000))),))
    opened = open_map(model)
    assert next(tmp_path.rglob("*.html")).stat().st_size <= 1_300_000
    opened.click_on(115.40055, 37.40045)
    assert "131100000000" in opened.page.inner_text(".eco-card")


def test_a_record_of_the_whole_lake_stands_in_the_popup_of_each_basin(open_map: Open) -> None:
    seen = record("lake", "observation", "x", "采用", value=Decimal("58.3"), value_unit="km2", fields={"basis": "影像"})
    lake = view(
        "lake", feature("lake-east", "东湖", box(115.5, 37.5, 115.7, 37.7)), whole=(replace(seen, feature_id=None),)
    )
    opened = open_map(a_model(definition=a_definition("lake"), views=(lake,)))
    opened.click_on(115.6, 37.6)
    text = opened.page.inner_text(".eco-card").replace("\u202f", "")
    assert "整个图层的记录" in text
    assert "58.3平方公里" in text


def test_points_are_drawn_as_points(open_map: Open) -> None:
    river = view(
        "sections",
        feature(
            "s1",
            "断面",
            Point(115.6, 37.6),
            "已评价",
            records=[record("sections", "month", "s1", "已评价", fields={"class": "Ⅲ"})],
        ),
    )
    paint = Paint(layer="sections", field="class", title_zh="类别", title_en="Class", colors={"Ⅲ": "#8cc3e6"})
    opened = open_map(a_model(definition=a_definition("sections", paint=(paint,)), views=(river,)))
    assert "Ⅲ" in opened.page.inner_text("#eco-layers .eco-legend")
    opened.click_on(115.6, 37.6)
    assert "断面" in opened.page.inner_text(".eco-card h3")


BOX = "(one) => { const box = one.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; }"


def test_names_keep_off_marks_and_of_two_basins_the_eastern_is_named_in_the_east(open_map: Open) -> None:
    basins = view(
        "lake",
        feature("west", "衡水湖西湖", box(115.60, 37.60, 115.62, 37.62)),
        feature("east", "衡水湖东湖", box(115.62, 37.60, 115.64, 37.62)),
        feature("large", "大湖", box(115.70, 37.45, 115.95, 37.85)),
    )
    section = view("sections", feature("s", "断面", Point(115.825, 37.65)))
    definition = a_definition("sections", "lake", labels=("lake",), panels=())
    opened = open_map(a_model(definition=definition, views=(section, basins)))
    boxes = {
        one.inner_text().split("\n")[0]: one.evaluate(BOX)
        for one in opened.page.locator(".eco-label:not(.eco-hidden)").all()
    }
    mark = opened.page.evaluate(
        "() => { const at = map_shell.latLngToContainerPoint([37.65, 115.825]);"
        " const box = map_shell.getContainer().getBoundingClientRect(); return [box.left + at.x, box.top + at.y]; }"
    )
    assert set(boxes) == {"衡水湖西湖", "衡水湖东湖", "大湖"}
    left, top, right, bottom = boxes["大湖"]
    assert not (left < mark[0] < right and top < mark[1] < bottom)
    assert boxes["衡水湖西湖"][0] <= boxes["衡水湖东湖"][0]
    assert opened.complaints == []


PLACED = """() => {
  const placed = {};
  const board = {
    scale: 1, taken: [], box: { left: 0, top: -1e6, right: 1e6, bottom: 1e6 },
    to: (point) => [1000 * point[1], -1000 * point[0]],
    size: () => ({ width: 100, height: 30 }),
    put: (label, spot) => { placed[label.name] = [spot.x - 1000 * label.point[1], spot.y + 1000 * label.point[0]]; }
  };
  const left = ecotrack.placeNames(ecotrack.labels, [], board);
  return [placed, left.length];
}"""


def test_a_name_goes_beside_its_town_though_another_town_lies_below_on_that_side(open_map: Open) -> None:
    # The names of the first two leave no room over and under the third; the fourth is to its right, but far below.
    places = {"甲县城": (-80, -52), "乙县城": (-80, 0), "丙县城": (0, 0), "丁县城": (35, 80)}
    towns = [
        feature(name, name, box(115.69 + x / 1000, 37.69 - y / 1000, 115.71 + x / 1000, 37.71 - y / 1000))
        for name, (x, y) in places.items()
    ]
    definition = a_definition("builtup", labels=("builtup",), panels=())
    opened = open_map(a_model(definition=definition, views=(view("builtup", *towns),)))
    placed, left = opened.page.evaluate(PLACED)
    assert (set(placed), left) == (set(places), 0)
    assert placed["丙县城"] == [pytest.approx(64, abs=1), 0]
    assert opened.complaints == []
