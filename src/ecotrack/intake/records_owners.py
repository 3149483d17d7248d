"""Whose ground a feature is: a record about it is its unit's own, and no neighbour's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecotrack.errors import NoRegister
from ecotrack.intake.records_values import find_unit
from ecotrack.model import Decision, FeatureVersion, ProgressRecord, UnitBook
from ecotrack.model.layers import REGISTER_SOURCE

if TYPE_CHECKING:
    from ecotrack.intake.records_columns import Plan, RowError
    from ecotrack.intake.records_known import Known
    from ecotrack.intake.records_progress import Line
    from ecotrack.workspace import Workspace

Owners = Mapping[str, frozenset[str]]
"""Feature id to the codes of its units: more than one on a shared border; a feature that no unit owns is left out."""

_UNIT_FIELDS = ("unit", "unit_code", "city_code")
_SHARED_FIELD = "shared_with"
_STOOD = ("accept", "strike")


def owners_in(workspace: Workspace, layer_id: str, feature_ids: Iterable[str]) -> Owners:
    """Return the units of some features of a layer, from its file or from the register.

    A plot is the unit's in whose name it was accepted last, and until then the unit's that sent it last.
    """
    wanted = {*feature_ids}
    if workspace.layers[layer_id].source == REGISTER_SOURCE:
        return _of_plots(workspace, layer_id, wanted)
    found = {
        feature.feature_id: units_named(feature.properties, workspace.units)
        for feature in workspace.features(layer_id)
        if feature.feature_id in wanted
    }
    return {name: units for name, units in found.items() if units}


def units_named(properties: Mapping[str, Any], units: UnitBook) -> frozenset[str]:
    """Return the codes of the units that a feature of a file names as its own.

    Examples
    --------
    >>> from ecotrack.model import Unit
    >>> book = UnitBook([Unit(code="131121", name_zh="枣强县", name_en="Zaoqiang", kind="county"),
    ...                  Unit(code="131126", name_zh="故城县", name_en="Gucheng", kind="county")])
    >>> sorted(units_named({"unit": "枣强县", "shared_with": "131126"}, book))
    ['131121', '131126']
    """
    own = next((str(properties[name]) for name in _UNIT_FIELDS if properties.get(name)), "")
    shared = str(properties.get(_SHARED_FIELD) or "")
    named = [find_unit(text, units) for text in (own, *shared.split(";")) if text.strip()]
    return frozenset(unit.code for unit in named if unit is not None)


def _of_plots(workspace: Workspace, layer_id: str, wanted: set[str]) -> Owners:
    try:
        with workspace.register(read_only=True) as register:
            said = register.named(wanted, layer=layer_id)
    except NoRegister:
        return {}
    verdicts = {decision.subject_id: decision for decision in said.decisions}
    owners: dict[str, frozenset[str]] = {}
    stands: set[str] = set()
    for version in said.versions:  # in the order of recording
        stood = _stood(version, verdicts)
        if version.unit and (stood or version.feature_id not in stands):
            owners[version.feature_id] = frozenset({version.unit})
        stands |= {version.feature_id} if stood else set()
    return owners


def _stood(version: FeatureVersion, verdicts: Mapping[str, Decision]) -> bool:
    about = [verdicts[name] for name in (version.version_id, version.submission_id) if name in verdicts]
    return any(decision.verdict in _STOOD for decision in about)


def answering(records: Iterable[ProgressRecord], known: Known) -> dict[tuple[str, str], frozenset[str]]:
    """Return by layer and id who answers for the features of records: their own units and those of the layer.

    Features that no unit owns are left out: anybody may speak of them who may report.
    """
    named: dict[str, set[str]] = {}
    for record in records:
        if record.feature_id:
            named.setdefault(record.layer, set()).add(record.feature_id)
    return {
        (layer, feature): own | {*known.layers[layer].responsible_units}
        for layer, features in named.items()
        for feature, own in known.owners(layer, sorted(features)).items()
    }


def foreign_rows(plan: Plan, lines: Sequence[Line], known: Known) -> list[RowError]:
    """Return an error for each row in which a unit reports about what another unit answers for.

    Departments and the city may speak of every feature; where no unit of the feature stands any more, nobody is
    refused.
    """
    named = {line.record.feature_id for line in lines if line.record.feature_id and line.record.unit}
    owners = known.owners(plan.layer.id, sorted(named)) if named else {}
    return [error for line in lines if (error := _foreign(plan, line, owners, known)) is not None]


def _foreign(plan: Plan, line: Line, owners: Owners, known: Known) -> RowError | None:
    record = line.record
    own = owners.get(record.feature_id or "", frozenset())
    unit = known.units.get(record.unit or "")
    if unit is None or not unit.reports or unit.code in own | {*plan.layer.responsible_units}:
        return None
    standing = [one for one in known.units if one.code in own and one.stands_on(record.effective_on)]
    if not standing:
        return None
    feature = record.feature_id
    names = "、".join(one.name_on(record.effective_on) for one in standing)
    zh = f"“{feature}”归{names}负责，责任单位不能填{unit.name_zh}；请核对要素编号和责任单位"
    en = f"'{feature}' is of {', '.join(one.name_en for one in standing)}, not of {unit.name_en}: mend the id or unit"
    return plan.error(line.row, "feature_id", zh, en)
