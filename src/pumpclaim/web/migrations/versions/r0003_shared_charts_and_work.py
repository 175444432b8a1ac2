"""Charts that are shared with everybody; what was done with the claims of an upload."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column(
        "charts", sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "work",
        sa.Column("batch", sa.String(32), primary_key=True),
        sa.Column("claim", sa.Integer, primary_key=True),
        sa.Column("claim_id", sa.Text, nullable=True),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("changed", sa.DateTime, nullable=False),
    )
