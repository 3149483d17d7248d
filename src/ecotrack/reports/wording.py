"""Numbers, units and marks as people read them; rounding happens here and nowhere before."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ecotrack.errors import Lang, Text
from ecotrack.units import round_half_up

NOT_ASSESSED = Text("未评价", "not assessed")
SAMPLE = Text("示例", "sample")
SKETCH = Text("示意", "sketch")

UNIT_TITLES = {
    "km2": Text("平方公里", "km²"),
    "mu": Text("亩", "mu"),
    "pct": Text("%", "%"),
    "points": Text("个百分点", "points"),
    "places": Text("位", "places"),
    "1e8_m3": Text("亿立方米", "10⁸ m³"),
    "working_days": Text("个工作日", "working days"),
    "months": Text("个月", "months"),
    "km": Text("公里", "km"),
    "m": Text("米", "m"),
    "ug_m3": Text("微克/立方米", "µg/m³"),
    "place": Text("位", "place"),
}

Json = Mapping[str, Any]
"""A part of the scoreboard's JSON."""


def amount(value: float | Decimal | None, *, digits: int = 2, fixed: bool = False) -> str:
    """Return a quantity with thousands separators: whole where it is whole, else up to ``digits`` decimals.

    With ``fixed`` every digit is written, as in a column of measured areas.

    Examples
    --------
    >>> amount(36777.0), amount(5465.126), amount(-0.001), amount(None)
    ('36,777', '5,465.13', '0', '')
    """
    if value is None:
        return ""
    # Adding zero turns a rounded -0.00 into 0.00.
    text = f"{round_half_up(value, digits) + 0:,f}"
    return text if fixed or "." not in text else text.rstrip("0").rstrip(".")


def rate(value: float | Decimal | None) -> str:
    """Return a percentage with one decimal, halves up; empty text where there is none.

    Examples
    --------
    >>> rate(52.5386), rate(106.366667)
    ('52.5', '106.4')
    """
    return "" if value is None else str(round_half_up(value, 1))


def with_unit(value: float | None, unit: str, lang: Lang) -> str:
    """Return a value with its unit; 未评价 where there is none.

    Examples
    --------
    >>> with_unit(75.0, "km2", "zh"), with_unit(None, "km2", "en")
    ('75 平方公里', 'not assessed')
    """
    if value is None:
        return NOT_ASSESSED.lang(lang)
    title = UNIT_TITLES.get(unit, Text(unit, unit)).lang(lang)
    return f"{amount(value)}{'' if title == '%' else ' '}{title}"


def told(part: Json, key: str, lang: Lang) -> str:
    """Return the text of ``key_zh`` or ``key_en``; the Chinese one where there is no English."""
    return str(part.get(f"{key}_{lang}") or part.get(f"{key}_zh") or "")


def reasons(part: Json, lang: Lang) -> str:
    """Return the reasons of a figure or a step as one line."""
    return ("；" if lang == "zh" else "; ").join(str(reason[lang]) for reason in part.get("reasons", ()))


def marks(part: Json, lang: Lang) -> str:
    """Return 示例 and 示意 as they apply, in brackets; empty text where neither does.

    Examples
    --------
    >>> marks({"sample": True, "sketch": True}, "zh")
    '（示例、示意）'
    """
    names = [text.lang(lang) for key, text in (("sample", SAMPLE), ("sketch", SKETCH)) if part.get(key)]
    if not names:
        return ""
    return f"（{'、'.join(names)}）" if lang == "zh" else f" ({', '.join(names)})"


def titled(part: Json, lang: Lang, *, key: str = "title") -> str:
    """Return a part's title with its marks; a title that begins with 示例 already is not marked twice.

    Examples
    --------
    >>> [titled({"title_zh": title, "sample": True}, "zh") for title in ("示例：春季造林", "春季造林")]
    ['示例：春季造林', '春季造林（示例）']
    """
    title = told(part, key, lang)
    said = {**part, "sample": False} if title.startswith(SAMPLE.zh) and lang == "zh" else part
    return title + marks(said, lang)
