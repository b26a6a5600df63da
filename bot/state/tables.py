"""The tables of the state database. A change here needs a migration in migrations/versions/; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

#: One row an installation: what hashes of people are keyed with.
keys = Table(
    "keys", metadata, Column("name", String(32), primary_key=True), Column("value", LargeBinary, nullable=False)
)

#: Answers given, each once, however often and to whomever; the code names the words, not the asker.
receipts = Table(
    "receipts",
    metadata,
    Column("code", String(16), primary_key=True),
    Column("knowledge_version", String(16), nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON of receipts.Receipt
    Column("first_given", Date, nullable=False),
)

#: What people said of answers. `subject` makes a second word on the same answer replace the first.
feedback = Table(
    "feedback",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("person", String(64), nullable=True),  # keyed hash, only where the channel knows a person
    Column("verdict", String(8), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("question", Text, nullable=False),  # "" unless the person was told that it is sent along
    Column("outcome", String(8), nullable=False),
    Column("clauses", Text, nullable=False),  # JSON list of references
    Column("knowledge_version", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("given", Date, nullable=False),
    Column("expires", Date, nullable=False),
    Index("ix_feedback_expires", "expires"),
    Index("ix_feedback_person", "person"),
)

#: Updates of a chat channel, each once. What it says is kept only until it is answered; its number a while longer.
inbox = Table(
    "inbox",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("lane", String(64), nullable=False),  # keyed hash of what must be answered in order: a chat
    Column("payload", Text, nullable=True),  # JSON of the update, NULL as soon as it is done or given up
    Column("state", String(8), nullable=False),  # open, done, dead
    Column("reason", String(64), nullable=False),  # why it is dead, never what it said
    Column("attempts", Integer, nullable=False),
    Column("leased_until", Double, nullable=False),  # seconds since 1970; until then it is somebody's work
    Column("received", Double, nullable=False),  # seconds since 1970
    Index("ix_inbox_state", "bot_id", "state", "lane", "update_id"),
    Index("ix_inbox_received", "received"),
)

#: How a person wants answers; gone after a while of no use.
people = Table(
    "people",
    metadata,
    Column("person", String(64), primary_key=True),  # keyed hash
    Column("settings", Text, nullable=False),  # small JSON object
    Column("expires", Date, nullable=False),
    Index("ix_people_expires", "expires"),
)

#: What a person remembers of one quiz item. A row whose item does not exist any more is let be until it expires.
cards = Table(
    "cards",
    metadata,
    Column("person", String(64), primary_key=True),  # keyed hash
    Column("item", String(16), primary_key=True),
    Column("clause", String(128), nullable=False),  # document:id
    Column("words", String(16), nullable=False),  # hash of the clause's text
    Column("memory", Text, nullable=False),  # JSON of the fsrs library's card
    Column("answers", Integer, nullable=False),
    Column("right", Boolean, nullable=False),  # the last answer
    Column("started", Double, nullable=False),  # seconds since 1970: the first answer
    Column("due", Double, nullable=False),  # seconds since 1970
    Column("expires", Date, nullable=False),
    Index("ix_cards_expires", "expires"),
)

#: Which item a poll shows to whom, until it is too old to be answered.
study_polls = Table(
    "study_polls",
    metadata,
    Column("poll", String(64), primary_key=True),  # the channel's id of it
    Column("person", String(64), nullable=False),  # keyed hash
    Column("item", String(16), nullable=False),
    Column("showing", Integer, nullable=False),  # how often the person had answered the item before
    Column("expires", Date, nullable=False),
    Index("ix_study_polls_expires", "expires"),
    Index("ix_study_polls_person", "person"),
)

#: Who asked to be reminded, and when. `address` is the one thing kept that can reach a person, and only while it is on.
reminders = Table(
    "reminders",
    metadata,
    Column("person", String(64), primary_key=True),  # keyed hash
    Column("wanted", Boolean, nullable=False),
    Column("minute", Integer, nullable=False),  # of the day
    Column("quiet_from", Integer, nullable=False),  # minute of the day; the same as quiet_to: never quiet
    Column("quiet_to", Integer, nullable=False),
    Column("channel", String(32), nullable=False),  # which bot is to write; "" while not wanted
    Column("address", String(32), nullable=False),  # to which chat; "" while not wanted
    Column("next_at", Double, nullable=False),  # seconds since 1970
    Column("last_at", Double, nullable=False),  # seconds since 1970; 0 before the first
    Column("expires", Date, nullable=False),
    Index("ix_reminders_channel", "channel", "wanted", "next_at"),
    Index("ix_reminders_expires", "expires"),
)

#: Rooms of trainers. Seats and answers go when a room is over; its report, which holds totals, stays until it expires.
rooms = Table(
    "rooms",
    metadata,
    Column("code", String(8), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("trainer", String(64), nullable=False),  # keyed hash of the key that opens the control view
    Column("place", Text, nullable=False),  # where a channel holds the room (JSON), {} when nothing more is said there
    Column("content", Text, nullable=False),  # JSON: settings and items, as they were when the room was opened
    Column("phase", String(8), nullable=False),
    Column("position", Integer, nullable=False),
    Column("deadline", Double, nullable=True),  # seconds since 1970
    Column("time_left", Double, nullable=True),  # seconds
    Column("skipped", Text, nullable=False),  # JSON list of positions
    Column("revision", Integer, nullable=False),
    Column("report", Text, nullable=True),  # JSON of rooms.report.Report, once the room is over
    Column("named", Text, nullable=True),  # JSON: names with their totals, of those who wanted that
    Column("named_expires", Date, nullable=True),
    Column("expires", Date, nullable=False),
    Index("ix_rooms_phase", "channel", "phase"),
    Index("ix_rooms_expires", "expires"),
)

#: Who sits in a room: a hash that is another one in each room. Gone when the room is over.
room_seats = Table(
    "room_seats",
    metadata,
    Column("room", String(8), primary_key=True),
    Column("seat", String(64), primary_key=True),  # keyed hash
    Column("team", Integer, nullable=True),
    Column("name", Text, nullable=True),  # only where its owner wrote it there
)

#: Answers in open rooms, each once. Gone when the room is over.
room_answers = Table(
    "room_answers",
    metadata,
    Column("room", String(8), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("seat", String(64), primary_key=True),
    Column("choice", Text, nullable=False),  # JSON list of indices
    Column("correct", Boolean, nullable=False),
)

#: Polls of a chat channel that stand for an item of an open room. Gone when the room is over.
room_polls = Table(
    "room_polls",
    metadata,
    Column("poll", String(64), primary_key=True),
    Column("room", String(8), nullable=False),
    Column("position", Integer, nullable=False),
    Column("message", BigInteger, nullable=False),
    Index("ix_room_polls_room", "room"),
)

#: What a chat channel says in a room, each part once: whoever is about to say it holds it. Gone when all of it is said.
room_parts = Table(
    "room_parts",
    metadata,
    Column("room", String(8), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("part", String(16), primary_key=True),
    Column("leased_until", Double, nullable=False),  # seconds since 1970
    Column("done", Boolean, nullable=False),
)

#: Every version of the knowledge that was ever proposed or published, whole.
kb_versions = Table(
    "kb_versions",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the archive (knowledge/archive.py)
    Column("version", String(16), nullable=False),  # KnowledgeBase.version
    Column("content", LargeBinary, nullable=False),  # the archive, compressed by zlib
    Column("size", Integer, nullable=False),  # bytes before compression
)

#: Who put which version to use, when and why; each row is hashed together with the one before. Nothing is ever changed.
kb_log = Table(
    "kb_log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("action", String(16), nullable=False),  # versions.Action
    Column("digest", String(64), nullable=False),
    Column("version", String(16), nullable=False),
    Column("parent", Integer, nullable=False),  # seq of the row that was in use, 0 for none
    Column("author", String(64), nullable=False),
    Column("approver", String(64), nullable=False),  # "" where nobody else was needed
    Column("reason", Text, nullable=False),
    Column("override", Text, nullable=False),  # why it was published against the gate, "" where it passed
    Column("report", Text, nullable=False),  # of the gate, "" where there was none
    Column("at", String(32), nullable=False),  # ISO 8601, UTC
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

#: Questions that were not answered, by the words alone: no asker, no channel, no hour. The text was scrubbed before it came here.
open_questions = Table(
    "open_questions",
    metadata,
    Column("key", String(64), primary_key=True),  # keyed hash of the normalised text
    Column("day", Date, primary_key=True),
    Column("text", Text, nullable=False),
    Column("kind", String(8), nullable=False),  # open_questions.Kind
    Column("near", String(128), nullable=False),  # reference of the clause it came closest to, "" for none
    Column("masked", Boolean, nullable=False),  # whether something personal was taken out
    Column("asked", Integer, nullable=False),
    Column("expires", Date, nullable=False),
    Index("ix_open_questions_expires", "expires"),
)

#: What was decided on groups of questions, never by whom. Texts only where they are to become part of the knowledge.
review_decisions = Table(
    "review_decisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("day", Date, nullable=False),
    Column("action", String(8), nullable=False),  # decisions.Action
    Column("target", String(128), nullable=False),  # a clause's reference, or why nothing answers; "" for dismissals
    Column("related", String(128), nullable=False),  # of a question near a clause: its reference
    Column("why", Text, nullable=False),  # what is not written
    Column("texts", Text, nullable=False),  # JSON list
    Column("asked", Integer, nullable=False),  # how often the group's questions had been asked
    Column("expires", Date, nullable=False),
    Index("ix_review_decisions_expires", "expires"),
)

#: Questions that a decision settled; they stay out of the queue while they are asked again.
settled_questions = Table(
    "settled_questions",
    metadata,
    Column("key", String(64), primary_key=True),  # as in open_questions
    Column("decision", Integer, nullable=False),
    Column("expires", Date, nullable=False),
    Index("ix_settled_questions_expires", "expires"),
)

#: How many questions of a day ended how, and with which clause.
outcome_counts = Table(
    "outcome_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("outcome", String(8), primary_key=True),  # counters.Ending
    Column(
        "clause", String(128), primary_key=True
    ),  # document:id of the first clause cited, offered or listed; "" for none
    Column("total", Integer, nullable=False),
)

#: How many questions of a day were answered within a time.
time_counts = Table(
    "time_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("up_to_ms", Integer, primary_key=True, autoincrement=False),  # one of counters.BOUNDS, 0 for beyond them
    Column("total", Integer, nullable=False),
)

#: Who may keep the knowledge. With the authors in kb_log the only names that are kept: an account must be one person's.
accounts = Table(
    "accounts",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("password", Text, nullable=False),  # argon2id, with its salt and costs
    Column("role", String(16), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", Date, nullable=False),
)

#: Who is logged in. The token itself is only in the browser.
sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # keyed hash
    Column("account", String(32), nullable=False),
    Column("created", Double, nullable=False),  # seconds since 1970, like the next two
    Column("used", Double, nullable=False),
    Column("expires", Double, nullable=False),  # the latest end, however busy
    Index("ix_sessions_account", "account"),
    Index("ix_sessions_expires", "expires"),
)

#: Tries to log in that have not succeeded, counted for an account or an address.
login_attempts = Table(
    "login_attempts",
    metadata,
    Column("subject", String(64), primary_key=True),  # keyed hash
    Column("tries", Integer, nullable=False),
    Column("began", Double, nullable=False),  # seconds since 1970, when counting began
)

#: Whose chats an account keeps the knowledge from. Which chat it is, nobody can read from this.
account_links = Table(
    "account_links",
    metadata,
    Column("person", String(64), primary_key=True),  # keyed hash
    Column("account", String(32), nullable=False),
    Column("expires", Date, nullable=False),
    Index("ix_account_links_account", "account"),
    Index("ix_account_links_expires", "expires"),
)

#: Codes that link a chat to an account: good once, for minutes, one an account.
link_codes = Table(
    "link_codes",
    metadata,
    Column("code", String(64), primary_key=True),  # keyed hash
    Column("account", String(32), nullable=False),
    Column("expires", Double, nullable=False),  # seconds since 1970
    Index("ix_link_codes_account", "account"),
)
