"""The map's page: a `folium.Map` as the shell, one element that draws every layer, and the sealed file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any, BinaryIO, cast

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from ecotrack.maps.assets import web_text
from ecotrack.maps.inert import InertData, Verbatim, at_the_end
from ecotrack.maps.model import MapModel
from ecotrack.maps.pack import pack_definition, pack_layers
from ecotrack.maps.plot_layer import add_engine, add_plots
from ecotrack.maps.plot_rows import PlotsView
from ecotrack.maps.plot_table import pack_boards, pack_table
from ecotrack.maps.plot_view import plot_table
from ecotrack.maps.seal import seal

SCRIPTS = (
    "words.js",
    "unpack.js",
    "card.js",
    "draw.js",
    "places.js",
    "labels.js",
    "pick.js",
    "legend.js",
    "gauges.js",
    "tables.js",
    "review.js",
    "verdicts.js",
    "lake.js",
    "receipt.js",
    "time.js",
    "find.js",
    "zone.js",
    "tools.js",
    "picture.js",
    "compare.js",
    "link.js",
    "base.js",
    "start.js",
)
"""Our scripts, in the order in which they stand in the page."""

SHOWN = ("as_of", "as_known", "register", "sample", "sketch", "targets", "indicators", "funnel", "units")
"""Parts of the scoreboard that the page draws; the others (every pair of overlapping plots) stay out of the file."""

PLOTS_KEY = "ecotrack-plots"
"""Beginning of the ids of the blocks that hold packed plots, one number for each such layer."""

Progress = Callable[[str, str], None]
"""Called with one line in Chinese and in English at each step of a long build."""


class WorkspaceLayers(MacroElement):
    """The one element that draws all layers and panels of a map from inert data.

    Parameters
    ----------
    model
        What the map shows.
    """

    _template = Template("{% macro script(this, kwargs) %}ecotrack.start({{ this._parent.get_name() }});{% endmacro %}")

    def __init__(self, model: MapModel) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "WorkspaceLayers"
        self._id = "main"
        self.model = model

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Put data, style and scripts into the figure, and the starting call into its script."""
        figure = cast(Figure, self.get_root())
        style = web_text("page.css") + web_text("tools.css") + web_text("imagery.css")
        figure.header.add_child(Verbatim(f"<style>{style}</style>"), name="ecotrack_css")
        figure.html.add_child(Verbatim(web_text("page.html")), name="ecotrack_html")
        add_engine(figure)
        for place, view in enumerate(view for view in self.model.views if isinstance(view, PlotsView)):
            add_plots(figure, f"{PLOTS_KEY}-{place}", pack_table(plot_table(view, self.model)))
        for key, value in self._data().items():
            figure.html.add_child(InertData(f"ecotrack-{key}", value), name=f"ecotrack_{key}")
        for name in SCRIPTS:
            figure.html.add_child(Verbatim(f"<script>{web_text(name)}</script>"), name=f"ecotrack_{name}")
        super().render(**kwargs)  # type: ignore[no-untyped-call]

    def _opening(self) -> dict[str, Any]:
        return {"lang": self.model.lang, "days": self.model.days, "base": self._base()}

    def _base(self) -> dict[str, Any] | None:
        base = self.model.base
        if base is None:
            return None
        title = {"zh": base.title.zh, "en": base.title.en}
        return {"urls": list(base.urls), "title": title, "by": base.attribution, "asks_key": base.asks_key}

    def _shown_keys(self) -> tuple[str, ...]:
        return (*SHOWN, "findings") if "findings" in self.model.definition.panels else SHOWN

    def _data(self) -> dict[str, Any]:
        boards = pack_boards([one.board for one in self.model.timeline[:-1]])
        return {
            "map": {
                **pack_definition(self.model.definition),
                "lang": self.model.lang,
                "days": self.model.days,
                "base": self._base(),
            },
            "boards": boards,
            "layers": pack_layers(self.model),
            "scoreboard": {key: self.model.scoreboard.get(key) for key in self._shown_keys()},
            **self.model.witness,
            **({"receipt": self.model.receipt} if self.model.receipt else {}),
        }


class _Shell(folium.Map):
    """A `folium.Map` that is sealed however it leaves Python: saved, or shown in a notebook."""

    origins: tuple[str, ...] = ()

    def save(self, outfile: str | bytes | Path | BinaryIO, close_file: bool = True, **_kwargs: Any) -> None:
        """Write the sealed page, to a path as `write_map` does or to an open binary file."""
        if isinstance(outfile, (str, bytes, Path)):
            write_map(self, Path(os.fsdecode(outfile)))
            return
        outfile.write(sealed_page(self).encode("utf-8"))
        if close_file:
            outfile.close()

    def _repr_html_(self, **_kwargs: Any) -> str:
        page = escape(sealed_page(self), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:640px;border:0" allowfullscreen></iframe>'


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
        # Our layers bring their own canvas; what is added later goes into SVG, which lets clicks through to it.
        prefer_canvas=False,
    )
    # The same model gives the same bytes: folium's own ids are random.
    shell._name, shell._id = "map", "shell"
    shell.origins = model.base.origins if model.base else ()
    shell.add_child(WorkspaceLayers(model))
    figure = cast(Figure, shell.get_root())
    figure.header.add_child(Verbatim(f"<title>{_title(model)}</title>"), name="ecotrack_title")
    return shell


def _title(model: MapModel) -> str:
    return escape(model.definition.title.lang(model.lang))


def sealed_page(shell: folium.Map, *, local: Mapping[str, Path] | None = None) -> str:
    """Return the HTML of a map with everything inside it, under a strict Content-Security-Policy.

    Raises
    ------
    ExternalAsset, InlineHandler, MissingAsset, MissingFile
        As `ecotrack.maps.seal.seal` says.
    """
    return seal(at_the_end(shell.get_root().render()), local=local, pictures=getattr(shell, "origins", ()))


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
    tell("正在打包图层、封装网页", "packing layers, sealing the page")
    sealed = sealed_page(shell, local=local).encode("utf-8")
    tell(f"正在写出 {len(sealed) / 1e6:.1f} MB", f"writing {len(sealed) / 1e6:.1f} MB")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, sealed)
    return path


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in place of the one that was there: whole, or not at all."""
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
