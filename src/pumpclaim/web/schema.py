"""The tables of a server's own database: users, sessions, uploads, charts, preferences."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from pumpclaim.database import Schema

REVISION = "0004"
metadata = sa.MetaData()

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.Text, nullable=True),
    sa.Column("subject", sa.Text, nullable=True, unique=True),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("vouched", sa.DateTime, nullable=True),
)
"""One person. ``password_hash`` is argon2id's, null for who signs in by OpenID Connect, whose ``subject`` is
issuer and subject and for whom the provider ``vouched`` last then. Times of this database are UTC."""

former_users = sa.Table(
    "former_users",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("removed", sa.DateTime, nullable=False),
)
"""One person who is no user any more; what he uploaded may still be there."""

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("user", sa.String(32), nullable=False, index=True),
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("seen", sa.DateTime, nullable=False),
)
"""One browser that is signed in; ``id`` is the SHA-256 of what its cookie holds."""

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("user", sa.String(32), nullable=False, index=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("expires", sa.DateTime, nullable=False),
)
"""One token for the HTTP API; ``id`` is the SHA-256 of the token, which is shown once."""

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(32), nullable=False, index=True),
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("message", sa.Text, nullable=True),
    sa.Column("summary", sa.JSON, nullable=True),
    sa.Column("judging", sa.String(32), nullable=True),
    sa.Column("kept_in", sa.Text, nullable=True),
)
"""Files that were uploaded together and are judged as one set. ``files`` are name and size of each in
order, ``options`` readings, thresholds and contractor; ``state`` is waiting, judging, done or failed (with
a message). ``judging`` is the folder of the judging that was begun last, within that of the batch;
``kept_in`` the history in which the claims are kept, as it may be shown."""

charts = sa.Table(
    "charts",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(32), nullable=False, index=True),
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("changed", sa.DateTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("part", sa.String(16), nullable=False),
    sa.Column("patient_id", sa.Text, nullable=False),
    sa.Column("answers", sa.JSON, nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
)
"""One chart. ``answers`` are those of a chart file: question to answer and evidence. One that is ``shared``
is seen by everybody of the server and counts when their claims are judged."""

work = sa.Table(
    "work",
    metadata,
    sa.Column("batch", sa.String(32), primary_key=True),
    sa.Column("claim", sa.Integer, primary_key=True),
    sa.Column("claim_id", sa.Text, nullable=True),
    sa.Column("done", sa.Boolean, nullable=False),
    sa.Column("determination", sa.String(16), nullable=True),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("user", sa.String(32), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("changed", sa.DateTime, nullable=False),
)
"""What a person did with one claim of an upload. ``claim`` is its position there, ``determination`` that at
which it was marked done (null where nobody did, or where it is not known); one that is not done though it has
one was judged otherwise since. ``user`` and ``name`` tell who changed it last."""

preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("user", sa.String(32), primary_key=True),
    sa.Column("readings", sa.JSON, nullable=False),
    sa.Column("thresholds", sa.JSON, nullable=False),
)
"""The readings and thresholds that a person has switched; they hold for what he has judged from then on."""

SCHEMA = Schema("server database", metadata, REVISION, Path(__file__).parent / "migrations")
