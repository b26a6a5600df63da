"""The labelled questions that the ranker learns from, gathered from the knowledge base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.analyzer import normalize
from index.hit import BESIDE
from index.pinyin import PinyinReader
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

Labels = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Examples:
    """Normalised texts, and what answers each; `asked` holds them as people spelled them.

    `labels` has shape (texts, clauses + reasons): a column for each clause of the knowledge base in order, then one
    for each reason in BESIDE. `is_question` tells people's questions from clause texts, which serve as examples of
    themselves so that a clause without questions can be found too. `near`, of shape (texts, clauses), marks which clauses
    a near miss is near to (all of them where that is not on record); its row is empty for every other text.
    """

    texts: tuple[str, ...]
    labels: Labels
    is_question: npt.NDArray[np.bool_]
    near: Labels
    asked: tuple[str, ...] = ()

    @property
    def answerable(self) -> npt.NDArray[np.bool_]:
        """For each text, whether some clause answers it; shape (texts,)."""
        return np.asarray(self.labels[:, : self.near.shape[1]].any(axis=1), dtype=np.bool_)

    @property
    def classes(self) -> Labels:
        """Classes allowed for each text, of shape (texts, 2 x clauses + reasons - 1).

        First the clauses, then "near this clause, but not answered", then the other reasons. An answerable text needs
        all of its classes, any other belongs to one of those marked.
        """
        count = self.near.shape[1]
        others = np.delete(self.labels[:, count:], BESIDE.index("near"), axis=1)
        return np.concatenate([self.labels[:, :count], self.near, others], axis=1)


def pinyin_reader(knowledge: KnowledgeBase) -> PinyinReader:
    """A reader that knows how the clauses are worded and how people ask."""
    passages = [normalize(passage(clause, knowledge)) for clause in knowledge]
    asked = [normalize(question) for question in _all_questions(knowledge)]
    return PinyinReader([*asked, *passages], passages)


def _all_questions(knowledge: KnowledgeBase) -> Iterator[str]:
    for document in knowledge.documents:
        for clause in document.clauses:
            yield from clause.questions
        yield from (shared.text for shared in document.shared_questions)
        yield from (unanswered.text for unanswered in document.unanswered)
    for questions in knowledge.out_of_scope.values():
        yield from questions


def gather(knowledge: KnowledgeBase, reader: PinyinReader) -> Examples:
    """All examples of a knowledge base, read as queries are."""
    clauses = list(knowledge)
    column = {(clause.document, clause.id): i for i, clause in enumerate(clauses)}
    reason_column = {reason: len(clauses) + i for i, reason in enumerate(BESIDE)}
    texts: list[str] = []
    spelled: list[str] = []
    columns: list[list[int]] = []
    asked: list[bool] = []
    near: dict[int, list[int]] = {}

    def add(text: str, marked: Sequence[int], is_question: bool = True) -> None:
        texts.append(reader.read(normalize(text)))
        spelled.append(text)
        columns.append(list(marked))
        asked.append(is_question)

    for i, clause in enumerate(clauses):
        add(passage(clause, knowledge), [i], is_question=False)
        for question in clause.questions:
            add(question, [i])
    for document in knowledge.documents:
        for shared in document.shared_questions:
            add(shared.text, [column[document.id, reference] for reference in shared.clauses])
        for unanswered in document.unanswered:
            near[len(texts)] = [column[document.id, reference] for reference in unanswered.related]
            add(unanswered.text, [reason_column["near"]])
    for reason, questions in knowledge.out_of_scope.items():
        for question in questions:
            add(question, [reason_column[reason]])  # type: ignore[index]
    labels = np.zeros((len(texts), len(clauses) + len(BESIDE)), dtype=np.bool_)
    for row, marked in enumerate(columns):
        labels[row, marked] = True
    near_labels = np.zeros((len(texts), len(clauses)), dtype=np.bool_)
    for row, related in near.items():
        near_labels[row, related or slice(None)] = True
    return Examples(tuple(texts), labels, np.array(asked, dtype=np.bool_), near_labels, tuple(spelled))


def passage(clause: Clause, knowledge: KnowledgeBase) -> str:
    """The text that stands for a clause in the indexes: its words and keywords, after its heading's words."""
    parent = knowledge.parent(clause)
    parts = [parent.display] if parent is not None else []
    return " ".join([*parts, clause.display, *clause.keywords])
