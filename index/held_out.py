"""What the models made of each known question without having learned from it: scores left over from calibration.

Asked for real, a known question is answered from the record; what these tell is how new questions like it fare. bot/kb/gate.py
compares two versions of the knowledge by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from index.calibration import Calibration, Evidence, Floats
from index.examples import Examples
from index.hit import BESIDE, Hit, SearchResult
from knowledge.base import KnowledgeBase

#: How many clauses a result names at most.
MAX_HITS = 10


@dataclass(frozen=True)
class HeldOut:
    """Of n people's questions as they were asked: probabilities (n, clauses), answerable (n,), reasons (n, reasons).

    `unseen` marks, in shape (n,), those that the adapter did not learn from either.
    """

    asked: tuple[str, ...]
    probabilities: Floats
    answerable: Floats
    reasons: Floats
    unseen: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, examples: Examples, evidence: Evidence, calibration: Calibration, unseen: npt.NDArray[np.bool_]
    ) -> HeldOut:
        """From left-out evidence of all examples, clause texts aside."""
        rows = examples.is_question
        probabilities = calibration.probabilities(evidence)
        answerable = calibration.answerable(evidence, probabilities)
        asked = tuple(text for text, question in zip(examples.asked, rows, strict=True) if question)
        return cls(asked, probabilities[rows], answerable[rows], calibration.beside(evidence)[rows], unseen[rows])

    def results(self, knowledge: KnowledgeBase) -> Iterator[tuple[str, bool, SearchResult]]:
        """For each question: its words, whether nothing learned from it, and what a search would have found."""
        clauses = tuple(knowledge)
        for row, text in enumerate(self.asked):
            chances, answerable = self.probabilities[row], float(self.answerable[row])
            order = np.argsort(-chances, kind="stable")[:MAX_HITS]
            hits = tuple(Hit(clauses[i], float(chances[i])) for i in order)
            beside = dict(zip(BESIDE, map(float, self.reasons[row] * (1.0 - answerable)), strict=True))
            yield text, bool(self.unseen[row]), SearchResult(hits, answerable, MappingProxyType(beside))

    def save(self, path: Path) -> None:
        """Write to a file."""
        np.savez(
            path,
            asked=np.frombuffer("\0".join(self.asked).encode("utf8", "surrogatepass"), dtype=np.uint8),
            probabilities=self.probabilities.astype(np.float32),
            answerable=self.answerable.astype(np.float32),
            reasons=self.reasons.astype(np.float32),
            unseen=self.unseen,
        )

    @classmethod
    def load(cls, path: Path) -> HeldOut:
        """Read a file written by save()."""
        with np.load(path, allow_pickle=False) as stored:
            text = stored["asked"].tobytes().decode("utf8", "surrogatepass")
            return cls(
                tuple(text.split("\0")) if len(stored["answerable"]) else (),
                stored["probabilities"],
                stored["answerable"],
                stored["reasons"],
                stored["unseen"],
            )
