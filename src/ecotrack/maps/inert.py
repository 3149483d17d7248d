"""The one way in which data reaches a page: inert blocks that no HTML parser can mistake for markup."""

from __future__ import annotations

import json
import re
from typing import Any

from branca.element import Element

from ecotrack.maps.base91 import ALPHABET

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def inert_json(value: Any) -> str:
    r"""Return compact JSON in which ``<``, ``>``, ``&``, U+2028 and U+2029 are escaped.

    The result can stand inside any ``<script>`` element: it can neither close it nor open a comment.

    Parameters
    ----------
    value
        Anything that `json.dumps` takes, without NaN and infinities.

    Raises
    ------
    ValueError
        A number is not finite, which JSON cannot say.

    Examples
    --------
    >>> inert_json({"name": "</script><img>"})
    '{"name":"\\u003c/script\\u003e\\u003cimg\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate (from a damaged attribute table) has no UTF-8 form; it becomes a question mark.
    return text.translate(_ESCAPES).encode("utf-8", "replace").decode("utf-8")


class InertData(Element):
    """A block of JSON in the page, found by scripts under its ``id``.

    Parameters
    ----------
    key
        The element's id: a plain identifier, never data.
    value
        What the block holds.
    """

    def __init__(self, key: str, value: Any) -> None:
        super().__init__()
        self._name = "InertData"
        self.key = key
        self.value = value

    def render(self, **_kwargs: Any) -> str:
        """Return the element; the data pass through no template."""
        return f'<script type="application/json" id="{self.key}">{inert_json(self.value)}</script>'


class InertText(Element):
    """A block of packed text in the page: letters of `ecotrack.maps.base91.ALPHABET` alone.

    It stands in a ``<template>``, which no browser shows or runs, and not in a ``<script>``, of whose text browsers
    keep a second copy; and in pieces, since a browser gathers a long text in buffers of twice its length.

    Parameters
    ----------
    key
        The element's id: a plain identifier, never data.
    text
        What the block holds.
    late
        Whether `at_the_end` may move it behind everything else.

    Raises
    ------
    ValueError
        The text holds another letter.
    """

    def __init__(self, key: str, text: str, *, late: bool = False) -> None:
        super().__init__()
        self._name = "InertText"
        if text.encode("utf-8", "replace").translate(None, ALPHABET):
            raise ValueError("text outside the alphabet of packed data")
        self.key = key
        self.text = text
        self.late = late

    def render(self, **_kwargs: Any) -> str:
        """Return the element; the data pass through no template."""
        late = " data-late" if self.late else ""
        pieces = (self.text[start : start + _PIECE] for start in range(0, len(self.text), _PIECE))
        return f'<template id="{self.key}"{late}>{_BREAK.join(pieces)}</template>'


_PIECE, _BREAK = 1 << 16, "<br>"
_LATE_BLOCK = re.compile(f'<template id="[^"<>]*" data-late>[^<>]*(?:{_BREAK}[^<>]*)*</template>')


def at_the_end(page: str) -> str:
    """Return a page with its late blocks behind everything else, so that scripts begin before they are read.

    Examples
    --------
    >>> at_the_end('<a><template id="k" data-late>data</template><b></html>')
    '<a><b><template id="k" data-late>data</template></html>'
    """
    late = _LATE_BLOCK.findall(page)
    head, closing, tail = _LATE_BLOCK.sub("", page).rpartition("</html>")
    return "".join([head, *late, closing, tail])


class Verbatim(Element):
    """Markup of our own, never data, that passes through no template.

    Parameters
    ----------
    text
        What stands in the page.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self.text = text

    def render(self, **_kwargs: Any) -> str:
        """Return the text as it is."""
        return self.text
