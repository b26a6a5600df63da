"""Five hundred chats, half on the web and half on Telegram's webhook: what each of them does. Run by locust.

Questions are those of tests/questions, asked as often as Zipf has it. A webhook update is what Telegram posts; its answer
goes to the loopback Bot API server, where run.py counts it.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from pathlib import Path

from locust import FastHttpUser, between, task

ROOT = Path(__file__).resolve().parent.parent.parent
WEBHOOK = os.environ["JIANFU_LOAD_WEBHOOK"]
SECRET = os.environ["JIANFU_LOAD_SECRET"]
#: Where each posted update is noted, so that every one of them can be asked for.
POSTED = Path(os.environ["JIANFU_LOAD_POSTED"])

_chance = random.Random(7)  # noqa: S311 - the same questions in each run
_lines = [
    line for path in sorted((ROOT / "tests" / "questions").glob("*.jsonl")) for line in path.open(encoding="utf8")
]
QUESTIONS = [one["q"] for one in map(json.loads, _lines) if not one.get("history")]
_chance.shuffle(QUESTIONS)
WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, len(QUESTIONS) + 1)))
_chats = itertools.count(100_000)
_updates = itertools.count(1)
_posted = POSTED.open("a", encoding="utf8")


def question() -> str:
    """A question, popular ones more often."""
    return _chance.choices(QUESTIONS, cum_weights=WEIGHTS)[0]


class OnTheWeb(FastHttpUser):
    """Asks on the page, reads a few seconds, asks again."""

    weight = 1
    wait_time = between(2, 6)

    @task
    def ask(self) -> None:
        """One question; an answer without an outcome is a failure."""
        with self.client.post(
            "/api/v1/ask", json={"question": question()}, name="web", catch_response=True
        ) as response:
            if response.status_code != 200 or not response.json().get("outcome"):
                response.failure(f"status {response.status_code}")


class OnTelegram(FastHttpUser):
    """Writes to the bot now and then; what is timed is the webhook's acknowledgement."""

    weight = 1
    wait_time = between(10, 20)

    def on_start(self) -> None:
        """Each is a chat of its own."""
        self.chat = next(_chats)
        self.messages = itertools.count(1)

    @task
    def write(self) -> None:
        """One update, as Telegram posts it."""
        number, text = next(_updates), question()
        person = {"id": self.chat, "is_bot": False, "first_name": "A"}
        message = {
            "message_id": next(self.messages),
            "date": int(time.time()),
            "chat": {"id": self.chat, "type": "private", "first_name": "A"},
            "from": person,
            "text": text,
        }
        update = {"update_id": number, "message": message}
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        with self.client.post(WEBHOOK, json=update, headers=headers, name="webhook", catch_response=True) as response:
            if response.status_code == 200:
                _posted.write(f"{self.chat} {message['message_id']}\n")
                _posted.flush()
            else:
                response.failure(f"status {response.status_code}")
