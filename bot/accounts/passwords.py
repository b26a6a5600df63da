"""Hashes passwords with argon2id, and refuses those that are short or easily guessed.

Costs are argon2-cffi's defaults, the low-memory choice of RFC 9106 (64 MiB, 3 passes). What is easily guessed is told by
zxcvbn (Wheeler, USENIX Security 2016) from lists of leaked passwords, names, keyboard rows and dates.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.accounts import words
from knowledge.errors import JianfuError

SHORTEST, LONGEST = 10, 200
#: Of zxcvbn's 0 to 4: the highest, from 10^10 guesses on. Less would let the town and the year pass.
LEAST_SCORE = 4
#: zxcvbn takes quadratic time; what makes the rest of a longer password weak would make its beginning weak.
_SCORED = 72
_OURS = ("jianfu", "减负", "减负问答", "admin", "管理员", "password", "mima")

_hasher = PasswordHasher()


class WeakPassword(JianfuError):
    """A password that may not be used, and why."""


def check(password: str, name: str) -> None:
    """Refuse a password that is short, endless or easily guessed. Raises WeakPassword."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take a while to load, and few runs need them

    password = _plain(password)
    length = len(password)
    if length < SHORTEST:
        raise WeakPassword(words.PASSWORD_SHORT.format(length=length, limit=SHORTEST))
    if length > LONGEST:
        raise WeakPassword(words.PASSWORD_LONG.format(length=length, limit=LONGEST))
    given = zxcvbn(password[:_SCORED], user_inputs=[name, *_OURS])
    without_name = password.casefold().replace(name.casefold(), "")
    if given["score"] < LEAST_SCORE or len(without_name) < SHORTEST // 2 or len(set(password)) < 4:
        raise WeakPassword(words.PASSWORD_COMMON)


def hashed(password: str) -> str:
    """The argon2id hash of a password, with a salt of its own; takes tens of milliseconds and 64 MiB on purpose."""
    return _hasher.hash(_plain(password))


def fits(password: str, hashed_password: str | None) -> bool:
    """Whether a password is that of a hash. Without a hash it takes as long, and is False."""
    if len(password) > LONGEST * 4:  # nobody has such a one; hashing it would only cost
        return False
    try:
        return _hasher.verify(hashed_password or _nobodys(), _plain(password)) and hashed_password is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(hashed_password: str) -> bool:
    """Whether a hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(hashed_password)


@cache
def _nobodys() -> str:
    """The hash that the passwords of unknown names are compared with."""
    return _hasher.hash("nobody's password")


def _plain(text: str) -> str:
    """One spelling for one password: keyboards write the same letters in several ways (NFKC, as RFC 8265 does for width)."""
    return unicodedata.normalize("NFKC", text.encode("utf8", "replace").decode("utf8"))
