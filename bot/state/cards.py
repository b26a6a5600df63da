"""What people remember of quiz items: one card a person and item, under a keyed hash, gone a while after it was due.

When a card is due, and what a right answer makes of it, is bot/study's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from bot.state.database import Database
from bot.state.tables import cards


@dataclass(frozen=True, slots=True)
class Card:
    """One item as one person remembers it.

    `clause` is "document:id" and `words` the hash of its text when the person answered last; `memory` is the JSON of the
    scheduler's own card; `right` tells of the last of `answers` answers; `started` and `due` are seconds since 1970.
    """

    item: str
    clause: str
    words: str
    memory: str
    answers: int
    right: bool
    started: float
    due: float


class Cards:
    """The cards of one installation. Safe to use from several threads and processes."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)

    @property
    def keep_days(self) -> int:
        """How many days after it was due a card is kept."""
        return self._keep.days

    def key(self, person: str) -> str:
        """The hash that a person's cards are kept under. Raises StateUnavailable."""
        return self._database.hashed("person", person)

    def of(self, key: str) -> list[Card]:
        """All cards kept under a hash, by the order in which they are due. Raises StateUnavailable."""
        columns = [column for column in cards.c if column.name not in ("person", "expires")]
        mine = select(*columns).where(cards.c.person == key).order_by(cards.c.due, cards.c.item)
        with self._database.begin() as connection:
            return [Card(**row._mapping) for row in connection.execute(mine)]

    def answer(
        self, key: str, item: str, showing: int, review: Callable[[Card | None], Card]
    ) -> tuple[Card | None, bool]:
        """Count an answer, once: the card as it stands now, and whether this answer was counted.

        `showing` says how often the item had been answered when it was shown; when that is not so any more the answer
        was counted before, or the card was deleted meanwhile (None), and nothing is changed. `review` makes the new card
        out of the one before. What this returns is committed. Raises StateUnavailable.
        """
        mine = (cards.c.person == key) & (cards.c.item == item)
        with self._database.begin() as connection:
            before = self._locked(connection, key, item)
            if (before.answers if before is not None else 0) != showing:
                return before, False
            after = review(before)
            row = {**asdict(after), "person": key, "expires": self._expires(after)}
            if before is not None:
                connection.execute(update(cards).where(mine).values(**row))
                return after, True
            made = self._database.insert(cards).values(**row).on_conflict_do_nothing().returning(cards.c.item)
            if connection.execute(made).scalar() is not None:
                return after, True
            return self._locked(connection, key, item), False  # another process was quicker

    @staticmethod
    def _locked(connection: Connection, key: str, item: str) -> Card | None:
        columns = [column for column in cards.c if column.name not in ("person", "expires")]
        mine = select(*columns).where(cards.c.person == key, cards.c.item == item).with_for_update()
        row = connection.execute(mine).one_or_none()
        return Card(**row._mapping) if row is not None else None

    def forget(self, person: str) -> int:
        """Delete a person's cards; returns how many rows that were. Raises StateUnavailable."""
        mine = cards.c.person == self.key(person)
        with self._database.begin() as connection:
            return connection.execute(delete(cards).where(mine)).rowcount

    def purge(self, today: date | None = None) -> int:
        """Delete what has expired; returns how many rows that were. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        with self._database.begin() as connection:
            return connection.execute(delete(cards).where(cards.c.expires <= today)).rowcount

    def _expires(self, card: Card) -> date:
        """So many days after it was due: a card that is remembered well may sleep for longer than that."""
        return datetime.fromtimestamp(card.due, UTC).date() + self._keep
