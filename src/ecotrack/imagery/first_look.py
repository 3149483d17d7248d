"""A first look at the numbers of a scene that is added: are they reflectance at all."""

from __future__ import annotations

from ecotrack.errors import Text
from ecotrack.imagery.grid import Window
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Scene
from ecotrack.imagery.stored_numbers import Levels, refuse_raw

_PLACES = (0.17, 0.5, 0.83)
_SIDE = 256


def first_look(scene: Scene) -> list[Text]:
    """Return why the numbers of a scene may be no reflectance, told by nine small parts of it.

    Nothing is read of a product whose own metadata or name says what its numbers are.

    Raises
    ------
    NotReflectance
        A scale was not applied, or twice.
    UnreadableFile, MissingFile, UnknownCRS, BandsApart, BadBandTable, UnfitMask
        As the scene's files are found.
    """
    if scene.level:
        return []
    levels = Levels()
    with OpenScene(scene, tuple(scene.bands)) as opened:
        height, width = (min(_SIDE, side) for side in opened.grid.whole.shape)
        for row in _PLACES:
            for col in _PLACES:
                place = int(row * (opened.grid.height - height)), int(col * (opened.grid.width - width))
                pixels = opened.read(Window(*place, height, width))
                refuse_raw(pixels.bands, opened.roles, where=scene.scene_id)
                levels.add(pixels.bands, pixels.clear)
        levels.refuse_dim(where=scene.scene_id)
        return levels.doubts(in_bytes=opened.in_bytes)
