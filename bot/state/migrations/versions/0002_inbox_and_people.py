"""Updates of chat channels until they are answered, and people's settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "inbox",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("lane", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text, nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("leased_until", sa.Double, nullable=False),
        sa.Column("received", sa.Double, nullable=False),
    )
    op.create_index("ix_inbox_state", "inbox", ["bot_id", "state", "lane", "update_id"])
    op.create_index("ix_inbox_received", "inbox", ["received"])
    op.create_table(
        "people",
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_people_expires", "people", ["expires"])


def downgrade() -> None:
    """Drop them."""
    for table in ("people", "inbox"):
        op.drop_table(table)
