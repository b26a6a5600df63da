"""The web app in this process over scripted answers, a client for it, and its one error shape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from bot import replies
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web import create_app
from bot.config import AnswersConfig, Config, StateConfig, WebConfig
from bot.kb.served import Shelved
from bot.kb.workshop import Workshop
from bot.state.state import State
from tests.fakes import ScriptedSearcher

LIMIT = 500


def app_with(
    assistant: Assistant,
    state: State | None = None,
    api_keys: Sequence[str] = (),
    shelved: Shelved | None = None,
    workshop: Workshop | None = None,
    **config: Any,
) -> FastAPI:
    """An app that is ready."""
    background = BackgroundAssistant(lambda progress: assistant)
    background.start()
    assert background.wait(5)
    return create_app(
        background,
        WebConfig(**config),
        max_question_characters=LIMIT,
        state=state,
        api_keys=api_keys,
        shelved=shelved,
        workshop=workshop,
    )


def state_in(folder: Path, url: str = "sqlite:///state/jianfu.db") -> State:
    """The state below a folder; a later one for the same folder finds what was kept."""
    return State.of(Config(state=StateConfig(url=url), root=folder))


def recording_assistant(state: State) -> Assistant:
    """Scripted answers that have receipts."""
    return Assistant(ScriptedSearcher(), AnswersConfig(), state.receipts.keep)


def client_of(app: FastAPI, root_path: str = "", address: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client at an address; `root_path` is the prefix that a proxy serves the app under."""
    transport = httpx.ASGITransport(app, root_path=root_path, raise_app_exceptions=False, client=(address, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def ask(client: httpx.AsyncClient, question: str, **more: Any) -> httpx.Response:
    """One question."""
    return await client.post("/api/v1/ask", json={"question": question, **more})


def error_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code; also checks that the one shape is kept and that the message is Chinese."""
    content = response.json()
    assert set(content) == {"error"}
    assert set(content["error"]) == {"code", "message", "request_id"}
    assert content["error"]["request_id"] == response.headers["x-request-id"]
    assert re.search("[一-龥]", content["error"]["message"])
    assert content["error"]["code"] in replies.API_ERRORS
    return response.status_code, content["error"]["code"]
