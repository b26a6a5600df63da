"""Cards of people who learn alone, the polls that show them, and reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cards",
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("item", sa.String(16), primary_key=True),
        sa.Column("clause", sa.String(128), nullable=False),
        sa.Column("words", sa.String(16), nullable=False),
        sa.Column("memory", sa.Text, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("right", sa.Boolean, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_cards_expires", "cards", ["expires"])
    op.create_table(
        "study_polls",
        sa.Column("poll", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("item", sa.String(16), nullable=False),
        sa.Column("showing", sa.Integer, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_study_polls_expires", "study_polls", ["expires"])
    op.create_index("ix_study_polls_person", "study_polls", ["person"])
    op.create_table(
        "reminders",
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("minute", sa.Integer, nullable=False),
        sa.Column("quiet_from", sa.Integer, nullable=False),
        sa.Column("quiet_to", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.String(32), nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("last_at", sa.Double, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_reminders_channel", "reminders", ["channel", "wanted", "next_at"])
    op.create_index("ix_reminders_expires", "reminders", ["expires"])


def downgrade() -> None:
    """Drop them."""
    for table in ("reminders", "study_polls", "cards"):
        op.drop_table(table)
