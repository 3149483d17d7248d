"""What OGR's KML driver leaves behind: ExtendedData, SchemaData, folders, tables in descriptions, joined to it.

Geometry comes from OGR. The attributes are read here by expat, element by element, with no document type and no
entities but XML's own five, and joined by name and first coordinate; what finds no partner is told, never dropped.
"""

from __future__ import annotations

import mmap
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import shapely

from ecotrack.errors import RefusedFormat, Text, UnreadableFile
from ecotrack.intake.candidates import Place, Value
from ecotrack.intake.formats import FORMATS
from ecotrack.intake.plain_words import plain_words
from ecotrack.intake.read_kml_table import described
from ecotrack.intake.read_vector import RawFeature, RawLayer, read_vector

MAX_TEXT = 10_000
"""Characters of one attribute that are kept."""

FOLDER = "文件夹"
"""Attribute that holds the folders in which a placemark lies, outermost first."""

_Key = tuple[str, float, float]
_PREFIXED = re.compile(rb"<([A-Za-z][\w.-]*):kml[\s>]")
_SPACED = re.compile(rb"coordinates>[^<]{0,200}?\d\s*,\s+[-\d]")
_CORNERS = re.compile(rb"(<(?:\w+:)?coordinates>)([^<]*)")
_NAMES = {
    ("Placemark", "name"): "Name",
    ("Placemark", "description"): "Description",
    ("Placemark", "Snippet"): "snippet",
    ("Placemark", "address"): "address",
    ("Placemark", "phoneNumber"): "phoneNumber",
    ("TimeStamp", "when"): "timestamp",
    ("TimeSpan", "begin"): "begin",
    ("TimeSpan", "end"): "end",
}
"""What a placemark says beside its data, and the names that GDAL's fuller KML driver has for it."""


@dataclass(slots=True)
class Placemark:
    """One placemark as its text says it.

    Attributes
    ----------
    first
        First coordinate, longitude and latitude as they stand; ``None`` where it has none.
    tracks
        The coordinates of its recorded walks (``gx:Track``), which OGR passes over; one that cannot be read is
        not finite.
    """

    attributes: dict[str, Value] = field(default_factory=dict)
    first: tuple[float, float] | None = None
    tracks: list[list[tuple[float, float]]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its name, in one line; empty text where it has none."""
        return _one_line(self.attributes.get("Name"))

    @property
    def key(self) -> _Key | None:
        """What joins it to OGR's feature; ``None`` without a geometry."""
        if self.first is None:
            return None
        return (self.title, round(self.first[0], 9), round(self.first[1], 9))


class _Reader:
    """Collects placemarks from expat's events."""

    def __init__(self, name: str) -> None:
        self._file = name
        self.done: list[Placemark] = []
        self._path: list[str] = []
        self._folders: list[str] = []
        self._now: Placemark | None = None
        self._data = self._shown = ""
        self._text: list[str] = []
        self._length = 0

    def parser(self) -> Any:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        return parser

    def _refuse(self, *_: object) -> None:
        raise RefusedFormat(self._file, name=Text("带 DOCTYPE 声明的 XML", "XML with a DOCTYPE"))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        self._path.append(local)
        self._text, self._length = [], 0
        if local == "Folder":
            self._folders.append("")
        elif local == "Placemark":
            self._now = Placemark()
            if folders := "/".join(folder for folder in self._folders if folder):
                self._now.attributes[FOLDER] = folders
        elif local in ("Data", "SimpleData"):
            self._data, self._shown = attributes.get("name", ""), ""
        elif local == "Track" and self._now is not None:
            self._now.tracks.append([])

    def _characters(self, text: str) -> None:
        # Of a list only the first coordinate is of use, and an attribute has its limit: only walks grow with the file.
        if self._length < MAX_TEXT:
            self._text.append(text[: MAX_TEXT - self._length])
            self._length += len(text)

    def _end(self, tag: str) -> None:
        local = self._path.pop()
        text = "".join(self._text).strip()
        if local == "Folder":
            self._folders.pop()
        elif local == "name" and self._path[-1:] == ["Folder"]:
            self._folders[-1] = text
        elif local == "Placemark" and self._now is not None:
            self.done.append(_with_described(self._now))
            self._now = None
        elif self._now is not None:
            self._keep(self._now, local, text)
        self._text, self._length = [], 0

    def _keep(self, now: Placemark, local: str, text: str) -> None:
        parent = self._path[-1] if self._path else ""
        if (name := _NAMES.get((parent, local))) and (text or name == "Name"):
            now.attributes[name] = text or None
        elif (local == "value" and parent == "Data") or local == "SimpleData":
            if name := self._shown or self._data:
                now.attributes[name] = text or None
        elif local == "displayName" and parent == "Data" and not text.isascii():
            # What people see in the program; the name is the machine's.
            self._shown = text
        elif parent == "ExtendedData" and local not in ("Data", "SchemaData") and text:
            now.attributes[local] = text
        elif local in ("coordinates", "coord") and now.first is None and "innerBoundaryIs" not in self._path:
            # GDAL begins with the outer ring, wherever it stands.
            now.first = _first(text)
        if local == "coord" and now.tracks:
            now.tracks[-1].append(_first(text) or (nan, nan))


def _with_described(placemark: Placemark) -> Placemark:
    """Add what a table in the description says and no attribute of its own does; the description stays too."""
    for name, value in described(str(placemark.attributes.get("Description") or "")).items():
        placemark.attributes.setdefault(name, value or None)
    return placemark


def _one_line(value: Value) -> str:
    return " ".join(str(value or "").split())


def _first(text: str) -> tuple[float, float] | None:
    numbers = text.replace(",", " ").split(maxsplit=2)[:2]
    try:
        return (float(numbers[0]), float(numbers[1]))
    except (ValueError, IndexError):
        return None


def read_placemarks(path: Path, *, name: str = "") -> list[Placemark]:
    """Return every placemark of a KML file with its attributes, in the order of the file.

    Raises
    ------
    RefusedFormat
        It declares a document type.
    UnreadableFile
        It is no whole XML.
    """
    reader = _Reader(name)
    try:
        with path.open("rb") as stream:
            reader.parser().ParseFile(stream)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableFile(name, detail=plain_words(error)) from None
    return reader.done


def read_kml(path: Path, *, name: str) -> Iterator[RawLayer]:
    """Yield the layers of a KML file: geometry from OGR, attributes from `read_placemarks`.

    Placemarks that OGR leaves out, for want of a geometry that it reads, come last as a layer of their own.

    Raises
    ------
    RefusedFormat, UnreadableFile
        As `read_placemarks` says, or OGR cannot open it.
    """
    placemarks = read_placemarks(path, name=name)
    _rewritten(path)
    waiting: dict[_Key, deque[Placemark]] = defaultdict(deque)
    unplaced: dict[str, deque[Placemark]] = defaultdict(deque)
    for placemark in placemarks:
        if placemark.key is not None:
            waiting[placemark.key].append(placemark)
        else:
            unplaced[placemark.title].append(placemark)
    fields = list(dict.fromkeys(key for placemark in placemarks for key in placemark.attributes))
    alone: list[str] = []
    for layer in read_vector(path, FORMATS["kml"], name=name):
        layer.name = layer.name.removesuffix(":Layer #0")
        layer.features = _joined(layer.features, waiting, unplaced, alone)
        layer.fields = fields
        layer.assumed_crs = layer.loops = True
        # Where there are placemarks that OGR leaves out, they come behind and speak for themselves.
        layer.empty_is_told = not placemarks
        yield layer
    rest = {id(item) for queue in (*waiting.values(), *unplaced.values()) for item in queue}
    left = [item for item in placemarks if id(item) in rest]
    if left or alone:
        yield _rest(left, alone, fields, name)


def _rewritten(path: Path) -> None:
    """Write a KML again as OGR can read it.

    It knows only bare names (``Placemark``, not ``kml:Placemark``), and takes a blank behind a comma for the end of a
    corner (``115.6, 37.6, 0``).
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found, spaced = _PREFIXED.search(content[:4096]), _SPACED.search(content) is not None
    if found is None and not spaced:
        return
    data = path.read_bytes()
    if found is not None:
        names = re.compile(rb"(</?)" + found[1] + rb":")
        data = names.sub(rb"\1", data).replace(b"xmlns:" + found[1] + b"=", b"xmlns=", 1)
    path.write_bytes(_CORNERS.sub(_closed_up, data) if spaced else data)


def _closed_up(found: re.Match[bytes]) -> bytes:
    """Return a list of corners without blanks around commas; as it stands, where commas part the corners too."""
    text = re.sub(rb"\s*,\s*", b",", found[2])
    return found[1] + text if {corner.count(b",") for corner in text.split()} in ({1}, {2}) else found[0]


def _joined(
    features: Iterator[RawFeature],
    waiting: dict[_Key, deque[Placemark]],
    unplaced: dict[str, deque[Placemark]],
    alone: list[str],
) -> Iterator[RawFeature]:
    for feature in features:
        first = _first_of(feature.geometry)
        title = _one_line(feature.attributes.get("Name"))
        queue = waiting.get((title, *first)) if first else _only_named(waiting, title)
        if not queue and (queue := unplaced.get(title)):
            # A point without coordinates lies at 0, 0 to OGR.
            feature.geometry = None
        if queue:
            feature.attributes = queue.popleft().attributes
            if title := _one_line(feature.attributes.get("Name")):
                feature.where = f"{feature.where} {title[:40]}"
        elif feature.geometry is not None:
            alone.append(feature.where)
        feature.where = feature.where.replace(":Layer #0", "")
        yield feature


def _only_named(waiting: dict[_Key, deque[Placemark]], title: str) -> deque[Placemark] | None:
    """Return the one placemark of a name, for a feature whose boundary could not be read."""
    named = [queue for key, queue in waiting.items() if key[0] == title and queue]
    return named[0] if len(named) == 1 and len(named[0]) == 1 else None


def _first_of(geometry: shapely.Geometry | None) -> tuple[float, float] | None:
    if geometry is None or geometry.is_empty:
        return None
    x, y = shapely.get_coordinates(geometry)[0]
    return (round(float(x), 9), round(float(y), 9))


def _rest(left: list[Placemark], alone: list[str], fields: list[str], name: str) -> RawLayer:
    features = (_walked(item, f"{name} {item.attributes.get('Name') or ''}".strip()) for item in left)
    findings = [Place(name).finding("kml_unmatched", count=str(len(alone)))] if alone else []
    return RawLayer(
        name=name,
        driver="KML",
        declared_crs="EPSG:4326",
        fields=fields,
        features=iter(features),
        findings=findings,
        assumed_crs=True,
        empty_is_told=bool(left),
        walks=True,
    )


def _walked(placemark: Placemark, where: str) -> RawFeature:
    """Return the walks of a placemark, a line each; without a geometry where it has none, or no sound one."""
    walks = [walk for walk in placemark.tracks if len(walk) > 1]
    fixes = np.array([fix for walk in walks for fix in walk]).reshape(-1, 2)
    bad = np.flatnonzero(~np.isfinite(fixes).all(axis=1))
    findings = [Place(where).finding("bad_corner", row=str(int(bad[0]) + 1))] if len(bad) else []
    lines = [] if len(bad) else [shapely.LineString(walk) for walk in walks]
    geometry = shapely.MultiLineString(lines) if len(lines) > 1 else next(iter(lines), None)
    return RawFeature(where=where, geometry=geometry, attributes=placemark.attributes, findings=findings)
