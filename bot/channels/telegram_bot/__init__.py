"""The Telegram channel: commands, questions, buttons; by polling or webhook."""

from bot.channels.telegram_bot.application import create_application, redact_tokens, run, run_alone

__all__ = ["create_application", "redact_tokens", "run", "run_alone"]
