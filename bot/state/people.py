"""How people want their answers: a few switches each, under a keyed hash, gone when not used for a while."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, select, update

from bot.state.database import Database
from bot.state.tables import people


@dataclass(frozen=True, slots=True)
class Settings:
    """A person's switches: long quotes unfolded, and questions offered under answers."""

    full_quotes: bool = False
    next_questions: bool = True

    @classmethod
    def read(cls, content: Mapping[str, object]) -> Settings:
        """Settings from JSON, forgiving: what another version wrote must not cost an answer."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in content.items() if name in known and isinstance(value, bool)})


class People:
    """The settings of one installation; rows expire after `keep_days` of no use."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)

    def settings(self, person: str, today: date | None = None) -> Settings:
        """A person's settings, and a note that they are in use. Raises StateUnavailable."""
        key, expires = self._database.hashed("person", person), self._expires(today)
        mine = people.c.person == key
        with self._database.begin() as connection:
            row = connection.execute(select(people.c.settings, people.c.expires).where(mine)).one_or_none()
            if row is None:
                return Settings()
            if row.expires != expires:  # written once a day, not with each answer
                connection.execute(update(people).where(mine).values(expires=expires))
        return Settings.read(json.loads(row.settings))

    def put(self, person: str, settings: Settings, today: date | None = None) -> None:
        """Keep a person's settings. Raises StateUnavailable."""
        row = {"settings": json.dumps(asdict(settings)), "expires": self._expires(today)}
        statement = self._database.insert(people).values(person=self._database.hashed("person", person), **row)
        with self._database.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=row))

    def forget(self, person: str) -> int:
        """Delete a person's settings; returns how many rows that were. Raises StateUnavailable."""
        key = self._database.hashed("person", person)
        with self._database.begin() as connection:
            return connection.execute(delete(people).where(people.c.person == key)).rowcount

    def purge(self, today: date | None = None) -> int:
        """Delete what has expired; returns how many rows that were. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        with self._database.begin() as connection:
            return connection.execute(delete(people).where(people.c.expires <= today)).rowcount

    def _expires(self, today: date | None) -> date:
        return (today or datetime.now(UTC).date()) + self._keep
