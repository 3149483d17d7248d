"""The receipt block as lines under a table, in a spreadsheet or in a CSV."""

from __future__ import annotations

from collections.abc import Iterator

from ecotrack.errors import Lang, Text
from ecotrack.publication import PublishedFigure
from ecotrack.reports.wording import Json, titled, with_unit

_NO_RECEIPT = Text("未出具凭证", "no receipt issued")


_TABLES = frozenset({"years", "programmes", "overlaps", "km_treated"})


def figure_value(figure: PublishedFigure, lang: Lang) -> str:
    """Return the one number that stands for a published figure, with its unit, or how many numbers a table has."""
    if figure.figure_id in _TABLES or figure.figure_id.startswith("units/"):
        return Text(f"{len(figure.cells)} 个数", f"{len(figure.cells)} numbers").lang(lang)
    first = figure.cells[0]
    unit = first.column.removeprefix("value_") if "/" not in figure.figure_id else first.column.rpartition("_")[2]
    return with_unit(None if first.value is None else float(first.value), unit, lang)


def receipt_lines(block: Json, lang: Lang) -> list[str]:
    """Return a receipt block (schema ``ecotrack.receipt-block/1``) as lines: the state, then one for each figure.

    Examples
    --------
    >>> block = {"as_of": "2017-03-16", "as_known": "2017-03-21T08:00:00Z", "register": {"seq": 7, "head": "ab12"},
    ...     "definition": "1", "version": "0.1.0", "figures": [{"figure": "t/rate", "title_en": "rate",
    ...     "column": "rate_pct", "value": "52.5", "receipt": None}]}
    >>> print(*receipt_lines(block, "en"), sep=chr(10))
    As of 2017-03-16, as known at 2017-03-21T08:00:00Z, register 7, head ab12, definitions 1, ecotrack 0.1.0
    rate: 52.5% (t/rate); no receipt issued
    """
    register = block["register"]
    state = Text(
        f"截至{block['as_of']}，所知时刻{block['as_known']}，登记序号{register['seq']}，链尾{register['head']}，"
        f"口径版本{block['definition']}，ecotrack {block['version']}",
        f"As of {block['as_of']}, as known at {block['as_known']}, register {register['seq']}, head "
        f"{register['head']}, definitions {block['definition']}, ecotrack {block['version']}",
    )
    return [state.lang(lang), *(_line(row, lang) for row in block["figures"])]


def _line(row: Json, lang: Lang) -> str:
    unit = str(row["column"]).rpartition("_")[2]
    number = (
        f"{with_unit(float(row['value']), unit, lang)} ({row['figure']})" if row["value"] is not None else row["figure"]
    )
    receipt = Text(f"凭证{row['receipt']}", f"receipt {row['receipt']}") if row["receipt"] else _NO_RECEIPT
    colon, semicolon = Text("：", ": ").lang(lang), Text("；", "; ").lang(lang)
    return f"{titled(row, lang)}{colon}{number}{semicolon}{receipt.lang(lang)}"


def receipt_cells(block: Json) -> Iterator[tuple[str, str, object]]:
    """Yield a receipt block as rows of figure, item and value, for files that hold one number a row."""
    yield "", "as_known", block["as_known"]
    yield "", "seq", block["register"]["seq"]
    yield "", "head", block["register"]["head"]
    yield "", "definition", block["definition"]
    yield "", "version", block["version"]
    for row in block["figures"]:
        if row["receipt"]:
            yield str(row["figure"]), "receipt", row["receipt"]
