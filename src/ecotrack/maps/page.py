"""The map's page: a `folium.Map` as the shell, one element that draws every layer, and the sealed file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from ecotrack.maps.assets import web_text
from ecotrack.maps.inert import InertData
from ecotrack.maps.model import MapModel
from ecotrack.maps.pack import pack_definition, pack_layers
from ecotrack.maps.seal import seal

SCRIPTS = ("words.js", "unpack.js", "card.js", "draw.js", "legend.js", "gauges.js", "tables.js", "start.js")
"""Our scripts, in the order in which they stand in the page."""

Progress = Callable[[str, str], None]
"""Called with one line in Chinese and in English at each step of a long build."""


class _Verbatim(Element):  # type: ignore[misc]
    """Markup of our own that passes through no template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self.text = text

    def render(self, **_kwargs: Any) -> str:
        return self.text


class WorkspaceLayers(MacroElement):  # type: ignore[misc]
    """The one element that draws all layers and panels of a map from inert data.

    Parameters
    ----------
    model
        What the map shows.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}ecotrack.start({{ this._parent.get_name() }});{% endmacro %}"
    )

    def __init__(self, model: MapModel) -> None:
        super().__init__()
        self._name = "WorkspaceLayers"
        self._id = "main"
        self.model = model

    def render(self, **kwargs: Any) -> None:
        """Put data, style and scripts into the figure, and the starting call into its script."""
        figure = self.get_root()
        figure.header.add_child(_Verbatim(f"<style>{web_text('page.css')}</style>"), name="ecotrack_css")
        figure.html.add_child(_Verbatim(web_text("page.html")), name="ecotrack_html")
        for key, value in self._data().items():
            figure.html.add_child(InertData(f"ecotrack-{key}", value), name=f"ecotrack_{key}")
        for name in SCRIPTS:
            figure.html.add_child(_Verbatim(f"<script>{web_text(name)}</script>"), name=f"ecotrack_{name}")
        super().render(**kwargs)

    def _data(self) -> dict[str, Any]:
        return {
            "map": {**pack_definition(self.model.definition), "lang": self.model.lang},
            "layers": pack_layers(self.model),
            "scoreboard": self.model.scoreboard,
        }


class _Shell(folium.Map):  # type: ignore[misc]
    """A `folium.Map` whose file is sealed, however it is saved."""

    def save(self, outfile: Any, **_kwargs: Any) -> None:
        """Write the sealed page; the same as `write_map`."""
        write_map(self, Path(outfile))


def build_map(model: MapModel) -> folium.Map:
    """Return the map as a `folium.Map`; any folium layer can still be added to it.

    Parameters
    ----------
    model
        What the map shows (EPSG:4490 longitude/latitude; drawn in web Mercator).

    Returns
    -------
    folium.Map
        Without tiles. Write it with `write_map` (``save`` does the same): only a written page is sealed.

    Raises
    ------
    MissingAsset
        One of our own browser files is missing.
    """
    west, south, east, north = model.definition.bounds
    shell = _Shell(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=9,
        tiles=None,
        zoom_control="topleft",
        attribution_control=False,
        # No tiles, so any zoom is sharp.
        zoom_snap=0.25,
        zoom_delta=0.5,
        max_zoom=18,
        prefer_canvas=True,
    )
    # The same model gives the same bytes: folium's own ids are random.
    shell._name, shell._id = "map", "shell"
    shell.add_child(WorkspaceLayers(model))
    figure = shell.get_root()
    figure.header.add_child(_Verbatim(f"<title>{_title(model)}</title>"), name="ecotrack_title")
    return shell


def _title(model: MapModel) -> str:
    from html import escape

    return escape(model.definition.title.lang(model.lang))


def write_map(
    shell: folium.Map,
    path: Path,
    *,
    local: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a map as one sealed HTML file: complete, or not at all.

    Parameters
    ----------
    shell
        A map of `build_map`, with whatever was added to it.
    path
        File to write; its folder is made if need be.
    local
        Files in place of addresses that added plugins load from: URL to path.
    progress
        Told of each step.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ExternalAsset, InlineHandler, MissingAsset, MissingFile
        As `ecotrack.maps.seal.seal` says; nothing is written then.
    """
    tell = progress or (lambda _zh, _en: None)
    tell("正在打包图层", "packing layers")
    page = shell.get_root().render()
    tell("正在封装网页", "sealing the page")
    sealed = seal(page, local=local).encode("utf-8")
    tell(f"正在写出 {len(sealed) / 1e6:.1f} MB", f"writing {len(sealed) / 1e6:.1f} MB")
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, sealed)
    return path


def _replace(path: Path, data: bytes) -> None:
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
