"""The index of a workspace's maps: one sealed page with a small picture of each, drawn from the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.errors import Lang, Text
from ecotrack.maps.assets import web_text
from ecotrack.maps.model import MapModel
from ecotrack.maps.pack import painted
from ecotrack.maps.plot_rows import PlotsView
from ecotrack.maps.plot_table import OTHER_COLOR
from ecotrack.maps.seal import seal
from ecotrack.workspace import FeatureView, LayerView

Floats = npt.NDArray[np.float64]
Place = Callable[[Floats], Floats]

WIDTH, HEIGHT = 320, 240
_MOST_DOTS = 3000
_STEP_PX = 1.5
_LEVELS = {"公开": Text("公开", "public"), "内部": Text("内部", "internal"), "涉密": Text("涉密", "secret")}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """One map of the index.

    Attributes
    ----------
    file
        Name of its file beside the index.
    picture
        SVG of our own making: numbers and colours, no text of the data.
    sketch, sample
        Whether sketched geography (示意) or sample data (示例) stands on the map.
    """

    file: str
    title: Text
    classification: str
    as_of: str
    picture: str
    sketch: bool = False
    sample: bool = False


def entry_of(model: MapModel, *, file: str) -> IndexEntry:
    """Return what the index says of a map."""
    return IndexEntry(
        file=file,
        title=model.definition.title,
        classification=model.definition.classification,
        as_of=str(model.scoreboard["as_of"]),
        picture=thumbnail(model),
        sketch=bool(model.scoreboard["sketch"]),
        sample=bool(model.scoreboard["sample"]),
    )


def thumbnail(model: MapModel) -> str:
    """Return a small picture of a map's opening view as SVG, layers in their order; no browser is needed.

    Plots are dots in the colour of their state, at most 3,000 of them. Coordinates are stretched by the
    cosine of the middle latitude, which at this size is the map's own projection.
    """
    west, south, east, north = model.definition.bounds
    flat = float(np.cos(np.radians((south + north) / 2)))
    unit = min(WIDTH / ((east - west) * flat), HEIGHT / (north - south))
    middle = np.array([(west + east) / 2, (south + north) / 2])
    stretch = np.array([unit * flat, -unit])

    def place(lonlat: Floats) -> Floats:
        return np.asarray((lonlat - middle) * stretch + np.array([WIDTH / 2, HEIGHT / 2]))

    hidden = {name for group in model.definition.groups for name in group.hidden}
    views = sorted((view for view in model.views if view.layer.id not in hidden), key=lambda view: view.layer.order)
    parts = [part for view in views for part in _layer(view, model, place, _STEP_PX / unit)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-hidden="true">'
    return f'{head}<rect width="{WIDTH}" height="{HEIGHT}" fill="#e6ebe9"/>{"".join(parts)}</svg>'


def _layer(view: LayerView, model: MapModel, place: Place, step_deg: float) -> list[str]:
    colors = model.colors(view.layer)
    if isinstance(view, PlotsView):
        some = slice(None, None, max(1, len(view.plots) // _MOST_DOTS))
        return _dots(view.plots.geometries[some].tolist(), view.plots.states[some].tolist(), colors, place, size=2)
    features = [one for one in view.features if one.geometry is not None and not one.geometry.is_empty]
    if view.layer.geometry == "Point":
        paint = model.definition.paint_of(view.layer.id)
        states = [painted(one, paint) for one in features]
        return _dots([one.geometry for one in features], states, colors, place, size=5)
    least = step_deg if view.layer.geometry == "Polygon" else 0.0
    large = [one for one in features if _extent(one.geometry) >= least]
    tiny = [one for one in features if _extent(one.geometry) < least]
    dots = _dots([one.geometry for one in tiny], [one.state for one in tiny], colors, place, size=2)
    return [_path(one, view, model, colors, place, step_deg) for one in large] + dots


def _extent(shape: Any) -> float:
    west, south, east, north = shape.bounds
    return float(max(east - west, north - south))


def _color(color: str | None) -> str:
    """Return a colour of six digits; what is none becomes grey, so that no text of a file can stand in the SVG."""
    good = (
        color is not None
        and len(color) == 7
        and color[0] == "#"
        and all(c in "0123456789abcdefABCDEF" for c in color[1:])
    )
    return str(color) if good else OTHER_COLOR


def _dots(
    shapes: Iterable[Any], states: Sequence[str | None], colors: dict[str, str], place: Place, *, size: int
) -> list[str]:
    at = place(np.array([shapely.get_coordinates(shape)[0] for shape in shapes]).reshape(-1, 2))
    by_color: dict[str, list[str]] = {}
    for state, (x, y) in zip(states, at.tolist(), strict=True):
        by_color.setdefault(_color(colors.get(state or "")), []).append(f"M{x:.0f} {y:.0f}h{size}v{size}h-{size}z")
    return [f'<path fill="{color}" d="{"".join(dots)}"/>' for color, dots in by_color.items()]


def _path(
    feature: FeatureView, view: LayerView, model: MapModel, colors: dict[str, str], place: Place, step_deg: float
) -> str:
    paint, style = model.definition.paint_of(view.layer.id), view.layer.style
    given = style.fill_opacity if paint is None or paint.fill_opacity is None else paint.fill_opacity
    shape = feature.geometry.simplify(step_deg)
    area = view.layer.geometry == "Polygon"
    state = colors.get(painted(feature, paint) or "")
    ground = state or (paint.fill if paint and paint.fill else style.fill)
    line = state or (paint.color if paint and paint.color else style.color)
    lines = [ring for part in shapely.get_parts(shape) for ring in (shapely.get_rings(part) if area else [part])]
    steps = [
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in place(shapely.get_coordinates(one)).tolist()) for one in lines
    ]
    fill = _color(ground) if area and ground else "none"
    look = f'fill="{fill}" fill-opacity="{0.7 if state else given:.2f}" stroke="{_color(line)}"'
    return f'<path {look} stroke-width="1" d="{"".join(steps)}"/>'


def index_page(entries: Sequence[IndexEntry], *, title: Text, lang: Lang = "zh") -> str:
    """Return the sealed page that lists maps; it has no script at all.

    Parameters
    ----------
    entries
        The maps, in the order in which they stand.
    title
        Heading of the page.
    """
    cards = "".join(_card(entry, lang) for entry in entries)
    language = "zh-CN" if lang == "zh" else "en"
    return seal(
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title.lang(lang))}</title><style>{web_text('index.css')}</style>\n</head>\n"
        f"<body><h1>{escape(title.lang(lang))}</h1><ul>{cards}</ul></body>\n</html>\n"
    )


def _card(entry: IndexEntry, lang: Lang) -> str:
    day = Text(f"截至 {entry.as_of}", f"as of {entry.as_of}").lang(lang)
    marks = [Text("示意", "sketch"), Text("示例", "sample")]
    shown = [mark.lang(lang) for mark, holds in zip(marks, (entry.sketch, entry.sample), strict=True) if holds]
    level = _LEVELS.get(entry.classification, Text(entry.classification, entry.classification)).lang(lang)
    told = " · ".join([day, level, *shown])
    return (
        f'<li><a href="{escape(quote(entry.file), quote=True)}">{entry.picture}'
        f"<b><bdi>{escape(entry.title.lang(lang))}</bdi></b></a>"
        f"<p>{escape(told)}</p></li>"
    )


def write_index(entries: Sequence[IndexEntry], path: Path, *, title: Text, lang: Lang = "zh") -> Path:
    """Write the index: complete, or not at all."""
    from ecotrack.maps.page import replace_file

    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, index_page(entries, title=title, lang=lang).encode("utf-8"))
    return path
