"""The workspace: the thin noun that users hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ecotrack import __version__
from ecotrack.errors import BadConfig, FutureDate, Text, UnknownLayer
from ecotrack.figures.definitions import DEFINITIONS, newest
from ecotrack.figures.ground import Ground, carry_on, no_ground, zone_key
from ecotrack.figures.plots import PlotSet
from ecotrack.figures.scoreboard import MEASURES, SCHEMA, Scoreboard
from ecotrack.geometry.codec import ReadWkb
from ecotrack.geometry.features import Feature, read_geojson
from ecotrack.model import Decision, FeatureVersion, LayerDef, ProgressRecord, TargetDef, UnitBook
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.model.targets import LAYER_PARAMS
from ecotrack.progress import PLOT_LAYER, LedgerWriter, PlotLedger, State, by_kind, current
from ecotrack.progress.ledger import Ints
from ecotrack.register import Head, Register, derived
from ecotrack.settings import CONFIG_NAME, WorkspaceConfig, read_config, read_layers
from ecotrack.unit_file import settle
from ecotrack.units import mu_from_m2

TIME_ZONE = ZoneInfo("Asia/Shanghai")
"""Days are days here; instants are UTC."""

Told = Callable[[Text], object]
"""Is told of work that takes long."""

_MANY = 5_000
"""So many boundaries take a moment to be measured; a person is told of it."""


def today() -> dt.date:
    """Return the day in Hengshui."""
    return dt.datetime.now(TIME_ZONE).date()


@dataclass(frozen=True, kw_only=True)
class FeatureView:
    """One feature joined to its progress, as maps and tables show it.

    Attributes
    ----------
    geometry
        EPSG:4490 longitude/latitude.
    state
        State of the latest record; ``None`` where there is no record (which is not 未开工).
    records
        Records in force, newest first.
    sample
        Whether the feature or any of its records is sample data (示例).
    """

    feature_id: str
    name: str | None
    geometry: Any
    properties: dict[str, Any]
    state: str | None
    records: list[ProgressRecord]
    sample: bool


@dataclass(frozen=True, kw_only=True)
class LayerView:
    """A layer joined to progress: its features, and how many of them have a record."""

    layer: LayerDef
    features: list[FeatureView]
    records: list[ProgressRecord]
    total: int
    with_record: int
    newest: dt.date | None
    oldest: dt.date | None


@dataclass(frozen=True, kw_only=True)
class View:
    """The workspace as of a day and as known at an instant.

    Attributes
    ----------
    as_known
        The instant asked for; ``None`` is everything recorded up to now.
    head
        End of the chain that was read.
    """

    workspace: Workspace
    as_of: dt.date
    as_known: dt.datetime | None
    head: Head
    state: State
    scoreboard: Scoreboard

    def on(self, day: dt.date) -> View:
        """Return the view of another day, as known when this one was; what was read for this one is not read again.

        Raises
        ------
        FutureDate
            The day is after today.
        """
        if day > today():
            raise FutureDate(day=day, today=today())
        workspace = self.workspace
        with workspace.register() as register:
            state = workspace._state(register, self.state.ledger, day, self.head.seq)
        board = workspace._scoreboard(state, self.scoreboard.ground, self.scoreboard.definition)
        return replace(self, as_of=day, state=state, scoreboard=board)

    def to_json(self) -> dict[str, Any]:
        """Return the scoreboard with its heading (schema ``ecotrack.scoreboard/1``)."""
        config, body = self.workspace.config, self.scoreboard.to_json()
        known = self.as_known.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self.as_known else None
        heading = {
            "schema": SCHEMA,
            "definition": self.scoreboard.definition,
            "version": __version__,
            "workspace": {
                "name_zh": config.name_zh,
                "name_en": config.name_en,
                "office": config.office,
                "classification": config.classification,
            },
            "as_of": self.as_of.isoformat(),
            "as_known": known,
            "register": {"seq": self.head.seq, "head": self.head.sha256},
            "claim_tolerance_pct": _number(config.rules.claim_tolerance_pct),
            "sample": _any_sample(body),
            "sketch": any(figure["sketch"] for figure in body["targets"]),
        }
        return heading | body

    def layer(self, layer_id: str) -> LayerView:
        """Return one layer joined to its progress.

        Raises
        ------
        UnknownLayer
            No layer has this id.
        """
        layer = self.workspace.layer(layer_id)
        source = self.state.plot_records if layer_id == PLOT_LAYER else self.state.series
        records = [r for (name, _), found in source.items() if name == layer_id for r in found]
        records.sort(key=lambda record: (record.effective_on, record.seq), reverse=True)
        by_feature: dict[str | None, list[ProgressRecord]] = {}
        for record in records:
            by_feature.setdefault(record.feature_id, []).append(record)
        if layer.source == REGISTER_SOURCE:
            features = _plot_views(self.scoreboard.plots, by_feature, self.workspace.units, self.as_of)
        else:
            features = [_view(feature, by_feature) for feature in self.workspace.features(layer_id)]
        days = [record.effective_on for record in records]
        return LayerView(
            layer=layer,
            features=features,
            records=records,
            total=len(features),
            with_record=len([feature for feature in features if feature.records]),
            newest=max(days, default=None),
            oldest=min(days, default=None),
        )


class Workspace:
    """A folder with ``ecotrack.toml``, layers, geography and a register.

    Open one with `Workspace.open`; everything else is read when it is asked for.

    Examples
    --------
    >>> workspace = Workspace.open(Path("."))  # doctest: +SKIP
    >>> workspace.view().to_json()["targets"][0]["id"]  # doctest: +SKIP
    'lake'
    """

    def __init__(
        self, folder: Path, config: WorkspaceConfig, layers: dict[str, LayerDef], *, told: Told | None = None
    ) -> None:
        self._told = told
        self.folder = folder
        self.config = config
        self.layers = layers
        self.units = UnitBook(config.units)
        self.features = cache(self._features)

    @classmethod
    def open(cls, folder: Path, *, told: Told | None = None) -> Workspace:
        """Open the workspace in ``folder``.

        Parameters
        ----------
        told
            Called with a line about work that takes long, before it begins.

        Raises
        ------
        NotAWorkspace, NewerWorkspace, BadConfig
            What is wrong with its files, and where.
        """
        config, layers = read_config(folder), read_layers(folder)
        for target in config.targets:
            if target.measure not in MEASURES:
                detail = f"targets.{target.id}.measure = {target.measure!r}"
                raise BadConfig(folder / CONFIG_NAME, detail=detail)
            for param in LAYER_PARAMS & {*target.params}:
                if target.params[param] not in layers:
                    detail = f"targets.{target.id}.params.{param} = {target.params[param]!r}"
                    raise BadConfig(folder / CONFIG_NAME, detail=detail)
        return cls(folder.absolute(), config, layers, told=told)

    @property
    def targets(self) -> tuple[TargetDef, ...]:
        """The targets, in the order in which they are shown."""
        return self.config.targets

    @property
    def register_path(self) -> Path:
        """Where the register lies."""
        return self.folder / self.config.register

    def tell(self, line: Text) -> None:
        """Tell whoever opened the workspace what takes long, if they asked for it."""
        if self._told:
            self._told(line)

    def layer(self, layer_id: str) -> LayerDef:
        """Return a layer's definition.

        Raises
        ------
        UnknownLayer
            No layer has this id; the message lists those there are.
        """
        if layer_id not in self.layers:
            raise UnknownLayer(self.folder / "layers", name=layer_id, known="、".join(self.layers))
        return self.layers[layer_id]

    def register(self, *, create: bool = False, read_only: bool = False) -> Register:
        """Open the register; the caller closes it.

        Raises
        ------
        NoRegister
            There is none yet, and ``create`` is off.
        NetworkShare, NewerWorkspace, UnreadableFile
            As `ecotrack.register.Register.open` says.
        """
        if create and not self.register_path.exists():
            register = Register.create(self.register_path, office=self.config.office)
        else:
            register = Register.open(self.register_path, read_only=read_only)
        if create:
            # How the units are named stands in the chain, so that old records can be read as they were meant.
            settle(self.folder, register, self.config.units)
        return register

    def _features(self, layer_id: str) -> Sequence[Feature]:
        """Return the features of a reference layer; none for series and for layers of the register.

        Raises
        ------
        UnknownLayer, MissingFile, UnreadableFile
            The layer or its file is not there or not readable.
        """
        layer = self.layer(layer_id)
        if layer.source in (REGISTER_SOURCE, "none"):
            return []
        return read_geojson(self.folder / layer.source, key=layer.key, name_field=layer.name_field)

    def view(
        self,
        *,
        as_of: dt.date | None = None,
        as_known: dt.datetime | None = None,
        seq: int | None = None,
        definition: str | None = None,
    ) -> View:
        """Read the state as of a day and as known at an instant.

        Parameters
        ----------
        as_of
            Each record counts from its own effective date; today by default.
        as_known
            Only what had been recorded by then; everything by default.
        seq
            Only the chain up to this place, whatever ``as_known`` says: what a receipt names.
        definition
            Version of the definitions, a key of `ecotrack.figures.definitions.DEFINITIONS`; the newest by default.

        Raises
        ------
        FutureDate
            A day or an instant after now.
        NoRegister
            There is no register yet.
        """
        day = as_of or today()
        if day > today():
            raise FutureDate(day=day, today=today())
        if as_known is not None and as_known > dt.datetime.now(dt.UTC):
            raise FutureDate(day=as_known.isoformat(), today=today())
        with self.register() as register:
            if seq is None:
                seq = register.seq_at(as_known) if as_known else register.head().seq
            head = register.head_at(seq)
            kept = self._plots(register)
            state = self._state(register, kept.ledger, day, seq)
        board = self._scoreboard(state, kept.ground, definition or newest())
        return View(workspace=self, as_of=day, as_known=as_known, head=head, state=state, scoreboard=board)

    def _scoreboard(self, state: State, ground: Ground, definition: str) -> Scoreboard:
        by = DEFINITIONS[definition]
        return by(state, self.targets, self.units, self.layers, self.features, ground)

    def _state(self, register: Register, ledger: PlotLedger, day: dt.date, seq: int) -> State:
        def versions(seqs: Ints) -> list[FeatureVersion]:
            with self.register() as again:
                return again.versions_at(seqs)

        def records(seqs: Ints) -> list[ProgressRecord]:
            with self.register() as again:
                return again.records_at(seqs)

        def plot_records() -> list[ProgressRecord]:
            with self.register() as again:
                return again.records(layer=PLOT_LAYER, as_of=day, seq=seq)

        def submission_decisions() -> list[Decision]:
            with self.register() as again:
                return again.decisions(subject="submission", as_of=day, seq=seq)

        return State(
            as_of=day,
            rules=self.config.rules,
            ledger=ledger,
            seq=seq,
            series=by_kind(current(register.records(but_layer=PLOT_LAYER, as_of=day, seq=seq))),
            read_versions=versions,
            read_records=records,
            read_plot_records=plot_records,
            read_submission_decisions=submission_decisions,
        )

    def _plots(self, register: Register) -> derived.Kept:
        """Return the plot ledger and its ground up to the end of the chain, from what was kept and what came since."""
        made_by, head = derived.stamp(register.register_id), register.head()
        kept = derived.load(
            register.derived_path,
            made_by=made_by,
            head_at=lambda seq: register.head_at(seq).sha256,
            reader=self._reader,
        )
        if kept is None:
            empty = LedgerWriter().ledger()
            kept = derived.Kept(0, empty, no_ground(self._reader(empty)))
        zones = self._zones()
        if kept.seq == head.seq and {zone_key(*zone) for zone in zones.items()} <= {*kept.ground.pieces}:
            return kept
        before = kept.ledger if kept.seq else None
        ledger = register.plot_ledger(PLOT_LAYER, until=head.seq, before=before, since=kept.seq)
        read = self._reader(ledger)
        self._tell_fresh(len(ledger.version["seq"]) - len(kept.ground))
        ground = carry_on(kept.ground, len(ledger.version["seq"]), read, zones)
        kept = derived.Kept(head.seq, ledger, ground)
        derived.save(register.derived_path, kept, head=head.sha256, made_by=made_by)
        return kept

    def _tell_fresh(self, fresh: int) -> None:
        if fresh >= _MANY:
            zh = f"正在计算{fresh:,}个新边界的面积、重叠和在各县的部分，算过的不再重算"
            self.tell(Text(zh, f"measuring {fresh:,} new boundaries, their overlaps and their parts in counties, once"))

    def _reader(self, ledger: PlotLedger) -> ReadWkb:
        """Return what reads the stored bytes of a ledger's versions, from the register and only when asked."""
        seqs = ledger.version["seq"]

        def read(rows: Ints) -> list[bytes]:
            with self.register() as again:
                return again.wkb(seqs[rows], layer=PLOT_LAYER)

        return read

    def _zones(self) -> dict[str, Sequence[Feature]]:
        """Return the layers at whose borders plots are cut: counties, and the zones of targets."""
        named = ["counties", "report_units", *(str(target.params.get("zone_layer") or "") for target in self.targets)]
        return {layer: self.features(layer) for layer in named if layer in self.layers}


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _any_sample(body: dict[str, Any]) -> bool:
    rows = [*body["targets"], *body["funnel"], body["overlaps"]]
    return any(row["sample"] for row in rows)


def _view(feature: Feature, by_feature: dict[str | None, list[ProgressRecord]]) -> FeatureView:
    records = by_feature.get(feature.feature_id, [])
    return FeatureView(
        feature_id=feature.feature_id,
        name=feature.name,
        geometry=feature.geometry,
        properties=feature.properties,
        state=next((record.state for record in records if record.state), None),
        records=records,
        sample=any(record.sample for record in records),
    )


def _plot_views(
    plots: PlotSet, by_feature: dict[str | None, list[ProgressRecord]], units: UnitBook, as_of: dt.date
) -> list[FeatureView]:
    """Return the accepted plots with their measured and credited areas."""
    result = []
    credited = plots.accepted.credit.credited_m2
    for i, plot in enumerate(plots.plots):
        if plot.verdict not in ("accept", "strike"):
            continue
        version, unit = plot.version, units.get(str(plot.version.unit))
        records = by_feature.get(plot.feature_id, [])
        properties = {
            "unit": unit.name_on(as_of) if unit else version.unit,
            "season": version.season,
            "programme": version.programme,
            "species": version.species,
            "kind": version.kind,
            "form": version.form,
            "claimed_mu": None if version.claimed_mu is None else float(version.claimed_mu),
            "area_mu": mu_from_m2(float(plots.area_m2[i])),
            "credited_mu": mu_from_m2(float(credited[i])),
            "due_on": plot.due_on.isoformat() if plot.due_on else None,
        }
        result.append(
            FeatureView(
                feature_id=plot.feature_id,
                name=version.name,
                geometry=plots.geometries[i],
                properties=properties,
                state=plot.state,
                records=records,
                sample=version.sample,
            )
        )
    return result
