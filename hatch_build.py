"""Build hook: wheels and sdists carry the browser libraries, fetched with npm when they are missing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BrowserAssets(BuildHookInterface):  # type: ignore[type-arg]
    """Makes sure that ``src/ecotrack/maps/vendor`` is whole before anything is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing; an editable install can do without, since ``make assets`` fetches it."""
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        try:
            from ecotrack.errors import EcotrackError
            from ecotrack.maps import assets
        finally:
            sys.path.pop(0)
        if version == "editable" or not (assets.missing() or assets.outdated(root)):
            return
        try:
            assets.fetch(root)
        except EcotrackError as error:
            raise SystemExit(error.message("zh") + "\n" + error.message("en")) from None
