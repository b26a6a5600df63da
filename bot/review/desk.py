"""Decisions on groups of questions, for every channel: a clause answers, nothing does, or it is not worth a place.

A decision changes no knowledge; draft.py writes the pending ones into a copy, which is published like any other change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import get_args

from bot.review import words
from bot.review.draft import known_questions
from bot.review.queue import Group, Queue, read_queue
from bot.review.scrub import MASKS
from bot.state.decisions import Decision
from bot.state.state import State
from index.embedder import Vectors
from index.hit import Beside
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

MAX_CHARACTERS = 500


class Refused(JianfuError):
    """A decision that cannot be made; the message says why and what to do."""


class ReviewDesk:
    """The queue of one installation over one version of the knowledge, and what is decided on it."""

    def __init__(
        self,
        state: State,
        knowledge: KnowledgeBase,
        vectors: Callable[[Sequence[str]], Vectors | None],
        distance: float,
    ) -> None:
        """`vectors` is Assistant.vectors; `distance` is config.review.group_distance."""
        self._state = state
        self._knowledge = knowledge
        self._vectors = vectors
        self._distance = distance

    def queue(self, today: date | None = None) -> Queue:
        """The groups that wait for a decision, the ones asked most first. Raises StateUnavailable."""
        return read_queue(self._state, self._knowledge, self._vectors, self._distance, today)

    def group(self, group_id: str) -> Group:
        """The group that holds the text this id was made of. Raises Refused, StateUnavailable."""
        wanted = group_id.strip().lower()
        found = [one for one in self.queue().groups if wanted and any(key.startswith(wanted) for key in one.keys)]
        if not found:
            raise Refused(words.NO_GROUP.format(group=group_id))
        if len(found) > 1:
            raise Refused(words.GROUP_UNCLEAR.format(group=group_id, count=len(found)))
        return found[0]

    def add(self, group_id: str, reference: str, texts: Sequence[str] = ()) -> Decision:
        """A clause answers: its text, or `texts`, become questions of the clause. Raises Refused, StateUnavailable."""
        clause = self._knowledge.find(reference)
        if clause is None:
            raise Refused(words.NO_CLAUSE.format(reference=reference))
        group = self.group(group_id)
        target = f"{clause.document}:{clause.id}"
        return self._put(Decision("add", target, texts=self._checked(group, texts), asked=group.asked), group)

    def beside(
        self, group_id: str, reason: str, texts: Sequence[str] = (), *, related: str = "", why: str = ""
    ) -> Decision:
        """Nothing answers, for a reason of index.hit.Beside: a hard negative. Raises Refused, StateUnavailable.

        Only a question that is near a clause has `related`, the clause's reference, and `why`, what is not written.
        """
        if reason not in get_args(Beside):
            raise Refused(words.NO_REASON.format(reason=reason, reasons="、".join(get_args(Beside))))
        if reason != "near" and (related or why):
            raise Refused(words.WHY_NEAR_ONLY)
        group = self.group(group_id)
        reference = related or (group.near if reason == "near" else "")
        clause = self._knowledge.find(reference) if reference else None
        if related and clause is None:
            raise Refused(words.NO_CLAUSE.format(reference=related))
        if reason == "near" and clause is None and len(self._knowledge.documents) > 1:
            raise Refused(words.RELATED_NEEDED)
        place = f"{clause.document}:{clause.id}" if clause is not None else ""
        checked = self._checked(group, texts)
        return self._put(Decision("beside", reason, place, " ".join(why.split()), checked, group.asked), group)

    def dismiss(self, group_id: str) -> Decision:
        """Not worth a place; the texts themselves are not kept with the decision. Raises Refused, StateUnavailable."""
        group = self.group(group_id)
        return self._put(Decision("dismiss", asked=group.asked), group)

    def undo(self, number: int) -> None:
        """Take a decision back; its questions wait again. Raises Refused, StateUnavailable."""
        if not self._state.decisions.undo(number):
            raise Refused(words.NO_DECISION.format(number=number))

    def log(self) -> list[Decision]:
        """Every decision on record, oldest first. Raises StateUnavailable."""
        return self._state.decisions.all()

    def pending(self) -> list[Decision]:
        """Decisions whose questions are not in the knowledge yet, oldest first. Raises StateUnavailable."""
        return pending(self.log(), self._knowledge)

    def _put(self, decision: Decision, group: Group) -> Decision:
        number = self._state.decisions.put(decision, group.keys)
        return next(one for one in self._state.decisions.all() if one.number == number)

    def _checked(self, group: Group, texts: Sequence[str]) -> tuple[str, ...]:
        """The texts that go into the knowledge. Raises Refused where one of them should not."""
        known = known_questions(self._knowledge)
        waiting = {text: one.number for one in self._state.decisions.all() for text in one.texts}
        checked = tuple(dict.fromkeys(" ".join(text.split()) for text in texts or (group.text,)))
        for text in checked:
            if not text or len(text) > MAX_CHARACTERS:
                raise Refused(words.TEXT_BAD.format(limit=MAX_CHARACTERS))
            if any(mask in text for mask in MASKS):
                raise Refused(words.TEXT_MASKED.format(text=text))
            if text in known:
                raise Refused(words.TEXT_KNOWN.format(text=text, place=known[text]))
            if text in waiting:
                raise Refused(words.TEXT_PENDING.format(text=text, number=waiting[text]))
        return checked


def pending(decisions: Sequence[Decision], knowledge: KnowledgeBase) -> list[Decision]:
    """The decisions of which a text is not in the knowledge yet."""
    known = known_questions(knowledge)
    return [one for one in decisions if any(text not in known for text in one.texts)]
