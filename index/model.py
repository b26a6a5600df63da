"""Which model the index uses, and which adapter fits it. Running the model is onnx_encoder.py's and embedder.py's business."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from index import onnx_encoder
from index.adapter import Adapter, AdapterUnusable
from index.builtin_model import Progress
from index.embedder import Encoder, SentenceTransformerEncoder, model_fingerprint
from knowledge.base import KnowledgeBase

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the index needs to know; the bot fills it from its configuration."""

    model_name: str
    model_cache: Path
    allow_downloads: bool
    query_prefix: str
    passage_prefix: str
    threads: int
    folder: Path
    adapter: Path | None = None
    dense: str = "faiss"


def load_encoder(settings: Settings, progress: Progress, adapter: Adapter | None = None) -> Encoder:
    """The configured model, changed by an adapter if one is given. Raises ModelUnavailable."""
    return onnx_encoder.load_encoder(
        settings.model_name,
        cache=settings.model_cache,
        allow_downloads=settings.allow_downloads,
        threads=settings.threads,
        progress=progress,
        adapter=adapter,
    )


class Models:
    """The encoder of one process: loaded once, and again only for a knowledge base that another adapter fits.

    Two versions of the knowledge are in memory while one gives way to the other; a model is too big for that.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: tuple[str | None, Encoder] | None = None
        self._guard = threading.Lock()

    def fitting(self, knowledge: KnowledgeBase, progress: Progress) -> tuple[Encoder, Adapter | None]:
        """The encoder for a knowledge base, and the adapter that it was changed by. Raises ModelUnavailable."""
        adapter = fitting_adapter(knowledge, self._settings)
        digest = None if adapter is None else adapter.digest
        with self._guard:
            if self._loaded is None or self._loaded[0] != digest:
                self._loaded = (digest, load_encoder(self._settings, progress, adapter))
            return self._loaded[1], adapter


def load_trainable(settings: Settings, progress: Progress) -> SentenceTransformerEncoder:
    """The configured model without an adapter, in the engine that can train it. Raises ModelUnavailable."""
    return SentenceTransformerEncoder(
        settings.model_name,
        cache=settings.model_cache,
        allow_downloads=settings.allow_downloads,
        threads=settings.threads,
        progress=progress,
    )


def fitting_adapter(knowledge: KnowledgeBase, settings: Settings) -> Adapter | None:
    """The configured adapter if it is whole and was trained for this model and these clauses; else the log says why."""
    if settings.adapter is None or not settings.adapter.exists():
        return None
    try:
        adapter = Adapter.load(settings.adapter)
    except AdapterUnusable as error:
        logger.error("the model is used without its adapter: %s", error)
        return None
    fault = adapter.fault(model_fingerprint(settings.model_name), knowledge)
    if fault is None:
        return adapter
    logger.warning(
        "适配器 %s 不适用，改用未经训练的模型：%s。运行 jianfu train 可重新训练。", settings.adapter.name, fault
    )
    return None
