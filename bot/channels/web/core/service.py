"""What the routes of the web channel work with, and the errors they share: not ready, no state, no such clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.metrics import Metrics
from bot.channels.web.core.threads import Threads
from bot.channels.web.core.typed import clean
from bot.config import WebConfig
from bot.state.database import StateUnavailable
from bot.state.state import State
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

Result = TypeVar("Result")

LOADING_RETRY_SECONDS = 2
FAILED_RETRY_SECONDS = 30
STATE_RETRY_SECONDS = 30
STATE_THREADS = 4
PAPER_THREADS, WAITING_PAPERS = 1, 20  # a PDF takes seconds of one core; questions go on beside it
SHOWN_REFERENCE = 60  # characters of an unknown reference that its error names


@dataclass(frozen=True, slots=True)
class Service:
    """One app's assistant, state and threads."""

    background: BackgroundAssistant
    config: WebConfig
    max_question_characters: int
    metrics: Metrics
    questions: Threads
    state_threads: Threads
    paper_threads: Threads
    state: State | None

    @classmethod
    def of(
        cls, background: BackgroundAssistant, config: WebConfig, max_question_characters: int, state: State | None
    ) -> Service:
        """Threads and counters are made here; close() ends them."""
        questions = Threads("question", config.concurrent_questions)
        threads, papers = Threads("state", STATE_THREADS), Threads("paper", PAPER_THREADS, WAITING_PAPERS)
        return cls(background, config, max_question_characters, Metrics(), questions, threads, papers, state)

    @property
    def assistant(self) -> Assistant:
        """The assistant. Raises ApiError 503, with what it is doing, while there is none."""
        assistant = self.background.assistant
        if assistant is not None:
            return assistant
        if self.background.error is not None:
            headers = {"Retry-After": str(FAILED_RETRY_SECONDS)}
            raise ApiError(503, "failed", headers=headers, error=self.background.error)
        headers = {"Retry-After": str(LOADING_RETRY_SECONDS)}
        raise ApiError(503, "loading", headers=headers, stage=self.background.stage)

    @property
    def kept_days(self) -> int | None:
        """How long unanswered questions are kept; 0 for not at all, None where there is no state to keep them in."""
        return self.state.open_questions.days if self.state is not None else None

    async def with_state(self, call: Callable[[State], Result], threads: Threads | None = None) -> Result:
        """The call's result, in a thread, of `threads` if given. Raises ApiError 503 without a state that can be used."""
        state = self.state
        headers = {"Retry-After": str(STATE_RETRY_SECONDS)}
        if state is None:
            raise ApiError(503, "state_unavailable", headers=headers)
        try:
            return await (threads or self.state_threads).run(lambda: call(state))
        except StateUnavailable as error:  # the database has logged why
            raise ApiError(503, "state_unavailable", headers=headers) from error

    def close(self) -> None:
        """Drop what waits for a thread."""
        self.questions.close()
        self.state_threads.close()
        self.paper_threads.close()


def found_clause(knowledge: KnowledgeBase, reference: str) -> Clause:
    """The clause a reference names. Raises ApiError 404."""
    clause = knowledge.find(reference)
    if clause is None:
        raise ApiError(404, "no_such_clause", reference=clean(reference)[:SHOWN_REFERENCE])
    return clause


def found_document(knowledge: KnowledgeBase, document_id: str) -> Document:
    """The document with an id. Raises ApiError 404."""
    for document in knowledge.documents:
        if document.id == document_id:
            return document
    raise ApiError(404, "no_such_document")
