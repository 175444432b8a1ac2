"""The tables of a history: every column of the claims and lines tables, and the charts as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from pumpclaim.database import Schema
from pumpclaim.tables import CLAIMS, LINES, Column, Table

REVISION = "0002"
"""The newest revision of the schema; see migrations/versions."""
NOT_KEPT = ("claim", "not_carried", "patient_name")
metadata = sa.MetaData()


def _type(column: Column) -> sa.types.TypeEngine[Any]:
    if column.dtype == pl.Date:
        return sa.Date()
    if column.dtype in (pl.Int64, pl.UInt32):
        return sa.BigInteger()
    return sa.Text()


def stored(table: Table) -> list[Column]:
    """The columns of a table that are kept; of claims neither the position in a set, nor the file's layout,
    nor the patient's name."""
    return [column for column in table if column.name not in NOT_KEPT]


def _columns(table: Table) -> list[sa.Column[object]]:
    return [sa.Column(column.name, _type(column), nullable=True) for column in stored(table)]


claims = sa.Table(
    "claims",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("patient", sa.Text, nullable=True),
    sa.Column("withdrawn_by", sa.String(64), nullable=True),
    *_columns(CLAIMS),
    sa.Index("claims_by_owner", "owner", "patient"),
)
"""One claim. ``hash`` is that of its content and owner, ``owner`` whose it is (empty: nobody's alone),
``number`` the order of arrival, ``patient`` its id as it is compared, ``withdrawn_by`` the replacement or
void that ended it."""

lines = sa.Table(
    "lines",
    metadata,
    sa.Column("claim_hash", sa.String(64), primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True),
    *_columns(LINES),
)
"""One service line; ``place`` is its place on the claim, from 0."""

origins = sa.Table(
    "origins",
    metadata,
    sa.Column("claim_hash", sa.String(64), primary_key=True),
    sa.Column("origin", sa.String(64), primary_key=True),
    sa.Index("origins_by_origin", "origin"),
)
"""What brought a claim: an upload of a server by its id, or the command line (empty). A claim stays as long
as one of its origins does."""

charts = sa.Table(
    "charts",
    metadata,
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
"""One chart. ``owner`` is whose it is, as of claims; ``day`` is its day, behind a tilde while the implant is
only planned; ``answers`` and ``evidence`` are JSON, numbers int billionths, dates ISO 8601."""

SCHEMA = Schema("history", metadata, REVISION, Path(__file__).parent / "migrations")
"""The schema as ``pumpclaim.database`` makes and migrates it."""
