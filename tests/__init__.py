"""Tests. Helper modules that hold fixtures are named in `pytest_plugins` where they are used."""

import pytest

pytest.register_assert_rewrite("tests.states", "tests.telegram_chat")
