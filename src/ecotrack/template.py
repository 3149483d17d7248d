"""Where the example workspace lies: beside the code in a checkout, inside the package once installed."""

from __future__ import annotations

from pathlib import Path

from ecotrack.errors import MissingFile
from ecotrack.settings import CONFIG_NAME


def template_folder() -> Path:
    """Return the folder that holds Hengshui's ``ecotrack.toml``, ``layers/``, ``geo/`` and ``maps/``.

    Raises
    ------
    MissingFile
        The installation lacks it.
    """
    package = Path(__file__).parent
    for folder in (package / "example", package.parent.parent):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise MissingFile(package / "example" / CONFIG_NAME)
