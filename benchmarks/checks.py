"""Answers before times: every engine against ecotrack, and ecotrack against a plain full union."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.plots import Geometries
from benchmarks.questions import QUESTIONS, TOLERANCE, difference
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.overlap import net_area_m2

UNION_TOLERANCE = 1e-9
_TILE_DEG = 0.05


def agreement(answers: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Return, for each engine but ecotrack, how far its answers lie from ecotrack's, and whether they agree."""
    if "ecotrack" not in answers:
        return {}
    loaded = {name: np.load(path) for name, path in answers.items()}
    own = loaded["ecotrack"]
    result: dict[str, dict[str, Any]] = {}
    for name, found in loaded.items():
        if name != "ecotrack":
            apart = {question: difference(question, found[question], own[question]) for question in QUESTIONS}
            result[name] = {"difference": apart, "agrees": max(apart.values()) <= TOLERANCE}
    return result


def against_full_union(geometry: Geometries, *, seed: int, whole: bool) -> dict[str, Any]:
    """Compare net area with the area of a plain union of everything: in whole, or on ten random tiles.

    Returns
    -------
    dict
        The largest relative difference, and whether it is within 1e-9.
    """
    samples = [geometry] if whole else _tiles(geometry, seed)
    apart = [_apart(plots) for plots in samples]
    return {"samples": len(samples), "difference": max(apart), "agrees": max(apart) <= UNION_TOLERANCE}


def _apart(geometry: Geometries) -> float:
    union_m2 = float(area_m2([shapely.union_all(geometry)])[0])
    return abs(net_area_m2(geometry) - union_m2) / union_m2


def _tiles(geometry: Geometries, seed: int) -> list[Geometries]:
    """Return the plots whose middle lies in each of ten random tiles of about 4 by 5 km that are not empty."""
    middle = shapely.get_coordinates(shapely.centroid(geometry))
    dice = np.random.default_rng([seed, 2])
    corners = middle[dice.integers(0, len(middle), 10)] - _TILE_DEG / 2
    inside = [((middle >= corner) & (middle < corner + _TILE_DEG)).all(axis=1) for corner in corners]
    return [geometry[rows] for rows in inside]
