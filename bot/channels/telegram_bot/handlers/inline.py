"""Inline mode: `@bot 陪会` in any chat lists the clauses that answer; choosing one sends it, with its source.

Telegram asks at every few letters. Only the latest query of a person is answered, beside the order of chats.
"""

from __future__ import annotations

import asyncio
import hashlib

from telegram import InlineQuery, Update
from telegram.constants import InlineQueryLimit

from bot import replies
from bot.answer import Answer, Citation
from bot.assistant import Assistant, prove
from bot.channels.telegram_bot.delivery import Entry, answer_inline
from bot.channels.telegram_bot.handlers.desk import Context, Desk
from bot.channels.telegram_bot.text import Block, citation_section, pack
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

#: Telegram may give the same list to everybody for so long.
CACHE_SECONDS = 30
_AT_ONCE = 2
_DESCRIPTION_CHARACTERS = 80
_ID_BYTES = 64


class Inline:
    """The handler of inline queries."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._latest: dict[int, str] = {}

    async def query(self, update: Update, context: Context) -> None:
        """List what answers; nothing typed yet lists the outline, nothing that answers says so."""
        query = update.inline_query
        if query is None:
            return
        assistant = self._desk.background.assistant
        if assistant is None:
            await answer_inline(query, [], 0)
            return
        self._latest[query.from_user.id] = query.id
        try:
            async with self._slots:
                if self._latest[query.from_user.id] == query.id:  # else the person has typed on
                    await self._answer(query, assistant)
        finally:
            if self._latest.get(query.from_user.id) == query.id:
                del self._latest[query.from_user.id]

    async def _answer(self, query: InlineQuery, assistant: Assistant) -> None:
        question = query.query.strip()
        # What is half typed is nobody's question: explain() is not noted as ask() is.
        explained = await asyncio.to_thread(assistant.explain, question) if question else None
        answer = explained.answer if explained else None
        await answer_inline(query, entries(answer, assistant.knowledge), CACHE_SECONDS)


def entries(answer: Answer | None, knowledge: KnowledgeBase) -> list[Entry]:
    """The results for an answer: its clauses, those to choose from, or that the notice does not say.

    Without an answer, and for small talk, the outline. Raises UnprovedQuote.
    """
    if answer is not None and answer.outcome == "decline":
        title = replies.TELEGRAM_INLINE_NOTHING.format(title=replies.titles(knowledge))
        [part, *_] = pack([(Block(answer.lead),)])
        return [Entry("nothing", title, answer.lead[:_DESCRIPTION_CHARACTERS], part)]
    if answer is not None and answer.citations:
        citations = list(answer.citations)
    else:
        options = map(knowledge.find, answer.options) if answer is not None else ()
        clauses: list[Clause] = [clause for clause in options if clause is not None]
        citations = [Citation.of(clause) for clause in clauses or knowledge if clauses or clause.is_heading]
    return [_entry(citation, knowledge) for citation in citations[: InlineQueryLimit.RESULTS]]


def _entry(citation: Citation, knowledge: KnowledgeBase) -> Entry:
    prove(citation, knowledge)
    document = knowledge.document(citation.document)
    source = replies.TELEGRAM_INLINE_SOURCE.format(title=document.title, issuer=document.issuer, year=document.year)
    [part, *_] = pack([(*citation_section(citation), Block(source))])
    name = f"{citation.document}:{citation.clause}"
    return Entry(
        id=name if len(name.encode("utf8")) <= _ID_BYTES else _digest(name),
        title=citation.label,
        description=" ".join(citation.quote.split())[:_DESCRIPTION_CHARACTERS],
        part=part,
    )


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf8")).hexdigest()[:32]
