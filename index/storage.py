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
from collections.abc import Callable
from pathlib import Path

from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
CURRENT = "CURRENT"
KEEP = 2


class StorageError(JianfuError):
    """The index folder cannot be written."""


def publish(root: Path, fingerprint: str, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a folder aside, then make it the current revision. Raises StorageError."""
    aside = root / f".{fingerprint}-{secrets.token_hex(4)}.{os.getpid()}.tmp"
    try:
        root.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(root)
        aside.mkdir()
        write(aside)
        files = {str(path.relative_to(aside)): _digest(path) for path in sorted(aside.rglob("*")) if path.is_file()}
        (aside / MANIFEST).write_text(json.dumps({"fingerprint": fingerprint, "files": files}, indent=1), "utf8")
        for path in [*aside.rglob("*"), aside]:
            _sync(path)
        revision = root / aside.name[1:].removesuffix(f".{os.getpid()}.tmp")
        aside.rename(revision)
        pointer = root / f".{CURRENT}.{os.getpid()}.tmp"
        pointer.write_text(revision.name, encoding="utf8")
        _sync(pointer)
        pointer.replace(root / CURRENT)
        _sync(root)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise StorageError(f"索引写不进 {root}（{error.strerror}）；请检查磁盘空间和权限，或改 index.folder") from error
    _drop_old(root, revision)
    return revision


def current(root: Path, fingerprint: str) -> Path | None:
    """The current revision if it is whole and has this fingerprint; else None, after saying why in the log."""
    try:
        name = (root / CURRENT).read_text(encoding="utf8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    revision = root / name
    if not name or revision.parent != root:
        logger.warning("index pointer %s is damaged", root / CURRENT)
        return None
    try:
        manifest = json.loads((revision / MANIFEST).read_text(encoding="utf8"))
        if manifest["fingerprint"] != fingerprint:
            logger.info("index %s is stale", name)
            return None
        damaged = [file for file, digest in manifest["files"].items() if _digest(revision / file) != digest]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("index %s is torn: %s", name, error)
        return None
    if damaged:
        logger.warning("index %s is damaged in %s", name, ", ".join(damaged))
        return None
    return revision


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear_leftovers(root: Path) -> None:
    """Remove what processes that no longer run left aside."""
    for path in root.glob(".*.tmp"):
        owner = path.name.split(".")[-2]
        if owner.isdigit() and Path("/proc", owner).exists():
            continue
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _drop_old(root: Path, newest: Path) -> None:
    revisions = [path for path in root.iterdir() if (path / MANIFEST).is_file() and path != newest]
    revisions.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in revisions[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
