"""Text that no hand has written: bytes of one encoding that some program has read as another, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGNS = re.compile(r"\ufffd|锟斤拷|烫烫|[\u00c0-\u00ff][\u0080-\u00bf]|[\ue000-\uf8ff]{2}|[\u0080-\u009f]")
_BYTES = re.compile(r"[\x00-\xff]+")
_ESCAPED = re.compile(r"\\U\+([0-9A-Fa-f]{4})")
_HANZI = re.compile(r"[\u3400-\u9fff]")
_WRITTEN, _MEANT = 0.75, 0.8
"""Shares of common characters: what people write has more than the first, what was meant must have the second."""

_COMMON = {"gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6)}
"""First bytes of the common characters: the 3755 of GB 2312's first level, the 5401 of Big5's."""


def is_garbled(text: str) -> bool:
    """Tell whether a text bears the signs of one that was garbled.

    Examples
    --------
    >>> [is_garbled(text) for text in ("枣强县林场", "棗強縣林場", "Ã¦ÂÂ", "锟斤拷")]
    [False, False, True, True]
    """
    return bool(_SIGNS.search(text))


def meant_text(values: Sequence[str]) -> list[str] | None:
    """Return what texts said before their UTF-8 or Big5 bytes were read as GBK; ``None`` where they are no such texts.

    Every one must read strictly in the other encoding (a last character may be cut); together they must have many rare
    characters as they stand, and few as they were meant.

    Examples
    --------
    >>> meant_text(["鏋ｅ己鍘挎灄鍦"])
    ['枣强县林']
    >>> meant_text([text.encode("big5").decode("gb18030") for text in ("阜城縣崔家廟鎮", "棗強縣")])
    ['阜城縣崔家廟鎮', '棗強縣']
    >>> meant_text(["滹沱河", "榆楸柽柳"]), meant_text(["棗強縣", "衡水湖東岸"])
    (None, None)
    """
    hanzi = _HANZI.findall("".join(values))
    if len(hanzi) < 3 or _share(hanzi, "gb2312") >= _WRITTEN:
        return None
    for codec, common in (("utf-8", "gb2312"), ("big5", "big5")):
        meant = [_decoded(value.encode("gb18030", "ignore"), codec) for value in values]
        found = _HANZI.findall("".join(meant))
        if all(meant) and len(found) >= 2 and _share(found, common) > _MEANT:
            return meant
    return None


def drawing_text(text: str) -> str:
    r"""Return a text of a drawing with its escapes (``\U+5C0F``), and GBK bytes read one by one, as characters.

    Examples
    --------
    >>> drawing_text("小班".encode("gbk").decode("latin-1")), drawing_text(r"\U+5C0F班"), drawing_text("Layer é")
    ('小班', '小班', 'Layer é')
    """
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    if text.isascii() or not _BYTES.fullmatch(text):
        return text
    try:
        meant = text.encode("latin-1").decode("gb18030")
    except UnicodeDecodeError:
        return text
    return meant if _HANZI.search(meant) else text


def _decoded(data: bytes, codec: str) -> str:
    # A field cuts its last character as it will.
    for cut in range(3):
        try:
            return data[: len(data) - cut].decode(codec)
        except UnicodeDecodeError:
            continue
    return ""


def _share(hanzi: Sequence[str], codec: str) -> float:
    """Return the share of characters that are common ones of an encoding."""
    first, last = _COMMON[codec]
    leads = [char.encode(codec, "ignore")[:1] for char in hanzi]
    return sum(first <= lead[0] <= last for lead in leads if lead) / max(len(hanzi), 1)
