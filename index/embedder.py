"""Texts to vectors: the Encoder protocol and sentence-transformers behind it.

The only file that imports torch's stack. Making the built-in model is builtin_model.py's business.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.adapter import Adapter
from index.builtin_model import BUILDER_VERSION, ModelUnavailable, Progress, builtin_model

Vectors = npt.NDArray[np.float32]

BUILTIN = "builtin"
BATCH = 32


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector."""

    def encode(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        """Vectors of shape (len(texts), dimension), float32, each of length 1."""


class SentenceTransformerEncoder:
    """Any sentence-transformers model, by folder or name, with an adapter's changes when there is one."""

    def __init__(
        self,
        name: str,
        *,
        cache: Path,
        allow_downloads: bool,
        threads: int,
        progress: Progress,
        adapter: Adapter | None = None,
        exact: bool = False,
    ) -> None:
        """Load the model; in half precision where that is fast, unless `exact`, as training needs it.

        Raises ModelUnavailable with a message that says what to do.
        """
        path = builtin_model(cache, progress) if name == BUILTIN else Path(os.path.expanduser(name))
        progress("载入语义模型", None)
        if not allow_downloads:
            os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        try:
            import torch  # noqa: PLC0415 - seconds to import; commands that need no model stay quick
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - the same
            from transformers.utils import logging as transformers_logging  # noqa: PLC0415 - the same

            transformers_logging.disable_progress_bar()
            torch.set_num_threads(threads)
            self._model = SentenceTransformer(
                str(path) if path.exists() else name, device="cpu", local_files_only=not allow_downloads
            )
        except Exception as error:  # any library below may fail in its own way on a damaged or foreign folder
            advice = "检查 config.yaml 的 model.name；内置模型写 builtin"
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelUnavailable(f"语义模型 {name} 载入失败（{reason}）；{advice}") from error
        self._model.eval()
        self._fingerprint = model_fingerprint(name)
        if adapter is not None:
            self.add(adapter.changes())
            self._fingerprint += f"+{adapter.digest}"
        if fast_half() and not exact:
            self._model[0].to(torch.bfloat16)
            self._model[0].register_forward_hook(_widen)  # pooling and length are computed in full precision
            self._fingerprint += "-bf16"

    @property
    def fingerprint(self) -> str:
        """Name and content of the model, and of its adapter."""
        return self._fingerprint

    def trainable(self) -> tuple[Any, Any]:
        """The transformer (a torch module whose output has last_hidden_state) and its tokenizer, for training.py."""
        return self._model[0].auto_model, self._model.tokenizer

    def add(self, changes: Iterable[tuple[str, Vectors]]) -> None:
        """Add to weights, by name. Raises ModelUnavailable when a weight is not there or has another shape."""
        import torch  # noqa: PLC0415 - loaded by __init__

        weights = dict(self._model[0].auto_model.named_parameters())
        with torch.no_grad():
            for name, change in changes:
                if name not in weights or tuple(weights[name].shape) != change.shape:
                    raise ModelUnavailable(f"适配器改的 {name} 在这个模型里没有或大小不同；请运行 jianfu train")
                weights[name].add_(torch.from_numpy(change))

    def encode(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        """Vectors of shape (len(texts), dimension), float32, each of length 1; longest texts first, in batches of like length."""
        if not texts:
            return np.zeros((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        rows: list[Vectors] = []
        done = 0
        for batch in _alike([len(texts[i]) for i in order]):
            rows.append(self._embed([texts[i] for i in order[batch]]))
            done += len(rows[-1])
            if progress is not None:
                progress(done / len(order))
        vectors = np.empty((len(texts), rows[0].shape[1]), dtype=np.float32)
        vectors[order] = np.concatenate(rows)
        return vectors

    def _embed(self, texts: list[str]) -> Vectors:
        """Vectors of one batch. The model's own encode() does the same, and takes 2 ms more for a single text."""
        import torch  # noqa: PLC0415 - loaded by __init__

        with torch.inference_mode():
            vectors = self._model(self._model.preprocess(texts))["sentence_embedding"]
            return torch.nn.functional.normalize(vectors.float(), dim=1).numpy()


def _alike(lengths: Sequence[int]) -> Iterator[slice]:
    """Cut falling lengths into batches whose shortest text is not padded to more than twice its length."""
    start = 0
    for i in range(1, len(lengths) + 1):
        if i == len(lengths) or i - start == BATCH or 2 * lengths[i] < lengths[start]:
            yield slice(start, i)
            start = i


def _widen(module: Any, inputs: Any, features: dict[str, Any]) -> dict[str, Any]:
    return {**features, "token_embeddings": features["token_embeddings"].float()}


def fast_half() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; elsewhere it is slower than float32."""
    import torch  # noqa: PLC0415 - loaded by whoever asks

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def model_fingerprint(name: str) -> str:
    """The model's name; for a folder also the sizes and times of its files, for the built-in one its making."""
    if name == BUILTIN:
        return f"{BUILTIN}-{BUILDER_VERSION}"
    path = Path(os.path.expanduser(name))
    if not path.is_dir():
        return name
    entries = sorted((str(p.relative_to(path)), p.stat().st_size, p.stat().st_mtime_ns) for p in path.rglob("*"))
    return f"{name}-{hashlib.sha256(repr(entries).encode()).hexdigest()[:12]}"
