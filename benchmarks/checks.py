"""Answers before times: every engine against ecotrack, and ecotrack against a plain full union."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.parquet import read_blocks
from benchmarks.plots import Floats, Geometries
from benchmarks.questions import QUESTIONS, TOLERANCE, difference
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.overlap import net_area_m2

UNION_TOLERANCE = 1e-9
_TILES = 10
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


def against_full_union(plots: Path, *, seed: int, whole: bool) -> dict[str, Any]:
    """Compare net area with the area of a plain union of everything: in whole, or on ten random tiles.

    Parameters
    ----------
    plots
        GeoParquet of the plots; on tiles, it is read in blocks.

    Returns
    -------
    dict
        The largest relative difference, and whether it is within 1e-9.
    """
    samples = [np.concatenate(list(read_blocks(plots)))] if whole else _tiles(plots, seed)
    apart = [_apart(some) for some in samples]
    return {
        "samples": len(samples),
        "plots": sum(map(len, samples)),
        "difference": max(apart),
        "agrees": max(apart) <= UNION_TOLERANCE,
    }


def _apart(geometry: Geometries) -> float:
    union_m2 = float(area_m2([shapely.union_all(geometry)])[0])
    return abs(net_area_m2(geometry) - union_m2) / union_m2


def _tiles(plots: Path, seed: int) -> list[Geometries]:
    """Return the plots whose middle lies in each of ten random tiles of about 4 by 5 km that are not empty."""
    middle = np.concatenate([_middle(block) for block in read_blocks(plots)])
    dice = np.random.default_rng([seed, 2])
    corners = middle[dice.integers(0, len(middle), _TILES)] - _TILE_DEG / 2
    found: list[list[Geometries]] = [[] for _ in corners]
    for block in read_blocks(plots):
        at = _middle(block)
        for tile, corner in zip(found, corners, strict=True):
            tile.append(block[((at >= corner) & (at < corner + _TILE_DEG)).all(axis=1)])
    return [np.concatenate(tile) for tile in found]


def _middle(geometry: Geometries) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.centroid(geometry)))
