"""Ranking of the units of a task by the completion rate of a stated step."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

Json = Mapping[str, Any]


def ranked_by(funnel: Json, step: str) -> dict[str, Any]:
    """Return a funnel with its units ranked, and its rates taken, by another step than *reported*.

    By completion rate, mu of the step over mu of the task; ties by quantity, then by code; units without a number come
    last. Rates are compared exactly, not as printed.

    Parameters
    ----------
    funnel
        JSON values of one task (``funnel[]`` of ``ecotrack.scoreboard/1``).
    step
        A key of `ecotrack.figures.funnel.STEPS` below *assigned*.

    Returns
    -------
    dict
        The funnel with ``ranked_by``, and ``rank`` and ``rate_pct`` by that step.

    Examples
    --------
    >>> rows = [{"code": "a", "assigned_mu": 100.0, "accepted_mu": 20.0}, {"code": "b", "assigned_mu": 50.0,
    ...     "accepted_mu": 25.0}]
    >>> found = ranked_by({"units": rows, "total": {"assigned_mu": 150.0, "accepted_mu": 45.0}}, "accepted")
    >>> [(row["rank"], row["code"], row["rate_pct"]) for row in found["units"]], found["total"]["rate_pct"]
    ([(1, 'b', 50.0), (2, 'a', 20.0)], 30.0)
    """
    ordered = sorted(funnel["units"], key=lambda row: _key(row, step))
    units = [{**row, "rank": i, "rate_pct": _rate_pct(row, step)} for i, row in enumerate(ordered, start=1)]
    total = {**funnel["total"], "rate_pct": _rate_pct(funnel["total"], step)}
    return {**funnel, "ranked_by": step, "units": units, "total": total}


def _rate_pct(row: Json, step: str) -> float | None:
    done, assigned = row[f"{step}_mu"], row["assigned_mu"]
    return done / assigned * 100 if done is not None and assigned else None


def _key(row: Json, step: str) -> tuple[float, float, str]:
    done, assigned = row[f"{step}_mu"], row["assigned_mu"]
    if done is None or not assigned:
        return (inf, -(done or 0.0), row["code"])
    return (-done / assigned, -done, row["code"])
