"""Receipts, feedback, and the key that people are hashed with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "keys",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "receipts",
        sa.Column("code", sa.String(16), primary_key=True),
        sa.Column("knowledge_version", sa.String(16), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("first_given", sa.Date, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(64), nullable=True),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("clauses", sa.Text, nullable=False),
        sa.Column("knowledge_version", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("given", sa.Date, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_feedback_expires", "feedback", ["expires"])
    op.create_index("ix_feedback_person", "feedback", ["person"])


def downgrade() -> None:
    """Drop them."""
    for table in ("feedback", "receipts", "keys"):
        op.drop_table(table)
