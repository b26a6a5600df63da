"""Lets people in and out: checks a name and a password, begins a session, says whose a token is, ends it again.

Tokens are random and known only to the browser; a login always makes a new one, so that nobody can prepare a session for
somebody else (session fixation). How a token travels is the channel's business.
"""

from __future__ import annotations

import hmac
import math
import secrets

from bot.accounts import passwords, words
from bot.accounts.registry import spelled
from bot.state.sessions import Session
from bot.state.state import State
from knowledge.errors import JianfuError

#: Failed logins in a quarter of an hour, for one account and for one address.
ACCOUNT_TRIES = 5
ADDRESS_TRIES = 20


class Refused(JianfuError):
    """A login that was refused; the message does not say whether there is such an account."""


class TooManyTries(Refused):
    """A login that was not even looked at; `seconds` is how long that goes on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(words.TOO_MANY.format(minutes=math.ceil(seconds / 60)))


def new_token() -> str:
    """A token that nobody can guess: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


class Door:
    """The way in. Every method raises StateUnavailable while the database is away."""

    def __init__(self, state: State) -> None:
        self._state = state

    def sign_in(
        self, name: str, password: str, address: str, *, token_before: str = "", now: float | None = None
    ) -> str:
        """The token of a new session; what `token_before` was good for ends. Raises Refused and TooManyTries."""
        name = spelled(name)
        self._count(name, address, now)
        account = self._state.accounts.find(name)
        fitting = passwords.fits(password, account.password if account is not None else None)
        if account is None or not fitting or account.disabled:
            raise Refused(words.WRONG)
        self._forgive(name, address)
        if passwords.outdated(account.password):
            self._state.accounts.renew_hash(name, passwords.hashed(password), account.password)
        token = new_token()
        self._state.sessions.begin(token, name, instead_of=token_before, now=now)
        return token

    def session(self, token: str, now: float | None = None) -> Session | None:
        """The session of a token; None once it ended, or where its account was closed."""
        return self._state.sessions.find(token, now) if token else None

    def present(self) -> tuple[Session, ...]:
        """Who is logged in now."""
        return self._state.sessions.present()

    def sign_out(self, token: str) -> None:
        """End the session of a token."""
        self._state.sessions.end(token)

    def change_password(self, name: str, old: str, new: str, address: str, now: float | None = None) -> None:
        """Set the password of somebody who knows the old one, and end all sessions. Raises Refused, TooManyTries, WeakPassword."""
        self._count(name, address, now)
        account = self._state.accounts.find(name)
        if account is None or not passwords.fits(old, account.password):
            raise Refused(words.WRONG)
        self._forgive(name, address)
        if passwords.fits(new, account.password):
            raise passwords.WeakPassword(words.PASSWORD_SAME)
        passwords.check(new, name)
        if not self._state.accounts.set_password(name, passwords.hashed(new), was=account.password):
            raise Refused(words.WRONG)  # it was changed by somebody else meanwhile

    def form_token(self, token: str) -> str:
        """What forms must carry to be taken from the browser that holds this token (a CSRF token)."""
        return self._state.database.hashed("form", token)

    def form_fits(self, token: str, shown: str) -> bool:
        """Whether a form carries what it must."""
        return bool(token) and hmac.compare_digest(self.form_token(token).encode(), shown.encode("utf8", "replace"))

    def _count(self, name: str, address: str, now: float | None) -> None:
        """Count a try before it is looked at. Raises TooManyTries."""
        waits = (
            self._state.attempts.count("address", address, ADDRESS_TRIES, now),
            self._state.attempts.count("account", name, ACCOUNT_TRIES, now),
        )
        if any(waits):
            raise TooManyTries(max(waits))

    def _forgive(self, name: str, address: str) -> None:
        self._state.attempts.forget("account", name)
        self._state.attempts.take_back("address", address)
