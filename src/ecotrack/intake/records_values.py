"""Cells to the values of records: exact numbers, days, codes, units of measurement.

Each reader takes a `Cell` and gives the value, or raises `BadCell` with a sentence in both languages.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from ecotrack.errors import Text, UnknownUnit
from ecotrack.intake.tables_cells import Cell, fold, plain
from ecotrack.model import Unit, UnitBook

UNIT_TITLES = {
    "mu": ("亩", "市亩"),
    "wan_mu": ("万亩",),
    "ha": ("公顷", "hm2", "hectare"),
    "km2": ("平方公里", "平方千米", "km²"),
    "m2": ("平方米", "m²"),
    "pct": ("%", "百分比"),
    "ug_m3": ("微克/立方米", "μg/m3", "ug/m3", "µg/m³"),
    "m": ("米",),
    "km": ("公里", "千米"),
    "place": ("位", "名"),
    "m3": ("立方米", "m³"),
    "wan_m3": ("万立方米", "万m3"),
    "1e8_m3": ("亿立方米", "亿m3"),
    "mg_l": ("mg/l", "毫克/升"),
}
"""Key of a unit of measurement to its spellings; the first is the one shown."""

_FACTORS: dict[str, tuple[str, Fraction]] = {
    "m2": ("area", Fraction(1)),
    "mu": ("area", Fraction(10000, 15)),
    "ha": ("area", Fraction(10000)),
    "wan_mu": ("area", Fraction(100_000_000, 15)),
    "km2": ("area", Fraction(1_000_000)),
    "m": ("length", Fraction(1)),
    "km": ("length", Fraction(1000)),
    "m3": ("volume", Fraction(1)),
    "wan_m3": ("volume", Fraction(10_000)),
    "1e8_m3": ("volume", Fraction(100_000_000)),
}

_BLANKS = {"-", "—", "——", "–", "/", "无", "n/a", "none"}
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_YEAR = re.compile(r"(\d{4})年?")
_YES = {"是", "yes", "y", "true", "1", "√", "示例", "sample"}
_NO = {"否", "no", "n", "false", "0", "×"}


class BadCell(ValueError):
    """A cell that cannot be taken; carries the sentence that tells why and how to mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh, en)


def is_blank(cell: Cell) -> bool:
    """Return whether a cell says nothing: it is empty, or holds a dash or 无."""
    return cell.blank or fold(cell.text) in _BLANKS


def _require_computed(cell: Cell) -> None:
    if cell.uncomputed:
        raise BadCell(
            f"{cell.ref} 是没有计算结果的公式，请在电子表格中重新计算并保存，或改填数值",
            f"{cell.ref} holds a formula without a result: recalculate and save the sheet, or fill in the value",
        )


def read_number(cell: Cell, *, unit: str | None = None) -> Decimal:
    """Return the exact number of a cell.

    Parameters
    ----------
    unit
        Key of the unit of measurement that the number is in; its spelling may follow the number, and
        ``%`` is taken only for ``pct``.

    Raises
    ------
    BadCell
        It is no number, is negative, or names another unit.

    Examples
    --------
    >>> read_number(Cell("C4", "１,059.0")), read_number(Cell("D4", "106.4%"), unit="pct")
    (Decimal('1059'), Decimal('106.4'))
    """
    _require_computed(cell)
    text = fold(cell.text)
    for spelling in UNIT_TITLES.get(unit or "", ()):
        text = text.removesuffix(fold(spelling))
    if not (_GROUPED.fullmatch(text) or _PLAIN.fullmatch(text)) or len(text) > 24:
        raise BadCell(f"“{cell.text}”不是数字，请只填数字", f"'{cell.text}' is not a number: give digits only")
    number = Decimal(plain(Decimal(text.replace(",", ""))))
    if number < 0:
        raise BadCell(f"“{cell.text}”是负数，这里不能为负", f"'{cell.text}' is negative, which cannot be here")
    return number


def read_integer(cell: Cell) -> int:
    """Return the whole number of a cell.

    Raises
    ------
    BadCell
        It is no number, or not a whole one.
    """
    number = read_number(cell)
    if number != number.to_integral_value():
        raise BadCell(f"“{cell.text}”不是整数", f"'{cell.text}' is not a whole number")
    return int(number)


def read_day(cell: Cell, *, end_of: str = "") -> dt.date:
    """Return the day of a cell.

    Parameters
    ----------
    end_of
        ``month`` or ``year`` where the day is a period's last one: then ``2016-05`` and ``2016`` are
        taken too, as the period's last day.

    Raises
    ------
    BadCell
        It is no day of the calendar.

    Examples
    --------
    >>> read_day(Cell("B4", "2017年3月16日"))
    datetime.date(2017, 3, 16)
    >>> read_day(Cell("B4", "2016-02"), end_of="month")
    datetime.date(2016, 2, 29)
    """
    if isinstance(cell.value, dt.date):
        return cell.value
    _require_computed(cell)
    day = parse_day(cell.text, end_of=end_of)
    if day is None:
        raise BadCell(
            f"“{cell.text}”不是有效日期，请写成 2017-03-16", f"'{cell.text}' is not a date: write it like 2017-03-16"
        )
    return day


def parse_day(text: str, *, end_of: str = "") -> dt.date | None:
    """Return the day that a text gives, or ``None``; ``end_of`` as in `read_day`."""
    folded = re.sub(r"[t ]?\d{1,2}:\d{2}(:\d{2})?(\.0+)?$", "", unicodedata.normalize("NFKC", text).strip().lower())
    folded = re.sub(r"\s+", "", folded)
    if re.fullmatch(r"(19|20)\d{6}", folded):
        folded = f"{folded[:4]}-{folded[4:6]}-{folded[6:]}"
    try:
        if match := _DAY.fullmatch(folded):
            return dt.date(*(int(part) for part in match.groups()))
        if end_of and (match := _MONTH.fullmatch(folded)):
            year, month = int(match[1]), int(match[2])
            return dt.date(year, month, calendar.monthrange(year, month)[1])
        if end_of == "year" and (match := _YEAR.fullmatch(folded)):
            return dt.date(int(match[1]), 12, 31)
    except (ValueError, calendar.IllegalMonthError):
        return None
    return None


def find_days(text: str) -> list[dt.date]:
    """Return the full dates that a title names, in order.

    Examples
    --------
    >>> find_days("统计时间：2017年3月16日")
    [datetime.date(2017, 3, 16)]
    """
    folded = fold(text)
    found = (parse_day(match.group()) for match in re.finditer(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?", folded))
    return [day for day in found if day is not None]


def read_month(cell: Cell) -> str:
    """Return the month of a cell as ``2016-05``.

    Raises
    ------
    BadCell
        It names no month.
    """
    if isinstance(cell.value, dt.date):
        return f"{cell.value:%Y-%m}"
    match = _MONTH.fullmatch(fold(cell.text))
    if not match or not 1 <= int(match[2]) <= 12:
        raise BadCell(f"“{cell.text}”不是月份，请写成 2016-05", f"'{cell.text}' is not a month: write it like 2016-05")
    return f"{int(match[1]):04d}-{int(match[2]):02d}"


def read_code(cell: Cell, codes: Mapping[str, str]) -> str:
    """Return the code that a cell names by code or by text, whatever the width of its letters.

    Raises
    ------
    BadCell
        No code of the list is meant; the message lists them.

    Examples
    --------
    >>> read_code(Cell("C4", "III类"), {"Ⅲ": "Ⅲ类"})
    'Ⅲ'
    """
    wanted = fold(cell.text)
    for code, text in codes.items():
        if wanted in (fold(code), fold(text)):
            return code
    known = "、".join(codes)
    raise BadCell(f"“{cell.text}”不在可选值中：{known}", f"'{cell.text}' is not one of: {known}")


def read_yes_no(cell: Cell) -> bool:
    """Return whether a cell says 是 (``True``) or 否 (``False``); empty is ``False``.

    Raises
    ------
    BadCell
        It says neither.
    """
    text = fold(cell.text)
    if cell.blank or text in _NO:
        return False
    if text in _YES:
        return True
    raise BadCell(f"“{cell.text}”应为 是 或 否", f"'{cell.text}' must be 是 (yes) or 否 (no)")


def find_unit(text: str, units: UnitBook) -> Unit | None:
    """Return the unit that a text names, blanks and the city's name before it left aside, or ``None``."""
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    bare = re.sub(r"^(河北省)?衡水市?(?=.{2})", "", folded)
    for name in (text, folded, bare):
        try:
            return units.resolve(name)
        except UnknownUnit:
            continue
    for unit in units:
        short = re.sub(r"(新区|区|县|市)$", "", unit.name_zh)
        if fold(text) in (fold(unit.name_en), unit.code.lower()) or (len(short) > 1 and bare == short):
            return unit
    return None


def read_unit(cell: Cell, units: UnitBook) -> str:
    """Return the code of the unit that a cell names by code, name, former name or alias.

    Raises
    ------
    BadCell
        The workspace has no such unit; the message lists those that it has.
    """
    _require_computed(cell)
    unit = find_unit(cell.text, units)
    if unit is None:
        known = "、".join(known.name_zh for known in units)
        raise BadCell(f"没有名为“{cell.text}”的单位；可用：{known}", f"no unit is named '{cell.text}'; known: {known}")
    return unit.code


def measure_key(text: str) -> str | None:
    """Return the key of the unit of measurement that a text spells, or ``None``.

    Examples
    --------
    >>> measure_key("万亩"), measure_key("km2"), measure_key("%")
    ('wan_mu', 'km2', 'pct')
    """
    wanted = fold(text)
    for key, spellings in UNIT_TITLES.items():
        if wanted == key or wanted in (fold(spelling) for spelling in spellings):
            return key
    return None


def measure_title(key: str) -> str:
    """Return how a unit of measurement is shown."""
    return UNIT_TITLES.get(key, (key,))[0]


def convert(number: Decimal, *, given: str, wanted: str) -> Decimal:
    """Convert a number exactly between units of one kind.

    Raises
    ------
    BadCell
        The units are of different kinds, or the result has no finite decimal.

    Examples
    --------
    >>> convert(Decimal("0.55"), given="wan_mu", wanted="mu")
    Decimal('5500')
    """
    if given == wanted:
        return number
    kinds = _FACTORS.get(given), _FACTORS.get(wanted)
    if kinds[0] is None or kinds[1] is None or kinds[0][0] != kinds[1][0]:
        raise _wrong_measure(given, wanted)
    exact = Fraction(number) * kinds[0][1] / kinds[1][1]
    rest = exact.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        raise _wrong_measure(given, wanted)
    return Decimal(plain(Decimal(exact.numerator) / Decimal(exact.denominator)))


def _wrong_measure(given: str, wanted: str) -> BadCell:
    shown = measure_title(given), measure_title(wanted)
    return BadCell(f"计量单位是{shown[0]}，这里请填{shown[1]}", f"given in {shown[0]}, give it in {shown[1]}")
