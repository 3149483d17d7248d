"""Reports draw figures: in the terminal, as CSV, as the circular's table. They compute nothing.

The input is the scoreboard as JSON values (schema ``ecotrack.scoreboard/1``).
"""

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
