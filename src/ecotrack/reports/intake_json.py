"""What intake found about a file, as JSON values: the stable schemas ``ecotrack.check/1`` and ``ecotrack.import/1``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import IO, Any, Generic, TypeVar, overload

import msgspec

from ecotrack.intake.check import Checked
from ecotrack.intake.check_shape import Subject
from ecotrack.intake.check_tally import Tally
from ecotrack.intake.submit import Submitted
from ecotrack.model.findings import Finding

CHECK_SCHEMA = "ecotrack.check/1"
IMPORT_SCHEMA = "ecotrack.import/1"
_TOGETHER = 500
"""Rows that become text together."""


T = TypeVar("T")


class Rows(Sequence[dict[str, Any]], Generic[T]):
    """Values as JSON objects, each made when it is asked for."""

    def __init__(self, values: Sequence[T], row: Callable[[T], dict[str, Any]]) -> None:
        self._values, self._row = values, row

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(place, slice):
            return [self._row(value) for value in self._values[place]]
        return self._row(self._values[place])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(self._row, self._values)


def write_json(value: Any, stream: IO[str], *, indent: int = 0) -> None:
    """Write a JSON value, two spaces a level, without ever holding the rows of a `Rows` together.

    Examples
    --------
    >>> import sys
    >>> write_json({"n": Rows([1, 2], lambda n: {"n": n})}, sys.stdout)
    {
      "n": [
        {
          "n": 1
        },
        {
          "n": 2
        }
      ]
    }
    """
    pad = " " * (indent + 2)
    if isinstance(value, Rows) and len(value):
        rest, before = iter(value), "["
        while some := [*islice(rest, _TOGETHER)]:
            # The brackets of each block are left out: what stands in the file is one list.
            stream.write(before + _text(some, indent)[1 : -len(pad)])
            before = ","
        stream.write(f"\n{' ' * indent}]")
    elif _holds_rows(value):
        ends = "{}" if isinstance(value, dict) else "[]"
        inner = [(f"{_text(key)}: ", one) for key, one in value.items()] if ends == "{}" else [("", v) for v in value]
        for place, (key, one) in enumerate(inner):
            stream.write(f"{',' if place else ends[0]}\n{pad}{key}")
            write_json(one, stream, indent=indent + 2)
        stream.write(f"\n{' ' * indent}{ends[1]}")
    else:
        stream.write(_text(value, indent))


def _holds_rows(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(one, Rows) or (isinstance(one, dict | list) and _holds_rows(one)) for one in inner)


def _text(value: Any, indent: int = 0) -> str:
    # The standard library indents in pure Python: two million values of a county's file take it three seconds.
    text = msgspec.json.format(msgspec.json.encode([] if isinstance(value, Rows) else value), indent=2).decode()
    return text.replace("\n", "\n" + " " * indent) if indent else text


def checked_json(checked: Checked) -> dict[str, Any]:
    """Return everything that was found about one file; docs/json-schema.md says what each key means.

    Findings and plots are `Rows`, made as they are asked for: `write_json` writes them one by one.
    """
    proposal, reading = checked.proposal, checked.reading
    return {
        "file": checked.upload.file_name,
        "sha256": checked.upload.sha256,
        "layer": proposal.submission.layer,
        "submitted_on": proposal.submission.submitted_on.isoformat(),
        "clean": checked.clean,
        "features": len(reading.candidates),
        "can_come_in": len(checked.ready),
        "waiting": proposal.waiting,
        "held": checked.held,
        "blocked": proposal.blocked,
        "measured_mu": round(math.fsum(checked.area_mu[number] for number in checked.ready), 1),
        "accepted_plots_compared": checked.compared,
        "matches": proposal.matches,
        "unused_fields": proposal.unused,
        "words": [{"field": name, "word": word, "code": code} for name, word, code in proposal.words],
        "layers": [
            {
                "name": x.name,
                "driver": x.driver,
                "crs": x.crs,
                "evidence_zh": x.crs_evidence[0],
                "evidence_en": x.crs_evidence[1],
                "encoding": x.encoding,
                "features": x.features,
            }
            for x in reading.layers
        ],
        "checks": [_tally_json(tally) for tally in checked.tallies],
        "findings": Rows(proposal.findings, finding_json),
        "plots": Rows(proposal.subjects, partial(_plot_json, checked)),
    }


def imported_json(checked: Checked, outcome: Submitted | None) -> dict[str, Any]:
    """Return the same with what was registered; ``None`` for a dry run."""
    return {
        "submission": outcome.submission_id if outcome else None,
        "repeated": outcome.repeated if outcome else None,
        "added": outcome.added if outcome else None,
        **checked_json(checked),
    }


def _tally_json(tally: Tally) -> dict[str, Any]:
    check = tally.check
    return {
        "check": check.id,
        "stage": check.stage,
        "level": check.level,
        "title_zh": check.title_zh,
        "title_en": check.title_en,
        "threshold": check.threshold,
        "unit": check.unit,
        "passed": tally.passed,
        "failed": tally.failed,
        "not_checked": tally.not_checked,
        "not_asked": tally.not_asked,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "check": finding.check,
        "level": finding.level,
        "answer": finding.answer,
        "feature": finding.feature,
        "where": finding.where,
        "zh": finding.message.zh,
        "en": finding.message.en,
        "mend_zh": finding.mend.zh,
        "mend_en": finding.mend.en,
        "office_zh": finding.office.zh,
        "office_en": finding.office.en,
        "lonlat": finding.lonlat,
        "facts": finding.facts,
        "responsible_unit": finding.responsible_unit,
        "due_on": finding.due_on.isoformat() if finding.due_on else None,
    }


def _plot_json(checked: Checked, item: Subject) -> dict[str, Any]:
    version = item.version
    return {
        "number": item.number,
        "where": item.where,
        "feature_id": version.feature_id,
        "name": version.name,
        "unit": version.unit,
        "season": version.season,
        "kind": version.kind,
        "form": version.form,
        "measured_mu": round(checked.area_mu[item.number], 3),
        "claimed_mu": str(version.claimed_mu) if version.claimed_mu is not None else None,
        "state": checked.states[item.number],
    }
