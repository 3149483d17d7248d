"""What imagery says, for the page: the lake's series. Nothing here is a figure of record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecotrack.figures.lake_series import lake_document
from ecotrack.maps.definition import MapDef

if TYPE_CHECKING:
    from ecotrack.workspace import View

LAKE = "lake"


def witness_blocks(view: View, definition: MapDef) -> dict[str, Any]:
    """Return the blocks of a map by key; none for a map that shows none of it.

    Parameters
    ----------
    view
        The workspace on the map's day.
    """
    if LAKE not in definition.panels or LAKE not in view.workspace.layers:
        return {}
    found = view.layer(LAKE)
    basins = {feature.feature_id: feature.name or feature.feature_id for feature in found.features}
    return {LAKE: lake_document(found.records, basins)}
