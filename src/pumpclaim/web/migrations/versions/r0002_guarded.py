"""Judgings have folders, batches know their history, tokens have an end, former users have a name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """What was judged before lies in the folder of its batch: ``judging`` is null there. Tokens that had no
    end are no more."""
    op.add_column("batches", sa.Column("judging", sa.String(32), nullable=True))
    op.add_column("batches", sa.Column("kept_in", sa.Text, nullable=True))
    op.add_column("users", sa.Column("vouched", sa.DateTime, nullable=True))
    op.create_table(
        "former_users",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("removed", sa.DateTime, nullable=False),
    )
    op.drop_index("ix_tokens_user", "tokens")
    op.drop_table("tokens")
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("user", sa.String(32), nullable=False, index=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("expires", sa.DateTime, nullable=False),
    )
