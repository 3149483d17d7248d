"""Files that stand whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecotrack.errors import CannotWrite


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write to; it takes the name when the block ends well.

    Raises
    ------
    CannotWrite
        The folder is not there or not writable, or another program holds the file open.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a.txt") as partial:
    ...         size = partial.write_text("mu")
    ...     [entry.name for entry in Path(folder).iterdir()]
    ['a.txt']
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise CannotWrite(path, detail=error.strerror or error) from error
    finally:
        partial.unlink(missing_ok=True)
