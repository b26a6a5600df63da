"""Which message answers which question: in memory only, bounded, for edits and for what goes along with a complaint.

After a restart nothing is known of earlier answers: an edit of such a question is answered anew when it is recent, and
a complaint is kept without its question.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

#: Questions remembered over all chats; each is a few hundred bytes.
REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, who asked it, and the messages that answer it."""

    chat_id: int
    question_id: int
    user_id: int | None
    question: str
    answer_ids: tuple[int, ...]


class Answered:
    """The latest exchanges, found by the question's message or by an answer's."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._by_question: OrderedDict[tuple[int, int], Exchange] = OrderedDict()
        self._by_answer: dict[tuple[int, int], Exchange] = {}

    def __len__(self) -> int:
        return len(self._by_question)

    def add(self, exchange: Exchange) -> None:
        """Remember an exchange, in the place of an earlier one about the same question."""
        self._remove((exchange.chat_id, exchange.question_id))
        self._by_question[exchange.chat_id, exchange.question_id] = exchange
        self._by_answer.update({(exchange.chat_id, answer_id): exchange for answer_id in exchange.answer_ids})
        if len(self._by_question) > self._limit:
            self._remove(next(iter(self._by_question)))

    def to_question(self, chat_id: int, message_id: int) -> Exchange | None:
        """The exchange that a question began."""
        return self._by_question.get((chat_id, message_id))

    def by_answer(self, chat_id: int, message_id: int) -> Exchange | None:
        """The exchange that a message of ours ended."""
        return self._by_answer.get((chat_id, message_id))

    def forget(self, user_id: int) -> None:
        """Forget what a person asked."""
        for key in [key for key, exchange in self._by_question.items() if exchange.user_id == user_id]:
            self._remove(key)

    def _remove(self, key: tuple[int, int]) -> None:
        exchange = self._by_question.pop(key, None)
        for answer_id in exchange.answer_ids if exchange else ():
            self._by_answer.pop((key[0], answer_id), None)
