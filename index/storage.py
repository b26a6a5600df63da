"""Artifacts on disk: written aside, checksummed, published by one rename; torn or stale ones are never served.

A revision is a folder `<fingerprint>-<nonce>` with a manifest of every file's sha256; `CURRENT` names it. FAISS
itself accepts flipped bits (measured), so nothing is read before its checksum was compared.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from knowledge.disk import locked, sync
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
CURRENT = "CURRENT"
LOCK = ".lock"
#: Held by the process that makes what is missing.
BUILDING = ".building"
KEEP = 2

_one_thread = threading.Lock()


class StorageError(JianfuError):
    """The index folder cannot be written."""


def kept_or_published(root: Path, fingerprint: str, write: Callable[[Path], None], keep: int = KEEP) -> Path:
    """What kept() finds, else what publish() makes; of several processes one makes it, and the others wait and find it.

    Raises as publish() does.
    """
    found = kept(root, fingerprint)
    if found is not None:
        return found
    with ExitStack() as stack:
        with suppress(OSError):  # where no lock file can be made, publish() says what is wrong with the folder
            root.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(root / BUILDING))
        return find(root, fingerprint) or publish(root, fingerprint, write, keep)


def publish(root: Path, fingerprint: str, write: Callable[[Path], None], keep: int = KEEP) -> Path:
    """Let `write` fill a folder aside, then make it the current revision; the latest `keep` stay.

    Raises StorageError, or whatever `write` raises; the former revision then stays current and nothing is left aside.
    """
    name = f"{fingerprint}-{secrets.token_hex(4)}"
    aside, revision = root / f".{name}.{os.getpid()}.tmp", root / name
    pointer = root / f".{CURRENT}-{name}.{os.getpid()}.tmp"
    try:
        with _one_thread:
            root.mkdir(parents=True, exist_ok=True)
            _clear_leftovers(root)
            aside.mkdir()
            write(aside)
            files = {str(path.relative_to(aside)): _digest(path) for path in sorted(aside.rglob("*")) if path.is_file()}
            (aside / MANIFEST).write_text(json.dumps({"fingerprint": fingerprint, "files": files}, indent=1), "utf8")
            pointer.write_text(name, encoding="utf8")
            for path in [*aside.rglob("*"), aside, pointer]:
                sync(path)
            with locked(root / LOCK):
                aside.rename(revision)
                pointer.replace(root / CURRENT)
                sync(root)
                _drop_old(root, revision, keep)
    except BaseException as error:
        _undo(root, name, aside, pointer)
        if not isinstance(error, OSError):
            raise
        reason = error.strerror or error
        raise StorageError(f"索引写不进 {root}（{reason}）；请检查磁盘空间和权限，或改 index.folder") from error
    return revision


def _undo(root: Path, name: str, aside: Path, pointer: Path) -> None:
    """Remove what a failed publish() left, but never the revision that is current."""
    shutil.rmtree(aside, ignore_errors=True)
    with suppress(OSError):
        pointer.unlink()
    if _pointed(root) != name:
        shutil.rmtree(root / name, ignore_errors=True)


def _pointed(root: Path) -> str | None:
    """What CURRENT says, or None when it cannot be read."""
    try:
        return (root / CURRENT).read_text(encoding="utf8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def current(root: Path, fingerprint: str) -> Path | None:
    """The current revision if it is whole and has this fingerprint; else None, after saying why in the log."""
    name = _pointed(root)
    if name is None:
        return None
    revision = root / name
    if not name or name.startswith(".") or revision.parent != root:
        logger.warning("index pointer %s is damaged; the index is built anew", root / CURRENT)
        return None
    return _whole(revision, fingerprint)


def kept(root: Path, fingerprint: str) -> Path | None:
    """A whole revision with this fingerprint, be it the current one or one kept beside it; else None, as current() says.

    What was read last counts as the latest when old ones are dropped.
    """
    found = find(root, fingerprint)
    if found is not None:
        with suppress(OSError):
            os.utime(found)
    return found


def find(root: Path, fingerprint: str) -> Path | None:
    """What kept() finds, without marking it as read."""
    pointed = _pointed(root)
    beside = [] if pointed is None or pointed.startswith(f"{fingerprint}-") else sorted(root.glob(f"{fingerprint}-*"))
    return next((path for path in beside if _whole(path, fingerprint) is not None), None) or current(root, fingerprint)


def _whole(revision: Path, fingerprint: str) -> Path | None:
    """The revision if no file of it was changed since it was written, and it has this fingerprint."""
    name = revision.name
    try:
        manifest = json.loads((revision / MANIFEST).read_text(encoding="utf8"))
        if manifest["fingerprint"] != fingerprint:
            logger.warning("index %s is stale and is built anew", name)
            return None
        damaged = [file for file, digest in manifest["files"].items() if _digest(revision / file) != digest]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("index %s is torn and is built anew: %s", name, error)
        return None
    if damaged:
        logger.warning("index %s is damaged and is built anew: %s", name, ", ".join(damaged))
        return None
    return revision


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clear_leftovers(root: Path) -> None:
    """Remove what processes that no longer run left aside; one with our own number ran in an earlier container."""
    for path in root.glob(".*.tmp"):
        owner = path.name.split(".")[-2]
        if owner.isdecimal() and int(owner) != os.getpid() and Path("/proc", owner).exists():
            continue
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _drop_old(root: Path, newest: Path, keep: int) -> None:
    others = (path for path in root.iterdir() if path != newest and not path.name.startswith("."))  # not what is aside
    revisions = [path for path in others if (path / MANIFEST).is_file()]
    revisions.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in revisions[keep - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
