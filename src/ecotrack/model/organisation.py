"""Units of the administration: counties, functional areas, departments, with dated names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ecotrack.errors import UnknownUnit
from ecotrack.model.texts import Amount

UnitKind = Literal["city", "county", "functional_area", "department"]


class UnitName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name that a unit bore for a time.

    Attributes
    ----------
    name
        The name in Chinese.
    code
        The administrative code that went with the name, where it differed.
    until
        First day on which the name was no longer valid.
    """

    name: str
    until: dt.date
    code: str | None = None


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One unit: a county, a functional area or a department of the city.

    Attributes
    ----------
    code
        Stable id: the GB/T 2260 code for counties, the city's own for the others.
    name_zh, name_en
        Today's names.
    kind
        ``city``, ``county``, ``functional_area`` or ``department``.
    reports
        Whether the unit reports progress of its own (the 13 report units).
    former
        Names that it bore before, each with the day on which it ended.
    aliases
        Other spellings met in files.
    official_area_km2
        The published land area, as decimal text, where one is known.
    until
        First day on which it is no unit any more; its records and plots stay. ``None`` while it stands.
    basis
        The paper on which its newest state rests.
    """

    code: str
    name_zh: str
    name_en: str
    kind: UnitKind
    reports: bool = False
    former: tuple[UnitName, ...] = ()
    aliases: tuple[str, ...] = ()
    official_area_km2: Amount | None = None
    area_source: str | None = None
    until: dt.date | None = None
    basis: str | None = None

    def stands_on(self, day: dt.date) -> bool:
        """Tell whether it is a unit on ``day``: new reports and plots may be its own."""
        return self.until is None or day < self.until

    def name_on(self, day: dt.date) -> str:
        """Return the Chinese name that was valid on ``day``."""
        past = [name for name in self.former if day < name.until]
        return min(past, key=lambda name: name.until).name if past else self.name_zh

    def spellings(self) -> Iterator[str]:
        """Yield every text that names this unit: codes, names, former names, aliases."""
        yield from (self.code, self.name_zh, self.name_en, *self.aliases)
        for name in self.former:
            yield name.name
            if name.code:
                yield name.code


class UnitBook:
    """The units of a workspace, found by code, name, former name or alias.

    Parameters
    ----------
    units
        In the order in which tables show them.

    Examples
    --------
    >>> book = UnitBook([Unit(code="131103", name_zh="冀州区", name_en="Jizhou", kind="county",
    ...     reports=True, former=(UnitName(name="冀州市", until=dt.date(2016, 7, 1)),))])
    >>> book.resolve("冀州市").code
    '131103'
    >>> book.resolve("131103").name_on(dt.date(2016, 5, 20))
    '冀州市'
    """

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units = tuple(units)
        self._by_code = {unit.code: unit for unit in self._units}
        self._by_spelling = {text: unit for unit in reversed(self._units) for text in unit.spellings()}

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Unit:
        return self._by_code[code]

    def get(self, code: str) -> Unit | None:
        """Return the unit with this code, or ``None``."""
        return self._by_code.get(code)

    @property
    def counties(self) -> tuple[Unit, ...]:
        """The legal county-level units."""
        return tuple(unit for unit in self._units if unit.kind == "county")

    @property
    def reporting(self) -> tuple[Unit, ...]:
        """The units that report progress of their own, or did until they were closed."""
        return tuple(unit for unit in self._units if unit.reports)

    def reporting_on(self, day: dt.date) -> tuple[Unit, ...]:
        """Return the units that report progress of their own on a day: who a form may be for."""
        return tuple(unit for unit in self.reporting if unit.stands_on(day))

    def resolve(self, text: str, *, where: str = "") -> Unit:
        """Return the unit that ``text`` names.

        Raises
        ------
        UnknownUnit
            No unit has this code, name, former name or alias.
        """
        unit = self._by_spelling.get(text.strip())
        if unit is None:
            known = "、".join(unit.name_zh for unit in self._units)
            raise UnknownUnit(where, name=text, known=known)
        return unit
