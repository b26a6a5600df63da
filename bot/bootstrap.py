"""Composition root: builds the assistant from a configuration, at once or in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant, Explanation
from bot.config import Config
from bot.kb.served import Shelved
from index.builtin_model import Progress
from index.embedder import BUILTIN
from index.model import Models, Settings, load_trainable
from index.retriever import Retriever
from index.training import NothingToLearn, Recipe, Report, train
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)


def silent(stage: str, fraction: float | None) -> None:
    """A progress callback that shows nothing."""


def build_assistant(
    config: Config,
    progress: Progress = silent,
    keep_receipt: Callable[[Answer], str] | None = None,
    note: Callable[[str, Explanation], None] | None = None,
) -> Assistant:
    """Load knowledge, model and index. Raises JianfuError with a message for the person who starts it.

    `keep_receipt` and `note` are the assistant's.
    """
    progress("读取知识库", None)
    return Maker(config, keep_receipt, note).make(Shelved.of(config).load().knowledge, progress)


class Maker:
    """Makes assistants of one configuration, one for each version of the knowledge; they share the model."""

    def __init__(
        self,
        config: Config,
        keep_receipt: Callable[[Answer], str] | None = None,
        note: Callable[[str, Explanation], None] | None = None,
        *,
        ahead: bool = False,
    ) -> None:
        """`ahead`: make also what only some questions need, so that nobody who asks waits for it."""
        self._ahead = ahead
        self._config = config
        self._keep_receipt = keep_receipt
        self._note = note
        self._settings = index_settings(config)
        self._models = Models(self._settings)

    def make(self, knowledge: KnowledgeBase, progress: Progress) -> Assistant:
        """Open or build the index of a version. Raises JianfuError."""
        retriever = self.retriever(knowledge, progress)
        if self._ahead:
            retriever.make_ready()
        return Assistant(retriever, self._config.answers, self._keep_receipt, self._note)

    def retriever(self, knowledge: KnowledgeBase, progress: Progress) -> Retriever:
        """The index alone. Raises JianfuError."""
        return Retriever.load(knowledge, self._settings, progress, self._models)


def index_settings(config: Config) -> Settings:
    """What the index needs of a configuration."""
    return Settings(
        model_name=_model(config),
        model_cache=config.path(config.model.cache),
        allow_downloads=config.model.allow_downloads,
        query_prefix=config.model.query_prefix,
        passage_prefix=config.model.passage_prefix,
        threads=config.model.threads,
        folder=config.path(config.index.folder),
        adapter=config.path(config.model.adapter) if config.model.adapter else None,
        dense=config.index.dense,
    )


def _model(config: Config) -> str:
    """The configured model; a folder is found from where config.yaml is, like every other path there."""
    folder = config.path(config.model.name)
    return str(folder) if config.model.name != BUILTIN and folder.is_dir() else config.model.name


@dataclass(frozen=True, slots=True)
class Trained:
    """An adapter written, what it gained, its size in bytes, and how long training took in seconds."""

    report: Report
    size: int
    seconds: float


def train_adapter(config: Config, path: Path, progress: Progress, *, seed: int, epochs: int | None) -> Trained:
    """Train the model's adapter on the knowledge base and write it. Raises JianfuError."""
    started = time.monotonic()
    progress("读取知识库", None)
    knowledge = Shelved.of(config).load().knowledge
    settings = index_settings(config)
    recipe = Recipe(seed=seed) if epochs is None else Recipe(seed=seed, epochs=epochs)
    try:
        encoder = load_trainable(settings, progress)
        adapter, report = train(knowledge, encoder, settings.query_prefix, recipe, progress)
    except NothingToLearn as error:
        raise JianfuError(replies.TRAIN_NO_QUESTIONS) from error
    adapter.save(path)
    return Trained(report, path.stat().st_size, time.monotonic() - started)


class BackgroundAssistant:
    """An assistant that is being loaded by a thread; channels are up meanwhile and say how far it is.

    It may give way to another: who asks for it once, and composes all of an answer from that, never mixes two.
    """

    def __init__(self, build: Callable[[Progress], Assistant]) -> None:
        self._build = build
        self._finished = threading.Event()
        self._assistant: Assistant | None = None
        self.error: str | None = None
        #: Why a newer version of the knowledge is not served, for whoever looks after the program.
        self.problem: str | None = None
        self.stage = "启动"
        self.fraction: float | None = None

    def start(self) -> None:
        """Begin loading."""
        threading.Thread(target=self._load, name="assistant-loader", daemon=True).start()

    def _load(self) -> None:
        try:
            self.error = self._attempt(self._build)
        finally:
            self._finished.set()

    def replace(self, build: Callable[[Progress], Assistant]) -> bool:
        """Make another assistant and let it take over, by one assignment; until then, and if it fails, this one stays.

        Returns whether it took over; `problem` says why not. Blocks for as long as `build` does.
        """
        self.problem = self._attempt(build)
        if self.problem is None:
            self.error = None
        return self.problem is None

    def _attempt(self, build: Callable[[Progress], Assistant]) -> str | None:
        """Build and take over; what went wrong, if anything, is logged and returned."""
        try:
            self._assistant = build(self._progress)
        except JianfuError as error:
            logger.error("loading failed: %s", error)
            return str(error)
        except Exception as error:
            logger.exception("loading failed")
            return f"{type(error).__name__}: {error}"
        return None

    def _progress(self, stage: str, fraction: float | None) -> None:
        self.stage, self.fraction = stage, fraction

    @property
    def assistant(self) -> Assistant | None:
        """The assistant once it is ready, else None."""
        return self._assistant

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until loading ended, well or badly; False on timeout (seconds)."""
        return self._finished.wait(timeout)
