"""Small maps for tests, and a real browser that opens them from a file with the network off."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import folium
import numpy as np
from playwright.sync_api import Browser, Page, expect, sync_playwright
from shapely.geometry import LineString, Polygon, box

from ecotrack.maps import MapModel, build_map, write_map
from ecotrack.maps.definition import LayerGroup, MapDef, Paint
from ecotrack.maps.plot_rows import PlotRows, PlotsView
from ecotrack.model.entries import ProgressRecord
from ecotrack.model.layers import LayerDef
from ecotrack.settings import read_layers
from ecotrack.workspace import FeatureView, LayerView

LAYERS = read_layers(Path(__file__).resolve().parent.parent)
BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DAY = dt.date(2017, 3, 16)


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Start the machine's own Chromium."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*BROWSER_FLAGS, *flags])
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
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.complaints.append(f"request: {request.url}")

    def click_on(self, lon: float, lat: float) -> None:
        self.page.evaluate("void map_shell.closePopup()")
        for moving in (".eco-popup", ".leaflet-pan-anim"):
            expect(self.page.locator(moving)).to_have_count(0)
        at = self.page.evaluate(
            "(at) => { const p = map_shell.latLngToContainerPoint(at); return [p.x, p.y]; }", [lat, lon]
        )
        box_ = self.page.locator(".folium-map").bounding_box()
        assert box_
        self.page.mouse.click(box_["x"] + at[0], box_["y"] + at[1])


Open = Callable[..., Opened]


@contextmanager
def opener(browser: Browser, folder: Path) -> Iterator[Open]:
    """Yield a function that writes a map (or takes a written one) and opens it."""
    contexts = []

    def opened(
        shown: folium.Map | MapModel | Path, *, width: int = 1280, height: int = 800, touch: bool = False
    ) -> Opened:
        path = shown if isinstance(shown, Path) else folder / "生态 地图" / "进度 图.html"
        if not isinstance(shown, Path):
            write_map(build_map(shown) if isinstance(shown, MapModel) else shown, path)
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
    if layer == "plots":
        return plots_of(LAYERS[layer], *features)
    return LayerView(
        layer=LAYERS[layer],
        features=list(features),
        records=records,
        total=len(features),
        with_record=sum(bool(one.records) for one in features),
        newest=newest,
        oldest=newest,
    )


def plots_of(layer: LayerDef, *features: FeatureView) -> PlotsView:
    """Return a layer of plots from objects, as tests write them."""

    def column(values: Iterable[Any]) -> Any:
        given = list(values)
        result = np.empty(len(given), dtype=object)
        result[:] = given
        return result

    records = [record for one in features for record in one.records]
    counts = np.array([len(one.records) for one in features], dtype=np.int64)
    names = {name for one in features for name in one.properties}
    told = {
        "effective_on": [record.effective_on.isoformat() for record in records],
        "value": [None if record.value is None else format(record.value, "f") for record in records],
        **{
            name: [getattr(record, name) for record in records]
            for name in ("kind", "state", "value_unit", "unit", "basis_document", "sample", "fields")
        },
    }
    rows = PlotRows(
        feature=np.arange(len(features)),
        geometries=column(one.geometry for one in features),
        ids=column(one.feature_id for one in features),
        names=column(one.name for one in features),
        states=column(one.state for one in features),
        samples=np.array([one.sample for one in features], dtype=bool),
        values={name: column(one.properties.get(name) for one in features) for name in names},
        shown=counts,
        total=counts,
        records={name: column(values) for name, values in told.items()},
    )
    return PlotsView(
        layer=layer,
        features=[],
        records=[],
        total=len(rows),
        with_record=int(np.count_nonzero(counts)),
        newest=DAY if records else None,
        oldest=DAY if records else None,
        plots=rows,
    )


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
        "id": name,
        "title_zh": f"目标{name}",
        "title_en": f"Target {name}",
        "status": status,
        "status_zh": "未评价" if value is None else "推进中",
        "status_en": status,
        "unit": unit,
        f"value_{unit}": value,
        f"target_{unit}": goal,
        "direction": ">=",
        "share_pct": None if value is None else 100 * value / goal,
        "deadline": "2020-12-31",
        "sample": value is not None,
        "sketch": False,
        "basis_zh": "口径",
        "basis_en": "basis",
        "reasons": reasons,
        "details": {},
        "note_zh": "",
        "note_en": "",
    }
    return {**known, **facts}


def a_step(step: str, title: str, area_mu: float | None, **facts: Any) -> dict[str, Any]:
    known = {
        "step": step,
        "title_zh": title,
        "title_en": step,
        "plots": None,
        "flag": None,
        "reasons": [],
        "losses": [],
    }
    return {**known, "area_mu": area_mu, **facts}


def a_scoreboard(**facts: Any) -> dict[str, Any]:
    unit_keys = ("rank", "code", "name_zh", "name_en", "assigned_mu", "reported_mu", "rate_pct")
    units = [
        dict(zip(unit_keys, (1, "131124", "饶阳县", "Raoyang", 5000, 5512, 110.24), strict=True)),
        dict(zip(unit_keys, (2, "131125", "安平县", "Anping", 5000, 4000, 80.0), strict=True)),
    ]
    steps = [
        a_step("assigned", "下达", 70000),
        a_step("reported", "上报", 36777, losses=[{"cause": "x", "zh": "无边界", "en": "none", "area_mu": 12.5}]),
        a_step("mapped", "上图", None, reasons=[{"code": "x", "zh": "没有地块图形", "en": "no boundaries"}]),
    ]
    task = {
        "task_id": "t1",
        "title_zh": "2017年春季造林绿化",
        "kind": "造林绿化",
        "level": "市",
        "season": "2017-spring",
        "sample": False,
        "document": "2017年3月21日通报",
        "steps": steps,
        "units": units,
        "total": {"assigned_mu": 70000, "reported_mu": 36777, "rate_pct": 52.5386},
    }
    known = {
        "schema": "ecotrack.scoreboard/1",
        "as_of": "2017-03-16",
        "as_known": None,
        "register": {"seq": 12345, "head": "ab12cd34" * 8},
        "sample": True,
        "sketch": True,
        "targets": [
            target("lake", "km2", 58.345, 100),
            target("year", "mu", 151234.5, 150000),
            target("cover", "pct", None, 33.5),
        ],
        "funnel": [task],
    }
    return {**known, **facts}


CHECK = record(
    "plots",
    "check",
    "p1",
    "合格",
    fields={"level": "县", "holes_checked": 300, "holes_live": 280},
    unit="131102",
    basis_document="县核查表第3号",
    sample=True,
)


def a_model(**facts: Any) -> MapModel:
    plots = view(
        "plots",
        feature(
            "p1",
            "一号小班",
            box(115.5, 37.5, 115.52, 37.52),
            "合格",
            records=[CHECK],
            sample=True,
            properties={"species": "杨树", "claimed_mu": Decimal("17.67"), "area_mu": 17.665, "unit": "131102"},
        ),
        feature(
            "p2",
            None,
            Polygon(
                box(115.6, 37.5, 115.64, 37.54).exterior.coords, [box(115.61, 37.51, 115.63, 37.53).exterior.coords]
            ),
            "失败",
        ),
    )
    reaches = view(
        "reaches",
        feature("h1", "滏阳河一段", LineString([(115.5, 37.7), (115.7, 37.72)])),
        feature(
            "h2",
            "滏阳河二段",
            LineString([(115.7, 37.72), (115.9, 37.7)]),
            "完工",
            records=[record("reaches", "work", "h2", "完工")],
        ),
    )
    counties = view("counties", feature("131102", "桃城区", box(115.45, 37.45, 115.95, 37.85)))
    known = {
        "definition": a_definition(
            "plots", "reaches", "counties", paint=(Paint(layer="plots", colors={"合格": "#1f7a6d", "失败": "#8c3b12"}),)
        ),
        "views": (plots, reaches, counties),
        "scoreboard": a_scoreboard(),
        "code_lists": {"check_level": {"县": "县级"}},
        "unit_names": {"131102": "桃城区"},
    }
    return MapModel(**{**known, **facts})
