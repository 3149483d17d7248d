"""Plots that come again: what has changed since the version before, and whether a reason is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import shapely

from ecotrack.errors import Text
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.width import local_metres
from ecotrack.intake.check_shape import MAX_PLACES, Subject
from ecotrack.intake.checks import Check
from ecotrack.model import FeatureVersion
from ecotrack.model.findings import Finding
from ecotrack.model.layers import LayerDef
from ecotrack.units import mu_from_m2

MOVED_M = 0.1
"""A corner that has no old corner nearer than this has moved."""

_COMPARED = ("name", "unit", "season", "planted_on", "kind", "form", "programme", "species", "claimed_mu", "parent_id")


def again_findings(
    subjects: Sequence[Subject],
    known: Mapping[str, FeatureVersion],
    *,
    layer: LayerDef,
    checks: Mapping[str, Check],
    reason: str,
) -> Iterator[Finding]:
    """Yield the difference of each plot to its version before; a change without a reason is a finding.

    Parameters
    ----------
    known
        The last version of plots by id.
    reason
        Why plots are changed, as the sender says.
    """
    for item in subjects:
        before = known.get(item.version.feature_id)
        if before is None or before.version_id == item.version.version_id:
            continue
        words, places = difference(before, item.version, layer)
        changed = words.zh != _SAME.zh
        name = "no_reason" if changed and not reason.strip() else "same_as_before"
        facts = {"value": item.version.feature_id, "zh": words.zh, "en": words.en, "places": places}
        yield item.place.finding_of(checks[name], **facts)


_SAME = Text("没有变化", "nothing has changed")


def difference(before: FeatureVersion, after: FeatureVersion, layer: LayerDef) -> tuple[Text, str]:
    """Return in words how a version differs from the one before, and the places of corners that moved."""
    parts: list[Text] = []
    places = ""
    if before.wkb != after.wkb:
        text, places = _moved(before, after)
        parts.append(text)
    titles = {field.name: field.title for field in layer.fields}
    for name in _COMPARED:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            title = titles.get(name, Text(name, name))
            zh = f"{title.zh}由“{old if old is not None else '空'}”改为“{new if new is not None else '空'}”"
            parts.append(Text(zh, f"{title.en} from '{old}' to '{new}'"))
    if not parts:
        return _SAME, ""
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts)), places


def _moved(before: FeatureVersion, after: FeatureVersion) -> tuple[Text, str]:
    shapes = from_wkb([before.wkb, after.wkb])
    old_mu, new_mu = (mu_from_m2(float(area)) for area in area_m2(shapes))
    lat0 = float(shapely.bounds(shapes[1])[1])
    corners = shapely.get_coordinates(shapes[1])[:-1]
    old = shapely.multipoints(local_metres(shapely.get_coordinates(shapes[0]), lat0))
    apart = shapely.distance(shapely.points(local_metres(corners, lat0)), old)
    moved = np.flatnonzero(apart > MOVED_M)
    farthest = float(apart.max(initial=0.0))
    zh = f"面积由{old_mu:.2f}亩变为{new_mu:.2f}亩，{len(moved)}个拐点移动，最远{farthest:.1f}米"
    en = f"area from {old_mu:.2f} to {new_mu:.2f} mu, {len(moved)} corners moved, by {farthest:.1f} m at most"
    told = corners[moved][:MAX_PLACES].tolist()
    return Text(zh, en), ";".join(f"{lon:.9f} {lat:.9f}" for lon, lat in told)
