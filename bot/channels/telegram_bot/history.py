"""What a person asked shortly before, for follow-ups: in memory only, few, bounded and soon forgotten."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from telegram import Message


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person in one topic of one chat."""

    chat_id: int
    thread_id: int | None
    user_id: int | None

    @classmethod
    def of(cls, message: Message, user_id: int | None) -> Conversation:
        """The conversation that a person's message or press belongs to."""
        return cls(message.chat.id, thread_of(message), user_id)


def thread_of(message: Message) -> int | None:
    """The topic a message stands in. A chain of replies in an ordinary group has an id too, but is no topic."""
    return message.message_thread_id if message.is_topic_message or message.chat.is_forum else None


class History:
    """The last questions of each conversation; conversations long idle, or too many, are dropped."""

    def __init__(
        self,
        questions: int = 6,
        conversations: int = 5_000,
        lifetime_seconds: float = 7_200.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._questions = questions
        self._conversations = conversations
        self._lifetime = lifetime_seconds
        self._clock = clock
        self._recent: OrderedDict[Conversation, tuple[float, deque[str]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._recent)

    def earlier(self, conversation: Conversation) -> list[str]:
        """The conversation's questions, oldest first."""
        self._forget()
        _, questions = self._recent.get(conversation, (0.0, ()))
        return list(questions)

    def add(self, conversation: Conversation, question: str) -> None:
        """Remember a question."""
        _, questions = self._recent.pop(conversation, (0.0, deque(maxlen=self._questions)))
        questions.append(question)
        self._recent[conversation] = self._clock(), questions
        self._forget()

    def replace(self, conversation: Conversation, old: str, new: str) -> list[str] | None:
        """Put a question in the place of the last one that read `old`; returns those before it, None if there is none."""
        _, questions = self._recent.get(conversation, (0.0, deque[str]()))
        for place in range(len(questions) - 1, -1, -1):
            if questions[place] == old:
                questions[place] = new
                return list(questions)[:place]
        return None

    def clear(self, conversation: Conversation) -> int:
        """Forget a conversation; returns how many questions that were."""
        _, questions = self._recent.pop(conversation, (0.0, ()))
        return len(questions)

    def forget(self, user_id: int) -> int:
        """Forget a person in every chat; returns how many questions that were."""
        return sum(self.clear(one) for one in list(self._recent) if one.user_id == user_id)

    def _forget(self) -> None:
        # The order of the mapping is the order of last use, so the idle ones stand in front.
        oldest_allowed = self._clock() - self._lifetime
        while self._recent:
            conversation, (used, _) = next(iter(self._recent.items()))
            if used >= oldest_allowed and len(self._recent) <= self._conversations:
                return
            del self._recent[conversation]
