"""What the parent asks of the child that reads an upload; apart from the child, so that asking loads no reader."""

from __future__ import annotations

import msgspec

from ecotrack.coordinates import Extent
from ecotrack.model.layers import GeometryKind

UPLOAD_NAME = "upload"
"""Our name for the sender's bytes inside the working folder."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the parent asks of the child.

    Attributes
    ----------
    file_name
        The sender's name for the upload; for messages only.
    extent
        West, south, east, north of the workspace, EPSG:4490 degrees.
    crs, encoding
        What the user says about the file, where it overrules the file.
    known_fields
        Header texts that the target layer has a use for.
    geometry
        Kind of geometry that the target layer takes.
    sheet
        The one sheet, layer or member that is wanted of a file that holds several; all of them by default.
    """

    file_name: str
    extent: Extent
    crs: str | None = None
    encoding: str | None = None
    known_fields: tuple[str, ...] = ()
    geometry: GeometryKind = "Polygon"
    sheet: str | None = None
