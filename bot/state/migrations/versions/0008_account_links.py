"""Chats that are linked to an account, and codes that link them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account_links",
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_account_links_account", "account_links", ["account"])
    op.create_index("ix_account_links_expires", "account_links", ["expires"])
    op.create_table(
        "link_codes",
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_index("ix_link_codes_account", "link_codes", ["account"])


def downgrade() -> None:
    """Drop them."""
    for table in ("link_codes", "account_links"):
        op.drop_table(table)
