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
from index.builtin_model import Progress
from index.embedder import BUILTIN
from index.model import Settings, load_trainable
from index.retriever import Retriever
from index.training import NothingToLearn, Recipe, Report, train
from knowledge.errors import JianfuError
from knowledge.loader import load_knowledge

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
    knowledge = load_knowledge(config.path(config.knowledge.folder))
    return Assistant(Retriever.load(knowledge, index_settings(config), progress), config.answers, keep_receipt, note)


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
    knowledge = load_knowledge(config.path(config.knowledge.folder))
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
    """An assistant that is being loaded by a thread; channels are up meanwhile and say how far it is."""

    def __init__(self, build: Callable[[Progress], Assistant]) -> None:
        self._build = build
        self._finished = threading.Event()
        self._assistant: Assistant | None = None
        self.error: str | None = None
        self.stage = "启动"
        self.fraction: float | None = None

    def start(self) -> None:
        """Begin loading."""
        threading.Thread(target=self._load, name="assistant-loader", daemon=True).start()

    def _load(self) -> None:
        try:
            self._assistant = self._build(self._progress)
        except JianfuError as error:
            self.error = str(error)
            logger.error("loading failed: %s", error)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            logger.exception("loading failed")
        finally:
            self._finished.set()

    def _progress(self, stage: str, fraction: float | None) -> None:
        self.stage, self.fraction = stage, fraction

    @property
    def assistant(self) -> Assistant | None:
        """The assistant once it is ready, else None."""
        return self._assistant

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until loading ended, well or badly; False on timeout (seconds)."""
        return self._finished.wait(timeout)
