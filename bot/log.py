"""How log lines look: text for people, or one JSON object a line for programs; each names the request it belongs to.

What is logged is the business of whoever logs; question text never is.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

#: The request that the current task or thread serves; "" outside of any.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class TextFormatter(logging.Formatter):
    """Time, level, logger and message, then the request's id where there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line before any traceback."""
        identity = request_id.get()
        return super().formatMessage(record) + (f" [{identity}]" if identity else "")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request_id, then what the caller gave as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """The object; a traceback becomes its `trace`."""
        content: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            **getattr(record, "fields", {}),
        }
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        if trace:
            content["trace"] = trace
        return json.dumps(content, ensure_ascii=False)


def set_up(level: str, form: Literal["text", "json"], *, quiet: bool) -> None:
    """Log to stderr; `quiet` is for commands that print answers: they log only warnings unless `level` is DEBUG."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level="WARNING", force=True)
    ours = "WARNING" if quiet and level == "INFO" else level
    for name in ("bot", "index", "knowledge"):
        logging.getLogger(name).setLevel(ours)
