"""Which knowledge is served: the version in use on record, else the folder that the program came with.

The database is asked first; while it is away this machine's own copy is served, and where nothing was ever published,
the folder as it is. Putting versions on record is publishing.py's business, following them following.py's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from bot.kb import words
from bot.kb.shelf import Pointer, Shelf
from bot.state.database import Database, StateUnavailable
from bot.state.versions import Versions
from knowledge.archive import digest_of, pack
from knowledge.base import KnowledgeBase
from knowledge.errors import InvalidFile, JianfuError
from knowledge.loader import load_knowledge

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """Knowledge to serve, and the row of the log that says so; `pointer.seq` is 0 for the folder as it is.

    `confirmed` is false while the database could not be asked whether something newer is in use.
    """

    knowledge: KnowledgeBase
    pointer: Pointer
    confirmed: bool = True


class Shelved:
    """What one installation serves: its versions, this machine's copies, and the folder it came with."""

    def __init__(self, versions: Versions | None, shelf: Shelf, folder: Path) -> None:
        """`versions` is None where there can be none: the database was never made."""
        self.versions = versions
        self.shelf = shelf
        self.folder = folder

    @classmethod
    def of(cls, config: Config, database: Database | None = None) -> Shelved:
        """The configured one. Without a database given, one that was never made is not made now."""
        if database is None and not _never_made(config):
            database = Database.at(config.state.url, config.root)
        versions = None if database is None else Versions(database)
        return cls(versions, Shelf(config.path(config.knowledge.copies)), config.path(config.knowledge.folder))

    def in_use(self) -> Pointer:
        """What the database says is in use; seq 0 for nothing. Raises StateUnavailable.

        A database that knows of nothing where this machine does has been lost; what was in use then stays so.
        """
        head = None if self.versions is None else self.versions.head()
        if head is not None:
            return Pointer(head.seq, head.digest, head.hash)
        known = self.shelf.pointer()
        return known if known is not None else Pointer()

    def load(self) -> Served:
        """The knowledge to serve now. Raises JianfuError with what is wrong and what to do."""
        try:
            pointer, confirmed = self.in_use(), True
        except StateUnavailable as error:
            known = self.shelf.pointer()
            pointer, confirmed = known or Pointer(), False
            logger.warning("%s", words.UNCONFIRMED.format(what=words.served(pointer.seq), error=error))
        found = self.fetch(pointer, confirmed=confirmed)
        if pointer.seq:
            self._say_if_the_folder_differs(pointer)
        return found

    def fetch(self, pointer: Pointer, *, confirmed: bool = True) -> Served:
        """The knowledge of a row, from this machine's copy or the database; the pointer then says so.

        Raises JianfuError.
        """
        knowledge = self._knowledge(pointer)
        if confirmed and pointer.seq:
            before = self.shelf.pointer()
            if before is not None and before.seq > pointer.seq:
                logger.warning("%s", words.WENT_BACK.format(before=before.seq, now=words.served(pointer.seq)))
            try:
                self.shelf.point(pointer)
            except OSError as error:
                logger.warning("the pointer to version %s cannot be written: %s", pointer.seq, error)
        return Served(knowledge, pointer, confirmed)

    def archive(self, pointer: Pointer) -> bytes:
        """The archive of a row, or of the folder as it is for number 0. Raises JianfuError."""
        if not pointer.seq:
            return pack(self.folder, load_knowledge(self.folder))
        if self.versions is None:
            raise JianfuError(words.NO_COPY.format(seq=pointer.seq))
        return self.versions.archive(pointer.digest)

    def _knowledge(self, pointer: Pointer) -> KnowledgeBase:
        if not pointer.seq:
            return load_knowledge(self.folder)
        knowledge = self.shelf.load(pointer.digest)
        if knowledge is None:
            if self.versions is None:
                raise JianfuError(words.NO_COPY.format(seq=pointer.seq))
            try:
                knowledge = self.shelf.put(self.versions.archive(pointer.digest))
            except StateUnavailable as error:
                raise JianfuError(words.NO_COPY.format(seq=pointer.seq)) from error
            except OSError as error:
                raise JianfuError(words.NO_ROOM.format(seq=pointer.seq, error=error.strerror or error)) from error
        return knowledge

    def _say_if_the_folder_differs(self, pointer: Pointer) -> None:
        """Where the folder holds something that is on no record, somebody may wonder why it is not served."""
        try:
            digest = digest_of(pack(self.folder, load_knowledge(self.folder)))
            on_record = self.versions is None or any(entry.digest == digest for entry in self.versions.log())
        except (InvalidFile, StateUnavailable, OSError, ValueError):
            return  # a folder that is not served may be in any state
        if not on_record:
            logger.warning("%s", words.FOLDER_DIFFERS.format(folder=self.folder, seq=pointer.seq))


def _never_made(config: Config) -> bool:
    """Whether the state is a SQLite file that does not exist: a command that only reads has no reason to make it."""
    scheme, _, place = config.state.url.partition(":///")
    return scheme.startswith("sqlite") and bool(place) and not config.path(place).exists()
