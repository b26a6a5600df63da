"""Texts to vectors: the Encoder protocol and sentence-transformers behind it.

The only file that imports torch's stack. Making the built-in model is builtin_model.py's business; onnx_encoder.py runs
the same model without torch.
"""

from __future__ import annotations

import hashlib
import os
import warnings
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
    ) -> None:
        """Load the model.

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
        self._fingerprint = model_fingerprint(name, adapter)
        if adapter is not None:
            self.add(adapter.changes())

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
        """Vectors of shape (len(texts), dimension), float32, each of length 1."""
        return in_batches(texts, self._model.get_embedding_dimension() or 0, self._embed, progress)

    def export(self, folder: Path) -> int:
        """Write the model as it is now to model.onnx and tokenizer.json; returns how many tokens of a text it reads.

        Raises whatever torch raises for a model that cannot be exported.
        """
        import torch  # noqa: PLC0415 - loaded by __init__

        model, tokenizer = self._model, self._model.tokenizer

        class Whole(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = model

            def forward(self, input_ids: Any, attention_mask: Any) -> Any:
                return self.inner({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]

        tokens = tokenizer(["两条 texts", "of 两种长短"], padding=True, return_tensors="pt")
        names = ["input_ids", "attention_mask"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter warns of Python code that this model runs once and for all
            torch.onnx.export(
                Whole().eval(),
                tuple(tokens[name] for name in names),
                str(folder / "model.onnx"),
                input_names=names,
                output_names=["vector"],
                dynamic_axes={**{name: {0: "texts", 1: "tokens"} for name in names}, "vector": {0: "texts"}},
                dynamo=False,
            )
        tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
        return int(model.max_seq_length)

    def _embed(self, texts: list[str]) -> Vectors:
        """Vectors of one batch. The model's own encode() does the same, and takes 2 ms more for a single text."""
        import torch  # noqa: PLC0415 - loaded by __init__

        with torch.inference_mode():
            vectors = self._model(self._model.preprocess(texts))["sentence_embedding"]
            return torch.nn.functional.normalize(vectors.float(), dim=1).numpy()


def in_batches(
    texts: Sequence[str],
    dimension: int,
    embed: Callable[[list[str]], Vectors],
    progress: Callable[[float], None] | None,
) -> Vectors:
    """Vectors of shape (len(texts), dimension) from `embed`: longest texts first, in batches of like length."""
    vectors = np.empty((len(texts), dimension), dtype=np.float32)
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    done = 0
    for batch in _alike([len(texts[i]) for i in order]):
        rows = order[batch]
        vectors[rows] = embed([texts[i] for i in rows])
        done += len(rows)
        if progress is not None:
            progress(done / len(order))
    return vectors


def _alike(lengths: Sequence[int]) -> Iterator[slice]:
    """Cut falling lengths into batches whose shortest text is not padded to more than twice its length."""
    start = 0
    for i in range(1, len(lengths) + 1):
        if i == len(lengths) or i - start == BATCH or 2 * lengths[i] < lengths[start]:
            yield slice(start, i)
            start = i


def fast_half() -> bool:
    """Whether this processor multiplies bfloat16 in hardware, so that training in it is faster."""
    import torch  # noqa: PLC0415 - loaded by whoever asks

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def model_fingerprint(name: str, adapter: Adapter | None = None) -> str:
    """The model's name and its adapter's; for a folder also its files' sizes and times, for the built-in one its making."""
    if adapter is not None:
        return f"{model_fingerprint(name)}+{adapter.digest}"
    if name == BUILTIN:
        return f"{BUILTIN}-{BUILDER_VERSION}"
    path = Path(os.path.expanduser(name))
    if not path.is_dir():
        return name
    entries = sorted((str(p.relative_to(path)), p.stat().st_size, p.stat().st_mtime_ns) for p in path.rglob("*"))
    return f"{name}-{hashlib.sha256(repr(entries).encode()).hexdigest()[:12]}"
