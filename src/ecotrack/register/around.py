"""A few features and all that was said about them, found by place or by id: what a check of new plots asks for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from shapely import STRtree, box

from ecotrack.model import Decision, FeatureVersion, ProgressRecord
from ecotrack.register import rows
from ecotrack.register.canonical import KINDS

_CHUNK = 900
_NEAR = "SELECT id FROM rtree_feature_version_geom WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?"


_NEAR_BOUNDS = _NEAR.replace("SELECT id", "SELECT id, minx, miny, maxx, maxy")
_FEW = 100
"""Boxes that are asked about one by one; more are met in one go with all that lies in their common bounds."""

_MANY, _CROWD = 2000, 10
"""Up to so many boxes are asked about one by one where their common bounds hold more than so many times as much."""


class Around(NamedTuple):
    """Features with every version, decision and status note of theirs, each in the order of recording."""

    versions: list[FeatureVersion]
    decisions: list[Decision]
    notes: list[ProgressRecord]


def read_around(connection: sqlite3.Connection, boxes: npt.NDArray[np.float64], *, layer: str) -> Around:
    """Return the features of which any version's bounds meet any of some boxes (west, south, east, north)."""
    seqs = _meeting(connection, np.asarray(boxes, dtype=float).reshape(-1, 4))
    # The plus keeps SQLite from going through the whole layer's index instead of fetching the few rows.
    found = _some(connection, "SELECT feature_id FROM feature_version WHERE +layer = ?", layer, "seq", seqs)
    return read_named(connection, {row[0] for row in found}, layer=layer)


def _meeting(connection: sqlite3.Connection, boxes: npt.NDArray[np.float64]) -> list[int]:
    """Return the entries whose bounds meet any of some boxes, sorted."""
    if len(boxes) <= _FEW:
        return _one_by_one(connection, boxes)
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    cursor = connection.execute(_NEAR_BOUNDS, (low[0], high[0], low[1], high[1]))
    if len(boxes) <= _MANY:
        near = cursor.fetchmany(_CROWD * len(boxes))
        if len(near) == _CROWD * len(boxes):
            return _one_by_one(connection, boxes)
    else:
        near = cursor.fetchall()
    table = np.array(near, dtype=float).reshape(-1, 5)
    met = np.unique(STRtree(box(*table[:, 1:].T)).query(box(*boxes.T))[1])
    return sorted(table[met, 0].astype(int).tolist())


def _one_by_one(connection: sqlite3.Connection, boxes: npt.NDArray[np.float64]) -> list[int]:
    found = (row for west, south, east, north in boxes.tolist()
             for row in connection.execute(_NEAR, (west, east, south, north)))  # fmt: skip
    return sorted({row[0] for row in found})


def read_named(connection: sqlite3.Connection, feature_ids: Iterable[str], *, layer: str) -> Around:
    """Return the features with some ids."""
    ids = sorted(set(feature_ids))
    versions = _entries(connection, FeatureVersion, "layer = ?", layer, "feature_id", ids)
    subjects = sorted({v.version_id for v in versions} | {v.submission_id for v in versions})
    decisions = _entries(connection, Decision, "subject IN (?, 'submission')", "version", "subject_id", subjects)
    notes = _entries(connection, ProgressRecord, "kind = 'status' AND layer = ?", layer, "feature_id", ids)
    return Around(versions, decisions, notes)


def _entries(
    connection: sqlite3.Connection, cls: type[Any], test: str, value: str, column: str, wanted: Sequence[str]
) -> list[Any]:
    table = KINDS[cls][0]
    names = ", ".join(rows.columns(table))
    found = [*_some(connection, f"SELECT seq, {names} FROM {table} WHERE {test}", value, column, wanted)]
    return [cls(**rows.from_row(table, row[1:])) for row in sorted(found, key=lambda row: row[0])]


def _some(
    connection: sqlite3.Connection, sql: str, value: str, column: str, wanted: Iterable[str | int]
) -> Iterator[tuple[Any, ...]]:
    keys = list(wanted)
    for start in range(0, len(keys), _CHUNK):
        some = keys[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"{sql} AND {column} IN ({marks})", (value, *some))
