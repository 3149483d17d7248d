"""A map of the plots that a sample drew."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import shapely

from ecotrack.errors import Lang, Text
from ecotrack.maps.definition import LayerGroup, MapDef
from ecotrack.maps.model import MapModel

if TYPE_CHECKING:
    from ecotrack.workspace import Workspace

_MARGIN_DEG = 0.02


def drawn_plots_model(
    workspace: Workspace, feature_ids: Collection[str], *, title: Text, as_of: dt.date, lang: Lang = "zh"
) -> MapModel:
    """Return the model of a map that shows some plots alone, over the counties where the workspace has them.

    Parameters
    ----------
    feature_ids
        The plots that are shown.
    title
        Title of the map, which names the sample.
    as_of
        Day whose state colours the plots.

    Raises
    ------
    UnknownLayer, AboveClassification, NoApprovalNumber, PlotsOnPublicMap, FutureDate, NoRegister
        As `MapModel.of` says.
    """
    borders = ("counties",) if "counties" in workspace.layers else ()
    groups = [LayerGroup(title_zh="抽中地块", title_en="Drawn plots", layers=("plots",))]
    groups += [LayerGroup(title_zh="界线", title_en="Borders", layers=borders)] if borders else []
    definition = MapDef(
        id="sample",
        title_zh=title.zh,
        title_en=title.en,
        classification=workspace.config.classification,
        bounds=workspace.config.extent,
        groups=tuple(groups),
        panels=(),
        labels=borders,
    )
    model = MapModel.of(workspace, definition, as_of=as_of, lang=lang)
    views = list(model.views)
    shown = [feature for feature in views[0].features if feature.feature_id in feature_ids]
    days = [record.effective_on for feature in shown for record in feature.records]
    views[0] = dataclasses.replace(
        views[0],
        features=shown,
        records=[record for feature in shown for record in feature.records],
        total=len(shown),
        with_record=len([feature for feature in shown if feature.records]),
        newest=max(days, default=None),
        oldest=min(days, default=None),
    )
    if shown:
        west, south, east, north = shapely.total_bounds(np.array([feature.geometry for feature in shown])).tolist()
        bounds = west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG
        definition = msgspec.structs.replace(definition, bounds=bounds)
    return dataclasses.replace(model, definition=definition, views=tuple(views))
