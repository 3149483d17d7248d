"""The readings of an unsettled file on its page: what lies under each, how far they lie apart, and what to ask."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import shapely

from ecotrack.coordinates.detective import TITLES
from ecotrack.errors import Lang, Text
from ecotrack.intake.check import Checked
from ecotrack.intake.reading_ground import ReadingGround, Under

COLOURS = ("#1f78b4", "#e0218a", "#ff7f00")
_LETTERS = "ABC"
_ASK = Text(
    "请问送来文件的人：用的是哪个软件（奥维、高德、百度、手持GPS还是电脑制图软件），"
    "导出时坐标选的是哪一项（WGS84、国家2000、GCJ-02还是百度）；"
    "或者请他站到地块的一个拐点上，拍一张带手机定位经纬度的照片，看与哪一种读法的同一拐点相符。",
    "ask the sender: which app was used (Ovital, Amap, Baidu, a GPS, a desktop GIS), which coordinates were chosen on "
    "export (WGS84, CGCS2000, GCJ-02, Baidu); or for a photo taken at a corner with the phone's own position.",
)
_NEAR = Text(
    "附近有位置可靠的已知地物：放大地图，看哪一种读法与它们的边线相接、不压在别人的地块上。仍不能断定的，",
    "things whose place is known lie near: see which reading meets their edges and covers no other plot. If in doubt, ",
)
_NOT_NEAR = Text(
    "附近没有位置可靠的已知地物（已认定的地块、正式界线），凭这张图断不了哪一种对。",
    "nothing lies near whose place is known for sure (accepted plots, official borders): this map cannot decide. ",
)


def readings_html(checked: Checked, lang: Lang) -> str:
    """Return the table of the readings and the words on what to do, empty where the coordinates are settled."""
    ground = checked.ground
    if ground is None:
        return ""
    title = Text("坐标可能的读法", "Possible readings of the coordinates").lang(lang)
    heads = (
        ("", "读法", "所在县", "中心点经纬度", "与其他读法相距", "最近的已知地物")
        if lang == "zh"
        else ("", "reading", "county", "centre (lon, lat)", "from the others", "nearest known thing")
    )
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    rows = "".join(_row(row) for row in _rows(ground, lang))
    words = (_NEAR if ground.tells else _NOT_NEAR).lang(lang) + _ASK.lang(lang)
    return f'<h2>{escape(title)}</h2><table id="readings"><tr>{head}</tr>{rows}</table><p>{escape(words)}</p>'


def _row(cells: tuple[str, ...]) -> str:
    first, *others = cells
    return f'<tr><td class="reading {first}">{first}</td>' + "".join(f"<td>{escape(c)}</td>" for c in others) + "</tr>"


def _rows(ground: ReadingGround, lang: Lang) -> Iterator[tuple[str, ...]]:
    letters = dict(zip(ground.under, _LETTERS, strict=False))
    for system, under in ground.under.items():
        lon, lat = under.centre
        metres = Text("米", " m").lang(lang)
        apart = "；".join(f"{letters[name]} {far:,.0f}{metres}" for name, far in under.apart_m.items())
        nothing = Text("3公里内没有", "none within 3 km").lang(lang)
        near = f"{under.nearest[0]} {under.nearest[1]:,.0f}{metres}" if under.nearest else nothing
        place = f"{lon:.5f}, {lat:.5f}"
        yield letters[system], TITLES[system].lang(lang), _county(ground, under, lang), place, apart, near


def _county(ground: ReadingGround, under: Under, lang: Lang) -> str:
    if under.county is None:
        return Text("各县以外", "outside the counties").lang(lang)
    return under.county + (Text("（示意）", " (sketch)").lang(lang) if ground.county_sketch else "")


def readings_data(checked: Checked, lang: Lang) -> list[dict[str, Any]]:
    """Return the outlines under each reading with its colour, title and the label that stands on the map."""
    if checked.settled is None:
        return []
    under = checked.ground.under if checked.ground else {}
    result = []
    for (system, shapes), colour, letter in zip(checked.settled.options, COLOURS, _LETTERS, strict=False):
        title = f"{letter} {TITLES[system].lang(lang)}"
        county = _county(checked.ground, under[system], lang) if checked.ground and system in under else ""
        label = f"{letter}：{county}" if county else letter
        rings = [_rings(part) for shape in shapes for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        result.append({"system": system, "title": title, "label": label, "colour": colour, "rings": rings})
    return result


def _rings(polygon: shapely.Geometry) -> list[Any]:
    return [shapely.get_coordinates(ring).round(9).tolist() for ring in shapely.get_rings(polygon)]


def ground_data(checked: Checked, lang: Lang) -> dict[str, Any]:
    """Return the known lines round the readings, and the box that a map of them shows, for the page's script."""
    ground = checked.ground
    if ground is None:
        return {"lines": [], "view": None}
    sketch = Text("（示意）", " (sketch)").lang(lang)
    lines = [
        {"name": line.name + (sketch if line.sketch else ""), "paths": paths}
        for line in ground.lines
        if (paths := [shapely.get_coordinates(p).round(7).tolist() for p in shapely.get_parts(line.geometry)])
    ]
    west, south, east, north = ground.view
    return {"lines": lines, "view": [[south, west], [north, east]]}
