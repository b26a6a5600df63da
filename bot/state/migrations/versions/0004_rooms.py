"""Trainers' rooms: seats, answers and polls while they are open, reports afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rooms",
        sa.Column("code", sa.String(8), primary_key=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("trainer", sa.String(64), nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("phase", sa.String(8), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("deadline", sa.Double, nullable=True),
        sa.Column("time_left", sa.Double, nullable=True),
        sa.Column("skipped", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("report", sa.Text, nullable=True),
        sa.Column("named", sa.Text, nullable=True),
        sa.Column("named_expires", sa.Date, nullable=True),
        sa.Column("expires", sa.Date, nullable=False),
    )
    op.create_index("ix_rooms_phase", "rooms", ["channel", "phase"])
    op.create_index("ix_rooms_expires", "rooms", ["expires"])
    op.create_table(
        "room_seats",
        sa.Column("room", sa.String(8), primary_key=True),
        sa.Column("seat", sa.String(64), primary_key=True),
        sa.Column("team", sa.Integer, nullable=True),
        sa.Column("name", sa.Text, nullable=True),
    )
    op.create_table(
        "room_answers",
        sa.Column("room", sa.String(8), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seat", sa.String(64), primary_key=True),
        sa.Column("choice", sa.Text, nullable=False),
        sa.Column("correct", sa.Boolean, nullable=False),
    )
    op.create_table(
        "room_polls",
        sa.Column("poll", sa.String(64), primary_key=True),
        sa.Column("room", sa.String(8), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("message", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_room_polls_room", "room_polls", ["room"])
    op.create_table(
        "room_parts",
        sa.Column("room", sa.String(8), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.String(16), primary_key=True),
        sa.Column("leased_until", sa.Double, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("room_parts", "room_polls", "room_answers", "room_seats", "rooms"):
        op.drop_table(table)
