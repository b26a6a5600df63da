"""All that is kept, together: what serving.py hands to the channels."""

from __future__ import annotations

from dataclasses import dataclass

from bot.config import Config
from bot.state.accounts import AccountBook
from bot.state.attempts import AttemptBook
from bot.state.cards import Cards
from bot.state.counters import Counters
from bot.state.database import Database
from bot.state.decisions import Decisions
from bot.state.feedback import FeedbackBook
from bot.state.inbox import Inbox
from bot.state.links import LinkBook
from bot.state.open_questions import OpenQuestions
from bot.state.people import People
from bot.state.receipts import Receipts
from bot.state.reminders import Reminders
from bot.state.rooms import RoomBook
from bot.state.sessions import SessionBook
from bot.state.study_polls import StudyPolls
from bot.state.versions import Versions

#: How long decisions on questions are remembered, and settled questions stay settled.
DECISION_DAYS = 400


@dataclass(frozen=True, slots=True)
class State:
    """One database and the books in it."""

    database: Database
    receipts: Receipts
    feedback: FeedbackBook
    inbox: Inbox
    people: People
    cards: Cards
    polls: StudyPolls
    reminders: Reminders
    rooms: RoomBook
    accounts: AccountBook
    sessions: SessionBook
    attempts: AttemptBook
    links: LinkBook
    versions: Versions
    open_questions: OpenQuestions
    decisions: Decisions
    counters: Counters

    @classmethod
    def of(cls, config: Config) -> State:
        """The configured state; nothing is contacted yet. Raises StateUnavailable for a URL that can never work."""
        database = Database.at(config.state.url, config.root)
        days = config.state.keep_days
        return cls(
            database,
            Receipts(database),
            FeedbackBook(database, days),
            Inbox(database, config.telegram.keep_update_ids_hours),
            People(database, days),
            Cards(database, days),
            StudyPolls(database),
            Reminders(database, days),
            RoomBook(database, days),
            AccountBook(database),
            SessionBook(database, config.web.admin_idle_minutes * 60.0, config.web.admin_session_hours * 3600.0),
            AttemptBook(database),
            LinkBook(database, days),
            Versions(database),
            OpenQuestions(database, config.review.keep_questions_days),
            Decisions(database, DECISION_DAYS),
            Counters(database, config.review.keep_counts_days),
        )

    def close(self) -> None:
        """Give every connection back."""
        self.database.close()
