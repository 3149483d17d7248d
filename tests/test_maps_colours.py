"""States that a map tells apart by colour are told apart by people with red-green blindness too."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecotrack.maps.review_layer import overlap_layer

ROOT = Path(__file__).resolve().parent.parent
LEAST = 17.0
"""Difference of two colours in CIELAB: a just noticeable one is about 2.3, and a dot of two pixels needs far more."""

# Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB.
SEEN = {
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
Colour = npt.NDArray[np.float64]


def lab(color: str, kind: str) -> Colour:
    parts = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(np.array(SEEN[kind]) @ linear, 0, 1) / XYZ.sum(axis=1)
    cone = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * cone[1] - 16, 500 * (cone[0] - cone[1]), 200 * (cone[1] - cone[2])])


def palettes() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "maps").glob("*.toml")):
        for paint in tomllib.loads(path.read_text(encoding="utf-8")).get("paint", []):
            if "colors" in paint:
                found[f"{path.stem}-{paint['layer']}"] = list(paint["colors"].values())
    plots = found["review-plots"]
    overlaps = overlap_layer("内部").style.states
    return {**found, "review-overlaps": [*overlaps.values(), *plots]}


@pytest.mark.parametrize("kind", SEEN)
@pytest.mark.parametrize(("where", "colors"), palettes().items(), ids=palettes())
def test_no_two_states_look_alike(where: str, colors: list[str], kind: str) -> None:
    apart = {
        pair: float(np.linalg.norm(lab(pair[0], kind) - lab(pair[1], kind)))
        for pair in itertools.combinations(colors, 2)
    }
    assert {pair: round(value, 1) for pair, value in apart.items() if value < LEAST} == {}, where


@pytest.mark.parametrize("kind", SEEN)
def test_a_reach_that_is_not_begun_does_not_look_like_the_bed_of_its_river(kind: str) -> None:
    given = tomllib.loads((ROOT / "maps" / "rivers.toml").read_text(encoding="utf-8"))["paint"]
    paint = {one["layer"]: one for one in given}
    bed = lab(paint["rivers"]["color"], kind)
    colors = paint["reaches"]["colors"].values()
    assert min(float(np.linalg.norm(bed - lab(color, kind))) for color in colors) >= LEAST
