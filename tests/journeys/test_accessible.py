"""Who reads badly, or does not use a mouse, can use every map: WCAG 2.1 A and AA as axe-core checks them."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from ecotrack.demo.sample import plan_sample, write_sample
from ecotrack.maps import MapModel, build_map, read_map, write_map
from ecotrack.workspace import Workspace
from map_cases import Open

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent.parent
MAPS = ("hengshui", "lake", "rivers", "sponge", "review")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
TALL = 8000
"""Pixels in which a panel needs no scrolling: axe leaves texts open that its edge cuts."""
SIGNS = ("only non-text characters", "too short")
"""Why axe leaves a single sign open: its contrast cannot be told from that of a picture."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw every map of a workspace with sample data."""
    folder = tmp_path_factory.mktemp("办公室") / "示例"
    folder.mkdir()
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo", "maps"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("out"))
    workspace = Workspace.open(folder)
    write_sample(workspace, plan_sample(workspace, plots=300))
    for name in MAPS:
        model = MapModel.of(workspace, read_map(folder, name=name), as_of=dt.date(2018, 12, 31))
        write_map(build_map(model), folder / "maps" / "out" / f"{name}.html")
    return folder / "maps" / "out"


def faults(page: Page) -> list[str]:
    """Return what breaks a rule, and texts whose contrast cannot be told once the map beneath them is gone."""
    found = _told(Axe().run(page, options=RULES).response, "violations")
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({**size, "height": TALL})
    page.evaluate("document.querySelector('.folium-map').style.display = 'none'")
    bare = Axe().run(page, options={"runOnly": ["color-contrast"]}).response
    page.evaluate("document.querySelector('.folium-map').style.display = ''")
    page.set_viewport_size(size)
    return [*found, *_told(bare, "violations"), *(one for one in _told(bare, "incomplete") if not one.endswith(SIGNS))]


def _told(response: dict[str, Any], kind: str) -> list[str]:
    return [
        f"{rule['id']}: {node['target']} {check.get('message', '')}"
        for rule in response[kind]
        for node in rule["nodes"]
        for check in [*node["any"], *node["all"], *node["none"]][:1]
    ]


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("name", MAPS)
def test_a_map_holds_the_rules_in_both_languages(drawn: Path, open_map: Open, name: str, phone: bool) -> None:
    size = {"width": 360, "height": 740, "touch": True} if phone else {}
    page = open_map(drawn / f"{name}.html", **size).page
    assert faults(page) == []
    page.click("#eco-lang")
    assert faults(page) == []
