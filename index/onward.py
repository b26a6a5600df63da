"""What to read and ask next, found once when the index is built: related clauses, and known questions worth offering.

A question is offered only if it reads like one and the models, having not seen it, gave its clause first and surely:
what is offered has been checked to be answerable. How many are shown, and when, is the bot's business.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.analyzer import normalize
from index.calibration import Floats
from index.examples import Labels
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

RELATED = 3
QUESTIONS = 4
#: The least probability, of a question left out of training, that its clause answers and that anything does.
SURE = 0.85
#: How many known texts must have each pair of neighbouring characters, unless a clause has it: slips of the keyboard make pairs that few have.
COMMON = 3
_SHORTEST, _LONGEST = 6, 20
_READS_WELL = re.compile(r"[\u4e00-\u9fff0-9%“”《》、，？?]+")
_ASKS = re.compile(r"[吗呢么]|什么|怎|几|多少|哪|谁|能不能|要不要|是不是|该不该|可不可以|会不会|有没有|算不算")
_EXAM = re.compile(r"填空|判断|单选|多选|简答|论述|名词解释|[（(]|__")
#: Turns of speech that lean on something said before.
_LEANS = re.compile(r"^(?:那|这|它|他|然后|还有|其他|另外|具体)")


@dataclass(frozen=True, slots=True)
class Onward:
    """For each clause, in the order of the knowledge base: related clauses (columns), and questions to offer."""

    related: tuple[tuple[int, ...], ...]
    questions: tuple[tuple[str, ...], ...]

    @classmethod
    def build(
        cls,
        knowledge: KnowledgeBase,
        *,
        similarity: Floats,
        labels: Labels,
        probabilities: Floats,
        answerable: Floats,
        asked: Sequence[str],
    ) -> Onward:
        """From left-out scores.

        `similarity` of shape (clauses, clauses) says how alike two clauses are. `labels` and `probabilities` of shape
        (texts, clauses), and `answerable` of shape (texts,), are those of the known texts as `asked` in people's own spelling.
        """
        clauses = tuple(knowledge)
        best = probabilities.argmax(axis=1)
        sure = np.minimum(probabilities.max(axis=1), answerable)
        right = (labels.sum(axis=1) == 1) & labels[np.arange(len(best)), best] & (sure >= SURE)
        pairs = Counter(pair for text in asked for pair in set(_pairs(text)))
        pairs.update({pair: COMMON for clause in clauses for pair in _pairs(clause.text)})
        offered = right & np.array([_reads_well(text.strip(), pairs) for text in asked], dtype=np.bool_)
        questions = tuple(
            _choose(np.flatnonzero(offered & (best == column)), asked, sure) for column in range(len(clauses))
        )
        related = tuple(_nearest(column, clauses, similarity) for column in range(len(clauses)))
        return cls(related, questions)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps({"related": self.related, "questions": self.questions}, ensure_ascii=False), "utf8")

    @classmethod
    def load(cls, path: Path) -> Onward:
        """The inverse of save()."""
        content = json.loads(path.read_text("utf8"))
        return cls(tuple(map(tuple, content["related"])), tuple(map(tuple, content["questions"])))


def _nearest(column: int, clauses: Sequence[Clause], similarity: Floats) -> tuple[int, ...]:
    """The clauses most like one, its own heading and those below it aside: they are at hand anyway."""
    clause = clauses[column]

    def own(other: Clause) -> bool:
        same = other.document == clause.document
        return same and (other.id in (clause.id, clause.parent) or other.parent == clause.id)

    ordered = np.argsort(-similarity[column], kind="stable")
    return tuple(int(other) for other in ordered if not own(clauses[other]))[:RELATED]


def _choose(rows: npt.NDArray[np.int64], asked: Sequence[str], sure: Floats) -> tuple[str, ...]:
    """The surest questions that read well, unlike each other."""
    chosen: list[str] = []
    for row in rows[np.argsort(-sure[rows], kind="stable")]:
        text = asked[row].strip()
        if all(_overlap(text, other) < 0.5 for other in chosen):
            chosen.append(text)
        if len(chosen) == QUESTIONS:
            break
    return tuple(chosen)


def _reads_well(text: str, pairs: Counter[str]) -> bool:
    """Whether a question is short, whole, in simplified characters, and worded as people word theirs."""
    return (
        _SHORTEST <= len(text) <= _LONGEST
        and _READS_WELL.fullmatch(text) is not None
        and _ASKS.search(text) is not None
        and _EXAM.search(text) is None
        and _LEANS.search(text) is None
        and _letters(normalize(text)) == _letters(text)
        and all(pairs[pair] >= COMMON for pair in _pairs(text))
    )


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _pairs(text: str) -> list[str]:
    return [one + other for one, other in pairwise(text.strip()) if one.isalnum() and other.isalnum()]


def _overlap(one: str, other: str) -> float:
    """Share of the shorter text's characters that the other has too."""
    left, right = set(one), set(other)
    return len(left & right) / min(len(left), len(right))
