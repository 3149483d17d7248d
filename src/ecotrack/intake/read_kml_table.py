"""Attributes that a KML keeps as an HTML table in its description: what office software writes when it exports."""

from __future__ import annotations

from html.parser import HTMLParser

MAX_PAIRS = 300
"""Rows of one description that are read."""

_MAX_NAME = 60


def described(text: str) -> dict[str, str]:
    """Return the rows of two cells in the HTML tables of a description: name and value.

    Nothing of the HTML is kept but its text. A row of any other number of cells, or with a first cell that is empty
    or longer than a name, says nothing. Where a name stands twice, the first one counts.

    Examples
    --------
    >>> described("<table><tr><td>树种</td><td>杨树</td></tr><tr><th colspan=2>造林</th></tr></table>")
    {'树种': '杨树'}
    >>> described("春季造林，已验收")
    {}
    """
    if "<t" not in text.lower():
        return {}
    reader = _Tables()
    reader.feed(text)
    reader.close()
    return reader.pairs


class _Tables(HTMLParser):
    """Collects rows of two cells; a table inside a cell has rows of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pairs: dict[str, str] = {}
        self._rows: list[list[list[str]]] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._rows.append([])
            self._open.append(False)
        elif tag == "tr":
            # Closing tags of rows and cells may be left out in HTML.
            self._end_row()
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append([])
            self._open[-1] = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._open:
            self._open[-1] = False
        elif tag == "tr":
            self._end_row()
        elif tag == "table" and self._rows:
            self._end_row()
            self._rows.pop()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._rows and self._open[-1]:
            self._rows[-1][-1].append(data)

    def _end_row(self) -> None:
        if not self._rows:
            return
        cells = [" ".join("".join(cell).split()) for cell in self._rows[-1]]
        self._rows[-1], self._open[-1] = [], False
        if len(cells) == 2 and 0 < len(cells[0]) <= _MAX_NAME and len(self.pairs) < MAX_PAIRS:
            self.pairs.setdefault(cells[0].rstrip(":：").strip(), cells[1])
