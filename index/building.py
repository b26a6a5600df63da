"""build(): every artifact of one revision of the index, made from the knowledge base in an empty folder.

What is learned is learned here: the classifiers, the calibration, what to offer next. retriever.py reads the artifacts.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

from index import analyzer
from index.adapter import Adapter
from index.builtin_model import Progress
from index.calibration import Calibration, Evidence, default_prior, prior_digest
from index.classifiers import EmbeddingClassifier, NgramClassifier, Scores, folds_of
from index.embedder import Encoder, Vectors
from index.examples import Examples, gather, passage, pinyin_reader
from index.held_out import HeldOut
from index.known import KnownQuestions
from index.model import Settings
from index.onward import Onward
from index.sparse import SparseIndex
from index.sparse_streamed import BLOCK, build_streamed
from index.vector_cache import encode_cached
from knowledge.base import KnowledgeBase

#: Raise when the meaning of an artifact changes, so that older ones are rebuilt.
FORMAT = 12

#: How often to say how far it is with what is done aside.
PACE_SECONDS = 0.5
#: Cosines (examples, clauses), and scores of the EmbeddingClassifier (examples, classes).
_ByVector = tuple[Vectors, Scores]


def fingerprint_of(knowledge: KnowledgeBase, encoder: Encoder | None, settings: Settings) -> str:
    """Changes whenever the same question could get another answer from the artifacts."""
    parts = [
        str(FORMAT),
        str(analyzer.VERSION),
        knowledge.version,
        encoder.fingerprint if encoder is not None else "lexical",
        settings.query_prefix,
        settings.passage_prefix,
        prior_digest(encoder is not None),
    ]
    return hashlib.sha256("\n".join(parts).encode("utf8")).hexdigest()[:16]


def build(
    folder: Path,
    knowledge: KnowledgeBase,
    settings: Settings,
    progress: Progress,
    *,
    encoder: Encoder | None,
    adapter: Adapter | None,
) -> None:
    """Make every artifact of one revision in an empty folder."""
    examples = gather(knowledge, pinyin_reader(knowledge))
    passages = [passage(clause, knowledge) for clause in knowledge]
    count = len(passages)
    sparse = _build_sparse(passages, folder / "bm25")
    KnownQuestions.build(examples).save(folder / "known.json")
    by_vector: _ByVector | None = None
    with ThreadPoolExecutor(1) as aside:  # neither needs the other, and both leave Python to others while they reckon
        learned: list[float] = []
        learning = aside.submit(NgramClassifier.fit, examples.texts, examples.labels, learned.append)
        if encoder is not None:
            vectors = _encode(examples, passages, encoder, settings, progress)
            by_vector = _build_dense(folder, examples, vectors, progress)
            similarity = vectors[len(examples.texts) :] @ vectors[len(examples.texts) :].T
        else:
            similarity = sparse.table(passages)[0]
        while not learning.done():
            progress("学习已知问题的用词", learned[-1] if learned else None)
            wait([learning], PACE_SECONDS)
        ngrams, ngram_scores = learning.result()
    np.savez(folder / "ngrams.npz", idf=ngrams.idf, weights=ngrams.weights, bias=ngrams.bias)
    bm25, coverage = sparse.table(examples.texts)
    evidence = Evidence(
        bm25=bm25,
        coverage=coverage,
        ngram=ngram_scores[:, :count],
        ngram_beside=ngram_scores[:, count:],
    )
    if by_vector is not None:
        evidence = evidence.with_vectors(*by_vector)
    progress("校准把握程度", None)
    # What the adapter learned from looks surer than any new question, so it tells nothing about how sure to be.
    honest = examples.is_question if adapter is None else examples.is_question & adapter.unseen(examples.texts)
    prior = default_prior(encoder is not None) if adapter is None else None
    calibration = Calibration.fit(evidence, examples, prior, honest)
    np.savez(folder / "calibration.npz", allow_pickle=False, **calibration.to_arrays())
    HeldOut.of(examples, evidence, calibration, honest).save(folder / "held_out.npz")
    progress("挑选可以接着问的问题", None)
    probabilities = calibration.probabilities(evidence)
    onward = Onward.build(
        knowledge,
        similarity=similarity,
        labels=examples.labels[:, :count],
        probabilities=probabilities,
        answerable=calibration.answerable(evidence, probabilities),
        asked=examples.asked,
    )
    onward.save(folder / "onward.json")


def _build_sparse(passages: list[str], folder: Path) -> SparseIndex:
    """The same index either way; many texts are counted block by block, which takes more disk and less memory."""
    if len(passages) > BLOCK:
        build_streamed(passages, folder)
        return SparseIndex.load(folder)
    sparse = SparseIndex.build(passages)
    sparse.save(folder)
    return sparse


def _encode(
    examples: Examples, passages: list[str], encoder: Encoder, settings: Settings, progress: Progress
) -> Vectors:
    """Vectors of the example texts, then of the passages, from the cache where it has them."""
    texts = [settings.query_prefix + text for text in examples.texts]
    texts += [settings.passage_prefix + analyzer.normalize(text) for text in passages]
    cache = settings.folder / "vectors.npz"
    return encode_cached(encoder, texts, cache, lambda done: progress("计算已知问题的语义向量", done))


def _build_dense(folder: Path, examples: Examples, vectors: Vectors, progress: Progress) -> _ByVector:
    """Write the artifacts that need vectors; cosines of the examples to the clauses, and the classifier's left-out scores."""
    question_vectors, clause_vectors = vectors[: len(examples.texts)], vectors[len(examples.texts) :]
    np.save(folder / "clauses.npy", clause_vectors)  # an engine (index/dense/) is given them when they are read
    classifier, scores = EmbeddingClassifier.fit(
        question_vectors,
        examples.classes,
        examples.answerable,
        folds_of(examples.texts, "vectors"),
        lambda done: progress("学习已知问题的意思", done),
    )
    np.savez(folder / "embedding.npz", mean=classifier.mean, weights=classifier.weights, bias=classifier.bias)
    return question_vectors @ clause_vectors.T, scores
