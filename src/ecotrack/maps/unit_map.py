"""A map of one unit: its plots alone, its ground in the middle."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ecotrack.maps.definition import MapDef
from ecotrack.maps.plot_rows import PlotsView

if TYPE_CHECKING:
    from ecotrack.workspace import LayerView, Workspace

_MARGIN_DEG = 0.02
UNIT_LAYERS = ("counties", "report_units")
"""Where a unit's ground is looked for."""


def for_unit(definition: MapDef, workspace: Workspace, *, unit: str) -> MapDef:
    """Return the map of one unit, made from a map of the city.

    Parameters
    ----------
    definition
        The map of the city.
    unit
        Code, name, former name or alias of the unit.

    Raises
    ------
    UnknownUnit
        The workspace has no such unit.
    """
    found = workspace.units.resolve(unit)
    return msgspec.structs.replace(
        definition,
        id=f"{definition.id}-{found.code}",
        title_zh=f"{definition.title_zh}·{found.name_zh}",
        title_en=f"{definition.title_en}: {found.name_en}",
        bounds=_bounds(workspace, found.code) or definition.bounds,
        unit=found.code,
    )


def _bounds(workspace: Workspace, code: str) -> tuple[float, float, float, float] | None:
    for layer in UNIT_LAYERS:
        for feature in workspace.features(layer) if layer in workspace.layers else ():
            if feature.feature_id == code:
                west, south, east, north = feature.geometry.bounds
                return west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG
    return None


def of_unit(view: LayerView, workspace: Workspace, *, unit: str | None, as_of: dt.date) -> LayerView:
    """Return a layer of plots with those of one unit alone; any other layer as it is."""
    if unit is None or not isinstance(view, PlotsView):
        return view
    known = workspace.units.get(unit)
    names = [unit, known.name_on(as_of)] if known else [unit]
    return view.where(np.isin(view.plots.values["unit"].astype(np.str_), names))
