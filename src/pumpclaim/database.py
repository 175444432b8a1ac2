"""From a URL to an engine whose schema is up to date: what every database of the project shares."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DataError, OperationalError, SQLAlchemyError

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

OTHERS = "this database holds other tables; name one of its own"
WAIT = 30
"""Seconds that a writer waits for another."""
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""Schemes of a history's URL, and the driver of each."""
LOCK = 55_239
"""Number of the advisory lock that writers of a PostgreSQL database take."""


@dataclass(frozen=True)
class Schema:
    """What a database holds: what people call it, its tables, its newest revision, its Alembic folder."""

    name: str
    metadata: sa.MetaData
    revision: str
    migrations: Path


def make_engine(url: str, schema: Schema) -> sa.Engine:
    """The engine of a database: a path or ``sqlite:///path``, or ``postgresql://user@host/name``.

    Raises InputError for a URL that cannot be opened; no password is in its sentence.
    """
    parsed = _parse(url, schema.name)
    name = shown(parsed)
    if parsed.get_backend_name() == "sqlite":
        folder = Path(parsed.database or "").absolute().parent
        if not parsed.database or parsed.database == ":memory:":
            raise InputError(
                f"a {schema.name} is a file; name one, such as {schema.name}.db", source=name
            )
        if parsed.query:
            raise InputError("name the file alone, without options behind a ?", source=name)
        if not folder.is_dir():
            raise InputError("its folder does not exist; make it first", source=name)
        engine = sa.create_engine(parsed, connect_args={"timeout": WAIT})
        _sqlite_transactions(engine)
    else:
        engine = sa.create_engine(parsed, pool_pre_ping=True)
    try:
        if parsed.get_backend_name() == "sqlite":
            Path(str(parsed.database)).touch(
                mode=0o600, exist_ok=True
            )  # a new file is its owner's alone
        bring_up_to_date(engine, schema, name)
    except InputError:
        engine.dispose()
        raise
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        what = f"the {schema.name} cannot be opened: {_said(error, parsed)}"
        raise InputError(what, source=name) from None
    return engine


def name_of(url: str, what: str) -> str:
    """A database's URL or path as it may be shown; raises InputError for one that cannot be read."""
    return shown(_parse(url, what))


def shown(url: sa.URL) -> str:
    """The URL as it may be shown: without password and options."""
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)


def _said(error: Exception, url: sa.URL) -> str:
    """The first line of what a database says, without passwords."""
    said = str(getattr(error, "orig", error)).strip().split("\n")[0]
    option = url.query.get("password", ())
    for secret in (url.password, *([option] if isinstance(option, str) else option)):
        if secret:
            said = said.replace(str(secret), "***")
    return said[:160]


def _parse(url: str, what: str) -> sa.URL:
    if "://" not in url:
        return sa.URL.create("sqlite", database=url)
    try:
        parsed = sa.make_url(url)
    except (SQLAlchemyError, ValueError):
        raise InputError(
            f"the {what}'s URL cannot be read; write sqlite:///file or postgresql://user@host/name"
        ) from None
    if parsed.drivername not in DRIVERS:
        raise InputError(f"a {what} is kept by sqlite or postgresql, not by {parsed.drivername}")
    if "@" in (parsed.host or ""):
        raise InputError(f"the {what}'s URL has an @ too many; write one in a password as %40")
    return parsed.set(drivername=DRIVERS[parsed.drivername])


def _sqlite_transactions(engine: sa.Engine) -> None:
    """Let SQLAlchemy begin transactions itself: writers at once exclusive, readers beside them."""

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {WAIT * 1000}")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that writes; no other writes beside it. Rolled back when it fails.

    Raises InputError where the database cannot take the rows: locked, full, read-only, gone.
    """
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            yield connection
    except (OperationalError, DataError) as error:
        what = f"the database cannot be written: {_said(error, engine.url)}"
        raise InputError(what, source=shown(engine.url)) from None


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that sees the database at one moment, whoever writes meanwhile."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def tidy(engine: sa.Engine) -> None:
    """Empty the write-ahead file of SQLite, in which removed rows stay readable; others' reads may hinder."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


def bring_up_to_date(engine: sa.Engine, schema: Schema, name: str) -> None:
    """Make or migrate the schema; raises InputError for a database that a newer version wrote."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        if _revision(connection) == schema.revision:
            if not set(schema.metadata.tables) <= set(sa.inspect(connection).get_table_names()):
                raise InputError(OTHERS, source=name)
            return
    if engine.dialect.name == "sqlite":
        # Outside a transaction: readers then never wait for a writer.
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode = WAL")
        finally:
            raw.close()
    with writing(engine) as connection:
        now = _revision(connection)
        if now == schema.revision:
            return
        _migrate(connection, schema, now, name)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(
        sa.text("SELECT version_num FROM alembic_version")
    ).scalar()
    return found


def _migrate(connection: sa.Connection, schema: Schema, now: str | None, name: str) -> None:
    from alembic import command  # noqa: PLC0415  (only for one that is new or old)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(schema.migrations))
    config.attributes["connection"] = connection
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if now is not None and now not in known:
        raise InputError(
            f"the {schema.name} was written by a newer version (schema {now}, this one knows "
            f"{schema.revision}); "
            "update pumpclaim",
            source=name,
        )
    if now is None and sa.inspect(connection).get_table_names():
        raise InputError(OTHERS, source=name)
    command.upgrade(config, "head")
