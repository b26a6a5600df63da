"""The model in ONNX Runtime: the same vectors as sentence-transformers gives, sooner, and without loading torch.

Exported once, adapter included, into the model cache; checked there against the original, and by its checksums at each
start. A model that cannot be exported, or whose export says something else, runs in sentence-transformers as before.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index import storage
from index.adapter import Adapter
from index.builtin_model import Progress
from index.embedder import Encoder, SentenceTransformerEncoder, Vectors, in_batches, model_fingerprint

logger = logging.getLogger(__name__)

#: Raise when an export's files or their meaning change.
FORMAT = 1
#: How many exports are kept in a cache.
KEEP = 3
#: The least cosine of a text's two vectors, exported and original: they differ by rounding only.
SAME = 0.9999
#: What both must agree on: scripts, case, digits, marks, lengths.
SAMPLES = (
    "query: 一个文件最多几页",
    "passage: 層層大幅度精簡文件和會議，確保減少30%—50%。",
    "query: How many PAGES may a document have? ",
    "query: yi ge wen jian zui duo ji ye 😂",
    "",
    "query: " + "天天让拍照打卡算不算形式主义，" * 60,
)


class ExportDiffers(Exception):
    """The exported model gives other vectors than the original."""


class OnnxEncoder:
    """An exported model. Safe to use from several threads."""

    def __init__(self, folder: Path, fingerprint: str, threads: int) -> None:
        """Open an export (see load_encoder) that runs in that many threads."""
        import onnxruntime  # noqa: PLC0415 - a fifth of a second; commands that need no model stay quick
        from tokenizers import Tokenizer  # noqa: PLC0415 - the same

        about = json.loads((folder / "about.json").read_text("utf8"))
        self._fingerprint = fingerprint
        self._dimension = int(about["dimension"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(int(about["max_tokens"]))
        self._tokenizer.enable_padding(pad_id=int(about["pad_id"]))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors; warnings are about the graph, which nobody here can change
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    @property
    def fingerprint(self) -> str:
        """Name and content of the model that was exported, and of its adapter."""
        return self._fingerprint

    def encode(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        """Vectors of shape (len(texts), dimension), float32, each of length 1; many texts on all processors."""
        return in_batches(texts, self._dimension, self._embed, progress, workers=os.cpu_count() or 1)

    def _embed(self, texts: list[str]) -> Vectors:
        read = self._tokenizer.encode_batch(texts)
        inputs: dict[str, Any] = {
            "input_ids": np.array([one.ids for one in read], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in read], dtype=np.int64),
        }
        vectors: Vectors = self._session.run(None, inputs)[0].astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


def mark_of(fingerprint: str) -> str:
    """The name of an export's folder in the cache, by what model_fingerprint() says of the model."""
    return hashlib.sha256(f"{FORMAT}\n{fingerprint}".encode()).hexdigest()[:16]


def load_encoder(
    name: str,
    *,
    cache: Path,
    allow_downloads: bool,
    threads: int,
    progress: Progress,
    adapter: Adapter | None = None,
) -> Encoder:
    """The model of that name, changed by an adapter if one is given, in the faster of the engines that can run it.

    Raises ModelUnavailable.
    """
    fingerprint = model_fingerprint(name, adapter)
    mark = mark_of(fingerprint)
    root = cache / "onnx" / mark  # a folder for each, so that two in use do not push each other out
    progress("载入语义模型", None)
    export = storage.current(root, mark)
    if export is not None:
        return OnnxEncoder(export, fingerprint, threads)
    original = SentenceTransformerEncoder(
        name, cache=cache, allow_downloads=allow_downloads, threads=threads, progress=progress, adapter=adapter
    )
    progress("把语义模型换成更快的格式", None)
    try:
        export = storage.publish(root, mark, lambda folder: _write(folder, original, fingerprint, threads))
    except Exception as error:  # the exporter fails in as many ways as there are models, and a disk may be full
        said = str(error).partition("\n")[0][:200]
        logger.warning("the model runs in sentence-transformers, which is slower: %s: %s", type(error).__name__, said)
        return original
    _drop_old(root)
    return OnnxEncoder(export, fingerprint, threads)


def _drop_old(newest: Path) -> None:
    """Keep the KEEP exports made last: each retraining makes one of a quarter of a gigabyte."""
    others = [path for path in newest.parent.iterdir() if path != newest and path.is_dir()]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _write(folder: Path, original: SentenceTransformerEncoder, fingerprint: str, threads: int) -> None:
    """Export into an empty folder, and raise ExportDiffers unless it says the same."""
    _, tokenizer = original.trainable()
    wanted = original.encode(SAMPLES)
    about = {
        "max_tokens": original.export(folder),
        "pad_id": tokenizer.pad_token_id or 0,
        "dimension": wanted.shape[1],
    }
    (folder / "about.json").write_text(json.dumps(about), "utf8")
    got = OnnxEncoder(folder, fingerprint, threads).encode(SAMPLES)
    least = float((got * wanted).sum(axis=1).min())
    if not least >= SAME:
        raise ExportDiffers(f"a cosine of {least:.5f} where {SAME} is wanted")
