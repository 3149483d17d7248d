"""Checks against the ground: borders, water, accepted plots, the other plots of the file, the parent plot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely

from ecotrack.errors import Text
from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.boxes import Ints
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.split import split
from ecotrack.intake.check_shape import Measures, Subject
from ecotrack.intake.checks import Check
from ecotrack.intake.ground_file import GroundFile
from ecotrack.intake.ground_pairs import Effort, Shared, near_pairs, shared_between
from ecotrack.intake.submit_fields import title_in_file
from ecotrack.intake.surroundings import UNIT_LAYERS, Surroundings
from ecotrack.model import PARENT_KINDS, FeatureVersion
from ecotrack.model.findings import Finding
from ecotrack.model.organisation import UnitBook
from ecotrack.units import mu_from_m2

Checks = Mapping[str, Check]
ON_LAYER = ("on_water", "on_forest", "on_farmland")
MAX_TOLD = 12
"""Overlaps of one feature that are told one by one; the largest come first."""

_NOT_IN_TIME = Text("边界过于复杂，比对超过了时限", "the boundaries are so tangled that it took too long")
_CROWDED = Text("文件里互相重叠的图形太多", "far too many features of the file overlap one another")


@dataclass
class GroundFindings:
    """Findings on the ground, and the strips that a repair would clip.

    Attributes
    ----------
    findings
        In the order of the features.
    slivers
        Number of a feature to the geometries beside it that only a sliver is shared with.
    """

    findings: list[Finding] = field(default_factory=list)
    slivers: dict[int, list[shapely.Geometry]] = field(default_factory=dict)


def ground_findings(
    subjects: Sequence[Subject],
    geometries: Geometries,
    measures: Measures,
    around: Surroundings,
    *,
    checks: Checks,
    units: UnitBook,
    file: GroundFile | None = None,
    first: int = 0,
) -> GroundFindings:
    """Compare valid polygons with what lies around them and with one another.

    Parameters
    ----------
    geometries, measures
        Of the subjects, EPSG:4490.
    checks
        The table as the office has set it.
    file
        The whole file, where the subjects are a block of it, and ``first`` the position of the first of them.
    """
    result = GroundFindings()
    if file is None:
        file = GroundFile(most_corners=checks["many_vertices"].limit)
        file.add(subjects, geometries, measures)
    work = _Ground(subjects, geometries, measures, around, checks, units, result, file, first)
    light = measures.corners <= checks["many_vertices"].limit
    rows = np.flatnonzero(light)
    result.findings += work.borders(rows)
    result.findings += work.layers(rows)
    result.findings += work.parents(rows)
    work.beside_accepted(rows)
    work.inside_file(rows)
    return result


class _Ground:
    def __init__(
        self,
        subjects: Sequence[Subject],
        geometries: Geometries,
        measures: Measures,
        around: Surroundings,
        checks: Checks,
        units: UnitBook,
        result: GroundFindings,
        file: GroundFile,
        first: int,
    ) -> None:
        self.subjects, self.geometries, self.areas = subjects, geometries, measures.area_m2
        self.around, self.checks, self.units, self.result = around, checks, units, result
        self.file, self.first = file, first

    def _sketch(self, *layers: str) -> dict[str, str]:
        drawn = any(layer in self.around.sketch for layer in layers)
        return {
            "sketch_zh": "（界线为示意，仅供参考）" if drawn else "",
            "sketch_en": " (its outline is a sketch)" if drawn else "",
        }

    def _unit_name(self, code: str | None) -> Text:
        unit = self.units.get(code or "")
        return Text(unit.name_zh, unit.name_en) if unit else Text(code or "单位未填", code or "no unit")

    def borders(self, rows: np.ndarray) -> Iterator[Finding]:
        """Tell how much lies outside the city and outside the unit that a feature names."""
        counties = self.around.zones.get("counties")
        if not counties or not len(rows):
            return
        cut = split(self.geometries[rows], geometries_of(counties), areas=self.areas[rows])
        least = np.maximum(self.checks["outside_city"].limit, self.areas[rows] * 1e-6)
        out = np.flatnonzero(cut.outside_m2 > least)
        sketch = self._sketch("counties")
        yield from self._share_findings("outside_city", rows[out], cut.outside_m2[out], [sketch] * len(out))
        inside, cells = self._inside_units(rows), [cell.feature_id for cell in counties]
        lies_in: dict[int, list[str]] = {}
        for row, cell, ground in zip(cut.polygon.tolist(), cut.cell.tolist(), cut.area_m2.tolist(), strict=True):
            if ground > 1:
                lies_in.setdefault(int(rows[row]), []).append(cells[cell])
        outside = np.array([self.areas[i] - inside.get(i, self.areas[i]) for i in rows.tolist()])
        out = np.flatnonzero(outside > self.areas[rows] * self.checks["outside_unit"].limit / 100)
        facts = [self._unit_facts(self.subjects[i].version.unit, lies_in.get(i, [])) for i in rows[out].tolist()]
        yield from self._share_findings("outside_unit", rows[out], outside[out], facts)

    def _inside_units(self, rows: np.ndarray) -> dict[int, float]:
        """Return the ground inside the named unit, by whichever layer draws most of it as the unit's; m2."""
        inside: dict[int, float] = {}
        for layer in UNIT_LAYERS:
            cells = {cell.feature_id: cell.geometry for cell in self.around.zones.get(layer, ())}
            named = [i for i in rows.tolist() if self.subjects[i].version.unit in cells]
            for code in {self.subjects[i].version.unit for i in named}:
                some = [i for i in named if self.subjects[i].version.unit == code]
                for i, part in zip(some, _ground_in(self.geometries[some], self.areas[some], cells[code]), strict=True):
                    inside[i] = max(inside.get(i, 0.0), part)
        return inside

    def _unit_facts(self, unit: str | None, lies_in: Sequence[str]) -> dict[str, str]:
        name, others = self._unit_name(unit), [self._unit_name(code) for code in lies_in if code != unit]
        zh, en = "、".join(o.zh for o in others), ", ".join(o.en for o in others)
        told = {"others_zh": f"，落在{zh}" if zh else "", "others_en": f", in {en}" if en else ""}
        return {"unit_zh": name.zh, "unit_en": name.en, **told, **self._sketch(*UNIT_LAYERS)}

    def _share_findings(
        self, name: str, rows: Ints, ground_m2: Floats, facts: Sequence[dict[str, str]]
    ) -> Iterator[Finding]:
        check, inner = self.checks[name], shapely.get_coordinates(shapely.point_on_surface(self.geometries[rows]))
        shares = 100 * ground_m2 / self.areas[rows]
        table = zip(rows.tolist(), ground_m2.tolist(), shares.tolist(), inner.tolist(), facts, strict=True)
        for i, ground, share, (lon, lat), more in table:
            place = self.subjects[i].place._replace(lonlat=(lon, lat))
            told = {"area_mu": f"{mu_from_m2(ground):.2f}", "share_pct": f"{share:.1f}"}
            yield place.finding_of(check, **told, **more)

    def layers(self, rows: np.ndarray) -> Iterator[Finding]:
        """Tell what lies on water, on existing forest, on farmland, where there are such layers."""
        for name in ON_LAYER:
            check = self.checks[name]
            cells = self._polygons(check.layer)
            asked = np.array([i for i in rows.tolist() if self.subjects[i].asked(check)], dtype=np.int64)
            if not len(cells) or not len(asked):
                continue
            near = near_pairs(self.geometries[asked], cells, Effort())
            shared = shared_between(self.geometries[asked[near.left]], cells[near.right], self.file.effort_layers)
            ground: Floats = np.zeros(len(asked))
            np.add.at(ground, near.left, np.nan_to_num(shared.area_m2))
            wet = np.flatnonzero(ground > self.areas[asked] * check.limit / 100)
            sketch = self._sketch(check.layer or "")
            yield from self._share_findings(name, asked[wet], ground[wet], [sketch] * len(wet))

    def _polygons(self, layer: str | None) -> Geometries:
        cells: Sequence[Feature] = self.around.zones.get(layer or "", ())
        return geometries_of([cell for cell in cells if "Polygon" in cell.geometry.geom_type])

    def parents(self, rows: np.ndarray) -> Iterator[Finding]:
        """Hold replanting, tending, renewal and redo to the plot that they name as parent."""
        for i in rows.tolist():
            item = self.subjects[i]
            if not item.asked(self.checks["parent_share"]):
                continue
            parent_id, kind = item.version.parent_id, str(item.version.kind)
            parent = self._parent(parent_id)
            if parent is None:
                text = _no_parent(parent_id)
                yield item.place.finding_of(self.checks["parent_missing"], kind=kind, zh=text.zh, en=text.en)
                continue
            on_it = area_m2([shapely.intersection(self.geometries[i], parent)])[0]
            share = 100 * float(on_it) / float(self.areas[i])
            enough = share >= self.checks["parent_share"].limit
            facts = {"share_pct": f"{share:.1f}", "other": str(parent_id), "kind": kind}
            yield item.place.finding_of(self.checks["parent_found" if enough else "parent_share"], **facts)

    def _parent(self, parent_id: str | None) -> shapely.Geometry | None:
        known = self.around.named.get(parent_id or "")
        if known is not None:
            return from_wkb([known.wkb])[0]
        place = self.file.place_of.get(parent_id or "")
        return None if place is None else from_wkb([self.file.wkb[place]])[0]

    def beside_accepted(self, rows: np.ndarray) -> None:
        """Tell each accepted plot that shares ground, but those that the feature mends or lies on by its kind."""
        if not len(self.around.geometries):
            return
        near = near_pairs(self.geometries[rows], self.around.geometries, self.file.effort_beside)
        if near.crowded:
            self._not_compared(rows.tolist(), _CROWDED)
        left = rows[near.left]
        stands = [not self._belongs(i, self.around.accepted[j]) for i, j in zip(left, near.right, strict=True)]
        left, right = left[stands], near.right[stands]
        others = area_m2(self.around.geometries[right])
        names = [self._accepted_facts(self.around.accepted[j]) for j in right.tolist()]
        shapes = self.around.geometries[right]
        shared = shared_between(self.geometries[left], shapes, self.file.effort_beside)
        self._tell(left, shared, others, names, shapes.__getitem__, suffix="")

    def _belongs(self, i: int, other: FeatureVersion) -> bool:
        version = self.subjects[i].version
        own_parent = version.kind in PARENT_KINDS and other.feature_id == version.parent_id
        return own_parent or other.feature_id == version.feature_id

    def _accepted_facts(self, other: FeatureVersion) -> dict[str, str]:
        unit = self._unit_name(other.unit)
        named = {"other_unit_zh": unit.zh, "other_unit_en": unit.en, "other_season": other.season or "-"}
        named |= {"other_zh": f"“{other.feature_id}”", "other_en": f"'{other.feature_id}'"}
        return {"other": other.feature_id, "whose_zh": "已认定地块", "whose_en": "the accepted plot", **named}

    def inside_file(self, rows: np.ndarray) -> None:
        """Tell the features of the file that share ground with one another."""
        pairs, file = self.file.pairs, self.file
        if pairs.crowded:
            self._not_compared(rows.tolist(), _CROWDED)
        mine = slice(*np.searchsorted(pairs.left, (self.first, self.first + len(self.subjects))))
        left, right = pairs.left[mine] - self.first, pairs.right[mine]
        shared = Shared(*(column[mine] for column in pairs.shared))
        names = [_other_facts(file.names[j], file.numbers[j]) for j in right.tolist()]

        def shape(k: int) -> shapely.Geometry:
            return from_wkb([file.wkb[right[k]]])[0]

        self._tell(left, shared, file.areas_m2[right], names, shape, suffix="_in_file")

    def _not_compared(self, rows: Sequence[int], why: Text) -> None:
        for i in dict.fromkeys(rows):
            check = self.checks["ground_not_compared"]
            self.result.findings.append(self.subjects[i].place.finding_of(check, zh=why.zh, en=why.en))

    def _tell(
        self,
        left: Ints,
        shared: Shared,
        other_m2: Floats,
        names: list[dict[str, str]],
        other: Callable[[int], shapely.Geometry],
        *,
        suffix: str,
    ) -> None:
        """Make the finding of each pair that shares ground, the largest of a feature first."""
        self._not_compared(left[np.isnan(shared.area_m2)].tolist(), _NOT_IN_TIME)
        told: dict[int, int] = {}
        for k in np.lexsort((-shared.area_m2, left)).tolist():
            ground, i = float(shared.area_m2[k]), int(left[k])
            if not ground > 0.01 or told.get(i, 0) >= MAX_TOLD:
                continue
            told[i] = told.get(i, 0) + 1
            name = self._kind_of_overlap(ground, float(shared.width_m[k]), i, float(other_m2[k]))
            if name == "overlap_sliver":
                self.result.slivers.setdefault(self.subjects[i].number, []).append(other(k))
            full = name + suffix if name == "overlap" else name.replace("_part", suffix + "_part")
            place = self.subjects[i].place._replace(lonlat=(float(shared.lonlat[k, 0]), float(shared.lonlat[k, 1])))
            facts = self._overlap_facts(ground, float(shared.width_m[k]), i, float(other_m2[k]))
            self.result.findings.append(place.finding_of(self.checks[full], **names[k], **facts))

    def _kind_of_overlap(self, ground_m2: float, width_m: float, i: int, other_m2: float) -> str:
        area = float(self.areas[i])
        sliver = self.checks["overlap_sliver"]
        if 100 * ground_m2 / (area + other_m2 - ground_m2) >= self.checks["near_duplicate"].limit:
            return "near_duplicate"
        if ground_m2 < sliver.limit or width_m < float(sliver.width or 0):
            return "overlap_sliver"
        large = 100 * ground_m2 / min(area, other_m2) >= self.checks["overlap"].limit
        return "overlap" if large else "overlap_part"

    def _overlap_facts(self, ground_m2: float, width_m: float, i: int, other_m2: float) -> dict[str, str]:
        area = float(self.areas[i])
        return {
            "area_m2": f"{ground_m2:.2f}",
            "area_mu": f"{mu_from_m2(ground_m2):.2f}",
            "share_pct": f"{100 * ground_m2 / area:.1f}",
            "width_m": f"{width_m:.2f}",
            "iou_pct": f"{100 * ground_m2 / (area + other_m2 - ground_m2):.1f}",
        }


def _ground_in(shapes: Geometries, areas_m2: Floats, cell: shapely.Geometry) -> list[float]:
    """Return how much of each shape lies in a cell; only those on its border are cut."""
    shapely.prepare(cell)
    whole, some = shapely.contains_properly(cell, shapes), shapely.intersects(cell, shapes)
    ground = np.where(whole, areas_m2, 0.0)
    cut = some & ~whole
    ground[cut] = area_m2(shapely.intersection(shapes[cut], cell))
    found: list[float] = ground.tolist()
    return found


def _no_parent(parent_id: str | None) -> Text:
    if parent_id:
        return Text(f"但登记库里没有原小班号“{parent_id}”", f"but the register holds no parent '{parent_id}'")
    return Text("必须填原小班号", "so it must name its parent plot")


def _other_facts(name: str | None, number: int) -> dict[str, str]:
    title = title_in_file(name, number)
    told = {"other_zh": title.zh, "other_en": title.en}
    return {"other": str(number), "whose_zh": "本文件", "whose_en": "this file's", **told}
