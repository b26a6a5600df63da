"""What docs/load.md says is what is on record, and the answers of a run are counted one by one."""

from __future__ import annotations

import json

from telegram import Bot, ReplyParameters

from scripts.load.document import write
from scripts.load.telegram import CountingTelegram
from tests.fakes import ROOT
from tests.telegram_fake import TOKEN


async def test_answers_are_counted_by_the_message_they_reply_to() -> None:
    telegram = await CountingTelegram().serve()
    try:
        async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as bot:
            for chat, message in ((5, 7), (5, 7), (6, 7)):
                await bot.send_message(chat, "x", reply_parameters=ReplyParameters(message))
            await bot.send_message(5, "x")
            assert await bot.set_webhook("https://example.invalid/")
    finally:
        await telegram.close()
    assert telegram.answers == {(5, 7): 2, (6, 7): 1}


def test_the_document_is_what_the_record_gives() -> None:
    record = json.loads((ROOT / "docs" / "load.json").read_text("utf8"))
    assert (ROOT / "docs" / "load.md").read_text("utf8") == write(record)
    rows = [row for part in record.values() for row in part["rows"]]
    assert rows
    assert all(row["answered"] == row["updates"] > 0 for row in rows)
    assert all(row["web_errors"] == row["hook_errors"] == row["twice"] == 0 for row in rows)
