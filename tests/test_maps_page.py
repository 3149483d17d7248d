"""The page in a real browser, without a network: it draws, it tells the truth, and data never run in it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import folium
import msgspec
import pytest
from branca.element import JavascriptLink
from playwright.sync_api import Browser, Page, expect, sync_playwright
from shapely.geometry import LineString, Point, Polygon, box

from ecotrack.errors import ExternalAsset
from ecotrack.maps import MapModel, build_map, write_map
from ecotrack.maps.definition import LayerGroup, MapDef, Paint
from ecotrack.model.entries import ProgressRecord
from ecotrack.settings import read_layers
from ecotrack.units import round_half_up
from ecotrack.workspace import FeatureView, LayerView

ROOT = Path(__file__).resolve().parent.parent
LAYERS = read_layers(ROOT)
BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DAY = dt.date(2017, 3, 16)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
        yield found
        found.close()


class Opened:
    """A page that was opened from a file with the network off, and everything it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", self._request)

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.complaints.append(f"request: {request.url}")

    def click_on(self, lon: float, lat: float) -> None:
        self.page.evaluate("map_shell.closePopup()")
        for moving in (".eco-popup", ".leaflet-pan-anim"):
            expect(self.page.locator(moving)).to_have_count(0)
        at = self.page.evaluate(f"(() => {{ const p = map_shell.latLngToContainerPoint([{lat}, {lon}]); return [p.x, p.y]; }})()")
        box_ = self.page.locator(".folium-map").bounding_box()
        assert box_
        self.page.mouse.click(box_["x"] + at[0], box_["y"] + at[1])


Open = Callable[..., Opened]


@pytest.fixture
def open_map(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    contexts = []

    def opened(shell: folium.Map | MapModel, *, width: int = 1280, height: int = 800, touch: bool = False) -> Opened:
        path = tmp_path / "生态 地图" / "进度 图.html"
        write_map(build_map(shell) if isinstance(shell, MapModel) else shell, path)
        context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True, has_touch=touch, is_mobile=touch
        )
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.goto(path.as_uri())
        found.page.wait_for_selector("html[data-ecotrack=ready]", timeout=15000)
        return found

    yield opened
    for context in contexts:
        context.close()


def record(layer: str, kind: str, feature: str, state: str | None = None, **facts: Any) -> ProgressRecord:
    return ProgressRecord(
        record_id=f"r-{feature}", layer=layer, kind=kind, effective_on=DAY, feature_id=feature, state=state, **facts
    )


def feature(feature_id: str, name: str | None, geometry: Any, state: str | None = None, **facts: Any) -> FeatureView:
    known = {"properties": {}, "records": [], "sample": False, **facts}
    return FeatureView(feature_id=feature_id, name=name, geometry=geometry, state=state, **known)


def view(layer: str, *features: FeatureView, whole: tuple[ProgressRecord, ...] = ()) -> LayerView:
    records = [*whole, *(one for each in features for one in each.records)]
    newest = DAY if records else None
    return LayerView(
        layer=LAYERS[layer], features=list(features), records=records, total=len(features),
        with_record=sum(bool(one.records) for one in features), newest=newest, oldest=newest,
    )  # fmt: skip


def a_definition(*layers: str, **facts: Any) -> MapDef:
    known = {
        "id": "trial",
        "title_zh": "衡水市生态修复进度图",
        "title_en": "Progress of Hengshui",
        "classification": "内部",
        "bounds": (115.4, 37.4, 116.0, 37.9),
        "groups": (LayerGroup(title_zh="图层", title_en="Layers", layers=layers),),
        "labels": ("counties",),
    }
    return MapDef(**{**known, **facts})


def target(name: str, unit: str, value: float | None, goal: float, **facts: Any) -> dict[str, Any]:
    status = "not_assessed" if value is None else "on_course"
    reasons = [{"code": "no_record", "zh": "没有观测记录", "en": "no observation"}] if value is None else []
    known = {
        "id": name, "title_zh": f"目标{name}", "title_en": f"Target {name}", "status": status,
        "status_zh": "未评价" if value is None else "推进中", "status_en": status, "unit": unit,
        f"value_{unit}": value, f"target_{unit}": goal, "direction": ">=",
        "share_pct": None if value is None else 100 * value / goal, "deadline": "2020-12-31", "sample": value is not None,
        "sketch": False, "basis_zh": "口径", "basis_en": "basis", "reasons": reasons, "details": {}, "note_zh": "", "note_en": "",
    }  # fmt: skip
    return {**known, **facts}


def a_scoreboard(**facts: Any) -> dict[str, Any]:
    steps = [
        {"step": "assigned", "title_zh": "下达", "title_en": "Assigned", "area_mu": 70000, "plots": None, "flag": None, "reasons": [], "losses": []},
        {"step": "reported", "title_zh": "上报", "title_en": "Reported", "area_mu": 36777, "plots": None, "flag": None, "reasons": [],
         "losses": [{"cause": "no_boundary", "zh": "无边界", "en": "no boundary", "area_mu": 12.5}]},
        {"step": "mapped", "title_zh": "上图", "title_en": "Mapped", "area_mu": None, "plots": None, "flag": None,
         "reasons": [{"code": "no_plots", "zh": "没有地块图形", "en": "no plot boundaries"}], "losses": []},
    ]  # fmt: skip
    units = [
        {"rank": 1, "code": "131124", "name_zh": "饶阳县", "name_en": "Raoyang", "assigned_mu": 5000, "reported_mu": 5512, "rate_pct": 110.24},
        {"rank": 2, "code": "131125", "name_zh": "安平县", "name_en": "Anping", "assigned_mu": 5000, "reported_mu": 4000, "rate_pct": 80.0},
    ]  # fmt: skip
    known = {
        "schema": "ecotrack.scoreboard/1", "as_of": "2017-03-16", "as_known": None,
        "register": {"seq": 12345, "head": "ab12cd34" * 8}, "sample": True, "sketch": True,
        "targets": [target("lake", "km2", 58.345, 100), target("year", "mu", 151234.5, 150000), target("cover", "pct", None, 33.5)],
        "funnel": [
            {"task_id": "t1", "title_zh": "2017年春季造林绿化", "kind": "造林绿化", "level": "市", "season": "2017-spring", "sample": False,
             "document": "2017年3月21日通报", "steps": steps, "units": units, "total": {"assigned_mu": 70000, "reported_mu": 36777, "rate_pct": 52.5386}}
        ],
    }  # fmt: skip
    return {**known, **facts}


CHECK = record(
    "plots", "check", "p1", "合格", fields={"level": "县", "holes_checked": 300, "holes_live": 280},
    unit="131102", basis_document="县核查表第3号", sample=True,
)  # fmt: skip


def a_model(**facts: Any) -> MapModel:
    plots = view(
        "plots",
        feature("p1", "一号小班", box(115.5, 37.5, 115.52, 37.52), "合格", records=[CHECK], sample=True,
                properties={"species": "杨树", "claimed_mu": Decimal("17.67"), "area_mu": 17.665, "unit": "131102"}),
        feature("p2", None, Polygon(box(115.6, 37.5, 115.64, 37.54).exterior.coords, [box(115.61, 37.51, 115.63, 37.53).exterior.coords]), "失败"),
    )  # fmt: skip
    reaches = view(
        "reaches",
        feature("h1", "滏阳河一段", LineString([(115.5, 37.7), (115.7, 37.72)])),
        feature("h2", "滏阳河二段", LineString([(115.7, 37.72), (115.9, 37.7)]), "完工", records=[record("reaches", "work", "h2", "完工")]),
    )  # fmt: skip
    counties = view("counties", feature("131102", "桃城区", box(115.45, 37.45, 115.95, 37.85)))
    known = {
        "definition": a_definition("plots", "reaches", "counties", paint=(Paint(layer="plots", colors={"合格": "#1f7a6d", "失败": "#8c3b12"}),)),
        "views": (plots, reaches, counties),
        "scoreboard": a_scoreboard(),
        "code_lists": {"check_level": {"县": "县级"}},
        "unit_names": {"131102": "桃城区"},
    }  # fmt: skip
    return MapModel(**{**known, **facts})


def test_the_page_opens_without_a_network_and_without_a_complaint(open_map: Open) -> None:
    opened = open_map(a_model())
    page = opened.page
    opened.click_on(115.51, 37.51)
    for panel in ("funnel", "units", "targets"):
        page.click(f"[data-panel={panel}]")
    page.click("#eco-lang")
    assert opened.complaints == []
    assert page.locator("canvas").count() == 1
    drawn = page.evaluate(
        "(() => { const c = document.querySelector('canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 3; i < d.length; i += 4) { n += d[i] > 0; } return n; })()"
    )
    assert drawn > 10000


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
    assert [node.get_attribute("data-value") for node in page.locator(".eco-step-value").all()] == ["70000", "36777", ""]
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
    for part in ("一号小班", "示例", "合格", "杨树", "17.67亩", "桃城区", "2017-03-16 核查 合格", "县级", "300", "县核查表第3号"):
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
    style = "(k) => { const l = ecotrack.read('layers').find((x) => x.id === 'reaches'); return ecotrack.styleOf(l, k); }"
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


ATTACKS = [
    "${alert(1)}",
    "`-alert(1)-`",
    "</script><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>alert(1)</script>",
    "';alert(1);//",
    "{{ 7*7 }}{% raw %}",
    "\u2028alert(1)\u2029",
    "\u202e文本\u202c",
    "🌳" * 40,
    "长" * 10_000,
    "javascript:alert(1)",
    "__proto__",
]


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_text_from_data_ever_runs(open_map: Open, attack: str) -> None:
    evil = {"title_zh": attack, "title_en": attack}
    layer = msgspec.structs.replace(LAYERS["plots"], note_zh=attack, **evil)
    entry = replace(CHECK, state=attack, basis_document=attack, fields={"level": attack})
    shape = feature("p1", attack, box(115.5, 37.5, 115.6, 37.6), attack, records=[entry], sample=True, properties={"species": attack, "unit": attack})
    board = a_scoreboard(
        targets=[target("lake", "km2", 1.0, 2.0, status_zh=attack, basis_zh=attack, note_zh=attack, reasons=[{"code": "x", "zh": attack, "en": attack}], **evil)],
        as_of=attack,
    )  # fmt: skip
    board["funnel"][0].update(title_zh=attack, document=attack, kind=attack)
    board["funnel"][0]["units"][0].update(name_zh=attack, name_en=attack)
    model = a_model(
        definition=a_definition("plots", labels=("plots",), paint=(Paint(layer="plots", colors={attack: "#123456"}, **evil),), **evil),
        views=(LayerView(layer=layer, features=[shape], records=[entry], total=1, with_record=1, newest=DAY, oldest=DAY),),
        scoreboard=board,
        code_lists={"check_level": {attack: attack}},
        unit_names={attack: attack},
    )  # fmt: skip
    opened = open_map(model)
    page = opened.page
    opened.click_on(115.55, 37.55)
    page.mouse.move(700, 420)
    for button in ("[data-panel=funnel]", "[data-panel=units]", "#eco-lang", "[data-panel=targets]"):
        page.click(button)
    assert opened.complaints == []
    assert page.locator("img").count() == 0
    assert page.evaluate("ecotrack.read('layers')[0].names.c") == attack
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_policy_stops_what_is_put_into_the_page_later(open_map: Open) -> None:
    page = open_map(a_model()).page
    page.evaluate("document.body.appendChild(document.createElement('script')).textContent = 'window.broken = 1'")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = 1\">')")
    page.wait_for_timeout(100)
    assert page.evaluate("window.broken") is None
    assert page.evaluate("fetch('https://example.com/').then(() => 'sent', () => 'stopped')") == "stopped"


def test_layers_that_a_user_adds_in_folium_still_work(open_map: Open) -> None:
    shell = build_map(a_model())
    folium.Marker([37.6, 115.7], popup="监测点", tooltip="点").add_to(shell)
    shape = box(115.75, 37.55, 115.8, 37.6).__geo_interface__
    zone = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "区"}, "geometry": shape}]}
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
        assert all(above[1] <= below[0] + 0.5 for above, below in zip(edges, edges[1:], strict=False)), chosen
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


def test_eleven_thousand_plots_make_a_file_under_two_megabytes(open_map: Open, tmp_path: Path) -> None:
    def plot(index: int) -> FeatureView:
        x, y = 115.4 + 0.005 * (index % 110), 37.4 + 0.005 * (index // 110)
        shape = Polygon([(x, y), (x + 0.0011, y), (x + 0.0011, y + 0.0009), (x, y + 0.0008)])
        facts = {"species": "杨树", "season": "2016-spring", "claimed_mu": Decimal(index % 3000) / 100, "area_mu": index / 700}
        return feature(f"1311{index:08d}", None, shape, "合格", records=[record("plots", "check", str(index), "合格")], properties=facts)

    model = a_model(definition=a_definition("plots"), views=(view("plots", *(plot(index) for index in range(11_000))),))
    opened = open_map(model)
    assert next(tmp_path.rglob("*.html")).stat().st_size < 2_000_000
    opened.click_on(115.40055, 37.40045)
    assert "131100000000" in opened.page.inner_text(".eco-card")


def test_a_record_of_the_whole_lake_stands_in_the_popup_of_each_basin(open_map: Open) -> None:
    seen = record("lake", "observation", "x", "采用", value=Decimal("58.3"), value_unit="km2", fields={"basis": "影像"})
    lake = view("lake", feature("lake-east", "东湖", box(115.5, 37.5, 115.7, 37.7)), whole=(replace(seen, feature_id=None),))
    opened = open_map(a_model(definition=a_definition("lake"), views=(lake,)))
    opened.click_on(115.6, 37.6)
    text = opened.page.inner_text(".eco-card").replace("\u202f", "")
    assert "整个图层的记录" in text
    assert "58.3平方公里" in text


def test_points_are_drawn_as_points(open_map: Open) -> None:
    river = view("sections", feature("s1", "断面", Point(115.6, 37.6), "已评价", records=[record("sections", "month", "s1", "已评价", fields={"class": "Ⅲ"})]))
    paint = Paint(layer="sections", field="class", title_zh="类别", title_en="Class", colors={"Ⅲ": "#8cc3e6"})
    opened = open_map(a_model(definition=a_definition("sections", paint=(paint,)), views=(river,)))
    assert "Ⅲ" in opened.page.inner_text("#eco-layers .eco-legend")
    opened.click_on(115.6, 37.6)
    assert "断面" in opened.page.inner_text(".eco-card h3")
