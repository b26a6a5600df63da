"""Accounts for tests: hashes that cost nothing, an account for each role, and a site whose knowledge can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from bot.accounts import passwords
from bot.accounts.registry import Registry
from bot.accounts.roles import ROLES
from bot.state.state import State
from tests.browser import running
from tests.keeping import Kept, installation

PASSWORD = "correct horse battery"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hash_quickly(patch: pytest.MonkeyPatch) -> None:
    """argon2id at its cheapest; what it costs in earnest has a test of its own."""
    patch.setattr(passwords, "_hasher", _QUICK)
    passwords._nobodys.cache_clear()


def add_roles(state: State) -> None:
    """An account for each role, named after it."""
    hashed = _QUICK.hash(PASSWORD)
    for role in ROLES:
        state.accounts.add(role, hashed, role)


@contextmanager
def changing_site(folder: Path, name: str) -> Iterator[tuple[str, Kept]]:
    """An installation on a port whose knowledge can be changed, with the fake encoder, and one approver; its address."""
    with pytest.MonkeyPatch.context() as patch:
        hash_quickly(patch)
        with installation(folder) as made:
            Registry(made.state).add(name, PASSWORD, "approver")
            with running(made.app(questions_per_minute=0)) as url:
                yield url, made
