"""What children do to publish a map; apart from the rest, since drawing loads folium and pandas."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from ecotrack.desk.published import PUBLISHED_MAP
from ecotrack.maps import MapModel, build_map, read_map, write_map
from ecotrack.maps.definition import FOLDER, MapDef
from ecotrack.maps.model import check_levels
from ecotrack.model import IssuedDocument
from ecotrack.register import stable_id
from ecotrack.workspace import Workspace, today


def definition_of(workspace: Workspace) -> MapDef:
    """Return the map that is published, whose layers may all be shown at the level of the workspace."""
    names = sorted(found.stem for found in (workspace.folder / FOLDER).glob("*.toml"))
    found = read_map(workspace.folder, name=names[0] if names else None)
    check_levels(found, workspace.layers, figures=workspace.config.classification)
    return found


def publish_map(workspace: Workspace, definition: MapDef, day: dt.date, by: str) -> str:
    """Draw the map of a day, keep its bytes under their hash, and put that into the chain; return the hash."""
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
