"""Overlaps of accepted plots as a layer, for reviewers; no figure is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecotrack.model.layers import FieldDef, LayerDef, Style
from ecotrack.units import mu_from_m2
from ecotrack.workspace import FeatureView, LayerView

if TYPE_CHECKING:
    from ecotrack.figures.plots import PlotSet
    from ecotrack.workspace import View

MOST_OVERLAPS = 5000
"""The largest overlaps are shown; a map of more would show no single one."""

DISPUTED, SHARED, SLIVER = "争议", "重叠", "碎屑重叠"


def overlap_layer(classification: Any) -> LayerDef:
    """Return the definition of the layer of overlaps, at the level of the plots."""
    fields = (
        FieldDef(name="first", title_zh="优先地块", title_en="Prior plot"),
        FieldDef(name="first_unit", title_zh="优先单位", title_en="Its unit", type="unit"),
        FieldDef(name="second", title_zh="后占地块", title_en="Later plot"),
        FieldDef(name="second_unit", title_zh="后占单位", title_en="Its unit", type="unit"),
        FieldDef(name="shared_mu", title_zh="重叠面积", title_en="Shared area", type="decimal", unit="亩"),
    )
    colors = {SLIVER: "#b9a7f0", SHARED: "#7b4fe0", DISPUTED: "#33107a"}
    return LayerDef(
        id="overlaps",
        title_zh="地块重叠",
        title_en="Overlaps of plots",
        geometry="Polygon",
        source="none",
        classification=classification,
        responsible_units=(),
        order=90,
        style=Style(color="#33107a", fill="#7b4fe0", fill_opacity=0.7, width=1.4, states=colors),
        fields=fields,
    )


def overlaps_view(view: View, *, layer: LayerDef) -> LayerView:
    """Return the overlaps between accepted plots of a view, the largest first.

    Parameters
    ----------
    view
        The workspace on a day.
    layer
        As `overlap_layer` gives it.
    """
    plots = view.scoreboard.plots
    rows = _largest(plots)
    shapes: Sequence[Any] = plots.pairs.ground(rows).tolist() if len(rows) else []
    sliver_m2 = float(view.state.rules.sliver_m2)
    features = [_feature(plots, int(k), shape, sliver_m2) for k, shape in zip(rows, shapes, strict=True)]
    kept = [feature for feature in features if not feature.geometry.is_empty]
    return LayerView(layer=layer, features=kept, records=[], total=len(kept), with_record=0, newest=None, oldest=None)


def _largest(plots: PlotSet) -> Any:
    keep, pairs = plots.accepted.keep, plots.pairs
    rows = np.flatnonzero(keep[pairs.left] & keep[pairs.right])
    return rows[np.argsort(-pairs.shared_m2[rows], kind="stable")][:MOST_OVERLAPS]


def _feature(plots: PlotSet, k: int, shape: Any, sliver_m2: float) -> FeatureView:
    pairs, columns = plots.pairs, plots.columns
    first, second = sorted((int(pairs.left[k]), int(pairs.right[k])), key=lambda row: int(plots.precedence[row]))
    shared_m2 = float(pairs.shared_m2[k])
    state = DISPUTED if plots.disputed[k] else SLIVER if shared_m2 < sliver_m2 else SHARED
    properties = {
        "first": columns.features[first],
        "first_unit": columns.units[first] or None,
        "second": columns.features[second],
        "second_unit": columns.units[second] or None,
        "shared_mu": mu_from_m2(shared_m2),
    }
    return FeatureView(
        feature_id=f"{columns.features[first]} × {columns.features[second]}",
        name=None,
        geometry=shape,
        properties=properties,
        state=state,
        records=[],
        sample=plots.sample,
    )
