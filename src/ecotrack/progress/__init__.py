"""Progress: which records are in force, which plots stand on a day, what their checks say.

Pure functions over entries of the register; nothing here reads a file.
"""

from ecotrack.progress.ledger import LedgerWriter, PlotLedger, ledger_of
from ecotrack.progress.plots import (
    ACCEPT,
    FAILED,
    NEW_AREA_KINDS,
    NOT_CHECKED,
    OUTCOMES,
    QUALIFIED,
    REDO,
    REPLANT,
    RETURN,
    STRIKE,
    WITHDRAW,
    Coverage,
    Outcome,
    Plot,
    PlotColumns,
    Texts,
    plot_at,
    plot_columns,
    plot_coverage,
    season_mask,
    survival_class,
    survival_classes,
)
from ecotrack.progress.records import choose_basis, current, latest
from ecotrack.progress.seasons import Season, check_due_on, season_code
from ecotrack.progress.state import PLOT_LAYER, State, by_kind, plots_of, state_of

__all__ = [
    "ACCEPT",
    "FAILED",
    "NEW_AREA_KINDS",
    "NOT_CHECKED",
    "OUTCOMES",
    "PLOT_LAYER",
    "QUALIFIED",
    "REDO",
    "REPLANT",
    "RETURN",
    "STRIKE",
    "WITHDRAW",
    "Coverage",
    "LedgerWriter",
    "Outcome",
    "Plot",
    "PlotColumns",
    "PlotLedger",
    "Season",
    "State",
    "Texts",
    "by_kind",
    "check_due_on",
    "choose_basis",
    "current",
    "latest",
    "ledger_of",
    "plot_at",
    "plot_columns",
    "plot_coverage",
    "plots_of",
    "season_code",
    "season_mask",
    "state_of",
    "survival_class",
    "survival_classes",
]
