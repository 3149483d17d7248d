"""What holds plots back at the moment of their acceptance: what their check found, and what was accepted since then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.check_record import held_in, records_about
from ecotrack.intake.ground_pairs import Effort, near_pairs, shared_between
from ecotrack.model import PARENT_KINDS, Decision, FeatureVersion
from ecotrack.progress import PLOT_LAYER
from ecotrack.register import Register
from ecotrack.register.around import Around
from ecotrack.units import mu_from_m2

_CHECK = "overlap"


def held_now(register: Register, versions: Sequence[FeatureVersion]) -> dict[str, str]:
    """Return the ids of those versions that cannot be accepted as they stand, each with the first reason (zh).

    A check compares a plot with what stood accepted on its day. Whatever was accepted between that day and this moment
    is compared here, by the threshold of that check; submissions without a check are not.
    """
    records = records_about(register, {version.submission_id for version in versions})
    named = {version.version_id for version in versions}
    held = {name: reason for name, reason in held_in(records.values()).items() if name in named}
    limits = {name: limit for name, record in records.items() if (limit := _limit(record.body)) is not None}
    asked = [item for item in versions if item.submission_id in limits and item.version_id not in held]
    plots = [item for item in asked if item.layer == PLOT_LAYER]
    return held | _overlapped(register, plots, limits) if plots else held


def _limit(body: Mapping[str, Any]) -> float | None:
    """Return the share (per cent) above which the check of a submission holds an overlap back, if it does."""
    rows = (row for row in body["checks"] if row["check"] == _CHECK and row["level"] == "blocks")
    return next((float(row["threshold"]) for row in rows), None)


def _overlapped(register: Register, asked: list[FeatureVersion], limits: Mapping[str, float]) -> dict[str, str]:
    shapes = from_wkb([item.wkb for item in asked])
    near = register.around(shapely.bounds(shapes), layer=PLOT_LAYER)
    standing = [*_standing(near)]
    if not standing:
        return {}
    others = from_wkb([other.wkb for other in standing])
    pairs, effort = near_pairs(shapes, others, Effort()), Effort()
    apart = [not _belong(asked[i], standing[j]) for i, j in zip(pairs.left, pairs.right, strict=True)]
    left, right = pairs.left[apart], pairs.right[apart]
    shared = shared_between(shapes[left], others[right], effort)
    share = 100 * shared.area_m2 / np.minimum(area_m2(shapes)[left], area_m2(others)[right])
    held: dict[str, str] = {}
    for i, j, part, ground in zip(left.tolist(), right.tolist(), share, shared.area_m2, strict=True):
        if part > limits[asked[i].submission_id]:
            held.setdefault(asked[i].version_id, _words(standing[j], part, ground))
    return held


def _words(other: FeatureVersion, share: float, ground_m2: float) -> str:
    name, mu = other.feature_id, mu_from_m2(ground_m2)
    return f"与“{name}”重叠{mu:.2f}亩（{share:.1f}%），它是在这块地检查以后才通过的"


def _standing(near: Around) -> Iterable[FeatureVersion]:
    """Return the version of each feature that stands accepted."""
    verdicts = verdicts_of(near.versions, near.decisions)
    accepted = (version for version in near.versions if verdicts.get(version.version_id) == "accept")
    return {version.feature_id: version for version in accepted}.values()


def verdicts_of(versions: Iterable[FeatureVersion], decisions: Iterable[Decision]) -> dict[str, str]:
    """Return the last verdict on each of some versions, by id; one on a submission is one on all of its versions."""
    members: dict[str, list[str]] = {}
    for version in versions:
        members.setdefault(version.submission_id, []).append(version.version_id)
    result: dict[str, str] = {}
    for decision in decisions:
        whole = decision.subject == "submission"
        for version_id in members.get(decision.subject_id, []) if whole else [decision.subject_id]:
            result[version_id] = decision.verdict
    return result


def _belong(version: FeatureVersion, other: FeatureVersion) -> bool:
    """Tell whether two plots may share ground: versions of one, plots of one file, a plot and what was done on it."""
    same = other.feature_id == version.feature_id or other.submission_id == version.submission_id
    on_it = version.kind in PARENT_KINDS and version.parent_id == other.feature_id
    return same or on_it or (other.kind in PARENT_KINDS and other.parent_id == version.feature_id)
