"""The accounts of those who keep the knowledge: name, password hash, role. What a role may do is bot/accounts/roles.py's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.state.database import Database
from bot.state.tables import account_links, accounts, link_codes, sessions


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account; `password` is an argon2 hash."""

    name: str
    password: str
    role: str
    disabled: bool
    created: date


class AccountBook:
    """The accounts of one installation. A change that takes something away ends the account's sessions and links in the same commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, password: str, role: str, today: date | None = None) -> bool:
        """Make an account; False where the name is taken. Raises StateUnavailable."""
        created = today or datetime.now(UTC).date()
        row = {"name": name, "password": password, "role": role, "disabled": False, "created": created}
        with self._database.begin() as connection:
            made = self._database.insert(accounts).values(**row).on_conflict_do_nothing().returning(accounts.c.name)
            return connection.execute(made).one_or_none() is not None

    def find(self, name: str) -> Account | None:
        """The account of a name, disabled or not. Raises StateUnavailable."""
        with self._database.begin() as connection:
            row = connection.execute(select(accounts).where(accounts.c.name == name)).one_or_none()
        return None if row is None else account_of(row._mapping)

    def all(self) -> tuple[Account, ...]:
        """Every account, by name. Raises StateUnavailable."""
        with self._database.begin() as connection:
            return tuple(
                account_of(row._mapping) for row in connection.execute(select(accounts).order_by(accounts.c.name))
            )

    def set_password(self, name: str, password: str, *, was: str | None = None) -> bool:
        """Set a password hash and end sessions and links; False without such an account, or where its hash is no longer `was`."""
        there = accounts.c.name == name if was is None else (accounts.c.name == name) & (accounts.c.password == was)
        with self._database.begin() as connection:
            changed = connection.execute(update(accounts).where(there).values(password=password)).rowcount == 1
            if changed:
                _end(connection, name)
            return changed

    def renew_hash(self, name: str, password: str, was: str) -> None:
        """Replace a hash by a costlier one of the same password; the sessions stay. Raises StateUnavailable."""
        there = (accounts.c.name == name) & (accounts.c.password == was)
        with self._database.begin() as connection:
            connection.execute(update(accounts).where(there).values(password=password))

    def set_role(self, name: str, role: str) -> bool:
        """Give an account a role and end its sessions and links; False without such an account. Raises StateUnavailable."""
        return self._change(name, role=role)

    def set_disabled(self, name: str, disabled: bool) -> bool:
        """Close an account or open it again, and end its sessions and links; False without such an account. Raises StateUnavailable."""
        return self._change(name, disabled=disabled)

    def _change(self, name: str, **values: object) -> bool:
        with self._database.begin() as connection:
            changed = connection.execute(update(accounts).where(accounts.c.name == name).values(**values)).rowcount == 1
            _end(connection, name)
            return changed


def account_of(row: Mapping[Any, Any]) -> Account:
    """An account from a row's columns."""
    return Account(**row)


def _end(connection: Connection, name: str) -> None:
    """Let nobody in any more who came in as this account before."""
    for table in (sessions, account_links, link_codes):
        connection.execute(delete(table).where(table.c.account == name))
