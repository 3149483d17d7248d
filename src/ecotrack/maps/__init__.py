"""Maps: one HTML file per map that opens without a network; data never becomes code.

Importing this package loads nothing heavy: folium comes with `build_map`.

Examples
--------
>>> from ecotrack import maps
>>> maps.build_map.__module__
'ecotrack.maps.page'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["MapDef", "MapModel", "PlotLayer", "build_map", "read_map", "write_map"]

_PLACES = {
    "MapDef": "ecotrack.maps.definition",
    "MapModel": "ecotrack.maps.model",
    "PlotLayer": "ecotrack.maps.plot_layer",
    "build_map": "ecotrack.maps.page",
    "read_map": "ecotrack.maps.definition",
    "write_map": "ecotrack.maps.page",
}

if TYPE_CHECKING:
    from ecotrack.maps.definition import MapDef, read_map
    from ecotrack.maps.model import MapModel
    from ecotrack.maps.page import build_map, write_map
    from ecotrack.maps.plot_layer import PlotLayer


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
