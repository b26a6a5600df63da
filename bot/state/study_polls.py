"""Which item a poll shows to whom: an answer to a poll names nothing but the poll."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, select

from bot.state.database import Database
from bot.state.tables import study_polls

#: A poll may be answered this long after it was shown.
KEEP_DAYS = 30


@dataclass(frozen=True, slots=True)
class Shown:
    """An item (Item.shown_id), and how often the person had answered it when it was shown."""

    item: str
    showing: int


class StudyPolls:
    """The polls of one installation. Safe to use from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, poll: str, person: str, shown: Shown, today: date | None = None) -> None:
        """Keep what a poll shows; `person` is hashed here. Raises StateUnavailable."""
        row = {
            "poll": poll,
            "person": self._database.hashed("person", person),
            "item": shown.item,
            "showing": shown.showing,
            "expires": (today or datetime.now(UTC).date()) + timedelta(days=KEEP_DAYS),
        }
        with self._database.begin() as connection:
            connection.execute(self._database.insert(study_polls).values(**row).on_conflict_do_nothing())

    def find(self, poll: str, person: str) -> Shown | None:
        """What a poll shows this person; None where it shows them nothing, or not any more. Raises StateUnavailable."""
        mine = select(study_polls.c.item, study_polls.c.showing).where(
            study_polls.c.poll == poll, study_polls.c.person == self._database.hashed("person", person)
        )
        with self._database.begin() as connection:
            row = connection.execute(mine).one_or_none()
        return Shown(row.item, row.showing) if row is not None else None

    def has_any(self, person: str) -> bool:
        """Whether any poll on record shows something to this person. Raises StateUnavailable."""
        mine = select(study_polls.c.poll).where(study_polls.c.person == self._database.hashed("person", person))
        with self._database.begin() as connection:
            return connection.execute(mine.limit(1)).first() is not None

    def forget(self, person: str) -> int:
        """Delete what polls showed a person; returns how many rows that were. Raises StateUnavailable."""
        mine = study_polls.c.person == self._database.hashed("person", person)
        with self._database.begin() as connection:
            return connection.execute(delete(study_polls).where(mine)).rowcount

    def purge(self, today: date | None = None) -> int:
        """Delete what has expired; returns how many rows that were. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        with self._database.begin() as connection:
            return connection.execute(delete(study_polls).where(study_polls.c.expires <= today)).rowcount
