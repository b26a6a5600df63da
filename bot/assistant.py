"""ask(): resolve the follow-up, search, decide, compose. Every channel calls this and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot import followup, replies, spans
from bot.answer import Answer, Citation, Mode, Outcome
from bot.config import AnswersConfig
from bot.next_questions import next_questions
from bot.remembered import Remembered
from index.embedder import Vectors
from index.hit import SearchResult
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

#: From this probability on, a clause is what an earlier question was about, though it was not answered with it.
SPOKEN_OF = 0.5


class UnprovedQuote(JianfuError):
    """A quote differs from the source text; nothing may be sent."""


class Searcher(Protocol):
    """What the assistant needs of the index (index.retriever.Retriever, or a double in tests)."""

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base that the index was built from."""

    @property
    def mode(self) -> Mode:
        """`lexical` while there is no embedding model."""

    def search(self, query: str) -> SearchResult:
        """Clauses for a query, by falling probability."""

    def vectors(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors of questions, a row each; None while there is no embedding model."""

    def related(self, clause: Clause) -> tuple[Clause, ...]:
        """The clauses most like one."""

    def questions(self, clause: Clause) -> tuple[str, ...]:
        """Questions that a clause answers, worth offering."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and the clauses it rests on (cited, offered, or listed as reading).

    `reason` is why nothing is cited, one of BESIDE or a sentence; `why` what is not written, where that is on record.
    """

    outcome: Outcome
    clauses: tuple[Clause, ...]
    confidence: float
    reason: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with what led to it; `result` is None where nothing had to be searched."""

    answer: Answer
    result: SearchResult | None
    decision: Decision


class Assistant:
    """Answers questions from a knowledge base, citing clauses word for word."""

    def __init__(
        self,
        searcher: Searcher,
        policy: AnswersConfig,
        keep_receipt: Callable[[Answer], str] | None = None,
        note: Callable[[str, Explanation], None] | None = None,
    ) -> None:
        """`keep_receipt` puts an answer on record and returns its code; without it answers have no receipt.

        `note` is told of each question asked, as it was understood; it must neither block nor raise.
        """
        self._searcher = searcher
        self._note = note
        self._keep_receipt = keep_receipt
        self._policy = policy
        self._search = Remembered(searcher.search, policy.remembered_questions)

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base that answers come from."""
        return self._searcher.knowledge

    @property
    def mode(self) -> Mode:
        """`full`, or `lexical` while the embedding model is not available."""
        return self._searcher.mode

    @property
    def policy(self) -> AnswersConfig:
        """The probabilities that it decides by."""
        return self._policy

    def related(self, clause: Clause) -> tuple[Clause, ...]:
        """The clauses most like one, to read next."""
        return self._searcher.related(clause)

    def questions(self, clause: Clause) -> tuple[str, ...]:
        """Questions that a clause answers, checked when the index was built."""
        return self._searcher.questions(clause)

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer one question; `history` holds the person's earlier questions, oldest first.

        Raises UnprovedQuote, and logs it, when a clause no longer equals its source text.
        """
        explanation = self.explain(question, history)
        if self._note is not None:
            self._note(explanation.answer.interpreted_as or question, explanation)
        answer = explanation.answer
        return answer if self._keep_receipt is None else replace(answer, receipt=self._keep_receipt(answer))

    def vectors(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors of questions, by meaning, a row each; None while there is no embedding model."""
        return self._searcher.vectors(texts)

    def explain(self, question: str, history: Sequence[str] = ()) -> Explanation:
        """The same as ask(), with everything that led to the answer; nobody's question: not noted, and without a receipt."""
        started = time.perf_counter()
        question = _sendable(question).strip()
        refused = self._refuse(question)
        if refused is not None:
            return Explanation(self._compose(refused, None, started, searched=False), None, refused)
        recent = [_sendable(one) for one in history][max(len(history) - self._policy.max_history, 0) :]
        resolved = followup.resolve(question, recent, self.knowledge, answering=self._answering, about=self._about)
        result = self._search(resolved or question)
        decision = decide(result, self._policy, self.knowledge)
        if decision.reason == "near":
            decision = replace(decision, why=self.knowledge.why_unanswered(resolved or question))
        return Explanation(self._compose(decision, resolved, started, asked=resolved or question), result, decision)

    def decision(self, question: str) -> Decision:
        """The decision on a first question alone, with nothing composed: what previews of many questions need."""
        question = _sendable(question).strip()
        refused = self._refuse(question)
        if refused is not None:
            return refused
        resolved = followup.resolve(question, (), self.knowledge, answering=self._answering, about=self._about)
        return decide(self._search(resolved or question), self._policy, self.knowledge)

    def _answering(self, question: str) -> Clause | None:
        """The clause that answers a question first, if any does."""
        decision = decide(self._search(question), self._policy, self.knowledge)
        return decision.clauses[0] if decision.outcome == "answer" else None

    def _about(self, earlier: str) -> Clause | None:
        """The clause that an earlier question was about, be it answered with it or not."""
        result = self._search(earlier)
        best = result.hits[0] if result.hits else None
        return best.clause if best is not None and best.probability >= SPOKEN_OF else self._answering(earlier)

    def _refuse(self, question: str) -> Decision | None:
        """A reply for what is no question at all, before any model is asked."""
        limit = self._policy.max_question_characters
        if not question:
            return Decision("chat", (), 1.0, replies.EMPTY)
        if len(question) > limit:
            return Decision("decline", (), 1.0, replies.TOO_LONG.format(length=len(question), limit=limit))
        return None

    def _compose(
        self, decision: Decision, resolved: str | None, started: float, *, asked: str = "", searched: bool = True
    ) -> Answer:
        answers = decision.outcome == "answer" and not decision.clauses[0].is_heading  # an overview marks nothing
        quotes = tuple(
            Citation.of(clause, spans.mark(asked, clause.text) if answers else ()) for clause in decision.clauses
        )
        for quote in quotes:  # a choice shows the clause's words too
            prove(quote, self.knowledge)
        references = tuple(self.knowledge.reference(clause) for clause in decision.clauses)
        lead, text = _words(decision, self.knowledge)
        remark = spans.remark(asked, decision.clauses[0].text) if answers else ""
        if remark:
            text = f"{remark}\n{text}"
        if self.mode == "lexical" and searched and decision.outcome != "chat":
            text = f"{text}\n{replies.LEXICAL_MODE}"
        return Answer(
            outcome=decision.outcome,
            answer=text,
            lead=lead,
            confidence=decision.confidence,
            knowledge_version=self.knowledge.version,
            elapsed_ms=(time.perf_counter() - started) * 1000,
            interpreted_as=resolved,
            citations=quotes if decision.outcome == "answer" else (),
            options=references if decision.outcome == "clarify" else (),
            related=references if decision.outcome == "decline" else (),
            mode=self.mode,
            remark=remark,
            next_questions=next_questions(decision.clauses, asked, self._searcher) if searched else (),
        )


def _sendable(text: str) -> str:
    """Text that can be encoded: halves of surrogate pairs, as broken clients send them, become question marks."""
    return text.encode("utf8", "replace").decode("utf8")


def prove(citation: Citation, knowledge: KnowledgeBase) -> None:
    """Check a quote against the source characters it claims. Raises UnprovedQuote."""
    source = knowledge.document(citation.document).source
    if source[citation.start : citation.end] != citation.quote:
        logger.error("quote of %s %s differs from its source; not sent", citation.document, citation.clause)
        raise UnprovedQuote(f"{citation.label} 的引文与来源不一致，没有发出。请运行 jianfu kb check。")
    places = [citation.start, *(place for span in citation.spans for place in span), citation.end]
    if places != sorted(places):
        logger.error("marks of %s %s lie outside its quote; not sent", citation.document, citation.clause)
        raise UnprovedQuote(f"{citation.label} 的标记超出引文，没有发出。")


def decide(result: SearchResult, policy: AnswersConfig, knowledge: KnowledgeBase) -> Decision:
    """Turn probabilities into one of the four outcomes."""
    hits = result.hits
    if result.addressed:
        return Decision("answer", _with_children([hit.clause for hit in hits], knowledge), 1.0)
    if result.missing is not None:
        return Decision("decline", (), 1.0, replies.MISSING.format(what=result.missing))
    nothing = 1.0 - result.answerable
    if hits and result.answerable >= policy.answer_probability:
        if result.beside.get("attack", 0.0) >= policy.attack_probability:
            return Decision("decline", (), nothing, "attack")  # serving a manipulation costs more than declining
        return _choose(result, policy, knowledge)
    beside = max(result.beside, key=lambda reason: result.beside[reason], default="far")
    if beside == "chat":
        return Decision("chat", (), nothing)
    close = [hit for hit in hits[: policy.max_options] if hit.probability >= policy.related_probability]
    related = tuple(hit.clause for hit in close) if beside == "near" else ()
    return Decision("decline", related, nothing, beside)


def _choose(result: SearchResult, policy: AnswersConfig, knowledge: KnowledgeBase) -> Decision:
    """Which clauses to cite where something seems to answer; where no clause is sure to, cite none on that alone."""
    hits, best = result.hits, result.hits[0].probability
    if best >= policy.clarify_probability:
        further = [hit for hit in hits[1 : policy.max_citations] if hit.probability >= policy.further_probability]
        return Decision("answer", _with_children([hit.clause for hit in (hits[0], *further)], knowledge), best)
    tied = [hit for hit in hits[: policy.max_options] if hit.probability >= best * policy.clarify_ratio]
    if len(tied) > 1:
        return Decision("clarify", tuple(hit.clause for hit in tied), result.answerable)
    return Decision("decline", (hits[0].clause,), 1.0 - best, "near")


def _with_children(clauses: list[Clause], knowledge: KnowledgeBase) -> tuple[Clause, ...]:
    """A single heading is cited with all that stands below it; several clauses stand as they are."""
    if len(clauses) == 1:
        return (clauses[0], *knowledge.children(clauses[0]))
    return tuple(clauses)


def _words(decision: Decision, knowledge: KnowledgeBase) -> tuple[str, str]:
    """The lead, and the whole plain text, of a decision."""
    title = replies.titles(knowledge)
    clauses = decision.clauses
    match decision.outcome:
        case "answer":
            lead = replies.answer_lead(clauses, knowledge)
            return lead, f"{lead}\n{replies.quote_lines(clauses)}"
        case "clarify":
            return replies.CLARIFY, f"{replies.CLARIFY}\n{replies.choice_lines(clauses)}"
        case "chat":
            lead = decision.reason or replies.HELLO.format(title=title)
            return lead, lead if decision.reason else f"{lead}\n{replies.WHAT_CAN_BE_ASKED}"
    near = replies.DECLINE_NEAR_WHY if decision.why else replies.DECLINE_NEAR
    forms = {"near": near, "attack": replies.DECLINE_ATTACK}
    known = decision.reason in ("near", "far", "noise", "attack")
    lead = (
        forms.get(decision.reason, replies.DECLINE).format(title=title, why=decision.why) if known else decision.reason
    )
    lines = [lead]
    if clauses:
        lines.append(replies.related_line(clauses))
    if known:
        lines.append(replies.WHAT_CAN_BE_ASKED)
    return lead, "\n".join(lines)
