"""Each judging of a batch has a folder of its own, and a batch knows in which history its claims are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """What was judged before lies in the folder of its batch: ``judging`` is null there."""
    op.add_column("batches", sa.Column("judging", sa.String(32), nullable=True))
    op.add_column("batches", sa.Column("kept_in", sa.Text, nullable=True))
