"""How log lines look: in text and as JSON, with the request they belong to."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from bot.log import JsonFormatter, TextFormatter, request_id


@pytest.fixture
def in_request() -> Iterator[None]:
    token = request_id.set("abcd1234")
    yield
    request_id.reset(token)


def record(message: str = "went %s", *arguments: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("bot.x", logging.WARNING, "x.py", 1, message, arguments or ("wrong",), None)
    made.__dict__.update(more)
    return made


def test_text_names_the_request_at_the_end(in_request: None) -> None:
    assert TextFormatter().format(record()).endswith(" WARNING bot.x: went wrong [abcd1234]")


def test_text_outside_of_a_request_is_as_ever() -> None:
    assert TextFormatter().format(record()).endswith(" WARNING bot.x: went wrong")


def test_json_is_one_object_a_line(in_request: None) -> None:
    line = JsonFormatter().format(record("第一行\n第二行 %s", "x"))
    assert "\n" not in line
    content = json.loads(line)
    assert datetime.fromisoformat(content.pop("time")).tzinfo is not None
    assert content == {
        "level": "WARNING",
        "logger": "bot.x",
        "message": "第一行\n第二行 x",
        "request_id": "abcd1234",
    }


def test_json_takes_fields_and_the_trace() -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        made = record(fields={"status": 200}, exc_info=sys.exc_info())
    content = json.loads(JsonFormatter().format(made))
    assert content["status"] == 200
    assert content["request_id"] == ""
    assert content["trace"].endswith("ValueError: odd")


def test_json_writes_the_redacted_trace_where_there_is_one() -> None:
    assert json.loads(JsonFormatter().format(record(exc_text="<token>")))["trace"] == "<token>"
