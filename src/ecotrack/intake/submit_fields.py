"""From a file's attribute names and texts to a layer's fields: every match can be shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation

from ecotrack.errors import Text, UnknownUnit
from ecotrack.intake.candidates import Value
from ecotrack.intake.tables_cells import fold
from ecotrack.model.layers import FieldDef, LayerDef
from ecotrack.model.organisation import UnitBook

_CUT_BYTES = 10
"""A shapefile keeps ten bytes of a field's name."""

_SEASONS = {
    "spring": "spring",
    "春": "spring",
    "summer": "summer",
    "夏": "summer",
    "雨": "summer",
    "autumn": "autumn",
    "fall": "autumn",
    "秋": "autumn",
    "winter": "winter",
    "冬": "winter",
}
_FIRST_MONTHS = {"spring": 1, "summer": 5, "autumn": 7, "winter": 10}


def match_fields(names: Iterable[str], layer: LayerDef) -> dict[str, str]:
    """Return the file's name for each field of the layer that it has.

    A name matches a field's own name, its titles or aliases, whatever the case, also when a shapefile
    has cut it to ten bytes, and with a unit in brackets behind it. An alias that stands earlier wins.

    Examples
    --------
    >>> field = FieldDef(name="claimed_mu", title_zh="上报面积", title_en="Claimed area", aliases=("MIAN_JI",))
    >>> layer = LayerDef(id="plots", title_zh="", title_en="", geometry="Polygon", source="register",
    ...     classification="内部", responsible_units=(), fields=(field,))
    >>> match_fields(["mian_ji", "other"], layer)
    {'claimed_mu': 'mian_ji'}
    """
    free = list(dict.fromkeys(names))
    found: dict[str, str] = {}
    for same in (_is_same, _is_cut, _is_same_but_unit):
        for field in layer.fields:
            if field.name in found:
                continue
            name = _match(field, free, same)
            if name is not None:
                found[field.name] = name
                free.remove(name)
    return found


def _match(field: FieldDef, names: list[str], same: Callable[[str, str], bool]) -> str | None:
    for spelling in (field.name, field.title_zh, field.title_en, *field.aliases):
        for name in names:
            if same(name, spelling):
                return name
    return None


def _is_same(name: str, spelling: str) -> bool:
    return _fold(name) == _fold(spelling)


def _is_same_but_unit(name: str, spelling: str) -> bool:
    """Tell whether a name is a spelling with a unit in brackets behind it: 面积（公顷）."""
    bare = re.sub(r"\s*[(（][^()（）]*[)）]\s*$", "", name)
    return bare != name and _is_same(bare, spelling)


def _fold(text: str) -> str:
    return text.strip().casefold()


def _is_cut(name: str, spelling: str) -> bool:
    full, cut = _fold(spelling), _fold(name)
    if not cut or full == cut or not full.startswith(cut):
        return False
    # The next character would no longer have fitted, in one of the two encodings in use.
    return any(
        len(cut.encode(codec)) <= _CUT_BYTES < len(full[: len(cut) + 1].encode(codec)) for codec in ("utf-8", "gb18030")
    )


def named_where(where: str, name: str | None) -> str:
    """Return a place in a file with the plot's own id or name, the number behind it in brackets.

    Examples
    --------
    >>> named_where("a.geojson #4", "JZ-4"), named_where("a.geojson #4", None), named_where("a.xlsx JZ-4", "JZ-4")
    ('a.geojson JZ-4（#4）', 'a.geojson #4', 'a.xlsx JZ-4')
    """
    head, mark, number = where.rpartition(" #")
    return f"{head} {name[:40]}（#{number}）" if name and mark and number.isdigit() else where


def title_in_file(name: str | None, number: int) -> Text:
    """Return how another feature of the same file is called: by its id, the number behind it in brackets.

    Examples
    --------
    >>> title_in_file("JZ-4", 4).zh, title_in_file(None, 4).zh
    ('“JZ-4”（第4个图形）', '第4个图形')
    """
    if not name:
        return Text(f"第{number}个图形", f"feature {number}")
    return Text(f"“{name[:40]}”（第{number}个图形）", f"'{name[:40]}' (feature {number})")


def as_text(value: Value) -> str | None:
    """Return an attribute as text, or ``None`` where it says nothing.

    Examples
    --------
    >>> as_text(12.0), as_text("  "), as_text(13.7)
    ('12', None, '13.7')
    """
    if value is None:
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip() or None


def read_season(text: str) -> str | None:
    """Return the season that a text names; of a day, the half of the year that it lies in.

    Examples
    --------
    >>> read_season("2016年春季"), read_season("2016-autumn"), read_season("2016-04-05"), read_season("next year")
    ('2016-spring', '2016-autumn', '2016-spring', None)
    """
    day = read_day(text)
    if day is not None:
        return f"{day.year}-{'spring' if day.month <= 6 else 'autumn'}"
    year = re.search(r"(19|20)\d\d", text)
    part = next((season for word, season in _SEASONS.items() if word in text.lower()), None)
    return f"{year[0]}-{part}" if year and part else None


def season_begins(season: str) -> dt.date:
    """Return the first day on which planting can count for a season, as `read_season` tells seasons of days.

    Examples
    --------
    >>> season_begins("2017-spring"), season_begins("2016-autumn")
    (datetime.date(2017, 1, 1), datetime.date(2016, 7, 1))
    """
    year, _, part = season.partition("-")
    return dt.date(int(year), _FIRST_MONTHS[part], 1)


def read_day(text: str) -> dt.date | None:
    """Return the day that a text names.

    Examples
    --------
    >>> read_day("2016/4/5"), read_day("20160405"), read_day("2016-04-05T00:00:00"), read_day("spring")
    (datetime.date(2016, 4, 5), datetime.date(2016, 4, 5), datetime.date(2016, 4, 5), None)
    """
    found = re.match(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?(?:[T ].*)?$", text)
    if found is None:
        return None
    try:
        return dt.date(*map(int, found.groups()))
    except ValueError:
        return None


def read_decimal(text: str) -> Decimal | None:
    """Return the number that a text holds, without thousands separators; ``None`` where it is none.

    Examples
    --------
    >>> read_decimal("1,059.5"), read_decimal("NaN")
    (Decimal('1059.5'), None)
    """
    try:
        number = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def read_unit(text: str, units: UnitBook) -> str | None:
    """Return the code of the unit that a text names, by name or by the start of a longer code.

    Longer codes are those of townships and villages (GB/T 10114), which begin with the county's.
    """
    for spelling in (text, text[:6] if text.isdigit() and len(text) in (9, 12) else text):
        try:
            return units.resolve(spelling).code
        except UnknownUnit:
            continue
    return None


def read_code(text: str, codes: Mapping[str, str], words: Mapping[str, Iterable[str]] | None = None) -> str | None:
    """Return the code that a text names: the code itself, its title, or another word for it.

    Parameters
    ----------
    words
        Other words by code; the width of letters and blanks make no difference.

    Examples
    --------
    >>> read_code("四旁（折算）", {"四旁": "四旁（折算）"})
    '四旁'
    >>> read_code("造林（人工）", {"造林": "造林"}, {"造林": ("人工造林", "造林(人工)")})
    '造林'
    """
    if text in codes:
        return text
    if (named := next((code for code, title in codes.items() if title == text), None)) is not None:
        return named
    wanted = fold(text)
    said = (code for code, some in (words or {}).items() if code in codes and wanted in map(fold, some))
    return next(said, None)


def words_taken(
    read: Mapping[tuple[str, str], object], layer: LayerDef, code_lists: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str, str]]:
    """Return the words that stand on no list of codes and were taken for a code all the same: field, word, code.

    Parameters
    ----------
    read
        What was made of each text, by the field and the text.
    """
    lists = {item.name: code_lists.get(item.codes or "", {}) for item in layer.fields if item.words}
    return [
        (name, text, code)
        for (name, text), code in read.items()
        if name in lists and isinstance(code, str) and text not in (code, lists[name].get(code))
    ]
