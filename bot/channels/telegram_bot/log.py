"""Keeps bot tokens and question text out of the logs, whatever the libraries below log."""

from __future__ import annotations

import logging
import re

#: A bot token, as such or percent-encoded; Telegram writes it into every address.
_TOKEN = re.compile(r"\d{6,}(?::|%3A)[\w-]{30,}", re.IGNORECASE)
_REDACTED = "<token>"

#: Loggers that write addresses (httpx) or whole messages (telegram, at DEBUG), with the level they may log from.
_LIBRARY_LEVELS = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "telegram": logging.INFO}


def redact(text: str) -> str:
    """The text with every bot token replaced."""
    return _TOKEN.sub(_REDACTED, text)


class TokenFilter(logging.Filter):
    """Replaces tokens in a record's message, traceback and stack before a handler writes it."""

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record; it is always kept."""
        try:
            message = record.getMessage()
        except Exception:
            # Wrong arguments are the caller's mistake; the handler reports them, without the arguments.
            message = str(record.msg)
            record.msg, record.args = redact(message), ()
            return True
        if _TOKEN.search(message):
            record.msg, record.args = redact(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text and _TOKEN.search(record.exc_text):
            record.exc_text = redact(record.exc_text)
            # Other handlers may format the exception anew; the redacted text must be all there is.
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def redact_tokens(handler: logging.Handler) -> None:
    """Make a handler write no bot token; doing it twice changes nothing."""
    if not any(isinstance(existing, TokenFilter) for existing in handler.filters):
        handler.addFilter(TokenFilter())


def protect_logs() -> None:
    """Redact tokens on the root logger's handlers, and keep libraries from logging addresses and messages."""
    for handler in logging.getLogger().handlers:
        redact_tokens(handler)
    if logging.lastResort is not None:
        redact_tokens(logging.lastResort)
    for name, level in _LIBRARY_LEVELS.items():
        library = logging.getLogger(name)
        library.setLevel(max(level, library.getEffectiveLevel()))  # never more than was asked for
