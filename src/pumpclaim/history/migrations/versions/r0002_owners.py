"""Whose a claim or a chart is, and what brought a claim. What was there before is nobody's alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Claims are given an owner and an origin; charts are copied, for the owner is part of their key."""
    op.add_column("claims", sa.Column("owner", sa.Text, nullable=False, server_default=""))
    op.drop_index("claims_by_patient", "claims")
    op.create_index("claims_by_owner", "claims", ["owner", "patient"])
    op.create_table(
        "origins",
        sa.Column("claim_hash", sa.String(64), primary_key=True),
        sa.Column("origin", sa.String(64), primary_key=True),
    )
    op.create_index("origins_by_origin", "origins", ["origin"])
    op.execute("INSERT INTO origins (claim_hash, origin) SELECT hash, '' FROM claims")
    columns = "part, patient, day, patient_id, source, place, answers, evidence"
    op.rename_table("charts", "charts_0001")
    op.create_table(
        "charts",
        sa.Column("owner", sa.String(32), primary_key=True, server_default=""),
        sa.Column("part", sa.String(20), primary_key=True),
        sa.Column("patient", sa.Text, primary_key=True),
        sa.Column("day", sa.String(12), primary_key=True),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
    )
    op.execute(f"INSERT INTO charts (owner, {columns}) SELECT '', {columns} FROM charts_0001")  # noqa: S608
    op.drop_table("charts_0001")
