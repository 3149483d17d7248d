"""The plots of a map as columns: 200,000 of them with a million records never become objects."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ecotrack.geometry.area import Floats
from ecotrack.maps.timeline import PLOT_STATES, Moment, plot_moment
from ecotrack.model.layers import LayerDef
from ecotrack.progress import plot_coverage
from ecotrack.progress.ledger import Ints, Mask
from ecotrack.units import mu_from_m2
from ecotrack.workspace import LayerView

if TYPE_CHECKING:
    from ecotrack.workspace import View

Objects = npt.NDArray[np.object_]

MOST_RECORDS = 300_000
"""A map carries at most about as many records; with more plots each card shows fewer of the latest ones."""

_TEXTS = ("name", "unit", "season", "programme", "species", "kind", "form", "claimed_mu")
_RECORD_TEXTS = ("kind", "effective_on", "state", "value", "value_unit", "unit", "basis_document", "sample", "fields")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlotRows:
    """Plots and their latest records, one row each.

    Attributes
    ----------
    feature
        Numbers of the plots in the ledger's table of features, shape (n,).
    geometries
        Polygons and multipolygons, EPSG:4490 longitude/latitude, shape (n,).
    ids, names, states
        Texts, shape (n,); name and state may be ``None``.
    samples
        Whether the plot or any of its records is sample data, shape (n,).
    values
        Attributes by the name of their field, shape (n,) each: ``*_mu`` in mu, days as 2016-11-30.
    shown, total
        How many records each plot has here, and how many there are in force, shape (n,).
    records
        Records by column, those of one plot together, newest first; shape (sum of ``shown``,) each. ``fields``
        holds mappings.
    """

    feature: Ints
    geometries: Objects
    ids: Objects
    names: Objects
    states: Objects
    samples: Mask
    values: Mapping[str, Objects]
    shown: Ints
    total: Ints
    records: Mapping[str, Objects]

    def __len__(self) -> int:
        return len(self.feature)

    def where(self, mask: Mask) -> PlotRows:
        """Return some plots with their records.

        Parameters
        ----------
        mask
            Which rows stay, shape (n,).
        """
        columns = {
            name: getattr(self, name)[mask]
            for name in ("feature", "geometries", "ids", "names", "states", "samples", "shown", "total")
        }
        kept = np.repeat(mask, self.shown)
        return PlotRows(
            **columns,
            values={name: column[mask] for name, column in self.values.items()},
            records={name: column[kept] for name, column in self.records.items()},
        )


@dataclass(frozen=True, kw_only=True)
class PlotsView(LayerView):
    """A layer of plots: as `ecotrack.workspace.LayerView`, with columns in place of ``features`` and ``records``."""

    plots: PlotRows

    def where(self, mask: Mask) -> PlotsView:
        """Return a view of some plots alone; its days are those of the records that it carries."""
        plots = self.plots.where(mask)
        days = [dt.date.fromisoformat(day) for day in {*plots.records["effective_on"].tolist()}]
        return replace(
            self,
            plots=plots,
            total=len(plots),
            with_record=int(np.count_nonzero(plots.total)),
            newest=max(days, default=None),
            oldest=min(days, default=None),
        )


def plots_view(view: View, layer: LayerDef, *, timeline: Sequence[Moment] = (), most_records: int) -> PlotsView:
    """Return the accepted and struck plots of a view, and those that stood on an earlier day of the slider.

    Parameters
    ----------
    view
        The workspace on the day of the map.
    layer
        Definition of the layer of plots.
    timeline
        Moments of the slider, oldest first; plots of an earlier one that are gone have no state.
    most_records
        How many of a plot's latest records are carried; fewer where there are very many plots (`MOST_RECORDS`).
    """
    plots = view.scoreboard.plots.columns
    found = plot_coverage(plots, [view.state.standing_checks, view.state.standing_notes])
    parts = [_standing(view, plot_moment(plots).feature.astype(np.int64))]
    parts += [replace(part, states=np.full(len(part), None)) for part in _gone(view, parts[0].feature, timeline)]
    rows = _with_records(view, _joined(parts), most=most_records)
    return PlotsView(
        layer=layer,
        features=[],
        records=[],
        total=len(rows),
        with_record=int(np.count_nonzero(rows.total)),
        newest=found.newest,
        oldest=found.oldest,
        plots=rows,
    )


def _gone(view: View, known: Ints, timeline: Sequence[Moment]) -> list[PlotRows]:
    """Return plots of earlier days that are gone, each as it was on the last day on which it stood."""
    parts = []
    for moment in reversed(timeline):
        missing = np.setdiff1d(moment.plots.feature, known) if moment.plots is not None else known[:0]
        if len(missing):
            parts.append(_standing(view.on(moment.day), missing))
            known = np.union1d(known, missing)
    return parts


def _standing(view: View, features: Ints) -> PlotRows:
    """Return some plots of a day, without their records."""
    plots = view.scoreboard.plots
    rows = np.flatnonzero(np.isin(plots.columns.features.codes, features))
    columns = plots.columns.take(rows)
    texts = _version_texts(view, columns.version)
    state = plot_moment(columns).state
    credited = plots.accepted.credit.credited_m2[rows]
    due = {day: dt.date.fromordinal(day).isoformat() if day else None for day in np.unique(columns.due).tolist()}
    values: dict[str, Objects] = {
        **{name: texts[name] for name in _TEXTS if name != "name"},
        "unit": _mapped(texts["unit"], _unit_names(view)),
        "claimed_mu": _mapped(texts["claimed_mu"], float),
        "area_mu": _mu(plots.area_m2[rows]),
        "credited_mu": _mu(credited),
        "due_on": _mapped(columns.due.astype(object), due.__getitem__),
    }
    return PlotRows(
        feature=columns.features.codes,
        geometries=plots.ground.read(columns.version),
        ids=columns.feature_id,
        names=texts["name"],
        states=np.array(["", *PLOT_STATES], dtype=object)[state],
        samples=columns.sample,
        values=values,
        shown=np.zeros(len(rows), dtype=np.int64),
        total=np.zeros(len(rows), dtype=np.int64),
        records={},
    )


def _mu(areas_m2: Floats) -> Objects:
    result = np.empty(len(areas_m2), dtype=object)
    result[:] = [mu_from_m2(area) for area in areas_m2.tolist()]
    return result


def _version_texts(view: View, versions: Ints) -> dict[str, Objects]:
    seqs = view.state.ledger.version["seq"][versions]
    with view.workspace.register() as register:
        return register.texts_at("feature_version", seqs, columns=_TEXTS)


def _unit_names(view: View) -> Callable[[str], str]:
    def name(code: str) -> str:
        unit = view.workspace.units.get(code)
        return unit.name_on(view.as_of) if unit else code

    return name


def _mapped(column: Objects, tell: Callable[[Any], Any]) -> Objects:
    """Return what each value becomes, asked once for each distinct one; ``None`` stays."""
    known = {value: None if value is None else tell(value) for value in set(column.tolist())}
    result = np.empty(len(column), dtype=object)
    result[:] = [known[value] for value in column.tolist()]
    return result


def _joined(parts: Sequence[PlotRows]) -> PlotRows:
    """Return the rows of several parts without records, one after the other."""
    if len(parts) == 1:
        return parts[0]
    names = ("feature", "geometries", "ids", "names", "states", "samples", "shown", "total")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    values = {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values}
    return PlotRows(**columns, values=values, records={})


def _with_records(view: View, rows: PlotRows, *, most: int) -> PlotRows:
    standing = [view.state.standing_checks, view.state.standing_notes]
    seq, day, feature, sample = (
        np.concatenate([part[name] for part in standing]) for name in ("seq", "day", "feature", "sample")
    )
    size = len(view.state.ledger.tables["features"].names)
    place = np.full(size, -1)
    place[rows.feature] = np.arange(len(rows))
    mine = place[feature] >= 0
    seq, day, plot, sample = seq[mine], day[mine], place[feature[mine]], sample[mine]
    order = np.lexsort((-seq, -day, plot))
    total = np.bincount(plot, minlength=len(rows))
    rank = np.arange(len(order)) - np.repeat(np.cumsum(total) - total, total)
    kept = order[rank < min(most, max(1, MOST_RECORDS // max(1, len(rows))))]
    of_sample = np.bincount(plot, weights=sample, minlength=len(rows)) > 0
    return replace(
        rows,
        samples=np.asarray(rows.samples | of_sample),
        shown=np.bincount(plot[kept], minlength=len(rows)),
        total=total,
        records=_records(view, seq[kept]),
    )


def _records(view: View, seqs: Ints) -> dict[str, Objects]:
    with view.workspace.register() as register:
        texts = register.texts_at("progress_record", seqs, columns=_RECORD_TEXTS)
    return {
        **texts,
        "value": _mapped(texts["value"], lambda text: format(Decimal(text), "f")),
        "basis_document": _mapped(texts["basis_document"], lambda text: text or None),
        "sample": _mapped(texts["sample"], lambda text: text == "1"),
        "fields": _mapped(texts["fields"], cache(json.loads)),
    }
