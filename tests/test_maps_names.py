"""Names and small things on a map stand where a reader looks for them, and nothing hides what it names."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from shapely.geometry import LineString, Point, box

from ecotrack.maps.review_layer import SHARED, overlap_layer
from map_cases import Open, Opened, a_definition, a_model, feature, record, view

NAMES = """() => {
  const map = map_shell.getContainer().getBoundingClientRect();
  return ecotrack.labels.filter((label) => !label.html.classList.contains('eco-hidden')).map((label) => {
    const box = label.html.getBoundingClientRect();
    const middle = [(box.left + box.right) / 2 - map.left, (box.top + box.bottom) / 2 - map.top];
    return {
      name: label.name, text: label.html.innerText, turned: label.html.style.transform, middle: middle,
      lon: map_shell.containerPointToLatLng(middle).lng,
      within: Math.max(map.left - box.left, box.right - map.right, map.top - box.top, box.bottom - map.bottom) <= 1
    };
  });
}"""
PIXELS = "(at) => at.map((one) => { const p = map_shell.latLngToContainerPoint(one); return [p.x, p.y]; })"
OPAQUE = """(at) => {
  const point = map_shell.latLngToContainerPoint(at);
  const map = map_shell.getContainer().getBoundingClientRect();
  const canvas = document.querySelector('[class*=eco-vector-main] canvas');
  const corner = canvas.getBoundingClientRect();
  const ratio = canvas.width / corner.width;
  const x = (map.left + point.x - corner.left) * ratio;
  const y = (map.top + point.y - corner.top) * ratio;
  const pixels = canvas.getContext('2d').getImageData(x - 1, y - 1, 3, 3).data;
  return Array.from(pixels).every((part, place) => place % 4 < 3 || part === 255);
}"""


def names(opened: Opened) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in opened.page.evaluate(NAMES)}


def test_a_county_is_named_where_it_is_seen_and_no_name_leaves_the_map(open_map: Open) -> None:
    west, east = box(115.0, 37.4, 115.7, 37.9), box(115.7, 37.4, 116.4, 37.9)
    counties = view("counties", feature("131102", "西县", west), feature("131103", "东县", east))
    definition = a_definition("counties", labels=("counties",), panels=())
    opened = open_map(a_model(definition=definition, views=(counties,)))
    # The middle of the east lies far outside of this view.
    opened.page.evaluate("void map_shell.setView([37.65, 115.62], 13, { animate: false })")
    found = names(opened)
    assert set(found) == {"西县", "东县"}
    assert found["西县"]["lon"] < 115.7 < found["东县"]["lon"]
    assert all(one["within"] for one in found.values())
    assert opened.complaints == []


def test_a_river_is_named_along_it_and_not_over_it(open_map: Open) -> None:
    rivers = view("rivers", feature("r", "滏阳河", LineString([(115.45, 37.5), (115.95, 37.7)])))
    definition = a_definition("rivers", labels=("rivers",), panels=())
    opened = open_map(a_model(definition=definition, views=(rivers,)))
    found = names(opened)["滏阳河"]
    turned = re.search(r"rotate\((-?[\d.]+)rad", found["turned"])
    assert turned
    ends = opened.page.evaluate(PIXELS, [[37.5, 115.45], [37.7, 115.95]])
    slope = math.atan2(ends[1][1] - ends[0][1], ends[1][0] - ends[0][0])
    assert float(turned[1]) == pytest.approx(slope, abs=0.02)
    assert 7 < LineString(ends).distance(Point(found["middle"])) < 20
    assert opened.complaints == []


def test_a_reading_is_written_where_it_is_no_wider_than_the_lake(open_map: Open) -> None:
    reading = record("lake", "observation", "l", "采用", value=Decimal("43.2"), value_unit="km2", fields={})
    lake = view("lake", feature("l", "衡水湖", box(115.60, 37.60, 115.64, 37.66), "采用", records=[reading]))
    opened = open_map(a_model(definition=a_definition("lake", labels=("lake",), panels=()), views=(lake,)))
    assert "43.2" not in names(opened)["衡水湖"]["text"]
    opened.page.evaluate("void map_shell.fitBounds([[37.60, 115.60], [37.66, 115.64]], { animate: false })")
    assert "43.2" in names(opened)["衡水湖"]["text"]


def test_units_are_named_in_the_language_of_the_page(open_map: Open) -> None:
    units = {"responsible": [], "territorial": [{"code": "131102", "name_zh": "桃城区", "name_en": "Taocheng"}]}
    for row in units["territorial"]:
        row.update(net_accepted_mu=0, net_qualified_mu=0)
    model = a_model(definition=a_definition("counties", labels=("counties",), panels=()))
    opened = open_map(a_model(definition=model.definition, scoreboard={**model.scoreboard, "units": units}))
    assert set(names(opened)) == {"桃城区"}
    opened.page.get_by_role("button", name="English").click()
    assert set(names(opened)) == {"Taocheng"}


def test_an_area_that_is_too_small_to_be_seen_is_a_dot(open_map: Open) -> None:
    tiny = view("builtup", feature("t", "小镇", box(115.7, 37.65, 115.7002, 37.6502)))
    opened = open_map(a_model(definition=a_definition("builtup", panels=()), views=(tiny,)))
    assert opened.page.evaluate(OPAQUE, [37.6501, 115.7001])
    assert opened.complaints == []


SHEET = """async () => {
  const canvas = await ecotrack.sheet(map_shell, ecotrack.entries, ecotrack.read('map'), 'a4');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let violet = 0;
  for (let at = 0; at < data.length; at += 4) {
    violet += data[at] < 150 && data[at + 1] < 120 && data[at + 2] > 180 ? 1 : 0;
  }
  return violet;
}"""


def test_an_overlap_lies_above_the_plots_on_paper_as_on_the_screen(open_map: Open) -> None:
    plots = view("plots", feature("p", "大块", box(115.5, 37.45, 115.9, 37.85), "合格"))
    shared = view("builtup", feature("p × q", None, box(115.65, 37.6, 115.75, 37.7), SHARED))
    overlaps = replace(shared, layer=overlap_layer("内部"))
    definition = a_definition("overlaps", "plots", panels=(), labels=())
    opened = open_map(a_model(definition=definition, views=(plots, overlaps)))
    both = opened.page.evaluate(SHEET)
    opened.page.evaluate("void map_shell.setView([37.65, 117.9], map_shell.getZoom(), { animate: false })")
    legend_alone = opened.page.evaluate(SHEET)
    assert both > legend_alone + 10_000
    assert opened.complaints == []
