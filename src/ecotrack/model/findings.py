"""Findings: what a check saw, as a value that others draw."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from ecotrack.errors import Text

Level = Literal["blocks", "warns", "notes"]
Answer = Literal["passed", "failed", "not_checked"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One thing that a check saw in one place.

    Attributes
    ----------
    check
        Id of the check (``overlap``, ``claimed_area`` ...).
    level
        ``blocks`` keeps the feature from being accepted, ``warns`` asks a person, ``notes`` tells.
    answer
        ``failed``, or ``not_checked`` where the check could not be made; silence is never a pass.
    message, mend
        What is wrong and what to do about it, for whoever drew or sent it.
    office
        What only whoever has the command line can do about it; mostly empty.
    feature
        Number or id of the feature in its file; ``None`` for the whole file.
    lonlat
        The place, where there is one, in EPSG:4490 degrees.
    responsible_unit, due_on
        Who must answer and until when.
    """

    check: str
    level: Level
    message: Text
    mend: Text = Text("", "")
    answer: Answer = "failed"
    where: str = ""
    feature: str | None = None
    lonlat: tuple[float, float] | None = None
    facts: dict[str, str] = {}
    responsible_unit: str | None = None
    due_on: dt.date | None = None
    office: Text = Text("", "")
