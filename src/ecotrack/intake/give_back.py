"""The sender's file back with the findings as columns, so that a county mends it in its own program."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import fiona
import shapely
from shapely.geometry import mapping

from ecotrack.coordinates import SHIFTED
from ecotrack.errors import Lang, Text
from ecotrack.geometry.codec import STORED_CRS
from ecotrack.intake.candidates import Candidate
from ecotrack.intake.check import Checked
from ecotrack.intake.submit_fields import as_text
from ecotrack.intake.tables_cells import escaped
from ecotrack.model.findings import Finding

_STATES = {
    "ready": Text("可以登记", "can be registered"),
    "held": Text("处理后才能通过", "not accepted yet"),
    "waits": Text("改正后再报", "mend first"),
}
_COLUMNS = (Text("检查结论", "verdict"), Text("检查问题", "findings"), Text("改法", "mend"))
_SHP_COLUMNS = ("JC_JL", "JC_WT", "JC_GF")
"""The same columns where a name has ten bytes: 检查结论, 检查问题, 改法 by their initials."""

_SHP_TEXT = 80
"""Chinese characters that one column of a shapefile holds in UTF-8; longer texts go on in the next column."""

_SHP_PARTS = 3


def give_back(checked: Checked, folder: Path, *, lang: Lang) -> Path:
    """Write the file again with three more columns: verdict, findings, how to mend.

    A shapefile comes back as a zipped shapefile, a GeoJSON as GeoJSON, a table as XLSX, everything else as GeoPackage.
    Geometry and attributes are those that came, in the CRS that came; only features with a finding that has to do
    with them alone bear words.

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
        if drivers == {"GeoJSON"}
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


def _state(checked: Checked, number: int) -> str:
    if number in checked.held:
        return "held"
    ready = {item.number for item in checked.proposal.subjects} - set(checked.proposal.waiting)
    return "ready" if number in ready else "waits"


def _words(checked: Checked, lang: Lang) -> dict[int, tuple[str, str, str]]:
    found: dict[int, list[Finding]] = {}
    for finding in checked.findings:
        if finding.feature and finding.level != "notes":
            found.setdefault(int(finding.feature), []).append(finding)
    stop = "；" if lang == "zh" else "; "
    return {
        item.number: (
            _STATES[_state(checked, item.number)].lang(lang),
            stop.join(finding.message.lang(lang) for finding in found.get(item.number, ())),
            stop.join(dict.fromkeys(finding.mend.lang(lang) for finding in found.get(item.number, ()))),
        )
        for item in checked.reading.candidates
    }


def _geometry(item: Candidate) -> Any:
    if item.submitted_wkb is None:
        return None
    return mapping(shapely.force_2d(shapely.from_wkb(item.submitted_wkb)))


def _crs(items: Iterable[Candidate]) -> str | None:
    known = next((item.submitted_crs for item in items if item.submitted_crs), None)
    return STORED_CRS if known in SHIFTED else known


def _attributes(item: Candidate, fields: Sequence[str]) -> dict[str, str | None]:
    return {name: as_text(item.attributes.get(name)) for name in fields}


def _layers(checked: Checked) -> Iterable[tuple[str, list[str], list[Candidate]]]:
    for number, layer in enumerate(checked.reading.layers, 1):
        items = [item for item in checked.reading.candidates if item.layer == layer.name]
        yield f"layer{number}", layer.fields, items


def _write_layer(
    path: Path, driver: str, name: str, rows: list[dict[str, Any]], shapes: list[Any], crs: str | None, **options: Any
) -> None:
    properties = dict.fromkeys(rows[0], "str" if driver != "ESRI Shapefile" else "str:254")
    schema = {"geometry": "Unknown" if driver != "ESRI Shapefile" else "Polygon", "properties": properties}
    mode = "a" if path.exists() and driver != "GPKG" else "w"
    with fiona.open(path, mode, driver=driver, crs=crs, schema=schema, layer=name, **options) as sink:
        for row, shape in zip(rows, shapes, strict=True):
            sink.write({"type": "Feature", "geometry": shape, "properties": row})


def _full_rows(checked: Checked, fields: Sequence[str], items: Sequence[Candidate], lang: Lang) -> list[dict[str, Any]]:
    words, titles = _words(checked, lang), [title.lang(lang) for title in _COLUMNS]
    return [_attributes(item, fields) | dict(zip(titles, words[item.number], strict=True)) for item in items]


def _geopackage(checked: Checked, folder: Path, lang: Lang) -> Path:
    path = folder / "back.gpkg"
    for name, fields, items in _layers(checked):
        if items:
            rows = _full_rows(checked, fields, items, lang)
            _write_layer(path, "GPKG", name, rows, [_geometry(item) for item in items], _crs(items))
    if not path.exists():
        _write_layer(path, "GPKG", "layer1", [{"note": ""}], [None], None)
    return path


def _geojson(checked: Checked, folder: Path, lang: Lang) -> Path:
    path = folder / "back.geojson"
    _, fields, items = next(iter(_layers(checked)))
    rows = _full_rows(checked, fields, items, lang) or [{"note": ""}]
    shapes = [_geometry(item) for item in items] or [None]
    _write_layer(path, "GeoJSON", "back", rows, shapes, _crs(items))
    return path


def _shapefile(checked: Checked, folder: Path, lang: Lang) -> Path:
    words, packed = _words(checked, lang), folder / "back.zip"
    for name, fields, items in _layers(checked):
        drawn = [item for item in items if (shape := _geometry(item)) and "Polygon" in shape["type"]]
        if drawn:
            rows: list[dict[str, Any]] = [{**_attributes(i, fields), **_cut(words[i.number])} for i in drawn]
            shapes = [_geometry(item) for item in drawn]
            _write_layer(folder / f"{name}.shp", "ESRI Shapefile", name, rows, shapes, _crs(drawn), encoding="UTF-8")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as container:
        for part in sorted(folder.glob("layer*")):
            container.write(part, part.name)
    return packed


def _cut(words: tuple[str, str, str]) -> dict[str, str]:
    """Return the three texts in columns that a shapefile can hold; a long one goes on in the next."""
    result = {_SHP_COLUMNS[0]: words[0]}
    for column, text in zip(_SHP_COLUMNS[1:], words[1:], strict=True):
        for part in range(_SHP_PARTS):
            result[f"{column}{part + 1}"] = text[part * _SHP_TEXT : (part + 1) * _SHP_TEXT]
    return result


def _table(checked: Checked, folder: Path, lang: Lang) -> Path:
    import openpyxl

    path, book = folder / "back.xlsx", openpyxl.Workbook(write_only=True)
    for name, fields, items in _layers(checked):
        sheet = book.create_sheet(name)
        titles = [Text("位置", "where").lang(lang), *fields, *(title.lang(lang) for title in _COLUMNS)]
        sheet.append([escaped(title) for title in titles])
        for item, row in zip(items, _full_rows(checked, fields, items, lang), strict=True):
            sheet.append([escaped(str(value)) if value else None for value in (item.where, *row.values())])
    book.save(path)
    return path
