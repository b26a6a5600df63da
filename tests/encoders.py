"""A deterministic encoder for unit tests: similar wording gives similar vectors, and no model is loaded."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from index.embedder import Vectors

DIMENSION = 64


class FakeEncoder:
    """Character 1- and 2-grams hashed into 64 signed dimensions; counts the texts it was asked to encode."""

    def __init__(self, fingerprint: str = "fake-1") -> None:
        self.fingerprint = fingerprint
        self.encoded = 0
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        with self._lock:
            self.encoded += len(texts)
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 0.01  # no text gives the zero vector
            for gram in (*text, *(text[i : i + 2] for i in range(len(text) - 1))):
                code = zlib.crc32(gram.encode("utf8", "surrogatepass"))
                vectors[row, code % DIMENSION] += 1.0 if code & 0x10000 else -1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if progress is not None:
            progress(1.0)
        return vectors
