"""The sender's file back with the findings as columns, so that a county mends it in its own program."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import fiona
import shapely
from shapely.geometry import mapping

from ecotrack.coordinates import SHIFTED
from ecotrack.errors import Lang, Text
from ecotrack.intake.candidates import Candidate, Value
from ecotrack.intake.check import Checked
from ecotrack.intake.check_blocks import number_of
from ecotrack.intake.column_types import ColumnType
from ecotrack.intake.kept import Ahead
from ecotrack.intake.marks import SHP_PARTS, SHP_VERDICT, VERDICT, Mark, mark_for, own_columns
from ecotrack.intake.tables_cells import escaped
from ecotrack.model.findings import Finding

_STATES = {
    "ready": Text("可以登记", "can be registered"),
    "held": Text("处理后才能通过", "not accepted yet"),
    "waits": Text("改正后再报", "mend first"),
}

_SHP_TEXT = 80
"""Chinese characters that one column of a shapefile holds in UTF-8; longer texts go on in the next column."""


def give_back(checked: Checked, folder: Path, *, lang: Lang) -> Path:
    """Write the file again with three more columns: verdict, findings, how to mend; one feature after the other.

    A shapefile comes back as a zipped shapefile, a GeoJSON as GeoJSON, a table as XLSX, everything else as GeoPackage.
    Geometry and attributes are those that came, in the CRS that came; only features with a finding that has to do
    with them alone bear words. Coordinates that nobody has settled, or that are shifted, are declared in no CRS and
    bear a column that says so (`ecotrack.intake.marks`), so that checked again they are not taken for WGS84.

    Parameters
    ----------
    folder
        Where it is written, whole or not at all, under the sender's name with ``-检查`` behind it.
    """
    drivers = {layer.driver for layer in checked.reading.layers}
    stem = "".join(char for char in Path(checked.upload.file_name).stem if char.isalnum() or char in "-_ ") or "file"
    write, suffix = (
        (_shapefile, ".zip")
        if drivers == {"ESRI Shapefile"}
        else (_geojson, ".geojson")
        if drivers == {"GeoJSON"} and len(checked.reading.layers) == 1
        else (_table, ".xlsx")
        if drivers == {"table"}
        else (_geopackage, ".gpkg")
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-检查{suffix}"
    with tempfile.TemporaryDirectory(prefix=".give-back-", dir=folder) as name:
        made = write(checked, Path(name), lang)
        made.replace(path)
    return path


_Words = tuple[str, str, str]
_Row = tuple[Candidate, _Words]


def _rows(checked: Checked, lang: Lang) -> Iterator[_Row]:
    """Yield each feature as it came with its verdict, its findings and how to mend them."""
    findings = Ahead(checked.findings, number=number_of)
    findings.up_to(0)  # those of the whole file
    for item in checked.reading.candidates:
        found = [finding for finding in findings.up_to(item.number) if finding.level != "notes"]
        yield item, _words(checked.states[item.number], found, lang)


def _words(state: str, found: list[Finding], lang: Lang) -> _Words:
    stop = "；" if lang == "zh" else "; "
    return (
        _STATES[state].lang(lang),
        stop.join(finding.message.lang(lang) for finding in found),
        stop.join(dict.fromkeys(finding.mend.lang(lang) for finding in found)),
    )


@dataclass
class _Known:
    """What must be known of a layer before its first row is written.

    Attributes
    ----------
    crs
        Its CRS, as its first feature with one says.
    kinds
        The types of its geometries.
    mark
        What must be said of its coordinates, where no CRS can.
    types
        Of each attribute, what all its values are.
    """

    name: str
    fields: list[str]
    crs: str | None = None
    kinds: frozenset[str] = frozenset()
    mark: Mark | None = None
    types: dict[str, ColumnType] = field(default_factory=dict)


def _known(checked: Checked) -> dict[str, _Known]:
    """Return what is known of each layer that has features, by its name, in their order."""
    ours = own_columns()
    fields = {layer.name: [name for name in layer.fields if name not in ours] for layer in checked.reading.layers}
    settled = checked.settled is not None and checked.settled.system is not None
    unsettled = {layer.name for layer in checked.reading.layers if layer.open and not settled}
    result: dict[str, _Known] = {}
    systems: dict[str, set[str | None]] = {}
    for item in checked.reading.candidates:
        layer = result.get(item.layer)
        if layer is None:
            layer = result[item.layer] = _Known(f"layer{len(result) + 1}", fields.get(item.layer, []))
        for name in layer.fields:
            layer.types.setdefault(name, ColumnType()).add(item.attributes.get(name))
        if item.submitted_wkb is not None:
            layer.kinds |= {shapely.from_wkb(item.submitted_wkb).geom_type}
            systems.setdefault(item.layer, set()).add(item.submitted_crs)
    for name, found in systems.items():
        _say_where(result[name], found, unsettled=name in unsettled)
    return result


def _say_where(layer: _Known, systems: set[str | None], *, unsettled: bool) -> None:
    """Give a layer the CRS that all its features came in; where none can be said, the mark that says why."""
    shifted = [system for system in SHIFTED if system in systems]
    if unsettled or shifted:
        layer.mark = mark_for(shifted[0] if len(systems) == 1 and shifted else None)
    elif len(systems) == 1:
        layer.crs = next(iter(systems))


def _by_layer(checked: Checked, lang: Lang) -> Iterator[tuple[_Known, Iterator[_Row]]]:
    known = _known(checked)
    for name, rows in groupby(_rows(checked, lang), key=lambda row: row[0].layer):
        yield known[name], rows


def _geometry(item: Candidate) -> Any:
    if item.submitted_wkb is None:
        return None
    return mapping(shapely.force_2d(shapely.from_wkb(item.submitted_wkb)))


def _attributes(item: Candidate, layer: _Known) -> dict[str, Value]:
    return {name: layer.types[name].told(item.attributes.get(name)) for name in layer.fields}


def _write_layer(
    path: Path,
    driver: str,
    layer: _Known,
    rows: Iterator[_Row],
    last: Callable[[_Words], Mapping[str, str]],
    *,
    lang: Lang,
    **options: Any,
) -> None:
    """Write the rows of a layer; ``last`` gives the columns that come behind its own."""
    shp = driver == "ESRI Shapefile"
    marked = _marked(layer, short=shp, lang=lang)
    properties = {name: layer.types[name].written(shp=shp) if name in layer.types else "str" for name in layer.fields}
    properties |= dict.fromkeys([*last(("", "", "")), *marked], "str:254" if shp else "str")
    schema = {"geometry": _shp_type(layer.kinds) if shp else "Unknown", "properties": properties}
    mode = "a" if path.exists() and driver != "GPKG" else "w"
    with fiona.open(path, mode, driver=driver, crs=layer.crs, schema=schema, layer=layer.name, **options) as sink:
        sink.writerecords(
            {
                "type": "Feature",
                "geometry": _geometry(item),
                "properties": _attributes(item, layer) | {**last(words)} | marked,
            }
            for item, words in rows
        )


def _marked(layer: _Known, *, short: bool, lang: Lang) -> dict[str, str]:
    """Return the column that says what the coordinates are, where one is needed."""
    if layer.mark is None:
        return {}
    return {layer.mark.short if short else layer.mark.title.lang(lang): layer.mark.value.lang(lang)}


def _shp_type(kinds: frozenset[str]) -> str:
    """Return the one type that a shapefile has; a row without a shape stays a row."""
    if "MultiPoint" in kinds:
        return "MultiPoint"
    return min((kind.removeprefix("Multi") for kind in kinds), default="Polygon")


def _titled(lang: Lang) -> Callable[[_Words], dict[str, str]]:
    titles = [title.lang(lang) for title in VERDICT]
    return lambda words: dict(zip(titles, words, strict=True))


def _geopackage(checked: Checked, folder: Path, lang: Lang) -> Path:
    path = folder / "back.gpkg"
    for layer, rows in _by_layer(checked, lang):
        _write_layer(path, "GPKG", layer, rows, _titled(lang), lang=lang)
    if not path.exists():
        _write_layer(path, "GPKG", _Known("layer1", []), iter(()), _titled(lang), lang=lang)
    return path


def _geojson(checked: Checked, folder: Path, lang: Lang) -> Path:
    path = folder / "back.geojson"
    layer, rows = next(_by_layer(checked, lang), (_Known("layer1", []), iter(())))
    _write_layer(path, "GeoJSON", layer, rows, _titled(lang), lang=lang)
    return path


def _shapefile(checked: Checked, folder: Path, lang: Lang) -> Path:
    packed = folder / "back.zip"
    for layer, rows in _by_layer(checked, lang):
        _write_layer(folder / f"{layer.name}.shp", "ESRI Shapefile", layer, rows, _cut, lang=lang, encoding="UTF-8")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as container:
        for part in sorted(folder.glob("layer*")):
            container.write(part, part.name)
    return packed


def _cut(words: _Words) -> dict[str, str]:
    """Return the three texts in columns that a shapefile can hold; a long one goes on in the next."""
    result = {SHP_VERDICT[0]: words[0]}
    for column, text in zip(SHP_VERDICT[1:], words[1:], strict=True):
        for part in range(SHP_PARTS):
            result[f"{column}{part + 1}"] = text[part * _SHP_TEXT : (part + 1) * _SHP_TEXT]
    return result


def _table(checked: Checked, folder: Path, lang: Lang) -> Path:
    import openpyxl

    path, book = folder / "back.xlsx", openpyxl.Workbook(write_only=True)
    for layer, rows in _by_layer(checked, lang):
        sheet = book.create_sheet(layer.name)
        titles = [Text("位置", "where").lang(lang), *layer.fields, *(title.lang(lang) for title in VERDICT)]
        marked = _marked(layer, short=False, lang=lang)
        sheet.append([escaped(title) for title in (*titles, *marked)])
        for item, words in rows:
            cells = (layer.types[name].cell(item.attributes.get(name)) for name in layer.fields)
            values = (item.where, *cells, *words, *marked.values())
            sheet.append([escaped(value) or None if isinstance(value, str) else value for value in values])
    book.save(path)
    return path
