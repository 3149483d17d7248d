"""A unit office fills in one form for four layers; gauges, popups and figures follow, and go back when corrected."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page

from ecotrack.workspace import Workspace
from map_cases import Open

ROOT = Path(__file__).resolve().parent.parent.parent
AS_OF = "2017-01-31"
LAYERS = ("lake", "reaches", "sponge_zones", "sections")
SHEETS = {"lake": "湖面观测", "reaches": "治理工程", "sponge_zones": "海绵达标评估", "sections": "断面月评价"}
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def office(tmp_path: Path) -> Workspace:
    for name in ("layers", "geo", "maps"):
        shutil.copytree(ROOT / name, tmp_path / "办公室" / name, ignore=shutil.ignore_patterns("out"))
    shutil.copy(ROOT / "ecotrack.toml", tmp_path / "办公室")
    return Workspace.open(tmp_path / "办公室")


def ecotrack(office: Workspace, *arguments: str) -> str:
    command = [sys.executable, "-c", "from ecotrack.cli.main import main; main()", "-w", str(office.folder), *arguments]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def hand_in(office: Workspace, name: str, rows: Rows) -> None:
    """Download the form, fill it in as an office would, and import it."""
    form = office.folder / f"{name}.xlsx"
    ecotrack(office, "records", "template", "all", "-o", str(form))
    book = openpyxl.load_workbook(form)
    for title, records in rows.items():
        sheet = book[title]
        keys = [cell.value for cell in sheet[3]]
        for number, record in enumerate(records, 4):
            for key, value in record.items():
                sheet.cell(number, keys.index(key) + 1, value)
    book.save(form)
    ecotrack(office, "records", "import", str(form), "--by", "张三")


def month(section: str, on: str, water_class: str) -> dict[str, Any]:
    return {"feature_id": section, "effective_on": on, "state": "已评价", "class": water_class}


def base(office: Workspace) -> Rows:
    """Records that were there before: enough for every gauge to be assessed."""
    zones = [zone.feature_id for zone in office.features("sponge_zones")]
    first, second = (section.feature_id for section in office.features("sections")[:2])
    return {
        "湖面观测": [
            {"effective_on": "2017-01-05", "value": 60, "state": "采用", "basis": "实测", "surface_kind": "含挺水植物"}
        ],
        "海绵达标评估": [
            {"feature_id": zone, "effective_on": "2016-12-01", "state": "不达标", "standard": "国办发〔2015〕75号"}
            for zone in zones
        ],
        "考核断面名单": [{"feature_id": name, "effective_on": "2015-01-01"} for name in (first, second)],
        "断面月评价": [month(name, on, "Ⅳ") for name in (first, second) for on in ("2015-06-30", "2016-06-30")],
    }


def new(office: Workspace) -> dict[str, dict[str, Any]]:
    """One record for each of the four layers."""
    zone = next(z for z in office.features("sponge_zones") if z.properties["city_code"] == "131102")
    lake = {"effective_on": "2017-01-20", "value": 70, "state": "采用", "basis": "实测"}
    work = {"feature_id": office.features("reaches")[0].feature_id, "effective_on": "2017-01-10", "state": "完工"}
    passing = {"feature_id": zone.feature_id, "effective_on": "2017-01-10", "state": "达标"}
    return {
        "lake": lake | {"surface_kind": "含挺水植物"},
        "reaches": work | {"work": "清淤"},
        "sponge_zones": passing | {"standard": "国办发〔2015〕75号"},
        "sections": month(office.features("sections")[0].feature_id, "2016-12-31", "Ⅱ"),
    }


def figures(office: Workspace, *limits: str) -> dict[str, Any]:
    board = json.loads(ecotrack(office, "stats", "--json", "--as-of", AS_OF, *limits))
    targets = {target["id"]: target for target in board["targets"]}
    city = next(c for c in targets["sponge"]["details"]["cities"] if c["code"] == "131102")
    works = board["indicators"]["km_treated"]["works"]
    return {
        "lake": targets["lake"]["value_km2"],
        "sections": targets["sections"]["value_points"],
        "sponge": targets["sponge"]["value_pct"],
        "city": city["share_pct"],
        "km": sum(row["km"] for row in works),
    }


def gauges(page: Page) -> dict[str, Any]:
    """What the panel of an open map shows."""

    def value(where: str) -> float:
        found = page.locator(where)
        return float(found.first.get_attribute("data-value") or "nan") if found.count() else 0.0

    return {
        "lake": value("[data-target=lake] .eco-value"),
        "sections": value("[data-target=sections] .eco-value"),
        "sponge": value("[data-target=sponge] .eco-value"),
        "km": value("[data-indicator=km_treated] [data-work]"),
    }


def drawn(office: Workspace, open_map: Open, name: str, *limits: str):
    out = office.folder / f"{name}.html"
    ecotrack(office, "map", "--as-of", AS_OF, *limits, "-o", str(out))
    return open_map(out)


def test_one_form_moves_gauges_popups_and_figures_and_a_correction_moves_them_back(
    office: Workspace, open_map: Open
) -> None:
    hand_in(office, "基础", base(office))
    before = figures(office)
    assert before == {"lake": 60.0, "sections": 0.0, "sponge": 0.0, "city": 0.0, "km": 0}

    given = new(office)
    hand_in(office, "一月", {SHEETS[layer]: [row] for layer, row in given.items()})
    after = figures(office)
    assert after["lake"] == 65.0
    assert after["sections"] == 25.0
    assert after["city"] > 0
    assert after["km"] > 0
    page = drawn(office, open_map, "一月图")
    shown = gauges(page.page)
    assert shown == {key: after[key] for key in shown}
    for layer, words in (("reaches", "完工"), ("sponge_zones", "达标"), ("sections", "Ⅱ"), ("lake", "70")):
        feature = next(
            f for f in office.features(layer) if f.feature_id == given[layer].get("feature_id", f.feature_id)
        )
        shape = feature.geometry
        on_line = layer == "reaches"
        point = shape.interpolate(0.5, normalized=True) if on_line else shape.representative_point()
        page.page.evaluate("(at) => { map_shell.setView(at, 13, { animate: false }); }", [point.y, point.x])
        page.click_on(point.x, point.y)
        assert words in page.page.inner_text(".eco-card")
    assert page.complaints == []

    known_then = dt.datetime.now(dt.UTC).isoformat()
    changed = {
        "lake": {"value": 60},
        "reaches": {"state": "反弹"},
        "sponge_zones": {"state": "不达标"},
        "sections": {"class": "Ⅳ"},
    }
    with office.register() as register:
        ids = {r.layer: r.record_id for r in register.records() if r.layer in LAYERS}
    hand_in(
        office,
        "更正",
        {SHEETS[layer]: [given[layer] | changed[layer] | {"corrects": ids[layer]}] for layer in LAYERS},
    )
    assert figures(office) == before
    shown = gauges(drawn(office, open_map, "更正图").page)
    assert shown == {key: before[key] for key in shown}
    assert figures(office, "--as-known", known_then) == after
    shown = gauges(drawn(office, open_map, "当时图", "--as-known", known_then).page)
    assert shown == {key: after[key] for key in shown}
