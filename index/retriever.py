"""load / search: from a query to clauses with calibrated probabilities.

Ties the parts together and holds no scoring of its own: addresses by outline, vectors by embedder and dense, wording
by sparse, known questions by classifiers, probabilities by calibration, files by storage.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np

from index import analyzer, storage
from index.adapter import Adapter
from index.building import build, fingerprint_of
from index.builtin_model import ModelUnavailable, Progress
from index.calibration import Calibration, Evidence, Floats, features
from index.classifiers import EmbeddingClassifier, NgramClassifier
from index.dense.choose import shared_engine
from index.dense.faiss_flat import FaissIndex
from index.dense.seam import DenseSearch, Rows
from index.dense.standby import StandbyIndex
from index.embedder import Encoder, Vectors
from index.examples import pinyin_reader
from index.held_out import MAX_HITS, HeldOut
from index.hit import BESIDE, Hit, SearchResult
from index.known import KnownQuestions
from index.model import Models, Settings
from index.onward import Onward
from index.outline import Outline
from index.pinyin import PinyinReader, has_letters
from index.sparse import SparseIndex
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

logger = logging.getLogger(__name__)

#: Probability given to the answer on record of a question asked in the same words.
RECORDED = 0.99
#: Indexes kept on disk: of the version in use, the one before, and what is being proposed.
KEPT_VERSIONS = 4


@dataclass(frozen=True)
class _Dense:
    """The half that needs a model: the encoder, clause vectors, and what question vectors taught."""

    encoder: Encoder
    clauses: DenseSearch
    revision: str
    classifier: EmbeddingClassifier


class Retriever:
    """Finds clauses of one knowledge base. Safe to use from several threads; never changes once made."""

    def __init__(
        self,
        knowledge: KnowledgeBase,
        *,
        sparse: SparseIndex,
        ngrams: NgramClassifier,
        known: KnownQuestions,
        calibration: Calibration,
        onward: Onward,
        dense: _Dense | None,
        query_prefix: str = "",
        folder: Path | None = None,
    ) -> None:
        self._knowledge = knowledge
        self._clauses = tuple(knowledge)
        self._outline = Outline(knowledge)
        self._sparse = sparse
        self._ngrams = ngrams
        self._known = known
        self._calibration = calibration
        self._onward = onward
        self._columns = {(clause.document, clause.id): column for column, clause in enumerate(self._clauses)}
        self._dense = dense
        self._folder = folder
        self._query_prefix = query_prefix

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base that this index was built from."""
        return self._knowledge

    @property
    def mode(self) -> Literal["full", "lexical"]:
        """`lexical` when it was made without an embedding model."""
        return "full" if self._dense is not None else "lexical"

    @cached_property
    def _reader(self) -> PinyinReader:
        return pinyin_reader(self._knowledge)  # a second or two, so not before someone types letters

    def make_ready(self) -> None:
        """Make now what is otherwise made for the first question that needs it: the reader of pinyin."""
        _ = self._reader

    @property
    def outline(self) -> Outline:
        """The addresses of the clauses."""
        return self._outline

    @classmethod
    def load(
        cls, knowledge: KnowledgeBase, settings: Settings, progress: Progress, models: Models | None = None
    ) -> Retriever:
        """Open the index for this knowledge, or build it. Without a model it is lexical, and the log says why.

        `models` holds what another retriever of the same settings has loaded. Raises StorageError when the index has to
        be built and cannot be written.
        """
        encoder: Encoder | None
        adapter: Adapter | None
        try:
            encoder, adapter = (models or Models(settings)).fitting(knowledge, progress)
        except ModelUnavailable as error:
            logger.error("no embedding model, answers are lexical: %s", error)
            encoder = adapter = None
        return cls.open(knowledge, encoder, settings, progress, adapter)

    @classmethod
    def open(
        cls,
        knowledge: KnowledgeBase,
        encoder: Encoder | None,
        settings: Settings,
        progress: Progress,
        adapter: Adapter | None = None,
    ) -> Retriever:
        """Like load(), with an encoder (or none), and the adapter it was changed by, already at hand."""
        root = settings.folder / ("full" if encoder is not None else "lexical")
        fingerprint = fingerprint_of(knowledge, encoder, settings)

        def make(folder: Path) -> None:
            logger.info("building the index (%s)", "with vectors" if encoder is not None else "lexical")
            build(folder, knowledge, settings, progress, encoder=encoder, adapter=adapter)

        revision = storage.kept_or_published(root, fingerprint, make, keep=KEPT_VERSIONS)
        return cls._read(revision, fingerprint, knowledge, encoder, settings)

    @classmethod
    def _read(
        cls, revision: Path, fingerprint: str, knowledge: KnowledgeBase, encoder: Encoder | None, settings: Settings
    ) -> Retriever:
        with np.load(revision / "ngrams.npz", allow_pickle=False) as stored:
            ngrams = NgramClassifier(stored["idf"], stored["weights"], stored["bias"])
        with np.load(revision / "calibration.npz", allow_pickle=False) as stored:
            calibration = Calibration.from_arrays(dict(stored))
        dense = None
        if encoder is not None:
            with np.load(revision / "embedding.npz", allow_pickle=False) as stored:
                classifier = EmbeddingClassifier(stored["mean"], stored["weights"], stored["bias"])
            clauses = _engine(settings, fingerprint, lambda: _rows(revision / "clauses.npy", knowledge))
            dense = _Dense(encoder, clauses, fingerprint, classifier)
        return cls(
            knowledge,
            sparse=SparseIndex.load(revision / "bm25"),
            ngrams=ngrams,
            known=KnownQuestions.load(revision / "known.json"),
            calibration=calibration,
            onward=Onward.load(revision / "onward.json"),
            dense=dense,
            query_prefix=settings.query_prefix,
            folder=revision,
        )

    def held_out(self) -> HeldOut:
        """What the models made of each known question without it; read from the disk. Raises OSError."""
        if self._folder is None:
            raise FileNotFoundError("an index without files")
        return HeldOut.load(self._folder / "held_out.npz")

    def related(self, clause: Clause) -> tuple[Clause, ...]:
        """The clauses most like this one, best first; its heading and what stands below it aside."""
        return tuple(self._clauses[column] for column in self._onward.related[self._column(clause)])

    def questions(self, clause: Clause) -> tuple[str, ...]:
        """Known questions that this clause answers, worth offering; checked when the index was built."""
        return self._onward.questions[self._column(clause)]

    def _column(self, clause: Clause) -> int:
        return self._columns[clause.document, clause.id]

    def vectors(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors of questions, shape (len(texts), dimension); None without a model."""
        if self._dense is None:
            return None
        return self._dense.encoder.encode([self._query_prefix + analyzer.normalize(text) for text in texts])

    def recorded(self, query: str) -> SearchResult | None:
        """What search() finds without asking a model: an address, nothing, or a question on record; else None.

        A question on record has its clauses, or its reason; the features of its hits and lesser reasons are left out.
        """
        found, read = self._plain(query)
        on_record = self._known.lookup(read) if found is None else []
        if not on_record:
            return found
        probabilities, answerable, reasons = self._recorded(on_record, np.zeros(len(BESIDE), dtype=np.float32))
        order = np.argsort(-probabilities, kind="stable")[:MAX_HITS]
        hits = tuple(Hit(self._clauses[i], float(probabilities[i])) for i in order)
        beside = dict(zip(BESIDE, map(float, reasons * (1.0 - answerable)), strict=True))
        return SearchResult(hits, answerable, MappingProxyType(beside))

    def _plain(self, query: str) -> tuple[SearchResult | None, str]:
        """What is found by the query's form alone, and how the query is read where a search is needed."""
        addressed = self._outline.resolve(query)
        if addressed:
            return SearchResult(tuple(Hit(clause, 1.0) for clause in addressed), 1.0, addressed=True), ""
        missing = self._outline.missing(query)
        if missing is not None:
            return SearchResult((), missing=missing), ""
        normalized = analyzer.normalize(query)
        if not normalized:
            return SearchResult((), beside=MappingProxyType({"noise": 1.0})), ""
        return None, self._reader.read(normalized) if has_letters(normalized) else normalized

    def search(self, query: str) -> SearchResult:
        """Clauses for one query as typed, by falling probability; an exact address needs no model."""
        found, read = self._plain(query)
        if found is not None:
            return found
        evidence = self._evidence(read)
        probabilities = self._calibration.probabilities(evidence)
        answerable = float(self._calibration.answerable(evidence, probabilities))
        reasons = self._calibration.beside(evidence)
        on_record = self._known.lookup(read)
        if on_record:
            probabilities, answerable, reasons = self._recorded(on_record, reasons)
        named = features(evidence)
        order = np.argsort(-probabilities, kind="stable")[:MAX_HITS]
        hits = tuple(
            Hit(
                self._clauses[i],
                float(probabilities[i]),
                MappingProxyType({name: float(value[i]) for name, value in named.items()}),
            )
            for i in order
        )
        beside = dict(zip(BESIDE, map(float, reasons * (1.0 - answerable)), strict=True))
        return SearchResult(hits, answerable, MappingProxyType(beside))

    def _recorded(self, columns: list[int], reasons: Floats) -> tuple[Floats, float, Floats]:
        """Probabilities, answerable and reasons of a question whose answer is on record."""
        count = len(self._clauses)
        probabilities = np.zeros(count, dtype=np.float32)
        # Clauses of one question are in their order on record, as hits are in order of probability.
        for rank, column in enumerate(column for column in columns if column < count):
            probabilities[column] = RECORDED - rank * 0.001
        if probabilities.any():
            return probabilities, RECORDED, reasons
        reasons = np.zeros(len(BESIDE), dtype=np.float32)
        reasons[[column - count for column in columns]] = 1.0 / len(columns)
        return probabilities, 1.0 - RECORDED, reasons

    def _evidence(self, normalized: str) -> Evidence:
        count = len(self._clauses)
        ngram = self._ngrams.scores(normalized)
        bm25 = self._sparse.scores(normalized)
        coverage = self._sparse.coverage(normalized)
        evidence = Evidence(bm25=bm25, coverage=coverage, ngram=ngram[:count], ngram_beside=ngram[count:])
        if self._dense is None:
            return evidence
        vector = self._dense.encoder.encode([self._query_prefix + normalized])[0]
        cosine = np.zeros(count, dtype=np.float32)
        for row, score in self._dense.clauses.search(self._dense.revision, vector, count):
            cosine[row] = score
        return evidence.with_vectors(cosine, self._dense.classifier.scores(vector))


def _engine(settings: Settings, revision: str, rows: Callable[[], Rows]) -> DenseSearch:
    """The configured engine with this revision in it. Raises JianfuError where none can be had."""
    shared = shared_engine(settings.dense)
    if shared is not None:
        return StandbyIndex(shared, revision, rows)
    own = FaissIndex(keep=1)
    own.publish(revision, rows())
    return own


def _rows(path: Path, knowledge: KnowledgeBase) -> Rows:
    """The clauses of a revision as an engine wants them, in their order."""
    clauses = tuple(knowledge)
    return Rows(
        np.load(path, mmap_mode="r", allow_pickle=False),
        tuple(clause.id for clause in clauses),
        tuple(clause.document for clause in clauses),
        tuple(clause.text for clause in clauses),
    )
