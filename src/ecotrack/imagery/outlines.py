"""From a mask of pixels to polygons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import shapes


def outlines(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    """Return the parts of a mask that hang together by their edges, as polygons in (column, row).

    Islands are holes. The polygons cover exactly the marked pixels.

    Examples
    --------
    >>> mask = np.ones((3, 3), dtype=bool)
    >>> mask[1, 1] = False
    >>> [(float(part.area), len(part.interiors)) for part in outlines(mask)]
    [(8.0, 1)]
    """
    found = [
        shapely.Polygon(part["coordinates"][0], part["coordinates"][1:])
        for part, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=4)
    ]
    result = np.empty(len(found), dtype=object)
    result[:] = found
    return result
