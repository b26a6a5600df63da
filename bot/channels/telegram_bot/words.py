"""Words and commands: what a person typed, taken apart into a command and what follows it.

Chinese words do the same as commands, in private chats and when they stand alone: a real question is never taken for one.
"""

from __future__ import annotations

import re

from telegram import Message
from telegram.ext.filters import MessageFilter

from bot import replies

#: What may follow a word that takes something: anything for a question, the letters of a code for a receipt.
_ARGUMENTS = {"ask": r"[\s:：]+(.+)", "verify": r"[\s:：]*([0-9A-Za-z][0-9A-Za-z\s\-—–_·.]*)"}


def read_word(text: str) -> tuple[str, str] | None:
    """The command that a Chinese word stands for and what follows it; None for anything else, such as a question."""
    text = text.strip()
    for command, word in replies.TELEGRAM_WORDS.items():
        argument = _ARGUMENTS.get(command)
        match = re.fullmatch(f"{word}(?:{argument})?" if argument else f"{word}[?？。!！]?", text, re.DOTALL)
        if match is not None:
            return command, (match[1] or "").strip() if argument else ""
    return None


def argument_of(message: Message) -> str:
    """What follows /command, /command@bot, or the word that stands for it."""
    text = message.text or ""
    if not text.startswith("/"):
        word = read_word(text)
        return word[1] if word else ""
    _, *rest = text.split(maxsplit=1)
    return rest[0].strip() if rest else ""


class Word(MessageFilter):
    """Lets messages through that are a command's Chinese word."""

    def __init__(self, command: str) -> None:
        super().__init__(name=f"Word({command})")
        self._command = command

    def filter(self, message: Message) -> bool:
        """Whether the message is this word."""
        word = read_word(message.text or "")
        return word is not None and word[0] == self._command
