"""What a claim of an upload was judged to be when it was marked done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; of what was marked before it is not known."""
    op.add_column("work", sa.Column("determination", sa.String(16), nullable=True))
