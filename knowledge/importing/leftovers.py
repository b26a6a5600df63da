"""What an import that was cut off left beside the drafts: half-written ones go after a day, one set aside comes back.

Only folders that write.py named and filled are looked at; a finished draft is never touched.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

#: What says that a folder is a draft, and all that one being written holds at its top.
REPORT, REPORT_JSON, SUGGESTIONS = "report.txt", "report.json", "suggestions.yaml"
PARTS = {"sources", "documents", SUGGESTIONS, REPORT, REPORT_JSON}
#: An import takes seconds; what nobody has written to for so long is nobody's any more.
OLD_SECONDS = 24 * 3600.0
#: A draft being written, and one that a new draft of its name is about to replace.
_ASIDE = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.tmp(?P<old>\.old)?")


def clear(parent: Path, now: float | None = None) -> int:
    """Remove half-written and replaced drafts below a folder; returns how many. What cannot be removed stays."""
    now = time.time() if now is None else now
    gone = 0
    for path, name, old in _asides(parent):
        alone = old and not (parent / name).exists()  # the only one of its name: bring_back() is for it
        if alone or now - _touched(path) < OLD_SECONDS:
            continue
        shutil.rmtree(path, ignore_errors=True)
        gone += not path.exists()
    return gone


def bring_back(folder: Path) -> bool:
    """Put a finished draft back in its place where a kill came between setting it aside and replacing it."""
    if folder.exists():
        return False
    olds = [path for path, name, old in _asides(folder.parent) if old and name == folder.name]
    for path in sorted(olds, key=_touched, reverse=True):
        try:
            path.rename(folder)
        except OSError as error:
            logger.warning("the draft %s cannot be put back: %s", path, error)
            continue
        return True
    return False


def _asides(parent: Path) -> list[tuple[Path, str, bool]]:
    """Drafts that are not in their place, with the name of it, and whether they once were there."""
    found = []
    with suppress(OSError):
        for path in parent.iterdir():
            match = _ASIDE.fullmatch(path.name)
            if match is None or path.is_symlink() or not path.is_dir():
                continue
            old = match["old"] is not None
            inside = {one.name for one in path.iterdir()}
            if REPORT_JSON in inside if old else inside <= PARTS:
                found.append((path, match["name"], old))
    return found


def _touched(path: Path) -> float:
    """When anything in a folder was last written, in seconds since 1970."""
    times = [path.stat().st_mtime]
    for one in path.rglob("*"):
        with suppress(OSError):  # it goes this very moment
            times.append(one.stat().st_mtime)
    return max(times)
