"""The record of how well answers were measured: its shape, its file, and what is said of it.

scripts/evaluate.py measures and writes the record; the sentences are replies.py's. Needs no model.
"""

from __future__ import annotations

import logging
from math import sqrt
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot import replies
from bot.answer import Mode
from knowledge.base import KnowledgeBase

logger = logging.getLogger(__name__)

#: Written by `make eval`, shipped with the package.
RECORD = Path(__file__).with_name("evaluation.json")


class Share(BaseModel):
    """`count` of `total` questions, with the 95 % interval of the share, as fractions with six decimals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int
    total: int
    low: float
    high: float

    @classmethod
    def of(cls, count: int, total: int) -> Share:
        """A share with its interval; without questions nothing is known, and the interval is 0 to 1."""
        low, high = wilson(count / total, total) if total else (0.0, 1.0)
        return cls(count=count, total=total, low=round(low, 6), high=round(high, 6))

    @property
    def percent(self) -> float | None:
        """The share itself, in percent; None without questions."""
        return 100 * self.count / self.total if self.total else None


class Evaluation(BaseModel):
    """What one run over the default question sets measured, and on what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    knowledge_version: str
    model: str
    analyzer_version: int
    mode: Mode
    #: Answered right: the first citation is right and the facts are there, or rightly nothing is cited.
    right: Share
    #: Of the questions that the notice does not answer, those that got a citation.
    false_answers: Share
    #: Of the answerable questions that were answered, those whose first citation is wrong.
    wrong_first: Share
    #: Quotes that differ from their source.
    wrong_quotes: int

    def to_json(self) -> str:
        """The record's text; the same figures give the same bytes."""
        return self.model_dump_json(indent=2) + "\n"


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share of `count` > 0 questions (Wilson 1927)."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def read_evaluation(path: Path | None = None) -> Evaluation | None:
    """The record that came with this installation; None, and a warning in the log, when it cannot be used."""
    path = path or RECORD
    try:
        return Evaluation.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        logger.warning("no usable record of an evaluation in %s: %s", path, type(error).__name__)
        return None


def trust_text(knowledge: KnowledgeBase, mode: Mode | None = None, kept_days: int | None = None) -> str:
    """How answers are made and how well, a sentence a line; the first line is a title.

    `mode` is how this process searches, None where no model was loaded. A record of another knowledge base or mode
    is shown with a warning. `kept_days`: how long unanswered questions are kept, 0 for not at all, None where there
    is nothing to keep them in.
    """
    lines = [replies.TRUST_TITLE, replies.TRUST_HOW.format(title=replies.titles(knowledge))]
    if kept_days is not None:
        lines.append(replies.TRUST_KEPT.format(days=kept_days) if kept_days else replies.TRUST_NOT_KEPT)
    record = read_evaluation()
    if record is None:
        return "\n".join([*lines, replies.TRUST_UNMEASURED])
    lines += [
        _sentence(replies.TRUST_RIGHT, record.right),
        _sentence(replies.TRUST_FALSE_ANSWERS, record.false_answers),
        _sentence(replies.TRUST_WRONG_FIRST, record.wrong_first),
        replies.TRUST_QUOTES.format(count=record.wrong_quotes),
        replies.TRUST_LIMITS,
        replies.TRUST_MEASURED_ON.format(version=record.knowledge_version),
    ]
    if record.knowledge_version != knowledge.version:
        lines.append(replies.TRUST_OTHER_KNOWLEDGE.format(version=knowledge.version))
    if mode is not None and record.mode != mode:
        lines.append(replies.TRUST_OTHER_MODE)
    return "\n".join(lines)


def _sentence(template: str, share: Share) -> str:
    percent = "—" if share.percent is None else f"{share.percent:.1f}%"
    return template.format(
        count=share.count,
        total=share.total,
        percent=percent,
        low=f"{100 * share.low:.1f}%",
        high=f"{100 * share.high:.1f}%",
    )
