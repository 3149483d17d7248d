"""Texts of a configuration that must have a form: what does not fit is refused when the file is read."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ecotrack.errors import Text

_AMOUNT = r"^\d{1,15}(\.\d{1,15})?$"
_NUMBER = r"^-?\d{1,15}(\.\d{1,15})?$"
_PERCENT = r"^(100(\.0+)?|\d{1,2}(\.\d{1,10})?)$"
_MONTH_DAY = r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$|^(0[13-9]|1[0-2])-(29|30)$|^(0[13578]|1[02])-31$"
_COLOR = r"^#[0-9A-Fa-f]{6}$"

FORMS: dict[str, Text] = {
    _AMOUNT: Text('不小于0的数，写在引号里，如 "10"', 'a number from 0 on, in quotes: "10"'),
    _NUMBER: Text('数，写在引号里，如 "33.5"', 'a number in quotes: "33.5"'),
    _PERCENT: Text('0到100的百分数，写在引号里，如 "85"', 'a percentage from 0 to 100, in quotes: "85"'),
    _MONTH_DAY: Text('月和日，如 "10-31"', 'a month and a day: "10-31"'),
    _COLOR: Text('颜色，如 "#1f7a6d"', 'a colour: "#1f7a6d"'),
}
"""What each form is, as a person is told."""

Amount = Annotated[str, msgspec.Meta(pattern=_AMOUNT)]
"""A number of nought or more, as decimal text."""

Number = Annotated[str, msgspec.Meta(pattern=_NUMBER)]
"""A number, as decimal text."""

Percent = Annotated[str, msgspec.Meta(pattern=_PERCENT)]
"""A share in percent, from 0 to 100, as decimal text."""

MonthDay = Annotated[str, msgspec.Meta(pattern=_MONTH_DAY)]
"""Month and day that every year has, ``10-31``."""

Color = Annotated[str, msgspec.Meta(pattern=_COLOR)]
"""A colour, ``#rrggbb``."""
