"""ecotrack: areas and progress of ecological restoration that can be defended.

The package is lazy: importing it loads nothing heavy. ``ecotrack.Workspace`` is the noun to start from.

Examples
--------
>>> import ecotrack
>>> ecotrack.__version__
'0.1.0'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Workspace", "__version__"]

if TYPE_CHECKING:
    from ecotrack.workspace import Workspace


def __getattr__(name: str) -> Any:
    if name == "Workspace":
        from ecotrack.workspace import Workspace

        return Workspace
    raise AttributeError(name)
