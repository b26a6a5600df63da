"""Makes and changes accounts, for whoever has a shell on the server; there is no other way to the first one."""

from __future__ import annotations

import re
import unicodedata

from bot.accounts import passwords, words
from bot.state.accounts import Account
from bot.state.state import State
from knowledge.errors import JianfuError

_NAME = re.compile(r"[a-z0-9一-龥](?:[a-z0-9一-龥._-]{0,30})[a-z0-9一-龥]")


class UnusableName(JianfuError):
    """A name that is odd, taken, or nobody's; says which."""


def spelled(name: str) -> str:
    """The one spelling of a name: half width, lower case, no blanks around it."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


class Registry:
    """The accounts of one installation. Every method raises StateUnavailable while the database is away."""

    def __init__(self, state: State) -> None:
        self._accounts = state.accounts
        self._attempts = state.attempts

    def new_name(self, name: str) -> str:
        """The spelling of a name that a new account may have. Raises UnusableName."""
        plain = spelled(name)
        if not _NAME.fullmatch(plain):
            raise UnusableName(words.BAD_NAME.format(name=name[:40]))
        if self._accounts.find(plain) is not None:
            raise UnusableName(words.TAKEN.format(name=plain))
        return plain

    def known_name(self, name: str) -> str:
        """The spelling of an account's name. Raises UnusableName where there is none."""
        plain = spelled(name)
        if self._accounts.find(plain) is None:
            raise UnusableName(words.UNKNOWN.format(name=plain[:40]))
        return plain

    def add(self, name: str, password: str, role: str) -> str:
        """Make an account; returns its name as it is spelled. Raises UnusableName and WeakPassword."""
        plain = self.new_name(name)
        passwords.check(password, plain)
        if not self._accounts.add(plain, passwords.hashed(password), role):  # somebody was quicker
            raise UnusableName(words.TAKEN.format(name=plain))
        return plain

    def set_password(self, name: str, password: str) -> str:
        """Set a password, end the account's sessions and forgive its failed logins. Raises UnusableName and WeakPassword."""
        plain = self.known_name(name)
        passwords.check(password, plain)
        self._accounts.set_password(plain, passwords.hashed(password))
        self._attempts.forget("account", plain)
        return plain

    def set_role(self, name: str, role: str) -> str:
        """Give an account another role. Raises UnusableName."""
        plain = self.known_name(name)
        self._accounts.set_role(plain, role)
        return plain

    def set_disabled(self, name: str, disabled: bool) -> str:
        """Close an account, or open it again. Raises UnusableName."""
        plain = self.known_name(name)
        self._accounts.set_disabled(plain, disabled)
        return plain

    def all(self) -> tuple[Account, ...]:
        """Every account, by name."""
        return self._accounts.all()
