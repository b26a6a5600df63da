"""Vectors already computed, by text: after an edit only the changed texts are embedded again."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from index.embedder import Encoder, Vectors

logger = logging.getLogger(__name__)


def encode_cached(encoder: Encoder, texts: Sequence[str], path: Path, progress: Callable[[float], None]) -> Vectors:
    """Vectors of shape (len(texts), dimension), from the cache file where it has them; the file then holds these."""
    keys = [
        hashlib.sha256(f"{encoder.fingerprint}\n{text}".encode("utf8", "replace")).hexdigest()[:32] for text in texts
    ]
    known = _read(path)
    missing = sorted({key: text for key, text in zip(keys, texts, strict=True) if key not in known}.items())
    fresh = encoder.encode([text for _, text in missing], progress)
    known.update({key: vector for (key, _), vector in zip(missing, fresh, strict=True)})
    vectors = np.stack([known[key] for key in keys])
    if missing:
        _write(path, keys, vectors)
    return vectors


def _read(path: Path) -> dict[str, Vectors]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, vectors, digest = stored["keys"], stored["vectors"], str(stored["sha256"])
        if hashlib.sha256(vectors.tobytes()).hexdigest() == digest:
            return dict(zip(keys.tolist(), vectors, strict=True))
        logger.warning("vector cache %s is damaged and not used", path)
    except FileNotFoundError:
        pass
    except Exception as error:  # a damaged zip fails in many ways: BadZipFile, zlib.error, NotImplementedError, …
        logger.warning("vector cache %s is not used: %s", path, error)
    return {}


def _write(path: Path, keys: Sequence[str], vectors: Vectors) -> None:
    """Best effort: without the cache everything works, only slower."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            digest = hashlib.sha256(vectors.tobytes()).hexdigest()
            np.savez(file, keys=np.array(keys), vectors=vectors, sha256=np.array(digest))
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        logger.warning("vector cache %s cannot be written: %s", path, error)
