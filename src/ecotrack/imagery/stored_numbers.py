"""What stored numbers can mean: which stand for nothing, and whether the others can be reflectance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.errors import NotReflectance, Text
from ecotrack.imagery.indices import Reflectance
from ecotrack.imagery.scene import Role

Mask = npt.NDArray[np.bool_]

NOTHING = (-9999, -32768, 65535)
"""Stored numbers that usually stand for nothing, where no nodata is said."""
LIFTED = 0.095
"""Where the darkest thousandth of every band is brighter than this, the offset is still in the numbers."""
_DARKEST_SHARE = 0.001
_DIM, _BRIGHTEST_SHARE = 0.03, 0.01
"""Where the brightest hundredth of no band reaches the first, a scale was applied twice: any land is brighter."""


def blank(stored: npt.NDArray[Any]) -> Mask:
    """Return stored numbers that usually stand for nothing.

    Examples
    --------
    >>> blank(np.int16([0, 812, -9999, -32768])).tolist()
    [False, False, True, True]
    """
    found = np.zeros(stored.shape, dtype=bool)
    for number in NOTHING:
        if stored.dtype.kind == "f" or np.iinfo(stored.dtype).min <= number <= np.iinfo(stored.dtype).max:
            found |= stored == number
    return found


def fills(dtype: str) -> tuple[int, ...]:
    """Return the numbers that stand for nothing where every band has them: black, and white in bytes.

    Examples
    --------
    >>> fills("uint8"), fills("uint16")
    ((0, 255), (0,))
    """
    return (0, 255) if dtype == "uint8" else (0,)


_STRETCHED = Text(
    "影像是8位的，多半拉伸过，数值不是反射率", "the scene is in bytes, mostly a stretched picture and no reflectance"
)
_LIFTED = Text(
    "所有波段都没有暗像元：偏移可能还在数值里（哨兵二号 04.00 版起为 --offset -0.1），请核对后重新登记影像",
    "no band has a dark pixel: an offset may be in the numbers still (Sentinel-2 since baseline 04.00: "
    "--offset -0.1); check it and add the scene again",
)


@dataclass(slots=True)
class Levels:
    """How dark and how bright the bands of a scene are, counted part by part.

    Examples
    --------
    >>> levels = Levels()
    >>> levels.add({"green": np.full(9, 0.17, np.float32), "nir": np.full(9, 0.4, np.float32)}, np.ones(9, bool))
    >>> levels.lifted
    True
    """

    _seen: int = 0
    _dark: dict[Role, int] = field(default_factory=dict)
    _bright: dict[Role, int] = field(default_factory=dict)

    def add(self, bands: Mapping[Role, Reflectance], seen: Mask) -> None:
        """Count the seen pixels of a part."""
        self._seen += int(seen.sum())
        for role, band in bands.items():
            self._dark[role] = self._dark.get(role, 0) + int((seen & (band < np.float32(LIFTED))).sum())
            self._bright[role] = self._bright.get(role, 0) + int((seen & (band > np.float32(_DIM))).sum())

    @property
    def lifted(self) -> bool:
        """Whether no band has a dark pixel, which real ground always has: an offset was not taken back."""
        return self._seen > 0 and max(self._dark.values()) < _DARKEST_SHARE * self._seen

    def refuse_dim(self, *, where: str) -> None:
        """Raise where no band is as bright as land is.

        Raises
        ------
        NotReflectance
            A scale was applied twice.
        """
        if self._seen > 0 and max(self._bright.values()) < _BRIGHTEST_SHARE * self._seen:
            raise NotReflectance(where, median=f"< {_DIM}")

    def doubts(self, *, in_bytes: bool) -> list[Text]:
        """Return why the numbers may be no reflectance.

        Parameters
        ----------
        in_bytes
            Whether they are stored so.
        """
        return [doubt for doubt, holds in ((_STRETCHED, in_bytes), (_LIFTED, self.lifted)) if holds]


_SAMPLED = 10_000
_HIGHEST = 3.0
"""Reflectance is mostly below 1; glint and cloud reach 2. A median above is a number without its scale."""


def refuse_raw(bands: Mapping[Role, Reflectance], roles: tuple[Role, ...], *, where: str = "") -> None:
    """Raise where the numbers of some bands are no reflectance.

    Raises
    ------
    NotReflectance
        Half the pixels lie above any reflectance.
    """
    for role in roles:
        some = bands[role].ravel()[:: max(1, bands[role].size // _SAMPLED)]
        seen = some[np.isfinite(some)]
        if seen.size and float(np.median(seen)) > _HIGHEST:
            raise NotReflectance(where or role, median=f"{float(np.median(seen)):.6g}")
