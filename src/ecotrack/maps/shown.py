"""Values as a popup shows them: codes as their text, units by name, areas to a hundredth."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ecotrack.model.layers import FieldDef
from ecotrack.units import round_half_up

if TYPE_CHECKING:
    from ecotrack.maps.model import MapModel

COMPUTED = (
    FieldDef(name="area_mu", title_zh="量测面积", title_en="Measured area", type="decimal", unit="亩"),
    FieldDef(name="credited_mu", title_zh="认定面积", title_en="Credited area", type="decimal", unit="亩"),
    FieldDef(name="due_on", title_zh="成活率核查到期", title_en="Survival check due", type="date"),
)
"""Fields that a view carries beside those of the layer's definition."""


def shown(value: Any, field: FieldDef, model: MapModel) -> str | int | float | bool | None:
    """Return a field's value as a popup shows it: codes as their text, areas to a hundredth.

    Parameters
    ----------
    value
        The value as the layer or the record holds it.
    field
        Its definition.
    model
        The map, for code lists and unit names.
    """
    if value is None or value == "":
        return None
    if field.type == "code" and field.codes:
        return model.code_lists.get(field.codes, {}).get(str(value), str(value))
    if field.type == "unit":
        return unit_name(value, model)
    if isinstance(value, float):
        return float(round_half_up(value, 2))
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if isinstance(value, (bool, int)) else str(value)


def unit_name(code: Any, model: MapModel) -> str | None:
    """Return a unit's name by its code; a code that nobody knows stays as it is."""
    return None if code is None else model.unit_names.get(str(code), str(code))
