"""Reports draw figures: in the terminal, as CSV, as the circular's table. They compute nothing.

The input is the scoreboard as JSON values (schema ``ecotrack.scoreboard/1``). The package is lazy: who asks for the
words of a number does not load the tables.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecotrack.reports.export_csv import scoreboard_csv, scoreboard_csv_text
    from ecotrack.reports.ranking import ranking_table, ranking_xlsx
    from ecotrack.reports.receipt import receipt_lines
    from ecotrack.reports.scoreboard import grouped_table, scoreboard_table
    from ecotrack.reports.terminal import show

__all__ = [
    "grouped_table",
    "ranking_table",
    "ranking_xlsx",
    "receipt_lines",
    "scoreboard_csv",
    "scoreboard_csv_text",
    "scoreboard_table",
    "show",
]

_HOMES = {
    "grouped_table": "scoreboard",
    "ranking_table": "ranking",
    "ranking_xlsx": "ranking",
    "receipt_lines": "receipt",
    "scoreboard_csv": "export_csv",
    "scoreboard_csv_text": "export_csv",
    "scoreboard_table": "scoreboard",
    "show": "terminal",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
