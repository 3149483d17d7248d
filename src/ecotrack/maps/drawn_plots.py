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
from ecotrack.maps.plot_rows import PlotsView

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
    if isinstance(views[0], PlotsView):
        views[0] = views[0].where(np.isin(views[0].plots.ids.astype(np.str_), list(feature_ids)))
        if views[0].total:
            west, south, east, north = shapely.total_bounds(views[0].plots.geometries).tolist()
            bounds = west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG
            definition = msgspec.structs.replace(definition, bounds=bounds)
    return dataclasses.replace(model, definition=definition, views=tuple(views))
