"""The table of checks: data of the package, with what an office changes about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from ecotrack.errors import BadConfig, Text
from ecotrack.model.findings import Answer, Level
from ecotrack.model.layers import CheckSetting

Stage = Literal["file", "position", "geometry", "shape", "ground", "attributes"]
"""What a check needs to have been read before it can answer."""

STAGES: dict[Stage, Text] = {
    "file": Text("文件", "file"),
    "geometry": Text("图形", "geometry"),
    "position": Text("坐标", "coordinates"),
    "shape": Text("形状", "shape"),
    "ground": Text("位置和重叠", "ground"),
    "attributes": Text("属性", "attributes"),
}

_TABLE = Path(__file__).with_name("checks.toml")


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One check of the table.

    Attributes
    ----------
    stage
        What must have been read for it to answer.
    level
        ``blocks``, ``warns`` or ``notes``.
    answer
        What a finding of it says: ``failed``, ``not_checked``, or ``passed`` for a remark.
    threshold, tolerance, width, most
        Decimal text; ``unit`` says of what. ``tolerance`` is a share of the threshold, ``width`` metres.
    placed
        Whether it looks at a geometry only where its place is known.
    each
        Whether every feature gets an answer of it; else it only speaks where it has found something.
    covers
        Other checks whose findings answer this one.
    kinds, but_kinds, forms, but_forms
        Values of the plot's kind and form to which it applies, or does not.
    office_zh, office_en
        What only whoever has the command line can do about it.
    layer
        Layer that it needs; where the workspace has none, the check does not apply.
    """

    id: str
    stage: Stage
    level: Level
    answer: Answer = "failed"
    threshold: str | None = None
    tolerance: str | None = None
    width: str | None = None
    most: str | None = None
    unit: str = ""
    placed: bool = False
    each: bool = False
    covers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    but_kinds: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    but_forms: tuple[str, ...] = ()
    layer: str | None = None
    title_zh: str
    title_en: str
    zh: str
    en: str
    mend_zh: str = ""
    mend_en: str = ""
    office_zh: str = ""
    office_en: str = ""

    @property
    def title(self) -> Text:
        """The title in both languages."""
        return Text(self.title_zh, self.title_en)

    @property
    def keeps_out(self) -> bool:
        """Whether a finding of it keeps a feature from being registered.

        A finding on the ground lets it in, so that nothing is lost and both sides of an overlap are known; it
        cannot be accepted as it stands.
        """
        return self.level == "blocks" and self.stage != "ground"

    @property
    def limit(self) -> float:
        """The threshold as a number, 0 where there is none."""
        return float(Decimal(self.threshold or "0"))

    def applies(self, *, kind: str | None = None, form: str | None = None) -> bool:
        """Tell whether a plot of this kind and form is asked.

        Examples
        --------
        >>> check_table()["narrow_belt"].applies(form="林带"), check_table()["narrow_belt"].applies(form="片林")
        (True, False)
        """
        wanted = (not self.kinds or kind in self.kinds) and (not self.forms or form in self.forms)
        return wanted and kind not in self.but_kinds and form not in self.but_forms


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    checks: list[Check]


@cache
def check_table() -> Mapping[str, Check]:
    """Return the package's checks by id, in the order of the table.

    Examples
    --------
    >>> check_table()["tiny_plot"].threshold, check_table()["tiny_plot"].unit
    ('400', '平方米')
    """
    found = msgspec.toml.decode(_TABLE.read_bytes(), type=_Table).checks
    return {check.id: check for check in found}


def checks_of(settings: Iterable[CheckSetting]) -> dict[str, Check]:
    """Return the checks as an office has set them.

    Parameters
    ----------
    settings
        The ``[[checks]]`` of a layer; what they leave out stays as it is.

    Raises
    ------
    BadConfig
        A setting names a check that there is none of, or a threshold that is no number.

    Examples
    --------
    >>> checks_of([CheckSetting(id="tiny_plot", threshold="300")])["tiny_plot"].limit
    300.0
    """
    table = dict(check_table())
    for setting in settings:
        known = table.get(setting.id)
        if known is None or (setting.threshold is not None and not _is_number(setting.threshold)):
            raise BadConfig("layers/*.toml: [[checks]]", detail=f"{setting.id} {setting.threshold or ''}".strip())
        changed = {"level": setting.level, "threshold": setting.threshold, "layer": setting.layer}
        given = {name: value for name, value in changed.items() if value is not None}
        table[setting.id] = msgspec.structs.replace(known, **given)
    return table


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
