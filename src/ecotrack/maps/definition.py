"""What ``maps/<name>.toml`` says: title, layers, panels, opening view, classification."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

import msgspec

from ecotrack.errors import BadConfig, Text, UnknownMap
from ecotrack.maps.timeline import Step
from ecotrack.model.layers import Classification
from ecotrack.model.texts import Color
from ecotrack.settings import decode_toml

Panel = Literal["targets", "funnel", "units", "findings", "lake"]
FOLDER = "maps"


class LayerGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Layers that stand together in the layer control, topmost first.

    Attributes
    ----------
    layers
        Ids of layers of the workspace.
    hidden
        Those of them that are switched off when the map opens.
    """

    title_zh: str
    title_en: str
    layers: tuple[str, ...]
    hidden: tuple[str, ...] = ()


class Paint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this map draws one layer, where it differs from the layer's own style.

    Attributes
    ----------
    field
        ``state``, or a field of the latest record that has it (``class``).
    colors
        Value to ``#rrggbb``, in the legend's order; empty keeps the layer's own.
    color, width, fill, fill_opacity
        Line and ground of features without a value; ``None`` keeps the layer's own.
    """

    layer: str
    colors: dict[str, Color] = {}
    color: Color | None = None
    width: float | None = None
    fill: Color | None = None
    fill_opacity: float | None = None
    field: str = "state"
    title_zh: str = ""
    title_en: str = ""


class MapDef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One map of a workspace.

    Attributes
    ----------
    id
        Name of the map: the file's stem.
    classification
        Level of the map; no layer on it may stand above.
    bounds
        West, south, east, north of the opening view, degrees (EPSG:4490).
    approval_number
        审图号: a public map cannot be made without it.
    panels
        Which panels stand beside the map, in order.
    targets
        Ids of the targets that the panel of targets shows; empty shows all.
    labels
        Ids of layers whose names are written on the map, most important first.
    records_shown
        How many of a feature's latest records its popup shows.
    periods
        Steps of the time slider: ``quarter``, ``month`` or ``none``.
    periods_from
        First day of the slider; the oldest record of the map's layers, if it is not said.
    main
        Whether it is the map that is meant when none is named.
    unit
        Code of the unit whose plots alone are shown.
    review
        Whether overlaps of plots and anomalies are shown, for reviewers.
    base
        Online base, as `ecotrack.maps.base_map.base_map` names it; ``None`` is no network at all.
    """

    id: str
    title_zh: str
    title_en: str
    classification: Classification
    bounds: tuple[float, float, float, float]
    groups: tuple[LayerGroup, ...]
    approval_number: str | None = None
    panels: tuple[Panel, ...] = ("targets", "funnel", "units")
    targets: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    paint: tuple[Paint, ...] = ()
    records_shown: int = 5
    periods: Step = "none"
    periods_from: dt.date | None = None
    main: bool = False
    unit: str | None = None
    review: bool = False
    base: str | None = None

    @property
    def title(self) -> Text:
        """The title in both languages."""
        return Text(self.title_zh, self.title_en)

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of all layers of the map, in the order of the layer control."""
        return tuple(layer for group in self.groups for layer in group.layers)

    def paint_of(self, layer: str) -> Paint | None:
        """Return the map's own colours of a layer, or ``None``."""
        return next((paint for paint in self.paint if paint.layer == layer), None)


def map_names(folder: Path) -> list[str]:
    """Return the names of the maps that a workspace defines, sorted."""
    return sorted(path.stem for path in (folder / FOLDER).glob("*.toml"))


def read_map(folder: Path, *, name: str | None = None) -> MapDef:
    """Read the definition of one map.

    Parameters
    ----------
    folder
        The workspace's folder.
    name
        The map's name; may be left out where there is only one, or where one says ``main = true``.

    Raises
    ------
    UnknownMap
        There is no such map, or there are several and none was named.
    BadConfig
        The file does not fit its schema.
    """
    names = map_names(folder)
    if name is None and len(names) > 1 and (main := _main(folder, names)):
        return main
    chosen = names[0] if name is None and len(names) == 1 else name
    if chosen not in names:
        raise UnknownMap(name=name or "", known="、".join(names) or "-")
    return _read(folder, str(chosen))


def shown_first(folder: Path) -> MapDef:
    """Return the map that people see who name none: the main one, else the first by name.

    Raises
    ------
    UnknownMap
        The workspace has no map.
    BadConfig
        A file does not fit its schema.
    """
    names = map_names(folder)
    return (_main(folder, names) if len(names) > 1 else None) or read_map(folder, name=names[0] if names else None)


def _main(folder: Path, names: list[str]) -> MapDef | None:
    """Return the one map that says ``main = true``; ``None`` where none does, or several do."""
    main = [found for found in (_read(folder, one) for one in names) if found.main]
    return main[0] if len(main) == 1 else None


def _read(folder: Path, chosen: str) -> MapDef:
    path = folder / FOLDER / f"{chosen}.toml"
    found = decode_toml(path, MapDef)
    if found.id != chosen:
        raise BadConfig(path, detail=f"id = {found.id!r}, expected {chosen!r}")
    return found
