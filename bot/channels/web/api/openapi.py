"""What the routes' OpenAPI descriptions share, and what only a running app can describe: its limits."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from bot.channels.web.api.models import ErrorBody

DONE = "成功"
NOT_READY = "还在准备，或启动失败；见 Retry-After"


def described_errors(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses for the error statuses of a route: `described_errors(s404="…")`."""
    return {int(name[1:]): {"model": ErrorBody, "description": text} for name, text in descriptions.items()}


def describe_limits(app: FastAPI, max_question_characters: int) -> None:
    """Make the app's description name the length of a question, which is configured."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        fresh = app.openapi_schema is None
        content = plain()
        if fresh:
            schemas = content["components"]["schemas"]
            asked = schemas["AskRequest"]["properties"]
            for text in (
                asked["question"],
                asked["history"]["items"],
                schemas["FeedbackRequest"]["properties"]["question"],
            ):
                text["maxLength"] = max_question_characters
        return content

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way to change the description
