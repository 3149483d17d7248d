"""Where a register may lie: local disks only, since SQLite's locks do not hold on network shares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ecotrack.errors import NetworkShare

_REMOTE = frozenset(
    ("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "davfs2", "fuse.sshfs",
     "sshfs", "fuse.rclone", "fuse.davfs2", "9p", "afs", "ncpfs", "fuse.glusterfs", "glusterfs", "ceph", "lustre",
     "gpfs")
)  # fmt: skip


class Mount(NamedTuple):
    """One mounted file system: where, of which type, with which options."""

    point: str
    fstype: str
    options: str = ""


def mounts() -> list[Mount]:
    """Return the file systems of this machine."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return _mounts_elsewhere()
    return [Mount(_unescaped(point), fstype, options) for _, point, fstype, options, *_ in map(str.split, lines)]


def _unescaped(point: str) -> str:
    """Return a mount point as it is: the table writes spaces and the like as octal numbers (proc(5))."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), point)


def _mounts_elsewhere() -> list[Mount]:
    import psutil

    return [Mount(part.mountpoint, part.fstype, part.opts) for part in psutil.disk_partitions(all=True)]


def share_type(path: str, table: Iterable[Mount]) -> str | None:
    r"""Return the type of the network share that ``path`` lies on, or ``None`` for a local disk.

    Examples
    --------
    >>> table = [Mount("/", "ext4"), Mount("/mnt/office", "cifs")]
    >>> share_type("/mnt/office/hengshui", table)
    'cifs'
    >>> share_type("/mnt/officer", table) is None
    True
    >>> share_type(r"\\server\share\hengshui", table)
    'UNC'
    """
    if path.startswith(("\\\\", "//")):
        return "UNC"
    holding = [mount for mount in table if _lies_on(path, mount.point)]
    if not holding:
        return None
    # The last of equally long mounts covers the earlier ones.
    mount = max(enumerate(holding), key=lambda item: (len(item[1].point), item[0]))[1]
    if mount.fstype.lower() in _REMOTE or "remote" in mount.options.split(","):
        return mount.fstype or "remote"
    return None


def _lies_on(path: str, point: str) -> bool:
    stem = point.rstrip("/\\")
    return path == stem or path.startswith((stem + "/", stem + "\\"))


def refuse_network_share(path: Path) -> None:
    """Raise where a register at ``path`` would lie on a network share.

    Raises
    ------
    NetworkShare
        Names the type of the share.
    """
    found = share_type(os.path.realpath(path), mounts())
    if found:
        raise NetworkShare(path, fstype=found)
