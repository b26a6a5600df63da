"""Proposals that are being written: each a list of changes to a version, kept in a file so that it outlives a restart.

The changed knowledge folder and its preview are made from that list (workshop.py) and may be made again at any time. The
file is replaced by one rename, so a kill leaves the list before or the list after.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.kb import draft_words as words
from bot.kb.changes import Change, change_from_json, change_to_json
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{8}")
_FILE = "draft.json"
OLD_SECONDS = 24 * 3600.0
#: More than anybody looks through; each takes the room of a knowledge folder.
MOST = 40
MOST_CHANGES = 200


class NoDraft(JianfuError):
    """There is no draft of this id; it may have been published or discarded."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Changes to version `base` (0 for the folder that the program came with), in the order they were made.

    `base_digest` is the digest of that version's archive, "" for version 0. `created` is UTC, ISO 8601.
    """

    id: str
    author: str
    created: str
    base: int
    base_digest: str
    changes: tuple[Change, ...]

    @property
    def revision(self) -> int:
        """Grows with each change."""
        return len(self.changes)


class Drafts:
    """The drafts below one folder. Several threads may use it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, draft_id: str) -> Path:
        """Where a draft's files are. Raises NoDraft for what cannot be an id."""
        if not _ID.fullmatch(draft_id):
            raise NoDraft(words.NO_DRAFT)
        return self._root / draft_id

    def new(self, author: str, base: int, base_digest: str, changes: Sequence[Change]) -> Draft:
        """Keep a new draft. Raises JianfuError where there are too many, or the disk does not take it."""
        self._clear_unfinished()
        if len(self.all()) >= MOST:
            raise JianfuError(words.TOO_MANY.format(most=MOST))
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        draft = Draft(secrets.token_hex(4), author, now, base, base_digest, tuple(changes))
        self._keep(draft)
        return draft

    def add(self, draft_id: str, change: Change) -> Draft:
        """One more change to a draft. Raises NoDraft, JianfuError."""
        draft = self.get(draft_id)
        if draft.revision >= MOST_CHANGES:
            raise JianfuError(words.TOO_LONG.format(most=MOST_CHANGES))
        draft = replace(draft, changes=(*draft.changes, change))
        self._keep(draft)
        return draft

    def get(self, draft_id: str) -> Draft:
        """A draft. Raises NoDraft."""
        path = self.folder(draft_id) / _FILE
        try:
            kept = json.loads(path.read_text(encoding="utf8"))
            changes = tuple(change_from_json(one) for one in kept.pop("changes"))
            return Draft(changes=changes, **kept)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise NoDraft(words.NO_DRAFT) from error

    def all(self) -> list[Draft]:
        """Every draft, the newest first."""
        found = []
        for path in self._root.glob(f"*/{_FILE}"):
            try:
                found.append(self.get(path.parent.name))
            except NoDraft:
                continue
        return sorted(found, key=lambda one: (one.created, one.id), reverse=True)

    def discard(self, draft_id: str) -> None:
        """Remove a draft with all that was made of it. Raises NoDraft."""
        folder = self.folder(draft_id)
        if not (folder / _FILE).is_file():
            raise NoDraft(words.NO_DRAFT)
        (folder / _FILE).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def _clear_unfinished(self) -> None:
        """Remove what kills left of drafts: folders without the file, which nobody has written to for a day."""
        gone = 0
        for path in self._root.glob("*"):
            try:
                if not _ID.fullmatch(path.name) or (path / _FILE).exists():
                    continue
                if time.time() - path.stat().st_mtime < OLD_SECONDS:
                    continue
                shutil.rmtree(path)
                gone += 1
            except OSError as error:
                logger.warning("the unfinished draft %s cannot be removed: %s", path, error)
        if gone:
            logger.warning("%s", words.CLEARED.format(count=gone))

    def _keep(self, draft: Draft) -> None:
        folder = self._root / draft.id
        content = {**asdict(draft), "changes": [change_to_json(one) for one in draft.changes]}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_aside(folder / _FILE, json.dumps(content, ensure_ascii=False, indent=1))
        except OSError as error:
            raise JianfuError(words.CANNOT_KEEP.format(error=error.strerror or error)) from error


def write_aside(path: Path, text: str) -> None:
    """Write a file as a whole or not at all. Raises OSError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with aside.open("x", encoding="utf8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
