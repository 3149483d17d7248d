"""What lies around new plots: accepted plots, plots they name as parents, borders, water."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from ecotrack.errors import NoRegister, UnreadableError
from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.features import Feature
from ecotrack.intake.kept import blocks_of
from ecotrack.model import FeatureVersion
from ecotrack.progress import PLOT_LAYER
from ecotrack.progress.ledger import ledger_of
from ecotrack.progress.plots import plot_columns
from ecotrack.register import Register
from ecotrack.register.around import Around
from ecotrack.settings import Rules
from ecotrack.workspace import Workspace

UNIT_LAYERS = ("report_units", "counties")
"""Layers whose cells are the ground of units, by the unit's code."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What new plots are compared with.

    Attributes
    ----------
    accepted
        Plots that stand accepted and lie near, in the order of the register.
    geometries
        Their geometries, EPSG:4490.
    named
        The last version of each plot that the file names, by id.
    zones
        Features of reference layers by layer; a layer that the workspace lacks is not there.
    sketch
        Layers whose geometry is a sketch (示意).
    unread
        Layers that the workspace has but whose files cannot be read: what needs them is not checked.
    compared
        Whether there was a register to compare with.
    """

    accepted: Sequence[FeatureVersion] = ()
    geometries: Geometries = field(default_factory=lambda: np.zeros(0, dtype=object))
    named: Mapping[str, FeatureVersion] = field(default_factory=dict)
    zones: Mapping[str, Sequence[Feature]] = field(default_factory=dict)
    sketch: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    compared: bool = False


def accepted_of(around: Around, *, as_of: dt.date, rules: Rules) -> list[FeatureVersion]:
    """Return the versions that stand accepted on a day, by the very rule that figures go by."""
    if not around.versions:
        return []
    columns = plot_columns(
        ledger_of(around.versions, around.decisions, around.notes), as_of=as_of, seq=None, rules=rules
    )
    return [around.versions[int(row)] for row in columns.version[columns.accepted]]


def surroundings_of(
    workspace: Workspace, boxes: Floats, *, named: Iterable[str], as_of: dt.date, layer: str, wanted: Iterable[str]
) -> Surroundings:
    """Read what lies around some boxes from the register and the reference layers.

    Parameters
    ----------
    boxes
        West, south, east, north of the new plots, EPSG:4490 degrees; shape (n, 4).
    named
        Ids that the file gives: its own and those of parents.
    layer
        Layer of the new plots.
    wanted
        Reference layers that checks ask for.
    """
    with neighbourhood(workspace, as_of=as_of, layer=layer, wanted=wanted) as around:
        return around(boxes, named)


@contextmanager
def neighbourhood(
    workspace: Workspace, *, as_of: dt.date, layer: str, wanted: Iterable[str]
) -> Iterator[Callable[[Floats, Iterable[str]], Surroundings]]:
    """Open the register and the reference layers once; the function given answers `surroundings_of` of some plots."""
    zones, unread = _zones(workspace, {*UNIT_LAYERS, *wanted})
    sketch = frozenset(name for name in zones if workspace.layers[name].sketch)
    bare = Surroundings(zones=zones, sketch=sketch, unread=unread)
    with ExitStack() as stack:
        try:
            register = stack.enter_context(workspace.register(read_only=True))
        except NoRegister:
            yield lambda boxes, named: bare
            return
        rules = workspace.config.rules

        def around(boxes: Floats, named: Iterable[str]) -> Surroundings:
            near, own = register.around(boxes, layer=layer), register.named(named, layer=layer)
            accepted = accepted_of(near, as_of=as_of, rules=rules) if layer == PLOT_LAYER else near.versions
            return replace(
                bare,
                accepted=accepted,
                geometries=_sound(from_wkb([version.wkb for version in accepted])),
                named={version.feature_id: version for version in own.versions},
                compared=True,
            )

        yield around


def _sound(geometries: Geometries) -> Geometries:
    """Return geometries that can be cut: what stands crossed in the register (before there were checks) is mended."""
    crossed = ~shapely.is_valid(geometries)
    geometries[crossed] = shapely.make_valid(geometries[crossed], method="structure", keep_collapsed=False)
    return geometries


def known_versions(register: Register, feature_ids: Iterable[str], *, layer: str) -> list[FeatureVersion]:
    """Return the last version of each plot that a file names, without its geometry and attributes."""
    last: dict[str, FeatureVersion] = {}
    for block in blocks_of(feature_ids):
        for version in register.named(block, layer=layer).versions:
            last[version.feature_id] = replace(version, wkb=b"", submitted_wkb=None, attributes={})
    return [*last.values()]


def _zones(workspace: Workspace, names: Iterable[str]) -> tuple[dict[str, Sequence[Feature]], frozenset[str]]:
    zones, unread = {}, set()
    for name in sorted(names):
        if name in workspace.layers:
            try:
                zones[name] = workspace.features(name)
            except UnreadableError:
                unread.add(name)
    return zones, frozenset(unread)
