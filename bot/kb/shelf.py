"""Copies of published versions on this machine's disk, and a pointer to the one last known to be in use.

They are what answers come from while the database is away. A copy is written aside, synced, renamed, and believed only
if packing it again gives its digest; the pointer is replaced by one rename. Which version is in use is served.py's
business.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from knowledge.archive import digest_of, pack, unpack
from knowledge.base import KnowledgeBase
from knowledge.disk import sync
from knowledge.errors import JianfuError
from knowledge.loader import load_knowledge

logger = logging.getLogger(__name__)

CURRENT = "CURRENT"
#: Copies kept beside the one in use, so that going back one version needs nothing.
KEEP = 3


@dataclass(frozen=True, slots=True)
class Pointer:
    """The row of the log that was in use when this machine last asked: number, digest, and the row's hash.

    Number 0 stands for the folder that the program came with: nothing was ever published.
    """

    seq: int = 0
    digest: str = ""
    hash: str = ""


class Shelf:
    """The copies under one folder. Several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pointer(self) -> Pointer | None:
        """What the pointer says, or None where it was never written or is damaged (the log then says so)."""
        path = self._folder / CURRENT
        try:
            return Pointer(**json.loads(path.read_text(encoding="utf8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            logger.warning("the pointer %s cannot be used: %s", path, error)
            return None

    def point(self, pointer: Pointer) -> None:
        """Say what is in use. Raises OSError."""
        if self.pointer() == pointer:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{CURRENT}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
        try:
            with aside.open("x", encoding="utf8") as file:
                file.write(json.dumps(asdict(pointer)))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._folder / CURRENT)
            sync(self._folder)
        finally:
            with suppress(OSError):
                aside.unlink()

    def load(self, digest: str) -> KnowledgeBase | None:
        """The knowledge of a copy, or None where there is no whole copy of it."""
        folder = self._folder / digest
        if not folder.is_dir():
            return None
        try:
            return _proved(folder, digest)
        except (JianfuError, OSError, ValueError) as error:
            logger.warning("the copy %s is damaged and not used: %s", folder, error)
            return None

    def put(self, archive: bytes) -> KnowledgeBase:
        """Make a copy of a version, and return its knowledge; where the disk does not take it, only that.

        Raises JianfuError for an archive that holds no usable knowledge, and OSError where not even a passing copy can
        be written.
        """
        digest = digest_of(archive)
        try:
            return self._put(archive, digest)
        except OSError as error:
            logger.warning("no copy of version %s is kept in %s: %s", digest[:12], self._folder, error)
        return knowledge_of(archive)

    def _put(self, archive: bytes, digest: str) -> KnowledgeBase:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._clear_leftovers()
        aside = self._folder / f".{digest[:12]}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
        target = self._folder / digest
        try:
            aside.mkdir()
            unpack(archive, aside)
            knowledge = _proved(aside, digest)
            for folder in [*(path for path in aside.rglob("*") if path.is_dir()), aside]:
                sync(folder)
            if target.exists():
                if self.load(digest) is not None:  # another process was quicker
                    return knowledge
                shutil.rmtree(target)
            aside.rename(target)
            sync(self._folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        self._drop_old(digest)
        return knowledge

    def _drop_old(self, newest: str) -> None:
        pointer = self.pointer()
        kept = {newest, pointer.digest if pointer is not None else newest}
        copies = [path for path in self._folder.iterdir() if len(path.name) == 64 and path.name not in kept]
        copies.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in copies[KEEP:]:
            shutil.rmtree(path, ignore_errors=True)

    def _clear_leftovers(self) -> None:
        """Remove what processes that no longer run left aside."""
        for path in self._folder.glob(".*.tmp"):
            owner = path.name.split(".")[-2].partition("-")[0]
            if owner.isdecimal() and Path("/proc", owner).exists():
                continue
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def knowledge_of(archive: bytes) -> KnowledgeBase:
    """The knowledge in an archive, by way of a folder that is gone afterwards. Raises JianfuError, OSError."""
    with tempfile.TemporaryDirectory(prefix="jianfu-kb-") as passing:
        unpack(archive, Path(passing))
        return _proved(Path(passing), digest_of(archive))


def _proved(folder: Path, digest: str) -> KnowledgeBase:
    """The knowledge of a folder whose archive has this digest. Raises JianfuError, OSError, ValueError."""
    knowledge = load_knowledge(folder)
    if digest_of(pack(folder, knowledge)) != digest:
        raise JianfuError(f"{folder} 与版本 {digest[:12]} 的指纹对不上")
    return knowledge
