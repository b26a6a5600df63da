"""Knowledge folders for tests of versions: the invented notice of notices.py, with changes, and what loads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.assistant import Assistant
from bot.config import AnswersConfig
from bot.state.versions import Action, Change
from index.builtin_model import Progress
from knowledge.archive import pack
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from tests.fakes import ScriptedSearcher
from tests.versions_folder import CHANGED, DROPPED, write

__all__ = ["CHANGED", "DROPPED", "archive_of", "change_of", "make_assistant", "write"]


def archive_of(folder: Path) -> tuple[bytes, KnowledgeBase]:
    knowledge = load_knowledge(folder)
    return pack(folder, knowledge), knowledge


def change_of(folder: Path, parent: int, action: Action = "publish", author: str = "张三") -> Change:
    archive, knowledge = archive_of(folder)
    return Change(action, archive, knowledge.version, parent, author)


class ByAddress(ScriptedSearcher):
    """Finds the clause whose id is the query; anything else is far."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        super().__init__(knowledge)
        self.script = {}

    def search(self, query: str):  # type: ignore[no-untyped-def]
        found = self.knowledge.find(query)
        return replace(self.hits({query: 0.95})) if found is not None else self.hits({}, far=0.9)


def make_assistant(knowledge: KnowledgeBase, progress: Progress) -> Assistant:
    """An assistant that needs no index."""
    return Assistant(ByAddress(knowledge), AnswersConfig())
