"""What children do to publish maps; apart from the rest, since drawing loads folium and pandas."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ecotrack.desk.published import PUBLISHED_MAP
from ecotrack.errors import EcotrackError
from ecotrack.maps import MapModel, build_map, read_map, write_map
from ecotrack.maps.definition import MapDef, map_names, shown_first
from ecotrack.maps.model import check_levels
from ecotrack.maps.receipt import issue_receipts
from ecotrack.model import IssuedDocument
from ecotrack.register import stable_id
from ecotrack.workspace import Workspace, today


def publishable_maps(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the maps that can be published, the one that people see first at their head: id, title.

    One that its own file, or a layer above its level, forbids is left out; ``ecotrack map`` says why.
    """
    found = []
    for name in map_names(workspace.folder):
        try:
            found += definitions(workspace, [name])
        except EcotrackError:
            continue
    first = shown_first(workspace.folder).id if found else ""
    rows = [{"map": one.id, "title": one.title_zh, "first": one.id == first} for one in found]
    return sorted(rows, key=lambda row: not row["first"])


def definitions(workspace: Workspace, names: Iterable[str]) -> list[MapDef]:
    """Return maps by their names, whose layers may all be shown at the maps' levels.

    Raises
    ------
    UnknownMap, BadConfig
        As `ecotrack.maps.definition.read_map` says.
    AboveClassification, NoApprovalNumber, PlotsOnPublicMap, UnknownLayer
        As `ecotrack.maps.model.check_levels` says.
    """
    found = [read_map(workspace.folder, name=name) for name in names]
    for one in found:
        check_levels(one, workspace.layers, figures=workspace.config.classification)
    return found


def publish_map(workspace: Workspace, definition: MapDef, day: dt.date, by: str) -> str:
    """Issue the receipts of a map's figures, draw it, and put its bytes under their hash into the chain.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    issue_receipts(definition, workspace.view(as_of=day), by=by)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "map.html"
        write_map(build_map(MapModel.of(workspace, definition, as_of=day)), path)
        data = path.read_bytes()
    with workspace.register() as register:
        sha256, head = register.keep_raw(data), register.last_said()
        document = IssuedDocument(
            document_id=stable_id(PUBLISHED_MAP, sha256),
            kind=PUBLISHED_MAP,
            issued_on=today(),
            body={
                "sha256": sha256,
                "bytes": len(data),
                "map": definition.id,
                "title": definition.title_zh,
                "as_of": day.isoformat(),
                "seq": head.seq,
                "head": head.sha256,
                "by": by,
            },
        )
        with register.writer(author=by) as writer:
            writer.add(document)
    return sha256
