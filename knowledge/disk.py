"""Makes sure that what was written is on the disk, not only on its way there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, on the disk when this returns. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file against other processes and threads of this machine, waiting for whoever holds it.

    The system frees the lock when its holder is killed; where a file system has no locks this does nothing. Raises OSError
    where the file cannot be made.
    """
    with path.open("a") as file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
