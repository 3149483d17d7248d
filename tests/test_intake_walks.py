"""Walks round a plot in KML are closed by the rule that holds for GPX, told, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Reading
from ecotrack.intake.child import read_upload

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
WALK = [(115.6, 37.6), (115.61, 37.6), (115.61, 37.61), (115.6, 37.61), (115.6, 37.6002)]
OPEN = [(115.6, 37.6), (115.7, 37.7), (115.8, 37.8)]
Points = list[tuple[float, float]]


def track(points: Points) -> str:
    times = "".join(f"<when>2019-04-01T08:0{number}:00Z</when>" for number in range(len(points)))
    return f"<gx:Track>{times}{''.join(f'<gx:coord>{x} {y} 21.5</gx:coord>' for x, y in points)}</gx:Track>"


def line(points: Points) -> str:
    return f"<LineString><coordinates>{' '.join(f'{x},{y},0' for x, y in points)}</coordinates></LineString>"


def reading_of(folder: Path, *shapes: str) -> Reading:
    marks = "".join(f"<Placemark><name>{n}号</name>{shape}</Placemark>" for n, shape in enumerate(shapes, 1))
    names = 'xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"'
    (folder / UPLOAD_NAME).write_text(f"<kml {names}><Document>{marks}</Document></kml>", encoding="utf-8")
    return read_upload(Ask(file_name="轨迹.kml", extent=HENGSHUI), folder)


@pytest.mark.parametrize(
    "drawn",
    [track(WALK), f"<gx:MultiTrack>{track(WALK[:3])}{track(WALK[3:])}</gx:MultiTrack>", line(WALK)],
    ids=["track", "track in two parts", "line"],
)
def test_a_walk_that_comes_back_is_the_plot_that_it_goes_round(tmp_path: Path, drawn: str) -> None:
    reading = reading_of(tmp_path, drawn)
    [item] = reading.candidates
    assert shapely.equals(shapely.from_wkb(item.wkb), shapely.Polygon(WALK))
    assert item.attributes["Name"] == "1号"
    assert [found.check for found in reading.all_findings] == ["closed_walk"]


@pytest.mark.parametrize(("drawn", "check"), [(track(OPEN), "open_walk"), (line(OPEN), "wrong_geometry")])
def test_one_that_does_not_come_back_is_no_plot(tmp_path: Path, drawn: str, check: str) -> None:
    reading = reading_of(tmp_path, drawn)
    assert reading.candidates[0].wkb is None
    assert [(found.check, found.level) for found in reading.all_findings] == [(check, "blocks")]


def test_a_fix_that_is_no_number_is_told_and_not_left_out(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, track(WALK).replace("<gx:coord>115.61 37.6 ", "<gx:coord>? 37.6 "))
    assert reading.candidates[0].wkb is None
    assert [found.check for found in reading.all_findings] == ["bad_corner"]
    assert reading.all_findings[0].facts["row"] == "2"
