"""One sample record, with an id that the seed fixes."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal

from ecotrack.model import Fields, ProgressRecord
from ecotrack.register import stable_id

BASIS = "示例数据"


def sample_record(
    seed: int,
    layer: str,
    kind: str,
    effective_on: dt.date,
    *,
    feature_id: str | None = None,
    unit: str | None = None,
    state: str | None = None,
    value: Decimal | None = None,
    value_unit: str | None = None,
    fields: Fields | None = None,
    corrects: str | None = None,
) -> ProgressRecord:
    """Return a record marked as sample; its id follows from the seed and from what the record is about."""
    about = sorted((fields or {}).items()) if feature_id is None else feature_id
    work = (fields or {}).get("work"), (fields or {}).get("basis")
    return ProgressRecord(
        record_id=stable_id(seed, layer, kind, effective_on, about, work, state, corrects),
        layer=layer,
        kind=kind,
        effective_on=effective_on,
        feature_id=feature_id,
        unit=unit,
        state=state,
        value=value,
        value_unit=value_unit,
        fields=fields or {},
        basis_document=BASIS,
        sample=True,
        corrects=corrects,
    )


def month_end(year: int, month: int) -> dt.date:
    """Return the last day of a month.

    Examples
    --------
    >>> month_end(2016, 2)
    datetime.date(2016, 2, 29)
    """
    return dt.date(year, month, calendar.monthrange(year, month)[1])
