"""The first schema: claims, lines and charts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

WHOLE = ("segment", "charge", "units", "line", "ndc_units")
DAYS = ("patient_birth_date", "statement_from", "statement_to", "service_from", "service_to")
CLAIMS = """
    source segment claim_id form patient_id patient_birth_date patient_state filing_indicator payer_id
    billing_provider_npi billing_state rendering_provider_npi facility_npi facility_state place_of_service
    type_of_bill frequency_code payer_claim_control_number assignment charge statement_from statement_to
    diagnoses note
"""
LINES = """
    line segment hcpcs modifier_1 modifier_2 modifier_3 modifier_4 description note charge units unit_basis
    service_from service_to place_of_service service_state rendering_provider_npi revenue_code ndc ndc_units
    ndc_unit diagnosis_pointers
"""


def _columns(names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, _type(name), nullable=True) for name in names.split()]


def _type(name: str) -> sa.types.TypeEngine[Any]:
    if name in DAYS:
        return sa.Date()
    return sa.BigInteger() if name in WHOLE else sa.Text()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "claims",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("patient", sa.Text, nullable=True),
        sa.Column("withdrawn_by", sa.String(64), nullable=True),
        *_columns(CLAIMS),
    )
    op.create_index("claims_by_patient", "claims", ["patient"])
    op.create_table(
        "lines",
        sa.Column("claim_hash", sa.String(64), primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True),
        *_columns(LINES),
    )
    op.create_table(
        "charts",
        sa.Column("part", sa.String(20), primary_key=True),
        sa.Column("patient", sa.Text, primary_key=True),
        sa.Column("day", sa.String(12), primary_key=True),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
    )
