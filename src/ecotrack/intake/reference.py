"""Reference layers: an official file takes the place of a sketch, after it was checked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any

import shapely

from ecotrack.errors import NotAReference, RefusedReference, Text, UnknownColumn, UnknownUnit
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.coverage import misfit
from ecotrack.geometry.features import Feature, geometries_of, write_geojson
from ecotrack.intake.candidates import Candidate, Reading
from ecotrack.intake.read import Upload, read
from ecotrack.model import Finding, LayerDef, Unit, UnitBook
from ecotrack.units import km2_from_m2
from ecotrack.workspace import Workspace, today

AREA_LIMIT_PCT = 3.0
"""A unit whose area differs more than this from the published one is refused."""

UNIT_LAYERS = ("counties", "report_units")
"""Layers that must be a coverage of units."""


@dataclass(frozen=True, kw_only=True)
class AreaRow:
    """One unit's measured area beside the published one."""

    unit: Unit
    measured_km2: float
    official_km2: float | None

    @property
    def difference_pct(self) -> float | None:
        """Measured less published, in percent of the published area."""
        return (self.measured_km2 / self.official_km2 - 1) * 100 if self.official_km2 else None


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What an official file would become, and what its checks say.

    Attributes
    ----------
    features
        Ready to be written, EPSG:4490.
    areas
        One row for each unit, for layers of units.
    findings
        Those that block keep the file out.
    """

    layer: LayerDef
    reading: Reading
    features: list[Feature]
    areas: list[AreaRow]
    findings: list[Finding]

    @property
    def blocked(self) -> bool:
        """Whether a finding keeps the file out."""
        return not self.features or any(finding.level == "blocks" for finding in self.findings)


def check_reference(
    workspace: Workspace,
    layer_id: str,
    path: Path,
    *,
    crs: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Reference:
    """Read an official file and check it against the layer; nothing is written.

    Parameters
    ----------
    columns
        Name of a field of the layer to the attribute that holds it in the file; what is not named is
        found by name, and the unit of a coverage by its code or name.

    Raises
    ------
    UnknownLayer, NotAReference
        No such layer, or one whose features do not come from a reference file.
    MissingFile, EmptyFile, UnreadableFile
        The file cannot be read.
    UnknownColumn
        ``columns`` names one that the file does not have.
    """
    layer = workspace.layer(layer_id)
    if not layer.source.endswith(".geojson"):
        raise NotAReference(path, layer=layer.title_zh)
    reading = read(
        Upload.from_path(path),
        extent=workspace.config.extent,
        crs=crs,
        encoding=encoding,
        geometry=layer.geometry,
    )
    findings = [finding for finding in reading.all_findings if finding.level != "notes"]
    given = dict(columns or {})
    _refuse_unknown_columns(given, reading)
    if layer_id in UNIT_LAYERS:
        units = workspace.units.counties if layer_id == "counties" else workspace.units.reporting
        expected = [unit for unit in units if unit.stands_on(today())]
        features = _units(reading.candidates, expected, workspace.units, given, findings)
        findings += _coverage_findings(features)
        areas = _areas(features, workspace.units)
        findings += [finding for row in areas if (finding := _area_finding(row))]
    else:
        features, areas = _plain(reading.candidates, layer, given, findings), []
    return Reference(layer=layer, reading=reading, features=features, areas=areas, findings=findings)


def _refuse_unknown_columns(given: Mapping[str, str], reading: Reading) -> None:
    names = list(dict.fromkeys(name for layer in reading.layers for name in layer.fields))
    for field, column in given.items():
        if names and column not in names:
            raise UnknownColumn(f"--field {field}={column}", name=column, known="、".join(names))


def set_reference(workspace: Workspace, reference: Reference, *, path: Path, source: str) -> Path:
    """Put a checked reference layer in the place of the present one, which is kept beside it.

    Returns
    -------
    Path
        Where the layer that was replaced now lies.

    Raises
    ------
    RefusedReference
        The checks do not hold; nothing was written.
    """
    if reference.blocked:
        first = next((f.message for f in reference.findings if f.level == "blocks"), Text("没有要素", "no features"))
        raise RefusedReference(path, zh=first.zh.rstrip("。"), en=first.en.rstrip("."))
    target = workspace.folder / reference.layer.source
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = target.parent / "replaced" / f"{target.stem}-{stamp}.geojson"
    if target.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(target.read_bytes())
    for feature in reference.features:
        feature.properties.update({"sketch": False, "source": source})
    write_geojson(target, reference.features)
    _unmark_sketch(workspace.folder / "layers" / f"{reference.layer.id}.toml")
    return kept


def _unmark_sketch(path: Path) -> None:
    """Turn the layer's own mark off; the rest of the file, comments too, stays as its office wrote it."""
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(r"(?m)^sketch\s*=\s*true\s*$", "sketch = false", text)
    if count:
        partial = path.with_name(path.name + ".part")
        partial.write_text(changed, encoding="utf-8")
        partial.replace(path)


def _geometry(candidate: Candidate) -> Any:
    return from_wkb([candidate.wkb])[0] if candidate.wkb is not None else None


def _units(
    candidates: Sequence[Candidate],
    expected: Sequence[Unit],
    book: UnitBook,
    columns: Mapping[str, str],
    findings: list[Finding],
) -> list[Feature]:
    """Return one feature for each expected unit, found by code or name in whichever column holds them."""
    column = columns.get("code") or _unit_column(candidates, expected, book)
    if column is None:
        findings.append(
            _blocks("codes", "没有一列能对上单位代码或名称", "no column holds the codes or names of the units")
        )
        return []
    parts: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        unit = _resolve(candidate, column, book)
        if unit is None or unit not in expected:
            text = str(candidate.attributes.get(column))
            findings.append(
                _blocks("codes", f"“{text}”不是本图层的单位", f"'{text}' is no unit of this layer", candidate.where)
            )
        elif candidate.wkb is not None:
            parts.setdefault(unit.code, []).append(candidate)
    missing = [unit.name_zh for unit in expected if unit.code not in parts]
    if missing:
        names = "、".join(missing)
        findings.append(_blocks("codes", f"缺少单位：{names}", f"units are missing: {names}"))
    return [_unit_feature(book[code], found) for code, found in sorted(parts.items())]


def _unit_feature(unit: Unit, candidates: Sequence[Candidate]) -> Feature:
    shape = shapely.union_all([_geometry(candidate) for candidate in candidates])
    properties = {"code": unit.code, "name": unit.name_zh, "official_area_km2": unit.official_area_km2}
    return Feature(feature_id=unit.code, name=unit.name_zh, geometry=shape, properties=properties)


def _unit_column(candidates: Sequence[Candidate], expected: Sequence[Unit], book: UnitBook) -> str | None:
    names = dict.fromkeys(name for candidate in candidates for name in candidate.attributes)
    codes = {unit.code for unit in expected}

    def hits(column: str) -> int:
        found = {unit.code for c in candidates if (unit := _resolve(c, column, book)) is not None}
        return len(found & codes)

    best = max(names, key=hits, default=None)
    return best if best is not None and hits(best) > 0 else None


def _resolve(candidate: Candidate, column: str, book: UnitBook) -> Unit | None:
    value = candidate.attributes.get(column)
    try:
        return book.resolve(str(value).removesuffix(".0")) if value is not None else None
    except UnknownUnit:
        return None


def _coverage_findings(features: Sequence[Feature]) -> list[Finding]:
    """Report gaps and overlaps between units in m2; they are never snapped away."""
    if not features:
        return []
    fit = misfit(geometries_of(features))
    pairs, gap_m2 = fit.overlaps, fsum(fit.gap_m2)
    found = [
        _blocks(
            "overlap",
            f"{features[i].name}与{features[j].name}重叠 {size:.2f} 平方米",
            f"{features[i].name} and {features[j].name} overlap by {size:.2f} m2",
        )
        for i, j, size in zip(pairs.left, pairs.right, pairs.shared_m2, strict=True)
    ]
    if gap_m2:
        found.append(
            _blocks("gap", f"单位之间有空隙，共 {gap_m2:.2f} 平方米", f"gaps between units, {gap_m2:.2f} m2 in all")
        )
    return found


def _areas(features: Sequence[Feature], book: UnitBook) -> list[AreaRow]:
    sizes = area_m2(geometries_of(features))
    rows = []
    for feature, size in zip(features, sizes, strict=True):
        unit = book[feature.feature_id]
        official = float(unit.official_area_km2) if unit.official_area_km2 else None
        rows.append(AreaRow(unit=unit, measured_km2=km2_from_m2(float(size)), official_km2=official))
    return rows


def _area_finding(row: AreaRow) -> Finding | None:
    difference = row.difference_pct
    if difference is None or abs(difference) <= AREA_LIMIT_PCT:
        return None
    zh = f"{row.unit.name_zh}面积 {row.measured_km2:.2f} 平方公里，与公布的 {row.official_km2} 相差 {difference:+.2f}%"
    en = f"{row.unit.name_en}: {row.measured_km2:.2f} km2, {difference:+.2f} % off the published {row.official_km2}"
    # Of the 13 report units only whole counties have a published area: functional areas lie inside them.
    level = "warns" if row.unit.kind == "county" and row.measured_km2 < (row.official_km2 or 0) else "blocks"
    return Finding(check="area", level=level, message=Text(zh, en), facts={"unit": row.unit.code})  # type: ignore[arg-type]


def _plain(
    candidates: Sequence[Candidate], layer: LayerDef, columns: Mapping[str, str], findings: list[Finding]
) -> list[Feature]:
    """Return the features of a layer that is no coverage of units, with its fields under their own names."""
    names = {name.lower(): name for candidate in candidates for name in candidate.attributes}
    wanted: dict[str, tuple[str, ...]] = {layer.key: (layer.key,), layer.name_field: (layer.name_field,)}
    wanted |= {field.name: (field.name, *field.aliases, field.title_zh) for field in layer.fields}
    taken = {
        field: columns.get(field) or next((names[alias.lower()] for alias in aliases if alias.lower() in names), None)
        for field, aliases in wanted.items()
    }
    if taken[layer.key] is None:
        findings.append(_blocks("codes", f"没有编号字段 {layer.key}", f"there is no field {layer.key} with the ids"))
        return []
    features = []
    for candidate in candidates:
        if candidate.wkb is None:
            continue
        own = {field: candidate.attributes.get(name) for field, name in taken.items() if name}
        properties = dict(candidate.attributes) | own
        feature_id, name = str(own[layer.key]), own.get(layer.name_field)
        features.append(
            Feature(
                feature_id=feature_id,
                name=None if name is None else str(name),
                geometry=_geometry(candidate),
                properties=properties,
            )
        )
    _check_ids(features, findings)
    return features


def _check_ids(features: Sequence[Feature], findings: list[Finding]) -> None:
    ids = [feature.feature_id for feature in features]
    twice = sorted({name for name in ids if ids.count(name) > 1 or name in ("", "None")})
    if twice:
        names = "、".join(twice[:5])
        findings.append(_blocks("codes", f"编号空缺或重复：{names}", f"ids are empty or repeated: {names}"))


def _blocks(check: str, zh: str, en: str, where: str = "") -> Finding:
    return Finding(check=check, level="blocks", message=Text(zh, en), where=where)
