"""Where write-ahead logging works: not where a file is on another machine."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

__all__ = ["network_file_system"]

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    kind
    for family in (
        ("nfs", "nfs4", "afs", "9p"),
        ("cifs", "smb2", "smb3", "smbfs", "ncpfs"),
        ("ceph", "lustre", "glusterfs", "gpfs", "beegfs", "orangefs"),
        ("vboxsf", "prl_fs", "fuse"),
    )
    for kind in family
)
_LOCAL_FUSE = frozenset(["fuse.fuse-overlayfs", "fuse.overlayfs", "fuseblk"])
_ESCAPE = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path, /, *, mounts: Path | None = None) -> str | None:
    """The kind of file system that a file is on, if processes do not share memory there.

    SQLite's write-ahead log needs memory that all processes of a file share, which NFS, SMB, 9p
    and file systems in user space do not give. None for all others, and where it is not known.

    Args:
        path: The file; it need not exist.
        mounts: What is mounted, in the form of Linux; that of this process if not given.
    """
    with contextlib.suppress(OSError, RuntimeError, UnicodeError):
        folder = path.resolve().parent
        best, kind = -1, ""
        for line in (mounts or _MOUNTS).read_text("utf-8", "surrogateescape").splitlines():
            left, _, right = line.partition(" - ")
            if len(fields := left.split()) < 5 or not right:
                continue
            point = Path(_ESCAPE.sub(lambda found: chr(int(found[1], 8)), fields[4]))
            depth = len(point.parts)
            if depth >= best and folder.is_relative_to(point):  # a later one hides an earlier one
                best, kind = depth, right.split()[0]
        if kind in _NETWORK or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE):
            return kind
    return None
