"""Corners as text without a header: one a line, a name or a number before it, Ovital's letters where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import shapely

from ecotrack.coordinates.degrees import OVITAL, Ordinate, read_ordinate
from ecotrack.errors import Text, UnreadableError
from ecotrack.intake.apps import Origin
from ecotrack.intake.candidates import Place, Value
from ecotrack.intake.read_cells import joined
from ecotrack.intake.read_vector import RawFeature, RawLayer
from ecotrack.intake.tables_files import decode

MAX_LINES = 200_000
_GROUP_FIELD = "编号"
_DIGITS = "0123456789"


class _Corner(NamedTuple):
    line: int
    name: str
    first: Ordinate
    second: Ordinate


def read_bare_corners(path: Path, *, name: str) -> Iterator[RawLayer]:
    """Yield a layer for each system of coordinates that lines of corners bear; nothing where they are none.

    A line holds an optional name or number, two coordinates and an optional height. A plot ends at a blank line, where
    the name changes, or where its first corner comes again.
    """
    if path.suffix == ".xlsx" or path.stat().st_size > 50_000_000:
        return
    try:
        lines = decode(path, path.read_bytes()).splitlines()[:MAX_LINES]
    except UnreadableError:
        return
    corners = [_corner(number, line) for number, line in enumerate(lines, 1)]
    filled = [line for line in lines[_titles(lines, corners) :] if line.strip()]
    good = [corner for corner in corners if corner is not None]
    if len(good) < 3 or len(good) < 0.9 * len(filled):
        return
    plots = list(_plots(_by_plot(corners)))
    words = "\n".join(line for line, corner in zip(lines, corners, strict=True) if corner is None)
    for system in dict.fromkeys(plot[0].first.system or plot[0].second.system for plot in plots):
        some = [plot for plot in plots if (plot[0].first.system or plot[0].second.system) == system]
        features = (_feature(plot, name) for plot in some)
        layer = RawLayer(name=name, driver="table", declared_crs=None, fields=[_GROUP_FIELD], features=iter(features))
        layer.origin = ovital_origin(system) if system else Origin()
        layer.words = words
        yield layer


def _titles(lines: Sequence[str], corners: Sequence[_Corner | None]) -> int:
    """Return how many lines stand above the corners, as titles do: without a sign that parts columns."""
    first = next((place for place, corner in enumerate(corners) if corner is not None), 0)
    return 0 if any(re.search(r"[,，;；\t]", line) for line in lines[:first]) else first


def _by_plot(corners: list[_Corner | None]) -> list[_Corner | None]:
    """Return the corners by the names of their plots, where what stands before them are names of corners (``J1``).

    They are, where no corner bears the name of the one before it. A plot then begins where the letters before the
    number change, or where the first name comes again.
    """
    names = [corner.name for corner in corners if corner is not None]
    if any(one == other for one, other in pairwise(names)):
        return corners
    stems = {name.rstrip(_DIGITS) for name in names}
    lettered = len(stems) == len(names)
    result, first, count = list[_Corner | None](), "", 0
    for corner in corners:
        if corner is None:
            result.append(None)
            first = ""
            continue
        stem = "" if lettered else corner.name.rstrip(_DIGITS)
        if corner.name == first or (stem != first.rstrip(_DIGITS) and not lettered):
            first, count = corner.name, count + 1
        result.append(corner._replace(name=f"{stem}{count}" if count > 1 else stem))
    return result


def _corner(number: int, line: str) -> _Corner | None:
    parts = [part for part in re.split(r"[,，;；\t]|\s{1,}", joined(line.strip())) if part]
    for skip in (0, 1, 2):
        if not 2 <= len(parts) - skip <= 3:
            continue
        first, second = read_ordinate(parts[skip]), read_ordinate(parts[skip + 1])
        # A corner's own number before the coordinates is no coordinate itself.
        if first and second and min(abs(first.value), abs(second.value)) >= 10:
            return _Corner(number, parts[0] if skip and not parts[0].isdigit() else "", first, second)
    return None


def _plots(corners: list[_Corner | None]) -> Iterator[list[_Corner]]:
    plot: list[_Corner] = []
    for corner in corners:
        if corner is None:
            if plot:
                yield plot
            plot = []
            continue
        if plot and corner.name != plot[-1].name:
            yield plot
            plot = []
        plot.append(corner)
        if len(plot) > 3 and (corner.first.value, corner.second.value) == (plot[0].first.value, plot[0].second.value):
            yield plot
            plot = []
    if plot:
        yield plot


def _feature(plot: list[_Corner], name: str) -> RawFeature:
    attributes: dict[str, Value] = {_GROUP_FIELD: plot[0].name or None}
    corners = [(corner.line, corner.first, corner.second) for corner in plot]
    return corner_feature(corners, f"{name} {plot[0].name or plot[0].line}", attributes)


def ovital_origin(system: str) -> Origin:
    """Return the origin of rows whose coordinates bear Ovital's letter of a system."""
    letter = next(letter for letter, named in OVITAL.items() if named == system)
    zh = f"坐标前有字母 {letter}，是奥维文本的 {system} 坐标"
    return Origin("奥维互动地图", system, Text(zh, f"the letter {letter} before them is Ovital's for {system}"))


def corner_feature(
    corners: Sequence[tuple[int, Ordinate | None, Ordinate | None]], where: str, attributes: dict[str, Value]
) -> RawFeature:
    """Return the polygon through corners given as row number and two coordinates, or what is wrong with them."""
    bad = next((number for number, first, second in corners if first is None or second is None), None)
    points = [(first.value, second.value) for _, first, second in corners if first and second]
    if bad is not None:
        check, facts = "bad_corner", {"row": str(bad)}
    elif len(set(points)) < 3:
        check, facts = "few_corners", {"found": str(len(set(points)))}
    else:
        return RawFeature(where=where, geometry=shapely.Polygon(points), attributes=attributes)
    return RawFeature(
        where=where, geometry=None, attributes=attributes, findings=[Place(where).finding(check, **facts)]
    )
