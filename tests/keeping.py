"""A whole installation on an invented notice, with the fake encoder: what is served, the workshop, and the app."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web import create_app
from bot.config import AnswersConfig, WebConfig
from bot.kb.following import Follower
from bot.kb.proposal import prepare
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.kb.workshop import Workshop
from bot.state.state import State
from index.builtin_model import Progress
from index.retriever import Retriever
from knowledge.base import KnowledgeBase
from tests.encoders import FakeEncoder
from tests.notices import ROWS, write_notice
from tests.test_retriever import settings_for
from tests.web_client import state_in

POLICY = AnswersConfig()
FRAMES = (
    "{}",
    "请问{}",
    "想问一下{}",
    "{}，有规定吗",
    "我们单位想知道{}",
    "{}呢",
    "麻烦问下{}",
    "{}怎么说的",
    "说说{}",
)


class FakeMaker:
    """Makes what Maker does, with the fake encoder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def retriever(self, knowledge: KnowledgeBase, progress: Progress) -> Retriever:
        return Retriever.open(knowledge, FakeEncoder(), settings_for(self._folder), progress)

    def make(self, knowledge: KnowledgeBase, progress: Progress) -> Assistant:
        return Assistant(self.retriever(knowledge, progress), POLICY)


def notice(folder: Path) -> Path:
    """A knowledge folder with enough questions for the gate to tell something."""
    rows = [(*row[:5], tuple(frame.format(one) for one in row[5] for frame in FRAMES)) for row in ROWS]
    write_notice(folder, rows=rows)
    return folder


@dataclass
class Kept:
    """An installation; `switch` does what the follower does within a second of a publication."""

    root: Path
    state: State
    shelved: Shelved
    maker: FakeMaker
    background: BackgroundAssistant
    workshop: Workshop

    @classmethod
    def at(cls, root: Path, state: State, approvals: int = 1) -> Kept:
        shelved = Shelved(state.versions, Shelf(root / "copies"), root / "shipped")
        maker = FakeMaker(root)
        background = BackgroundAssistant(Follower(shelved, maker.make).first)
        background.start()
        assert background.wait(60)
        assert background.error is None

        def prepared(folder: Path, progress: Progress):  # type: ignore[no-untyped-def]
            return prepare(shelved, folder, maker, POLICY, progress)  # type: ignore[arg-type]

        workshop = Workshop(root / "drafts", shelved, prepared, maker.make, approvals)
        return cls(root, state, shelved, maker, background, workshop)

    def app(self, **config: object) -> FastAPI:
        return create_app(
            self.background,
            WebConfig(**config),  # type: ignore[arg-type]
            max_question_characters=500,
            state=self.state,
            shelved=self.shelved,
            workshop=self.workshop,
        )

    def switch(self) -> None:
        assert self.background.replace(Follower(self.shelved, self.maker.make).first)

    def said(self, question: str) -> str:
        assert self.background.assistant is not None
        return self.background.assistant.ask(question).answer


@contextmanager
def installation(root: Path, approvals: int = 1) -> Iterator[Kept]:
    """A fresh one below a folder."""
    notice(root / "shipped")
    state = state_in(root)
    yield Kept.at(root, state, approvals)
    state.close()
