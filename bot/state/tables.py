"""The tables of the state database. A change here needs a migration in migrations/versions/; a test compares the two."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, LargeBinary, MetaData, String, Table, Text

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
