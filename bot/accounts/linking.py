"""Links a private chat to an account: the account's owner makes a code where they are known, and sends it from that chat.

Only accounts that may change the knowledge are linked. How a code travels is the channel's business.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass

from bot.accounts import words
from bot.accounts.registry import spelled
from bot.accounts.roles import Action, may
from bot.state.state import State
from knowledge.errors import JianfuError

#: How long a code is good, in seconds.
CODE_SECONDS = 10 * 60
#: Wrong codes in a quarter of an hour, for one person.
TRIES = 5
#: No letters or digits that look alike (Crockford's Base32).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10
_LOOK_ALIKE = str.maketrans("OIL", "011")


class NotLinked(JianfuError):
    """No link was made; the message says why."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Somebody who keeps the knowledge from a chat: the account's name and role."""

    name: str
    role: str


class Linking:
    """The links. Every method raises StateUnavailable while the database is away."""

    def __init__(self, state: State) -> None:
        self._state = state

    def code(self, name: str, now: float | None = None) -> str:
        """A code that links one chat to an account; it replaces the one before. Raises NotLinked."""
        plain = spelled(name)
        account = self._state.accounts.find(plain)
        if account is None:
            raise NotLinked(words.UNKNOWN.format(name=plain[:40]))
        if account.disabled or not may(account.role, Action.PROPOSE):
            raise NotLinked(words.LINK_ROLE.format(name=plain))
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        self._state.links.offer(code, plain, CODE_SECONDS, now)
        return f"{code[:5]}-{code[5:]}"

    def link(self, code: str, person: str, now: float | None = None) -> Keeper:
        """Link a person by a code, which is then used up. Raises NotLinked."""
        if self._state.attempts.count("link", person, TRIES, now):
            raise NotLinked(words.LINK_TRIES)
        name = self._state.links.redeem(_read(code), person, now)
        keeper = self.keeper(person) if name is not None else None
        if keeper is None:
            raise NotLinked(words.LINK_WRONG.format(minutes=CODE_SECONDS // 60))
        self._state.attempts.forget("link", person)
        return keeper

    def keeper(self, person: str) -> Keeper | None:
        """Whom a person acts for; None for everybody who is not linked, or whose account may not change anything."""
        account = self._state.links.account(person)
        if account is None or not may(account.role, Action.PROPOSE):
            return None
        return Keeper(account.name, account.role)

    def unlink(self, name: str) -> int:
        """Unlink every chat from an account; returns how many there were. Raises NotLinked for no such account."""
        plain = spelled(name)
        if self._state.accounts.find(plain) is None:
            raise NotLinked(words.UNKNOWN.format(name=plain[:40]))
        return self._state.links.unlink(plain)


def _read(code: str) -> str:
    """A code as it was made: people add blanks and take O for 0."""
    plain = unicodedata.normalize("NFKC", code).upper().translate(_LOOK_ALIKE)
    return "".join(character for character in plain if character in _ALPHABET)[: _LENGTH + 1]
