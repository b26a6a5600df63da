"""What docs/load.md says is what is on record, and the answers of a run are counted one by one."""

from __future__ import annotations

import json

from scripts.load import run
from scripts.load.document import write
from tests.fakes import ROOT


class _Sent:
    """Only what was sent."""

    def __init__(self, *messages: dict[str, str]) -> None:
        self._messages = list(messages)

    def sent(self) -> list[dict[str, str]]:
        return self._messages


def test_answers_are_counted_by_the_message_they_reply_to() -> None:
    reply = {"chat_id": "5", "reply_parameters": '{"message_id": 7}'}
    found = run._answers(_Sent(reply, reply, {"chat_id": "5"}, {**reply, "chat_id": "6"}))  # type: ignore[arg-type]
    assert found == {(5, 7): 2, (6, 7): 1}


def test_the_document_is_what_the_record_gives() -> None:
    record = json.loads((ROOT / "docs" / "load.json").read_text("utf8"))
    assert (ROOT / "docs" / "load.md").read_text("utf8") == write(record)
    rows = [row for part in record.values() for row in part["rows"]]
    assert rows
    assert all(row["answered"] == row["updates"] > 0 for row in rows)
    assert all(row["web_errors"] == row["hook_errors"] == row["twice"] == 0 for row in rows)
