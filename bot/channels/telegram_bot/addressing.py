"""Whether a message is meant for the bot, and which words of it are the question."""

from __future__ import annotations

import re

from telegram import Bot, Message, MessageEntity
from telegram.constants import ChatType

from bot.channels.telegram_bot.words import argument_of, read_word


def question_in(message: Message, bot: Bot) -> str | None:
    """The question of any message, asked in whichever way; None where it is none, or not for the bot."""
    text = message.text or ""
    command = re.match(r"/(\w+)(?:@(\w+))?(?:\s|$)", text)
    if command is not None:
        ours = command[2] is None or command[2].lower() == (bot.username or "").lower()
        return argument_of(message) if command[1] == "ask" and ours else None
    if message.chat.type != ChatType.PRIVATE:
        return question_for_bot(message, bot)
    word = read_word(text)
    if word is None:
        return text
    return word[1] if word[0] == "ask" else None


def question_for_bot(message: Message, bot: Bot) -> str | None:
    """The question in a group's message, mentions of the bot left out; None when it is not meant for the bot.

    It is meant for the bot when it mentions it or replies to a message of the bot.
    """
    text = message.text or ""
    spans = [entity for entity in message.entities if _mentions(entity, message, bot)]
    if not spans and not _replies_to(message, bot):
        return None
    # Entities count in UTF-16 units, Python in characters.
    units = text.encode("utf-16-le")
    for entity in sorted(spans, key=lambda span: span.offset, reverse=True):
        units = units[: entity.offset * 2] + units[(entity.offset + entity.length) * 2 :]
    question = units.decode("utf-16-le", "replace")
    # What separated the mention from the question ("@bot，…") goes with it.
    return re.sub(r"^[\s,，:：、]+", "", question).strip() if spans else question.strip()


def _mentions(entity: MessageEntity, message: Message, bot: Bot) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == bot.id
    if entity.type != MessageEntity.MENTION:
        return False
    return message.parse_entity(entity).lower() == f"@{bot.username}".lower()


def _replies_to(message: Message, bot: Bot) -> bool:
    replied = message.reply_to_message
    # In a topic every message "replies" to the service message that opened it, which a bot may have sent.
    if replied is None or replied.forum_topic_created is not None:
        return False
    return replied.from_user is not None and replied.from_user.id == bot.id
