"""Fixtures: an installation whose knowledge can be changed, with an account for each role, and somebody who is logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.admins import add_roles, hash_quickly
from tests.keeping import Kept, installation
from tests.test_web_admin import log_in
from tests.web_client import client_of


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    hash_quickly(monkeypatch)
    with installation(tmp_path) as made:
        add_roles(made.state)
        yield made


@pytest_asyncio.fixture
async def client(kept: Kept, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """Logged in with the role that the test's module names as ROLE."""
    async with client_of(kept.app()) as made:
        await log_in(made, request.module.ROLE)
        yield made
