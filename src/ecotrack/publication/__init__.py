"""Published figures: receipts, their reproduction digit for digit, and what later corrections moved."""

from ecotrack.publication.block import receipt_block
from ecotrack.publication.figures import Cell, FigureReader, PublishedFigure
from ecotrack.publication.plot_changes import PlotChange
from ecotrack.publication.receipts import Receipt, find_receipt, publish, read_receipts, receipts
from ecotrack.publication.replay import Difference, Reproduction, Restatement, published_view, reproduce, restated

__all__ = [
    "Cell",
    "Difference",
    "FigureReader",
    "PlotChange",
    "PublishedFigure",
    "Receipt",
    "Reproduction",
    "Restatement",
    "find_receipt",
    "publish",
    "published_view",
    "read_receipts",
    "receipt_block",
    "receipts",
    "reproduce",
    "restated",
]
