"""Questions that were not answered, what was decided on them, and counts of answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "open_questions",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("near", sa.String(128), nullable=False),
        sa.Column("masked", sa.Boolean, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_open_questions_expires", "open_questions", ["expires"])
    op.create_table(
        "review_decisions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("related", sa.String(128), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_review_decisions_expires", "review_decisions", ["expires"])
    op.create_table(
        "settled_questions",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("decision", sa.Integer, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_settled_questions_expires", "settled_questions", ["expires"])
    op.create_table(
        "outcome_counts",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("outcome", sa.String(8), primary_key=True),
        sa.Column("clause", sa.String(128), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
    op.create_table(
        "time_counts",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("up_to_ms", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("total", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("time_counts", "outcome_counts", "settled_questions", "review_decisions", "open_questions"):
        op.drop_table(table)
