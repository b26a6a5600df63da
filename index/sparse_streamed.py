"""BM25 of more texts than fit in memory: blocks of postings on disk, merged into the files that sparse.py reads.

bm25s keeps every term of every text in memory until it is done: ten gigabytes at a million clauses. Here memory
holds the vocabulary, one block of texts, and one run of terms. The weights are those that SparseIndex.build gives
(Robertson's BM25 as Lucene has it, bm25s's default), to rounding; only the numbering of terms may differ.
"""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.analyzer import normalize, terms
from index.sparse import K1, B, SparseIndex

#: Texts whose postings are counted in memory at a time.
BLOCK = 20_000
#: Postings that are merged in memory at a time, at least one term's.
RUN = 20_000_000

Postings = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


def build_streamed(texts: Iterable[str], folder: Path, *, block: int = BLOCK, run: int = RUN) -> int:
    """Index texts into an empty or new folder for SparseIndex.load; how many there were. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / "blocks"
    aside.mkdir()
    vocabulary: dict[str, int] = {}
    lengths = array("q")
    blocks: list[Postings] = []
    rest = iter(texts)
    while part := list(islice(rest, block)):
        blocks.append(_count(part, vocabulary, lengths, aside / str(len(blocks))))
    SparseIndex.describe(folder, vocabulary, len(lengths))  # its empty arrays are replaced
    _merge(blocks, len(vocabulary), np.array(lengths, dtype=np.int64), folder, run)
    shutil.rmtree(aside)
    return len(lengths)


def _count(texts: list[str], vocabulary: dict[str, int], lengths: array[int], path: Path) -> Postings:
    """Write and map one block's postings: terms, texts and counts, all of one length, ordered by term, then text."""
    first = len(lengths)
    flat, rows = array("q"), array("q")
    for row, text in enumerate(texts, start=first):
        found = terms(normalize(text))
        flat.extend([vocabulary.setdefault(term, len(vocabulary)) for term in found])
        lengths.append(len(found))
        rows.append(row)
    keys = np.array(flat, dtype=np.int64) << 32
    keys |= np.repeat(np.array(rows, dtype=np.int64), np.array(lengths[first:], dtype=np.int64))
    different, counts = np.unique(keys, return_counts=True)
    path.mkdir()
    parts = {"terms": different >> 32, "texts": different & 0xFFFFFFFF, "counts": counts}
    for name, values in parts.items():
        np.save(path / f"{name}.npy", values.astype(np.int32))
    return tuple(np.load(path / f"{name}.npy", mmap_mode="r") for name in parts)


def _merge(blocks: list[Postings], size: int, lengths: npt.NDArray[np.int64], folder: Path, run: int) -> None:
    """Write bm25s's three arrays: weights and texts ordered by term, and where each term begins."""
    frequencies = np.zeros(size, dtype=np.int64)
    for found, _, _ in blocks:
        frequencies += np.bincount(found, minlength=size)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(frequencies)])
    rarity = np.log(1 + (len(lengths) - frequencies + 0.5) / (frequencies + 0.5))
    norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()) if len(lengths) else 0.0, 1e-9))
    total = int(starts[-1])
    np.save(folder / "indptr.csc.index.npy", starts)
    shape = (total,)
    data = np.lib.format.open_memmap(folder / "data.csc.index.npy", "w+", np.float32, shape)
    indices = np.lib.format.open_memmap(folder / "indices.csc.index.npy", "w+", np.int32, shape)
    for low, high in _runs(starts, run):
        parts = []
        for found, texts, counts in blocks:
            part = slice(*np.searchsorted(found, [low, high]))
            parts.append((found[part], texts[part], counts[part]))
        found, texts, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(found, kind="stable")  # blocks follow each other, so texts stay in order
        found, texts, counts = found[order], texts[order], counts[order]
        place = slice(int(starts[low]), int(starts[high]))
        indices[place] = texts
        data[place] = rarity[found] * (counts / (counts + norms[texts]))
    data.flush()
    indices.flush()


def _runs(starts: npt.NDArray[np.int64], run: int) -> Iterator[tuple[int, int]]:
    """Neighbouring terms [low, high) with about `run` postings together."""
    low, size = 0, len(starts) - 1
    while low < size:
        high = max(low + 1, int(np.searchsorted(starts, starts[low] + run, side="right")) - 1)
        yield low, high
        low = high
