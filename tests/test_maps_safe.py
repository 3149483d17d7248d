"""Data never become code: hostile text in every place of a map, in a real browser."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from shapely.geometry import box

from ecotrack.maps.definition import LayerGroup, Paint
from map_cases import (
    CHECK,
    LAYERS,
    Open,
    a_definition,
    a_model,
    a_scoreboard,
    feature,
    plots_of,
    target,
)

PLOTS = "ecotrack.entries.find((entry) => entry.client).client"

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
    shape = feature(
        "p1",
        attack,
        box(115.5, 37.5, 115.6, 37.6),
        attack,
        records=[entry],
        sample=True,
        properties={"species": attack, "unit": attack},
    )
    board = a_scoreboard(
        targets=[
            target(
                "lake",
                "km2",
                1.0,
                2.0,
                status_zh=attack,
                basis_zh=attack,
                note_zh=attack,
                reasons=[{"code": "x", "zh": attack, "en": attack}],
                **evil,
            )
        ],
        as_of=attack,
    )
    board["funnel"][0].update(title_zh=attack, document=attack, kind=attack)
    board["funnel"][0]["units"][0].update(name_zh=attack, name_en=attack)
    model = a_model(
        definition=a_definition(
            "plots",
            labels=("plots",),
            paint=(Paint(layer="plots", colors={attack: "#123456"}, **evil),),
            groups=(LayerGroup(layers=("plots",), **evil),),
            **evil,
        ),
        views=(plots_of(layer, shape),),
        scoreboard=board,
        code_lists={"check_level": {attack: attack}},
        unit_names={attack: attack},
        receipt={
            "as_of": attack,
            "as_known": attack,
            "register": {"seq": 1, "head": attack},
            "definition": attack,
            "version": attack,
            "figures": [{"figure": attack, "column": attack, "value": attack, "receipt": attack, **evil}],
        },
    )
    opened = open_map(model)
    page = opened.page
    opened.click_on(115.55, 37.55)
    page.mouse.move(700, 420)
    page.evaluate("window.print = () => {}")
    page.fill("#eco-search", attack[:40])
    page.wait_for_selector("#eco-found li", state="attached")
    page.click("[data-tool=printA4]")
    page.wait_for_selector("html[data-ecotrack-sheet=a4]", state="attached")
    for button in (
        "[data-panel=funnel]",
        "[data-panel=units]",
        "#eco-lang",
        "[data-panel=targets]",
        ".eco-receipt summary",
    ):
        page.click(button)
    assert opened.complaints == []
    assert page.locator("img").count() == 0
    assert (
        page.evaluate(f"{PLOTS}.ask({{ ask: 'card', scene: 'main', row: 0 }}).then((card) => card.values['#name'])")
        == attack
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_policy_stops_what_is_put_into_the_page_later(open_map: Open) -> None:
    page = open_map(a_model()).page
    page.evaluate("document.body.appendChild(document.createElement('script')).textContent = 'window.broken = 1'")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = 1\">')")
    page.wait_for_timeout(100)
    assert page.evaluate("window.broken") is None
    assert page.evaluate("fetch('https://example.com/').then(() => 'sent', () => 'stopped')") == "stopped"
