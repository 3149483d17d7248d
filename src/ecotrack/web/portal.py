"""What every route works with: the counter, the gate, the board, the pages' words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from ecotrack.accounts import EVERY_UNIT, ROLES, Account, RoleName
from ecotrack.desk.board import Board
from ecotrack.desk.counter import Counter
from ecotrack.desk.uploads import day_of
from ecotrack.errors import NotAllowed
from ecotrack.model.layers import CLASSIFICATIONS, LayerDef
from ecotrack.reports.wording import amount, marks, rate, reasons, told, with_unit
from ecotrack.web.gate import Gate, Rate, Visitor
from ecotrack.workspace import TIME_ZONE, today

_HERE = Path(__file__).parent
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_PARTS = {"spring": "春季", "autumn": "秋季"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the portal is served.

    Attributes
    ----------
    https
        Whether people reach it over https (its own certificate, or a proxy's).
    hosts
        Names by which it may be called; any other Host is refused.
    url
        Address that people are given.
    idle_s
        Seconds without four kilobytes after which an upload is broken off.
    whole_s
        Seconds within which the whole of a form must be here.
    sheet_s
        Seconds within which the whole of a spreadsheet must be here.
    patience_s
        Seconds after which somebody is told that another program holds the register.
    """

    https: bool = False
    hosts: tuple[str, ...] = _LOOPBACK
    url: str = ""
    max_upload_bytes: int = 400 << 20
    uploads_a_minute: int = 600
    idle_s: float = 30.0
    whole_s: float = 30.0
    sheet_s: float = 300.0
    patience_s: float = 20.0

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which other machines than this one reach it."""
        return tuple(name for name in self.hosts if name not in _LOOPBACK)


@dataclass(frozen=True, kw_only=True)
class Portal:
    """One running portal."""

    counter: Counter
    gate: Gate
    board: Board
    options: Options
    sign_ins: Rate = field(default_factory=lambda: Rate(10, 300))
    visits: Rate = field(default_factory=lambda: Rate(60, 300))
    uploads: Rate = field(default_factory=lambda: Rate(600, 60))
    templates: jinja2.Environment = field(default_factory=lambda: _templates())

    @property
    def folder(self) -> str:
        """The workspace's folder, as children are told it."""
        return str(self.counter.workspace.folder)

    def page(
        self, request: Request, name: str, visitor: Visitor | None = None, *, status: int = 200, **values: Any
    ) -> Response:
        """Return a page; everything that comes from outside is escaped."""
        config = self.counter.workspace.config
        text = self.templates.get_template(name).render(
            title=config.name_zh,
            classification=config.classification,
            sketch=config.sketch,
            visitor=visitor,
            csrf=visitor.csrf if visitor else "",
            roles={has.role for has in visitor.account.roles} if visitor else set(),
            role_names={name: words.zh for name, words in ROLES.items()},
            path=request.url.path,
            reachable=bool(self.options.names),
            **values,
        )
        return HTMLResponse(text, status_code=status)

    def open_layers(self) -> list[LayerDef]:
        """Return the layers with geometry that this portal may give away: none above the workspace's own level."""
        config = self.counter.workspace.config
        most = CLASSIFICATIONS.index(config.classification)
        layers = self.counter.workspace.layers.values()
        return [one for one in layers if one.geometry != "none" and CLASSIFICATIONS.index(one.classification) <= most]

    def open_layer(self, layer_id: str) -> LayerDef:
        """Return one of them.

        Raises
        ------
        NotAllowed
            There is none of this id, or it is above the level; nobody is told which.
        """
        found = next((layer for layer in self.open_layers() if layer.id == layer_id), None)
        if found is None:
            raise NotAllowed("")
        return found

    def units_of(self, account: Account, *roles: RoleName) -> tuple[str, ...]:
        """Return the units to which an account is bound in some roles; empty for all of them."""
        found = account.units(*roles)
        return () if EVERY_UNIT in found else tuple(sorted(found)) or ("-",)

    def choices(self, account: Account) -> dict[str, Any]:
        """Return what a form offers: units, seasons, kinds, programmes."""
        workspace = self.counter.workspace
        mine = self.units_of(account, "field", "office")
        lists = workspace.config.code_lists
        return {
            "units": [unit for unit in workspace.units.reporting_on(today()) if not mine or unit.code in mine],
            "seasons": seasons(today()),
            "kinds": list(lists.get("plot_kind", {})),
            "programmes": list(lists.get("programme", {})),
        }


def season_words(season: str) -> str:
    """Return a season as people say it.

    Examples
    --------
    >>> season_words("2026-spring"), season_words("2026")
    ('2026年春季', '2026')
    """
    year, _, part = season.partition("-")
    return f"{year}年{_PARTS[part]}" if part in _PARTS else season


def moment(instant: str) -> str:
    """Return an instant in UTC as the clock in Hengshui showed it.

    Examples
    --------
    >>> moment("2026-05-01T17:00:00.123456Z")
    '2026-05-02 01:00'
    """
    return dt.datetime.fromisoformat(instant).astimezone(TIME_ZONE).strftime("%Y-%m-%d %H:%M")


def size(count: int) -> str:
    """Return a number of bytes as people say it.

    Examples
    --------
    >>> size(17), size(1_600), size(5 << 20)
    ('17 字节', '1.6 KB', '5.0 MB')
    """
    if count < 1024:
        return f"{count} 字节"
    return f"{count / 1024:.1f} KB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"


def mu(text: str) -> str:
    """Return an area that was kept as text with its thousands set apart.

    Examples
    --------
    >>> mu("16546.04")
    '16,546.04'
    """
    return f"{Decimal(text):,}"


def _templates() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(_HERE / "templates")
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    made.filters |= {
        "with_unit": lambda value, unit: with_unit(value, unit, "zh"),
        "amount": amount,
        "marks": lambda part: marks(part, "zh"),
        "reasons": lambda part: reasons(part, "zh"),
        "told": lambda part, key: told(part, key, "zh"),
        "rate": rate,
        "season": season_words,
        "day": lambda instant: day_of(instant).isoformat(),
        "moment": moment,
        "size": size,
        "mu": mu,
    }
    return made


def seasons(day: dt.date) -> list[tuple[str, str]]:
    """Return the planting seasons that had begun on a day, newest first, five years back.

    Examples
    --------
    >>> seasons(dt.date(2026, 5, 1))[:2]
    [('2026-spring', '2026年春季'), ('2025-autumn', '2025年秋季')]
    """
    found = []
    for year in range(day.year, day.year - 5, -1):
        if (year, 7) <= (day.year, day.month):
            found.append((f"{year}-autumn", f"{year}年秋季"))
        found.append((f"{year}-spring", f"{year}年春季"))
    return found
