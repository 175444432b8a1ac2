"""From a URL to an engine whose schema is up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from pumpclaim.errors import InputError
from pumpclaim.history.schema import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

from contextlib import contextmanager

WAIT = 30
"""Seconds that a writer waits for another."""
LOCK = 55_239
"""Number of the advisory lock that writers of a PostgreSQL history take."""


def make_engine(url: str) -> sa.Engine:
    """The engine of a history: a path or ``sqlite:///path``, or ``postgresql://user@host/name``.

    Raises InputError for a URL that cannot be opened; no password is in its sentence.
    """
    parsed = _parse(url)
    name = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        folder = Path(parsed.database or "").absolute().parent
        if not parsed.database or parsed.database == ":memory:":
            raise InputError("a history is a file; name one, such as history.db", source=name)
        if not folder.is_dir():
            raise InputError("its folder does not exist; make it first", source=name)
        engine = sa.create_engine(parsed, connect_args={"timeout": WAIT})
        _sqlite_transactions(engine)
    else:
        engine = sa.create_engine(parsed, pool_pre_ping=True)
    try:
        bring_up_to_date(engine, name)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        said = str(getattr(error, "orig", error)).strip().split("\n")[0]
        raise InputError(f"the history cannot be opened: {said[:160]}", source=name) from None
    return engine


def _parse(url: str) -> sa.URL:
    if "://" not in url:
        return sa.URL.create("sqlite", database=url)
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError:
        raise InputError(
            "the history's URL cannot be read; write sqlite:///file or postgresql://user@host/name"
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputError(
            f"a history is kept by sqlite or postgresql, not by {parsed.drivername}",
            source=parsed.render_as_string(hide_password=True),
        )
    return parsed


def _sqlite_transactions(engine: sa.Engine) -> None:
    """Let SQLAlchemy begin transactions itself: writers at once exclusive, readers beside them."""

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {WAIT * 1000}")
        connection.execute("PRAGMA synchronous = NORMAL")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that writes; no other writes beside it. Rolled back when it fails."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        yield connection


def bring_up_to_date(engine: sa.Engine, name: str) -> None:
    """Make or migrate the schema; raises InputError for a history that a newer version wrote."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        if _revision(connection) == REVISION:
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
        if now == REVISION:
            return
        _migrate(connection, now, name)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(
        sa.text("SELECT version_num FROM alembic_version")
    ).scalar()
    return found


def _migrate(connection: sa.Connection, now: str | None, name: str) -> None:
    from alembic import command  # noqa: PLC0415  (only for a history that is new or old)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if now is not None and now not in known:
        raise InputError(
            f"the history was written by a newer version (schema {now}, this one knows {REVISION}); "
            "update pumpclaim",
            source=name,
        )
    if now is None and sa.inspect(connection).get_table_names():
        raise InputError("this database holds other tables; name one of its own", source=name)
    command.upgrade(config, "head")
