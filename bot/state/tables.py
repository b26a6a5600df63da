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
