"""What the values of a column are, so that numbers that came stay numbers in the file that goes back."""

from __future__ import annotations

import re

from ecotrack.intake.candidates import Value
from ecotrack.intake.submit_fields import as_text

_CANONICAL = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?")
"""A text that is the same text again when it has been a number: no zero in front, no more digits than a cell keeps."""


_WHOLE, _REAL = 10**15, 1e13
"""Numbers from here on do not fit the columns of a shapefile and stay texts."""


class ColumnType:
    """What all values of a column are; one text among them makes it a column of texts.

    Examples
    --------
    >>> areas = ColumnType()
    >>> for value in (33.8, 12, None): areas.add(value)
    >>> areas.written(shp=False), areas.told(12)
    ('float', 12.0)
    """

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._largest = 0.0

    def add(self, value: Value) -> None:
        """Take the value of one more row."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return
        kind = "bool" if isinstance(value, bool) else type(value).__name__
        if isinstance(value, str):
            kind = "digits" if _CANONICAL.fullmatch(value.strip()) else "str"
        elif isinstance(value, int | float):
            self._largest = max(self._largest, abs(value))
        self._kinds.add(kind)

    @property
    def kind(self) -> str:
        """``int``, ``float`` or ``str``; ``digits`` where every value is a number written as text."""
        if self._kinds == {"int"} and self._largest < _WHOLE:
            return "int"
        if self._kinds and self._kinds <= {"int", "float"} and self._largest < _REAL:
            return "float"
        return "digits" if self._kinds == {"digits"} else "str"

    def written(self, *, shp: bool) -> str:
        """Return the type as the writer of vector files wants it."""
        if self.kind == "int":
            return "int:18" if shp else "int64"
        if self.kind == "float":
            return "float:24.9" if shp else "float"
        return "str:254" if shp else "str"

    def told(self, value: Value) -> Value:
        """Return a value as it is written: a number of the column's kind, or text."""
        text = as_text(value)
        if text is None or self.kind in ("str", "digits"):
            return text
        return int(value or 0) if self.kind == "int" else float(value or 0)

    def cell(self, value: Value) -> Value:
        """Return a value for a spreadsheet, where a reader of cells gave every number as text.

        Examples
        --------
        >>> areas, names = ColumnType(), ColumnType()
        >>> for value in ("33.8", "12"): areas.add(value)
        >>> for value in ("007", "12"): names.add(value)
        >>> areas.cell("33.8"), areas.cell("12"), names.cell("12")
        (33.8, 12, '12')
        """
        told = self.told(value)
        if self.kind != "digits" or not isinstance(told, str):
            return told
        return float(told) if "." in told else int(told)
