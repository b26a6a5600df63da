"""The one warm process that tests of faults fork their commands from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.installations import Shell


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Started by the first test that needs it: that takes seconds."""
    made = Shell(tmp_path_factory.mktemp("shell"))
    yield made
    made.close()
