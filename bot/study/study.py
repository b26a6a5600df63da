"""Study: what a person has to do today, their answers, their wrong ones, and how well they know each clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.days import day_of, moment, utc
from bot.quiz.item import ID_DIGITS, Item
from bot.state.cards import Card, Cards
from bot.state.reminders import Reminder, Reminders
from bot.study import memory, reminding, words
from bot.study.reminding import Due
from bot.study.standing import Standing, level_of
from bot.study.syllabus import Syllabus, name_of
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

#: New items a day: few, as each comes back twice on its first day and again within the week.
NEW_A_DAY = 6


class UnknownItem(JianfuError):
    """No item has this id (any more): its clause or its options were changed, or the id was never given out."""


class InvalidChoice(JianfuError):
    """An answer that names options that the item does not have."""


@dataclass(frozen=True, slots=True)
class Task:
    """An item to answer; `showing` goes back with the answer, so that it is counted once.

    `is_new`: never answered in these words. `revised`: the person learned its clause in other words before, and this
    item is new to them: show words.REVISED.
    """

    item: Item
    showing: int
    is_new: bool = False
    revised: bool = False


@dataclass(frozen=True, slots=True)
class Today:
    """What there is to do: due tasks first, the longest due one ahead, then today's new ones.

    `due` and `new` count them; `later` counts cards that come back in minutes, before the day ends.
    """

    tasks: tuple[Task, ...]
    due: int
    new: int
    later: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an answer. `counted` is False where the same showing had been answered before (or was forgotten).

    `right` judges this answer; where it was not counted, `due` tells when the counted one made the card due.
    """

    item: Item
    right: bool
    counted: bool
    due: datetime | None


class Study:
    """Learning alone over one knowledge base. Safe to use from several threads; blocks while the database works.

    Every method raises StateUnavailable while the database cannot be used. Cards of items that the knowledge base does
    not hold any more are neither shown nor counted; they come back if the words do, else they expire.
    """

    def __init__(self, cards: Cards, reminders: Reminders, knowledge: KnowledgeBase) -> None:
        self.syllabus = Syllabus(knowledge)
        self._cards = cards
        self._reminders = reminders

    def today(self, person: str, now: datetime) -> Today:
        """What is due and what is new today; asking changes nothing that the person learned."""
        cards = self._cards.of(self._cards.key(person))
        self._reminders.used(person)
        live = self._live(cards)
        due = _due(live, now)
        today = day_of(now.timestamp())
        fresh = max(0, NEW_A_DAY - sum(day_of(card.started) == today for card in live.values()))
        revised = self._revised(cards)
        new = self.syllabus.next_new(live, revised, fresh)
        tasks = [Task(self.syllabus.items[card.item], card.answers) for card in due]
        tasks += [Task(item, 0, is_new=True, revised=self.syllabus.clause_name(item) in revised) for item in new]
        end = moment(today + timedelta(days=1), 0)
        waiting = sum(card.due < end for card in live.values()) - len(due)
        return Today(tuple(tasks), len(due), len(new), waiting)

    def task(self, person: str, item_id: str) -> Task:
        """One item, due or not, by Item.id or shown_id: to practise a wrong one again. Raises UnknownItem."""
        item = self._item(item_id)
        cards = self._cards.of(self._cards.key(person))
        showing = next((card.answers for card in cards if card.item == item.id), 0)
        revised = not showing and self.syllabus.clause_name(item) in self._revised(cards)
        return Task(item, showing, is_new=not showing, revised=revised)

    def answer(self, person: str, shown: str, choice: Sequence[int], showing: int, now: datetime) -> Outcome:
        """Judge an answer, schedule the card, and return once that is committed.

        `shown` is the Item.shown_id of what the person saw: an item that has other options by now (another clause was
        changed, whose words it shows) judges nothing, and raises UnknownItem. An Item.id stands for the item as it is.
        `choice` holds indices of options: for order all of them in their order, for matching one for each of `left`,
        else those that were ticked, in any order. Raises UnknownItem and InvalidChoice.
        """
        item = self._item(shown)
        right = is_right(item, choice)
        review = partial(self._reviewed, item=item, right=right, now=now)
        card, counted = self._cards.answer(self._cards.key(person), item.id, showing, review)
        return Outcome(item, right, counted, utc(card.due) if card is not None else None)

    def wrong_book(self, person: str) -> tuple[Task, ...]:
        """The items answered wrong last, in reading order of their clauses."""
        live = self._live(self._cards.of(self._cards.key(person)))
        return tuple(
            Task(item, live[item.id].answers)
            for item in self.syllabus.items.values()
            if item.id in live and not live[item.id].right
        )

    def map(self, person: str, now: datetime) -> tuple[Standing, ...]:
        """How well each clause that is no heading is known, in reading order."""
        knowledge = self.syllabus.knowledge
        begun: dict[str, list[Card]] = {}
        for card in self._live(self._cards.of(self._cards.key(person))).values():
            begun.setdefault(self.syllabus.clause_name(self.syllabus.items[card.item]), []).append(card)
        return tuple(
            Standing(
                clause,
                knowledge.reference(clause),
                level_of(begun.get(name_of(clause), ()), len(self.syllabus.of_clause(name_of(clause))), now),
            )
            for clause in knowledge
            if not clause.is_heading
        )

    def reminder(self, person: str) -> Reminder:
        """A person's wish to be reminded; off until they asked."""
        return self._reminders.of(person)

    def remind(self, person: str, reminder: Reminder, channel: str, address: str, now: datetime) -> None:
        """Keep a person's wish; `address`, where the channel can write to them, is kept only while it is on."""
        at = reminding.next_time(reminder, now.timestamp())
        self._reminders.put(person, reminder, channel=channel, address=address, next_at=at)

    def claim_reminders(self, channel: str, now: datetime) -> list[Due]:
        """Reminders for a channel to send now, each handed out once a day, and none to who has nothing due."""
        seconds = now.timestamp()
        claimed = self._reminders.claim(channel, seconds, lambda one: reminding.next_time(one, seconds))
        found = []
        for one in claimed:
            if reminding.may_send(one, seconds):
                waiting = len(_due(self._live(self._cards.of(one.person)), now))
                found += [Due(one.person, one.address, waiting)] if waiting else []
        return found

    def _item(self, item_id: str) -> Item:
        item = self.syllabus.items.get(item_id[:ID_DIGITS])
        if item is None:
            raise UnknownItem(words.NO_SUCH_ITEM)
        if item_id not in (item.id, item.shown_id):
            raise UnknownItem(words.OTHER_OPTIONS)
        return item

    def _live(self, cards: Sequence[Card]) -> dict[str, Card]:
        """The cards whose items exist, by item, the longest due first."""
        return {card.item: card for card in cards if card.item in self.syllabus.items}

    def _revised(self, cards: Sequence[Card]) -> set[str]:
        """The clauses that a person learned in words that are not theirs any more."""
        names = {name_of(clause) for clause in self.syllabus.knowledge}
        return {
            card.clause
            for card in cards
            if card.item not in self.syllabus.items
            and card.clause in names
            and card.words != self.syllabus.words(card.clause)
        }

    def _reviewed(self, before: Card | None, *, item: Item, right: bool, now: datetime) -> Card:
        content, due = memory.answered(before.memory if before is not None else None, right, now)
        clause = self.syllabus.clause_name(item)
        return Card(
            item=item.id,
            clause=clause,
            words=self.syllabus.words(clause),
            memory=content,
            answers=before.answers + 1 if before is not None else 1,
            right=right,
            started=before.started if before is not None else now.timestamp(),
            due=due.timestamp(),
        )


def is_right(item: Item, choice: Sequence[int]) -> bool:
    """Whether a choice is the item's key; see Study.answer for its form. Raises InvalidChoice."""
    if not choice or any(not 0 <= one < len(item.options) for one in choice):
        raise InvalidChoice(words.BAD_CHOICE.format(most=len(item.options)))
    return tuple(choice) == item.key if item.kind in ("order", "matching") else set(choice) == set(item.key)


def _due(live: Mapping[str, Card], now: datetime) -> list[Card]:
    """Cards in minutes-long learning steps when their minute has come, all others on the day on which they are due."""
    today = day_of(now.timestamp())
    return [
        card
        for card in live.values()
        if card.due <= now.timestamp() or (day_of(card.due) <= today and memory.is_learnt(card.memory))
    ]
