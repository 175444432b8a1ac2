"""Run by Alembic: migrate over the connection that ``database.bring_up_to_date`` gives."""

from __future__ import annotations

from alembic import context

from pumpclaim.history.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
