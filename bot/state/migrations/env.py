"""What alembic runs: database.py hands it a connection inside a transaction."""

from __future__ import annotations

from alembic import context

from bot.state.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
