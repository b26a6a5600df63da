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
