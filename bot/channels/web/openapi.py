"""Words that the routes' OpenAPI descriptions share."""

from __future__ import annotations

from typing import Any

from bot.channels.web.models import ErrorBody

DONE = "成功"
NOT_READY = "还在准备，或启动失败；见 Retry-After"


def described_errors(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses for the error statuses of a route: `described_errors(s404="…")`."""
    return {int(name[1:]): {"model": ErrorBody, "description": text} for name, text in descriptions.items()}
