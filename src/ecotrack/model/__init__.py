"""The nouns of the house: plain values without I/O."""

from ecotrack.model.entries import (
    PARENT_KINDS,
    Decision,
    FeatureVersion,
    Fields,
    IssuedDocument,
    ProgressRecord,
    Submission,
)
from ecotrack.model.findings import Finding
from ecotrack.model.layers import FieldDef, LayerDef, RecordKind, Style
from ecotrack.model.organisation import Unit, UnitBook, UnitName
from ecotrack.model.targets import TargetDef

__all__ = [
    "PARENT_KINDS",
    "Decision",
    "FeatureVersion",
    "FieldDef",
    "Fields",
    "Finding",
    "IssuedDocument",
    "LayerDef",
    "ProgressRecord",
    "RecordKind",
    "Style",
    "Submission",
    "TargetDef",
    "Unit",
    "UnitBook",
    "UnitName",
]
