"""The steps of `make growth`, each run in a process of its own so that its memory can be read: stages.py STEP FOLDER ….

Every step reads and writes files in the folder of one size and prints one JSON object. measure.py runs them in order.
FAISS is used directly here: which of its kinds of index is worth having is what is to be found out.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in bot/__main__.py

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from sqlalchemy import create_engine, text

from bot.bootstrap import index_settings, silent
from bot.config import find_config, load_config
from index import analyzer
from index.dense.pgvector import PgvectorIndex
from index.dense.seam import Rows
from index.embedder import Encoder
from index.examples import passage
from index.model import Settings, fitting_adapter, load_encoder
from index.sparse import SparseIndex
from index.sparse_streamed import build_streamed
from index.vector_cache import encode_cached
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from scripts.growth.notices import notices
from scripts.growth.vectors import Mixtures, sample, spread

ROOT = Path(__file__).resolve().parent.parent.parent
SETS = ROOT / "tests" / "questions"
#: Candidates that are looked at.
K = 100
#: Up to so many clauses all are really embedded.
ALL_REAL = 4_000
#: Clauses that mixtures are compared on.
HELD = 500
BLOCK = 50_000
Found = dict[str, Any]


def knowledge() -> KnowledgeBase:
    """The real notice."""
    config = load_config(find_config(None))
    return load_knowledge(config.path(config.knowledge.folder))


def questions() -> list[tuple[str, list[str]]]:
    """Questions of tests/questions/ that the real notice answers and that need no history, and the clauses that do."""
    lines = [line for path in sorted(SETS.glob("*.jsonl")) for line in path.read_text("utf8").splitlines()]
    labels = [json.loads(line) for line in lines]
    return [(label["q"], label["gold"]) for label in labels if label["gold"] and not label.get("history")]


def make(folder: Path, count: str, seed: str) -> Found:
    """The real notice's passages, then those of so many synthetic notices, a line each; and what each was made of."""
    real = knowledge()
    kinds: dict[tuple[str, str], int] = {}
    numbers: list[int] = []
    with (folder / "passages.txt").open("w", encoding="utf8") as file:

        def write(document: Any, made_of: Sequence[tuple[str, str]], base: KnowledgeBase) -> None:
            for clause, kind in zip(document, made_of, strict=True):
                file.write(passage(clause, base) + "\n")
                numbers.append(kinds.setdefault(kind, len(kinds)))

        for document in real.documents:
            write(document, [("real", clause.id) for clause in document], real)
        for notice in notices(int(count), int(seed), real.documents[0]):
            write(notice.document, notice.kinds, KnowledgeBase((notice.document,)))
    np.save(folder / "kinds.npy", np.array(numbers, dtype=np.int64))
    (folder / "kinds.json").write_text(json.dumps(list(kinds), ensure_ascii=False), "utf8")
    return {"clauses": len(numbers), "kinds": len(kinds), "disk": _size(folder / "passages.txt")}


def embed(folder: Path) -> Found:
    """Vectors of all clauses (some from the model, the rest drawn) and of the questions."""
    settings, encoder = _model()
    kinds = np.load(folder / "kinds.npy")
    with (folder / "passages.txt").open(encoding="utf8") as file:
        wanted = range(len(kinds)) if len(kinds) <= ALL_REAL else sample(kinds.tolist())
        lines = file.read().splitlines()
    rows = np.array(wanted)
    rest = np.setdiff1d(np.arange(len(kinds)), rows)[:HELD]
    texts = [settings.passage_prefix + analyzer.normalize(lines[row]) for row in (*rows, *rest)]
    asked = [settings.query_prefix + analyzer.normalize(question) for question, _ in questions()]
    del lines
    cache = folder.parent / "vectors.npz"
    vectors = encode_cached(encoder, [*texts, *asked], cache, lambda done: None)
    real, held, query = vectors[: len(rows)], vectors[len(rows) : len(texts)], vectors[len(texts) :]
    np.save(folder / "questions.npy", query)
    generator = np.random.default_rng(1)
    found: Found = {"really embedded": len(rows)}
    mixtures = Mixtures.of(real, kinds[rows])
    made = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (len(kinds), real.shape[1]))
    for start in range(0, len(kinds), BLOCK):
        made[start : start + BLOCK] = mixtures.draw(kinds[start : start + BLOCK], generator)
    made[rows] = real
    made.flush()
    if len(rest):
        found["spread"] = spread(held, mixtures.draw(kinds[rest], generator), query)
    return found | {"disk": _size(folder / "vectors.npy")}


def lexical_build(folder: Path) -> Found:
    """BM25 of all passages."""
    with (folder / "passages.txt").open(encoding="utf8") as file:
        build_streamed((line.rstrip("\n") for line in file), folder / "bm25")
    return {"disk": _size(folder / "bm25")}


def lexical_search(folder: Path) -> Found:
    """All questions against BM25."""
    index = SparseIndex.load(folder / "bm25")

    def search(number: int, query: str) -> npt.NDArray[np.int64]:
        scores = index.scores(query)
        best = np.argpartition(-scores, min(K, len(scores)) - 1)[:K]
        return best[np.argsort(-scores[best], kind="stable")]

    return _ask(folder, "lexical", search)


FAISS_KINDS: dict[str, Callable[[int], faiss.Index]] = {
    "flat": faiss.IndexFlatIP,
    "sq8": lambda width: faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT),
    "hnsw": lambda width: faiss.IndexHNSWFlat(width, 16, faiss.METRIC_INNER_PRODUCT),
}


def faiss_build(folder: Path, kind: str) -> Found:
    """An index of FAISS over all vectors, written to a file."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    index = FAISS_KINDS[kind](vectors.shape[1])
    index.train(np.ascontiguousarray(vectors[:: max(1, len(vectors) // 50_000)]))
    for start in range(0, len(vectors), BLOCK):
        index.add(np.ascontiguousarray(vectors[start : start + BLOCK]))
    faiss.write_index(index, str(folder / f"{kind}.faiss"))
    return {"disk": _size(folder / f"{kind}.faiss")}


def faiss_search(folder: Path, kind: str) -> Found:
    """All questions against it."""
    index = faiss.read_index(str(folder / f"{kind}.faiss"))
    if kind == "hnsw":
        index.hnsw.efSearch = 256
    asked = np.load(folder / "questions.npy")
    return _ask(folder, f"faiss-{kind}", lambda number, _: index.search(asked[number : number + 1], K)[1][0])


def pgvector_build(folder: Path, url: str) -> Found:
    """The same vectors published to PostgreSQL."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    names = tuple(map(str, range(len(vectors))))
    lines = tuple((folder / "passages.txt").read_text("utf8").splitlines())
    PgvectorIndex(url).publish(folder.name, Rows(vectors, names, ("-",) * len(names), lines))
    with create_engine(url).connect() as connection:
        size = connection.execute(text("SELECT pg_total_relation_size('dense_rows')")).scalar_one()
    return {"disk": int(size)}


def pgvector_search(folder: Path, url: str) -> Found:
    """All questions against it."""
    index = PgvectorIndex(url)
    asked = np.load(folder / "questions.npy")
    return _ask(
        folder, "pgvector", lambda number, _: np.array([row for row, _ in index.search(folder.name, asked[number], K)])
    )


def _ask(folder: Path, name: str, search: Callable[[int, str], npt.NDArray[np.int64]]) -> Found:
    """Ask one question in ten to warm up, then all, one at a time; the rows go to a file, -1 where none."""
    asked = [analyzer.normalize(question) for question, _ in questions()]
    for number in range(0, len(asked), 10):
        search(number, asked[number])
    rows = np.full((len(asked), K), -1, dtype=np.int64)
    taken = []
    for number, query in enumerate(asked):
        started = time.perf_counter()
        best = search(number, query)
        taken.append(time.perf_counter() - started)
        rows[number, : len(best)] = best
    np.save(folder / f"{name}.rows.npy", rows)
    return {"median_ms": 1000 * median(taken), "p99_ms": 1000 * float(np.percentile(taken, 99))}


def _model() -> tuple[Settings, Encoder]:
    config = load_config(find_config(None))
    settings = index_settings(config)
    return settings, load_encoder(settings, silent, fitting_adapter(knowledge(), settings))


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _peak() -> int:
    """Bytes resident at most so far, mapped files included."""
    return 1024 * getrusage(RUSAGE_SELF).ru_maxrss


STEPS: dict[str, Callable[..., Found]] = {
    step.__name__: step
    for step in (make, embed, lexical_build, lexical_search, faiss_build, faiss_search, pgvector_build, pgvector_search)
}


def main() -> None:
    """Run one step."""
    name, folder, *rest = sys.argv[1:]
    load = os.getloadavg()[0]
    started = time.perf_counter()
    found = STEPS[name](Path(folder), *rest)
    found["seconds"] = time.perf_counter() - started
    found["load"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    found["peak"] = _peak()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
