"""Figures do not depend on the order of insertion, of the reviewers' queue or of blocks: equal to the digit."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from ecotrack.figures.ground import Ground, carry_on, no_ground
from ecotrack.figures.scoreboard import Scoreboard
from figure_cases import accept, award, board, box, check, day, feature, plot, record

UNITS = ("131102", "131103", "131121")
SEASONS = ("2015-autumn", "2016-spring", "2016-autumn")
ZONES = {
    "counties": [
        feature("131102", box(115.55, 37.55, 0.07, 0.2)),
        feature("131103", box(115.62, 37.55, 0.04, 0.2)),
    ],
    "ring_zone": [feature("ring", shapely.Point(115.63, 37.62).buffer(0.02))],
}


def star(dice: random.Random) -> shapely.Polygon:
    """A plot of 2 to 12 corners heaped with others on a few square kilometres."""
    count = dice.randrange(3, 13)
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radii = np.array([dice.uniform(0.002, 0.012) for _ in range(count)])
    centre = (115.61 + dice.random() * 0.03, 37.60 + dice.random() * 0.03)
    corners = np.round(np.c_[centre[0] + np.cos(angles) * radii, centre[1] + np.sin(angles) * radii], 9)
    return shapely.Polygon(corners)


def entries(dice: random.Random, count: int = 24) -> dict[str, list[Any]]:
    """Plots of three units and seasons with their decisions, checks, reports and awards, no two alike."""
    versions = [plot(f"p{i}", star(dice), unit=dice.choice(UNITS), season=dice.choice(SEASONS)) for i in range(count)]
    names = [version.feature_id for version in versions]
    decisions = [accept(name, f"2016-06-{dice.randrange(1, 29):02d}") for name in names if dice.random() < 0.9]
    for _ in range(4):
        winner, loser = dice.sample(names, 2)
        decisions.append(award(winner, loser))
    records = [check(name, dice.randrange(30, 101)) for name in names if dice.random() < 0.7]
    for unit in UNITS:
        records.append(
            record("tasks", "task", "2016-01-10", "5000", unit=unit, task_id="t", kind="造林", season="2016")
        )
        records.append(record("reports", "report", "2016-05-20", str(dice.randrange(5000)), unit=unit, task_id="t"))
    return {"versions": versions, "decisions": decisions, "records": records}


def shuffled(given: dict[str, list[Any]], dice: random.Random) -> dict[str, list[Any]]:
    return {name: dice.sample(some, len(some)) for name, some in given.items()}


def said(found: Scoreboard) -> dict[str, Any]:
    return json.loads(json.dumps(found.to_json(), ensure_ascii=False))


@pytest.mark.parametrize("seed", range(8))
def test_the_order_in_which_entries_came_changes_no_digit(seed: int) -> None:
    dice = random.Random(seed)
    given = entries(dice)
    first = said(board("2017-12-31", **given, features=ZONES))
    assert first["overlaps"]["count"] > 20
    for _ in range(3):
        assert said(board("2017-12-31", **shuffled(given, dice), features=ZONES)) == first


@pytest.mark.parametrize("seed", range(8))
def test_ground_worked_out_in_blocks_in_any_order_gives_the_same_figures(seed: int) -> None:
    dice = random.Random(seed)
    given = entries(dice)
    whole = board("2017-12-31", **given, features=ZONES)
    first = said(whole)
    for _ in range(3):
        mixed = shuffled(given, dice)
        found = board("2017-12-31", **mixed, features=ZONES)
        again = replace(found, ground=in_blocks(mixed["versions"], dice))
        assert said(again) == first


def in_blocks(versions: list[Any], dice: random.Random) -> Ground:
    """The ground of versions that come in blocks of one to nine, each carried on from those before."""

    def read(rows):
        return [versions[int(row)].wkb for row in rows]

    ground, done = no_ground(read), 0
    while done < len(versions):
        done = min(done + dice.randrange(1, 10), len(versions))
        ground = carry_on(ground, done, read, ZONES)
    return ground


def test_two_winners_over_one_rival_keep_their_own_order() -> None:
    """An award moves a plot right before its rival; two winners over one rival stay as they stood."""
    places = {"first": box(115.600), "second": box(115.604), "third": box(115.608)}
    versions = [plot(name, shape, unit=unit) for (name, shape), unit in zip(places.items(), UNITS, strict=True)]
    decisions = [*(accept(name) for name in places), award("second", "first"), award("third", "first")]
    for order in (versions, versions[::-1]):
        found = board("2016-12-31", versions=order, decisions=decisions)
        rank = dict(zip(found.plots.columns.feature_id, found.plots.precedence.tolist(), strict=True))
        assert rank["second"] < rank["third"] < rank["first"]


def test_awards_in_a_row_all_hold() -> None:
    """Claims stand c, b, a; a won against b, then b against c: a stays before b, though b has moved."""
    days = {"c": "2016-05-01", "b": "2016-05-02", "a": "2016-05-03"}
    versions = [
        plot(name, box(115.6 + i * 0.003), unit=UNITS[i], effective_on=day(days[name])) for i, name in enumerate(days)
    ]
    decisions = [*(accept(name) for name in days), award("a", "b"), award("b", "c")]
    found = board("2016-12-31", versions=versions, decisions=decisions)
    rank = dict(zip(found.plots.columns.feature_id, found.plots.precedence.tolist(), strict=True))
    assert rank["a"] < rank["b"] < rank["c"]
