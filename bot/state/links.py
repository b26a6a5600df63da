"""Chats from which an account keeps the knowledge: under a keyed hash of whose chat it is, and codes that make such a link.

A link is gone when its account is closed or gets another role or password (accounts.py), and after a while of no use.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, select, update

from bot.state.accounts import Account, account_of
from bot.state.database import Database
from bot.state.tables import account_links as links
from bot.state.tables import accounts
from bot.state.tables import link_codes as codes


class LinkBook:
    """The links of one installation; those unused for `keep_days` expire."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)

    @property
    def keep_days(self) -> int:
        """After how many days of no use a link expires."""
        return self._keep.days

    def offer(self, code: str, account: str, seconds: float, now: float | None = None) -> None:
        """Keep a code that is good once and for so long, in the place of the account's earlier one. Raises StateUnavailable."""
        now = time.time() if now is None else now
        row = {"code": self._hash("link code", code), "account": account, "expires": now + seconds}
        with self._database.begin() as connection:
            connection.execute(delete(codes).where(codes.c.account == account))
            connection.execute(self._database.insert(codes).values(**row))

    def redeem(self, code: str, person: str, now: float | None = None, today: date | None = None) -> str | None:
        """Use a code up and link a person to its account; the account's name, or None. Raises StateUnavailable."""
        now = time.time() if now is None else now
        mine = codes.c.code == self._hash("link code", code)
        with self._database.begin() as connection:
            row = connection.execute(
                delete(codes).where(mine).returning(codes.c.account, codes.c.expires)
            ).one_or_none()
            if row is None or row.expires <= now:
                return None
            values = {"account": row.account, "expires": self._expires(today)}
            made = self._database.insert(links).values(person=self._hash("link", person), **values)
            connection.execute(made.on_conflict_do_update(index_elements=["person"], set_=values))
        return str(row.account)

    def account(self, person: str, today: date | None = None) -> Account | None:
        """The account that a person is linked to, and a note that it is in use. Raises StateUnavailable."""
        expires = self._expires(today)
        mine = links.c.person == self._hash("link", person)
        joined = select(accounts, links.c.expires).join_from(links, accounts, links.c.account == accounts.c.name)
        with self._database.begin() as connection:
            row = connection.execute(joined.where(mine)).one_or_none()
            if row is None or row.disabled or row.expires <= (today or datetime.now(UTC).date()):
                return None
            if row.expires != expires:  # written once a day
                connection.execute(update(links).where(mine).values(expires=expires))
        return account_of({name: value for name, value in row._mapping.items() if name != "expires"})

    def count(self, account: str) -> int:
        """How many chats are linked to an account. Raises StateUnavailable."""
        with self._database.begin() as connection:
            return len(connection.execute(select(links.c.person).where(links.c.account == account)).all())

    def forget(self, person: str) -> int:
        """Unlink a person; returns how many rows that were. Raises StateUnavailable."""
        with self._database.begin() as connection:
            return connection.execute(delete(links).where(links.c.person == self._hash("link", person))).rowcount

    def unlink(self, account: str) -> int:
        """Unlink everybody from an account and take its code back; returns how many links that were. Raises StateUnavailable."""
        with self._database.begin() as connection:
            connection.execute(delete(codes).where(codes.c.account == account))
            return connection.execute(delete(links).where(links.c.account == account)).rowcount

    def purge(self, now: float | None = None, today: date | None = None) -> int:
        """Delete what has expired; returns how many rows that were. Raises StateUnavailable."""
        now, today = time.time() if now is None else now, today or datetime.now(UTC).date()
        with self._database.begin() as connection:
            gone = connection.execute(delete(codes).where(codes.c.expires <= now)).rowcount
            return gone + connection.execute(delete(links).where(links.c.expires <= today)).rowcount

    def _hash(self, kind: str, value: str) -> str:
        return self._database.hashed(kind, value)

    def _expires(self, today: date | None) -> date:
        return (today or datetime.now(UTC).date()) + self._keep
