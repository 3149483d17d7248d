"""Planting seasons, their order, and the day on which survival falls due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ecotrack.settings import Rules

SEASONS = {"spring": 0, "summer": 1, "autumn": 2, "winter": 3}
_NAMES = {part: name for name, part in SEASONS.items()}


@dataclass(frozen=True, slots=True, order=True)
class Season:
    """A planting season, ordered in time.

    Examples
    --------
    >>> Season.parse("2016-spring") < Season.parse("2016-autumn")
    True
    >>> Season.parse("2016").covers(Season.parse("2016-autumn"))
    True
    """

    year: int
    part: int

    @classmethod
    def parse(cls, text: str) -> Season:
        """Return the season that ``2016-spring``, ``2016-autumn`` or ``2016`` names.

        Raises
        ------
        ValueError
            The text names no season.
        """
        year, _, part = text.strip().partition("-")
        if part and part not in SEASONS:
            raise ValueError(text)
        return cls(int(year), SEASONS[part] if part else -1)

    @classmethod
    def of_code(cls, code: int) -> Season | None:
        """Return the season of a code, ``None`` for 0."""
        return cls(code // 10, code % 10 - 1) if code else None

    def __str__(self) -> str:
        return f"{self.year}-{_NAMES[self.part]}" if self.part >= 0 else str(self.year)

    @property
    def code(self) -> int:
        """An integer in the order of seasons: year * 10 + part + 1.

        Examples
        --------
        >>> Season.parse("2016-autumn").code
        20163
        """
        return self.year * 10 + self.part + 1

    def covers(self, other: Season) -> bool:
        """Whether a task of this season or year takes plots of ``other``."""
        return self.year == other.year and self.part in (-1, other.part)


def season_code(season: str | None, planted_on: dt.date | None) -> int:
    """Return the code of a plot's season: as given, or told from its planting day; 0 where neither tells.

    Examples
    --------
    >>> season_code(None, dt.date(2016, 11, 3)), season_code("soon", None)
    (20163, 0)
    """
    if season:
        try:
            return Season.parse(season).code
        except ValueError:
            return 0
    if planted_on is None:
        return 0
    return Season(planted_on.year, SEASONS["spring" if planted_on.month <= 6 else "autumn"]).code


def begins_on(season: Season) -> dt.date:
    """Return the first day of a season: nothing that was planted in it can have been checked before.

    Examples
    --------
    >>> begins_on(Season.parse("2016-autumn"))
    datetime.date(2016, 7, 1)
    """
    return dt.date(season.year, 7 if season.part >= SEASONS["autumn"] else 1, 1)


def check_due_on(season: Season, rules: Rules) -> dt.date:
    """Return the day on which survival falls due: one growing season after planting.

    Examples
    --------
    >>> [check_due_on(Season.parse(season), Rules()).isoformat() for season in ("2016-spring", "2016-autumn")]
    ['2016-10-31', '2017-10-31']
    """
    autumn = season.part >= SEASONS["autumn"]
    month, day = (rules.autumn_check_due if autumn else rules.spring_check_due).split("-")
    return dt.date(season.year + autumn, int(month), int(day))
