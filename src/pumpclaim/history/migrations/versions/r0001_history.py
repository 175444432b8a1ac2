"""The first schema: claims, lines and charts."""

from __future__ import annotations

from alembic import op

from pumpclaim.history.schema import charts, claims, lines

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables. A later revision writes its changes out, and this one its columns, as they were."""
    connection = op.get_bind()
    for table in (claims, lines, charts):
        table.create(connection)
