"""Assistants of versions that are not in use, for trying one question on two: made in the workshop's turn, few are kept.

Making one may build an index, which takes a while; whoever asks is told how far it is, and what is served goes on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.assistant import Assistant
from bot.kb import draft_words as words
from bot.kb import words as kb_words
from bot.kb.proposal import read_folder
from bot.kb.shelf import Pointer
from bot.kb.workshop import Stage, Workshop
from bot.state.versions import serving, waiting
from index.builtin_model import Progress
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

#: Assistants kept beside the one that serves; each holds an index in memory.
KEPT = 2
#: The key of the version in use, whose assistant is there anyway.
NOW = "now"


@dataclass(frozen=True, slots=True)
class Choice:
    """A version that can be tried: its key, what people call it, and where it comes from."""

    key: str
    title: str
    knowledge: Callable[[], KnowledgeBase]


class Tryouts:
    """The assistants of one workshop's versions and proposals."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._made: OrderedDict[str, Assistant | JianfuError] = OrderedDict()

    def choices(self, *, drafts: bool) -> list[Choice]:
        """What can be tried beside the version in use, the likeliest first. Raises StateUnavailable.

        Open proposals (where `drafts`) that have a preview, those that wait for a second person, then versions, newest first.
        """
        entries = self._shop.shelved.versions.log() if self._shop.shelved.versions is not None else []
        head, agreeable = serving(entries), waiting(entries)
        found = []
        for draft in self._shop.drafts.all() if drafts else ():
            preview = self._shop.preview(draft)
            if preview is not None and not preview.fault:
                folder = self._shop.folder_of(draft)
                title = words.TRY_DRAFT.format(author=draft.author, minute=draft.created[5:16].replace("T", " "))
                found.append(Choice(f"d{draft.id}-{draft.revision}", title, partial(_knowledge_in, folder)))
        rest = [one for one in entries if one not in agreeable and (head is None or one.digest != head.digest)]
        for entry in (*agreeable[::-1], *rest[::-1]):
            name = words.TRY_PROPOSED if entry.action == "propose" else words.TRY_VERSION
            pointer = Pointer(entry.seq, entry.digest, entry.hash)
            title = name.format(seq=entry.seq, version=entry.version)
            found.append(Choice(f"v{entry.seq}", title, partial(self._knowledge_of, pointer)))
        return found

    def _knowledge_of(self, pointer: Pointer) -> KnowledgeBase:
        return self._shop.shelved.fetch(pointer, confirmed=False).knowledge

    def in_use(self) -> str:
        """What the version in use is called. Raises StateUnavailable."""
        return words.TRY_NOW.format(served=kb_words.served(self._shop.shelved.in_use().seq))

    def assistant(self, choice: Choice) -> Assistant | None:
        """The assistant of a choice, or None while it is being made. Raises JianfuError, once, where it cannot be."""
        with self._lock:
            made = self._made.get(choice.key)
            if isinstance(made, JianfuError):
                del self._made[choice.key]  # the next try may go well
                raise made
            if made is not None:
                self._made.move_to_end(choice.key)
                return made
        self._shop.enqueue(f"try-{choice.key}", lambda progress: self._make(choice, progress))
        return None

    def stage(self, choice: Choice) -> Stage | None:
        """How far the assistant of a choice is; None where nobody makes it."""
        return self._shop.stage(f"try-{choice.key}")

    def _make(self, choice: Choice, progress: Progress) -> None:
        with self._lock:
            if choice.key in self._made:
                return
            while len(self._made) >= KEPT:  # before another one takes as much memory
                self._made.popitem(last=False)
        made: Assistant | JianfuError
        try:
            made = self._shop.make(choice.knowledge(), progress)
        except JianfuError as error:
            made = error
        except Exception as error:
            made = JianfuError(words.UNEXPECTED_TRY.format(error=type(error).__name__))
            made.__cause__ = error
        with self._lock:
            self._made[choice.key] = made


def _knowledge_in(folder: Path) -> KnowledgeBase:
    return read_folder(folder)[1]
