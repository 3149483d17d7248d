"""The satellite's word: lake surface and plot greenness from rasters. The only importer of rasterio.

`water_mask` tells water from land in arrays of any scene; it is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["ChipWater", "water_mask"]

if TYPE_CHECKING:
    from ecotrack.imagery.water_chip import ChipWater, water_mask


def __getattr__(name: str) -> Any:
    if name in __all__:
        from ecotrack.imagery import water_chip

        return getattr(water_chip, name)
    raise AttributeError(name)
