"""Figures, maps and lists that everyone looks at: made by a child when the register has moved, served as files."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import Any

from ecotrack.desk.pool import Pool
from ecotrack.errors import EcotrackError, MissingFile
from ecotrack.workspace import Workspace, today

log = logging.getLogger("ecotrack.portal")
_SECONDS = 300.0
_LOOK_S = 1.0


def figures(folder: str, path: str) -> None:
    """Write the scoreboard as JSON, whole or not at all."""
    document = Workspace.open(Path(folder)).view().to_json()
    write_whole(Path(path), json.dumps(document, ensure_ascii=False, default=float).encode())


def live_map(folder: str, path: str) -> None:
    """Write the workspace's main map, whole or not at all."""
    from ecotrack.maps import MapModel, build_map, write_map
    from ecotrack.maps.definition import shown_first

    workspace = Workspace.open(Path(folder))
    write_map(build_map(MapModel.of(workspace, shown_first(workspace.folder))), Path(path))


def export(folder: str, layer: str, path: str) -> None:
    """Write a layer to a file, at the level of the workspace."""
    from ecotrack.reports.layer_export import export_layer

    workspace = Workspace.open(Path(folder))
    export_layer(workspace.view(), layer, Path(path), ceiling=workspace.config.classification)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)


class Board:
    """Keeps one file for each thing that is shown, and makes it again in the background when the register moved.

    Parameters
    ----------
    folder
        Where the files go.
    """

    def __init__(self, workspace: Workspace, pool: Pool, folder: Path) -> None:
        self._workspace, self._pool, self._folder = workspace, pool, folder
        self._lock = threading.Lock()
        self._made: dict[str, str] = {}
        self._making: dict[str, threading.Event] = {}
        self._faults: dict[str, EcotrackError] = {}
        self._looked: tuple[float, str] = (float("-inf"), "")

    def state(self) -> str:
        """Return the state of what is shown: the day, and the place in the chain of the last thing said."""
        looked, known = self._looked
        if time.monotonic() - looked < _LOOK_S:
            return known
        with self._workspace.register(read_only=True) as register:
            head = register.last_said()
        state = f"{today()}-{head.seq}-{head.sha256[:12]}"
        self._looked = (time.monotonic(), state)
        return state

    def forget(self) -> None:
        """Look at the register again at the next call: something was decided."""
        self._looked = (float("-inf"), "")

    def get(self, name: str, make: str, *arguments: Any, fresh: bool = False) -> Path:
        """Return a file; an older one is given while a newer one is being made, unless it must be fresh.

        Raises
        ------
        MissingFile
            It could not be made.
        EcotrackError
            Why it could not be made, where it must be fresh.
        """
        path = self._folder / name
        for _ in range(2):  # what was being made when this was asked may be of an older state
            state = self.state()
            made = self._begun(name, state, make, arguments)
            if made is not None and (fresh or not path.is_file()):
                made.wait(_SECONDS)
            if not fresh or self._made.get(name) == state:
                break
        if fresh and self._made.get(name) != state and name in self._faults:
            raise self._faults[name]
        if not path.is_file():
            raise MissingFile(name)
        return path

    def _begun(self, name: str, state: str, make: str, arguments: tuple[Any, ...]) -> threading.Event | None:
        """Have a file made where it is not current, and return what tells that it is done."""
        with self._lock:
            if self._made.get(name) == state and (self._folder / name).is_file():
                return None
            made = self._making.get(name)
            if made is None:
                made = self._making[name] = threading.Event()
                threading.Thread(target=self._make, args=(name, state, make, arguments, made), daemon=True).start()
            return made

    def current(self, name: str) -> bool:
        """Tell whether a file shows the register as it stands."""
        return self._made.get(name) == self.state()

    def _make(self, name: str, state: str, make: str, arguments: tuple[Any, ...], made: threading.Event) -> None:
        path = self._folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._pool.call(make, str(self._workspace.folder), *arguments, str(path), seconds=_SECONDS, where=name)
            self._made[name] = state
            self._faults.pop(name, None)
        except EcotrackError as error:
            self._faults[name] = error
            log.warning("%s could not be made: %s", name, error)
        except OSError:
            log.exception("%s could not be made", name)
        finally:
            with self._lock:
                self._making.pop(name, None)
            made.set()
