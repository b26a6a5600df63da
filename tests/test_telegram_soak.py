"""Ten thousand updates from five hundred chats: order kept, nothing lost, nothing twice, memory flat."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from telegram.request import RequestData

from bot.channels import telegram_bot
from bot.channels.telegram_bot import application as application_module
from bot.channels.telegram_bot.delivery import RateLimiter
from bot.config import TelegramConfig
from tests.states import state_at
from tests.telegram_fake import BOT_USER, TOKEN, Json, RecordingRequest, check_call, loaded, message_update, until

pytestmark = pytest.mark.long

UPDATES, CHATS, BATCH = 10_000, 500, 100
#: What is remembered on purpose (numbers seen, exchanges, histories) is bounded and fills up meanwhile.
ALLOWED_MEGABYTES = 24
TEXTS = ("几页", "/help", "密级", "/source 2.2", "/problems", "/source 3.1")  # a third are questions


class Tally(RecordingRequest):
    """Keeps of each sent message only where it went and what it answers; one call in fifty is judged by the schema."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[int, list[int]] = defaultdict(list)
        self.sent = 0

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        name, fields = url.rsplit("/", 1)[1], (request_data.parameters if request_data else {})
        result: Any = True
        if name == "getMe":
            result = BOT_USER
        elif name == "sendMessage":
            self.sent += 1
            if self.sent % 50 == 1:
                check_call(name, fields)
            self.answers[int(fields["chat_id"])].append(fields["reply_parameters"]["message_id"])
            chat = {"id": fields["chat_id"], "type": "private", "first_name": "A"}
            result = {"message_id": 10_000_000 + self.sent, "date": 1, "chat": chat, "from": BOT_USER, "text": "x"}
        return 200, json.dumps({"ok": True, "result": result}).encode()


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text("utf8").split()[1])
    return pages * 4096 / 1e6


@pytest.mark.fault(18)
async def test_ten_thousand_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Thirty messages a second, as Telegram allows, would make this a test of patience.
    monkeypatch.setattr(application_module, "RateLimiter", partial(RateLimiter, overall_max_rate=0, group_max_rate=0))
    state, request, chance = state_at(f"sqlite:///{tmp_path}/jianfu.db"), Tally(), random.Random(4)
    application = telegram_bot.create_application(
        loaded(), TelegramConfig(), TOKEN, state=state, request=request, get_updates_request=RecordingRequest()
    )
    expected: dict[int, list[int]] = defaultdict(list)
    template = message_update("x")["message"]
    bot_id = int(TOKEN.split(":")[0])

    def make(number: int) -> Json:
        chat, text = chance.randrange(1, CHATS + 1), chance.choice(TEXTS)
        expected[chat].append(number)
        message = {
            **template,
            "message_id": number,
            "chat": {"id": chat, "type": "private", "first_name": "A"},
            "from": {"id": chat, "is_bot": False, "first_name": "A"},
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        return {"update_id": number, "message": message}

    memory: dict[int, float] = {}
    await application.initialize()
    await application.start()
    application.intake.start(application, alone=True)
    for start in range(1, UPDATES, BATCH):
        batch = [make(number) for number in range(start, start + BATCH)]
        repeated = chance.sample(batch, BATCH // 10)
        await application.intake.take(application, [*batch, *repeated])
        await application.intake.take(application, repeated)
        done = start + BATCH - 1
        await until(lambda done=done: request.sent >= done - 500, seconds=240)  # Telegram would hold back, too
        if done in (2_000, UPDATES):
            await until(lambda done=done: request.sent >= done, seconds=240)
            memory[done] = resident_megabytes()
    await until(lambda: state.inbox.tally(bot_id) == {"done": UPDATES}, seconds=240)
    await application.intake.stop()
    await application.stop()
    await application.intake.close()
    await application.shutdown()
    state.close()
    assert request.answers == expected
    assert application.intake.order.open_locks == 0
    assert memory[UPDATES] - memory[2_000] < ALLOWED_MEGABYTES, memory
