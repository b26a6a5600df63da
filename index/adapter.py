"""The adapter: small changes to the encoder's weights that the knowledge base's questions taught, and their receipt.

One safetensors file: for each changed matrix two thin factors (its change is their product), for each changed vector
its change, and digests of the texts it learned from. The receipt names the model, the analyzer and the clauses that it
was trained for; with another model, or where many clauses read otherwise now, the adapter is refused and the model is used
as it is. Training is training.py's business, applying the changes embedder.py's.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import analyzer
from index.examples import passage, pinyin_reader
from knowledge.base import KnowledgeBase
from knowledge.clause import Document
from knowledge.errors import JianfuError

Half = npt.NDArray[np.float16]

FORMAT = 1
#: Share of a notice's clauses, with their headings and keywords, that must read as they were learned (docs/decisions.md).
LEARNED_CLAUSES = 0.8
_TRAINED = "trained"
_UP, _DOWN, _SHIFT = ".up", ".down", ".shift"


class AdapterUnusable(JianfuError):
    """The adapter file is damaged, cannot be read or written, or was trained for something else."""


@dataclass(frozen=True)
class Receipt:
    """What an adapter was trained for: the model's fingerprint, the analyzer's version, and each notice's clauses."""

    model: str
    analyzer: int
    documents: Mapping[str, str]

    @classmethod
    def of(cls, model: str, knowledge: KnowledgeBase) -> Receipt:
        """The receipt of an adapter trained now."""
        documents = {document.id: clauses_digest(document) for document in knowledge.documents}
        return cls(model, analyzer.VERSION, documents)

    def fault(self, model: str, knowledge: KnowledgeBase, trained: Set[int] = frozenset()) -> str | None:
        """Why an adapter with this receipt, which learned from these texts, must not be used; or None.

        Questions may have come or gone, other notices may have been added, and a few clauses may read otherwise.
        """
        if self.model != model:
            return f"它是为模型 {self.model} 训练的，现在的模型是 {model}"
        if self.analyzer != analyzer.VERSION:
            return f"它按第 {self.analyzer} 版读法训练，现在是第 {analyzer.VERSION} 版"
        present = {document.id: document for document in knowledge.documents}
        changed = [
            name
            for name, digest in self.documents.items()
            if name not in present or clauses_digest(present[name]) != digest
        ]
        reader = pinyin_reader(knowledge) if changed else None
        for name in changed:
            clauses = present[name].clauses if name in present else ()
            texts = [passage(clause, knowledge) for clause in clauses]
            learned = sum(text_key(reader.read(analyzer.normalize(text))) in trained for text in texts if reader)
            if not texts or learned < LEARNED_CLAUSES * len(texts):
                return f"训练以后，通知 {name} 的条款变了（{len(clauses)} 条里只有 {learned} 条照旧）"
        return None


def clauses_digest(document: Document) -> str:
    """Changes with any clause's id or words."""
    clauses = [[clause.id, clause.text] for clause in document.clauses]
    return hashlib.sha256(json.dumps(clauses, ensure_ascii=False).encode("utf8")).hexdigest()[:16]


@dataclass(frozen=True)
class Adapter:
    """Changes to named weights. `factors` holds (up, down) of shapes (rows, rank) and (rank, columns)."""

    receipt: Receipt
    factors: Mapping[str, tuple[Half, Half]]
    shifts: Mapping[str, Half]
    trained: frozenset[int]
    digest: str = ""

    def fault(self, model: str, knowledge: KnowledgeBase) -> str | None:
        """Why it must not be used with this model and knowledge, or None."""
        return self.receipt.fault(model, knowledge, self.trained)

    def unseen(self, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
        """For each text, read as queries are, whether the adapter did not learn from it; shape (texts,)."""
        return np.array([text_key(text) not in self.trained for text in texts], dtype=np.bool_)

    def changes(self) -> Iterable[tuple[str, npt.NDArray[np.float32]]]:
        """What is to be added to each weight, by its name in the model."""
        return weight_changes(self.factors, self.shifts)

    def save(self, path: Path) -> Adapter:
        """Write to a file (aside, then renamed), and return the adapter as read from it. Raises AdapterUnusable."""
        from safetensors.numpy import save_file  # noqa: PLC0415 - only where there is an adapter

        tensors: dict[str, npt.NDArray[Any]] = {_TRAINED: np.array(sorted(self.trained), dtype=np.uint64)}
        for name, (up, down) in self.factors.items():
            tensors[name + _UP], tensors[name + _DOWN] = np.ascontiguousarray(up), np.ascontiguousarray(down)
        tensors |= {name + _SHIFT: np.ascontiguousarray(shift) for name, shift in self.shifts.items()}
        header = {"format": FORMAT, **vars(self.receipt), "documents": dict(self.receipt.documents)}
        aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, aside, metadata={"jianfu": json.dumps(header, ensure_ascii=False, sort_keys=True)})
            aside.chmod(0o644)
            aside.replace(path)
        except Exception as error:  # safetensors has its own errors for a full disk
            raise AdapterUnusable(f"适配器写不进 {path}（{error}）；请检查磁盘空间和权限") from error
        finally:
            with suppress(OSError):
                aside.unlink()
        return Adapter.load(path)

    @classmethod
    def load(cls, path: Path) -> Adapter:
        """Read a file written by save(). Raises AdapterUnusable."""
        from safetensors import safe_open  # noqa: PLC0415 - only where there is an adapter

        try:
            content = path.read_bytes()
            with safe_open(path, framework="numpy") as file:
                header = json.loads(file.metadata()["jianfu"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            if header.pop("format") != FORMAT:
                raise AdapterUnusable(f"适配器 {path} 是另一版本的格式；请运行 jianfu train 重新训练")
            trained = frozenset(tensors.pop(_TRAINED).tolist())
            factors = {
                name.removesuffix(_UP): (tensor, tensors[name.removesuffix(_UP) + _DOWN])
                for name, tensor in tensors.items()
                if name.endswith(_UP)
            }
            shifts = {name.removesuffix(_SHIFT): tensor for name, tensor in tensors.items() if name.endswith(_SHIFT)}
            return cls(Receipt(**header), factors, shifts, trained, hashlib.sha256(content).hexdigest()[:12])
        except AdapterUnusable:
            raise
        except Exception as error:  # a damaged file fails in many ways: SafetensorError, KeyError, ValueError, OSError
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise AdapterUnusable(f"适配器 {path} 读不了（{reason}）；请恢复该文件，或运行 jianfu train") from error


def weight_changes(
    factors: Mapping[str, tuple[Half, Half]], shifts: Mapping[str, Half]
) -> Iterable[tuple[str, npt.NDArray[np.float32]]]:
    """Changes in full, from factors and shifts as an adapter holds them."""
    for name, (up, down) in factors.items():
        yield name, up.astype(np.float32) @ down.astype(np.float32)
    for name, shift in shifts.items():
        yield name, shift.astype(np.float32)


def text_key(text: str) -> int:
    """64 bits that stand for a text."""
    return int.from_bytes(hashlib.sha256(text.encode("utf8", "replace")).digest()[:8], "big")
