"""Small handlers that translate between Telegram and the assistant, by topic; here is which of them gets what.

The rules of answering are the assistant's, the words replies.py's.
"""

from __future__ import annotations

from telegram.ext import (
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    PollAnswerHandler,
    TypeHandler,
    filters,
)

from bot import replies
from bot.channels.telegram_bot.handlers.commands import Commands
from bot.channels.telegram_bot.handlers.desk import Desk
from bot.channels.telegram_bot.handlers.inline import Inline
from bot.channels.telegram_bot.handlers.opinions import Opinions
from bot.channels.telegram_bot.handlers.personal import Personal
from bot.channels.telegram_bot.handlers.presses import Presses
from bot.channels.telegram_bot.handlers.questions import Questions
from bot.channels.telegram_bot.handlers.sessions import Sessions
from bot.channels.telegram_bot.handlers.studying import Studying
from bot.channels.telegram_bot.handlers.trouble import Trouble
from bot.channels.telegram_bot.keeping.entrance import Entrance
from bot.channels.telegram_bot.keeping.files import Files
from bot.channels.telegram_bot.keeping.presses import KeepPresses
from bot.channels.telegram_bot.keeping.proposals import Proposals
from bot.channels.telegram_bot.keeping.reasons import Reason, Reasons
from bot.channels.telegram_bot.keeping.room import Room
from bot.channels.telegram_bot.session_runner import SessionRunner
from bot.channels.telegram_bot.updates import TelegramApplication
from bot.channels.telegram_bot.words import Word

__all__ = ["register_handlers"]

#: Sessions look at updates that others also look at; each group of handlers gets every update.
_SESSIONS = 10


def register_handlers(
    application: TelegramApplication, desk: Desk, room: Room, runner: SessionRunner | None = None
) -> None:
    """Which handler gets what; the first that matches in a group of handlers gets it."""
    questions, personal, trouble = Questions(desk), Personal(desk, runner), Trouble(desk)
    sessions = Sessions(desk, runner)
    commands = Commands(desk, questions, room)
    entrance, proposals = Entrance(room), Proposals(room)
    files, reasons = Files(room, proposals), Reasons(room, proposals)
    studying = Studying(desk, runner)
    presses = Presses(desk, questions, Opinions(desk), personal, studying)
    new = filters.UpdateType.MESSAGE
    private, group = filters.ChatType.PRIVATE, filters.ChatType.GROUPS
    # In a group several bots may know /help: only the one addressed answers. /ask is answered there in any form.
    addressed = new & (private | (group & filters.Regex(r"^/\w+@")))

    application.add_handler(TypeHandler(object, trouble.skip_stale), group=-1)
    application.add_handler(MessageHandler(new & private & filters.TEXT & ~filters.COMMAND & Reason(), reasons.reply))
    application.add_handler(CommandHandler("ask", questions.ask, new & (private | group)))
    application.add_handler(CommandHandler("session", sessions.session, new & (private | group)))
    application.add_handler(CommandHandler("start", commands.start, addressed))
    application.add_handler(MessageHandler(new & private & Word("ask"), questions.ask))
    for name, handler in (
        ("help", commands.help),
        ("problems", commands.problems),
        ("source", commands.source),
        ("trust", commands.trust),
        ("verify", commands.verify),
        ("study", studying.study),
        ("settings", personal.settings),
        ("forget", personal.forget),
        ("admin", entrance.admin),
    ):
        application.add_handler(CommandHandler(name, handler, addressed))
        if name in replies.TELEGRAM_WORDS:
            application.add_handler(MessageHandler(new & private & Word(name), handler))
    application.add_handler(MessageHandler(new & private & filters.COMMAND, commands.help))
    application.add_handler(MessageHandler(new & private & filters.TEXT, questions.private_text))
    application.add_handler(MessageHandler(new & group & filters.TEXT & ~filters.COMMAND, questions.group_text))
    application.add_handler(MessageHandler(new & private & filters.Document.ALL, files.document))
    application.add_handler(MessageHandler(new & private & ~filters.StatusUpdate.ALL, questions.private_other))
    application.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE & filters.TEXT, questions.edited))
    application.add_handler(CallbackQueryHandler(sessions.press, r"^room\+?:"))
    application.add_handler(CallbackQueryHandler(KeepPresses(room, entrance, files, proposals).press, r"^k:"))
    application.add_handler(CallbackQueryHandler(presses.press))
    application.add_handler(PollAnswerHandler(studying.poll_answered))
    application.add_handler(InlineQueryHandler(Inline(desk).query))
    application.add_handler(ChatMemberHandler(trouble.membership, ChatMemberHandler.MY_CHAT_MEMBER))
    application.add_handler(PollAnswerHandler(sessions.vote), _SESSIONS)
    application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, sessions.migrated), _SESSIONS)
    application.add_handler(ChatMemberHandler(sessions.membership, ChatMemberHandler.MY_CHAT_MEMBER), _SESSIONS)
    application.add_error_handler(trouble.error)
