"""A Bot API server that only counts answers: the one of the tests remembers and judges every call, which slows down an hour's worth."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import Any

from aiohttp import web

BOT = {"id": 1234567, "is_bot": True, "first_name": "Load", "username": "load_bot"}


class CountingTelegram:
    """On 127.0.0.1. `answers` counts messages sent, by the message (chat, number) that each replies to."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[int, int]] = Counter()
        self._numbers = itertools.count(1)

    async def serve(self) -> CountingTelegram:
        """Begin to listen; `url` is then set."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def close(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        fields, method = await request.post(), request.match_info["method"]
        result: Any = True
        if method == "getMe":
            result = BOT
        elif method == "getWebhookInfo":
            result = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        elif method == "sendMessage":
            chat = int(str(fields["chat_id"]))
            reply = json.loads(str(fields.get("reply_parameters", "{}")))
            if "message_id" in reply:
                self.answers[chat, int(reply["message_id"])] += 1
            sender = {"id": chat, "type": "private", "first_name": "A"}
            number = 10_000_000 + next(self._numbers)
            result = {"message_id": number, "date": 1, "chat": sender, "from": BOT, "text": "x"}
        return web.json_response({"ok": True, "result": result})
