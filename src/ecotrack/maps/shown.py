"""Values as a popup shows them: codes as their text, units by name, areas to a hundredth."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from ecotrack.model.layers import FieldDef
from ecotrack.units import round_half_up

if TYPE_CHECKING:
    from ecotrack.maps.model import MapModel

SATELLITE = FieldDef(name="satellite", title_zh="影像核对", title_en="Satellite verdict")
"""What imagery says of a plot, on a reviewer's map."""

COMPUTED = (
    FieldDef(name="area_mu", title_zh="量测面积", title_en="Measured area", type="decimal", unit="亩"),
    FieldDef(name="credited_mu", title_zh="认定面积", title_en="Credited area", type="decimal", unit="亩"),
    FieldDef(name="due_on", title_zh="成活率核查到期", title_en="Survival check due", type="date"),
    SATELLITE,
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


def all_shown(values: Iterable[Any], field: FieldDef, model: MapModel) -> list[Any]:
    """Return a column of values as a popup shows them; each distinct value is worked out once."""
    column = list(values)
    kinds = {type(value) for value in column} - {type(None)}
    if kinds == {float} and field.type not in ("code", "unit"):
        return _hundredths(column)
    if len(kinds) == 1 and kinds <= {str, int, bool, float}:
        known = {value: shown(value, field, model) for value in set(column)}
        return [known[value] for value in column]
    # Values of several kinds: 1 and 1.0 and True are one key of a dictionary, and not one text.
    return [shown(value, field, model) for value in column]


def _hundredths(values: list[float | None]) -> list[float | None]:
    """Return numbers rounded half up to a hundredth, as `ecotrack.units.round_half_up` does.

    Examples
    --------
    >>> _hundredths([52.545, None, 1.234])
    [52.55, None, 1.23]
    """
    numbers = np.array([np.nan if value is None else value for value in values])
    scaled = np.abs(numbers) * 100
    rounded = np.copysign(np.floor(scaled + 0.5) / 100, numbers)
    # Next to a half, and where a double is coarse, its decimal text decides.
    near = ~((np.abs(scaled - np.floor(scaled) - 0.5) > 1e-4) & (scaled < 1e10))
    result: list[float | None] = rounded.tolist()
    for row in np.flatnonzero(near).tolist():
        value = values[row]
        result[row] = None if value is None else float(round_half_up(value, 2))
    return result


def unit_name(code: Any, model: MapModel) -> str | None:
    """Return a unit's name by its code; a code that nobody knows stays as it is."""
    return None if code is None else model.unit_names.get(str(code), str(code))
