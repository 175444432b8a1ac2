"""What every request may use: settings, database, uploads, audit log. Made once for a server."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pumpclaim.database import make_engine
from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.web.batches.store import BatchStore
from pumpclaim.web.charts.store import ChartStore
from pumpclaim.web.preferences import Preferences
from pumpclaim.web.schema import SCHEMA
from pumpclaim.web.security.audit import Audit
from pumpclaim.web.security.users import Users
from pumpclaim.web.workers.asking import Workers

if TYPE_CHECKING:
    import sqlalchemy as sa
    from fastapi import Request

    from pumpclaim.policy import PolicySet
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.settings import Settings

DATABASE = "server.db"
SECRET = "server.key"  # noqa: S105  (a file's name)


@dataclass(frozen=True)
class Services:
    """What a server keeps. ``secret`` signs cookies and tokens; it lies beside the database."""

    settings: Settings
    engine: sa.Engine
    secret: bytes
    users: Users
    preferences: Preferences
    batches: BatchStore
    charts: ChartStore
    audit: Audit
    workers: Workers

    def policy_of(self, visitor: Visitor) -> PolicySet:
        """The policy under the readings and thresholds that the visitor has switched."""
        switched = self.preferences.of(visitor.id)
        return load(switched.readings, switched.thresholds)

    def close(self) -> None:
        """Give up what is being worked on, and let go of the database."""
        self.workers.close()
        self.engine.dispose()


def open_services(settings: Settings) -> Services:
    """Open or make the server's folder, which is its owner's alone; raises InputError when it cannot be."""
    data = settings.data
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = _secret(data)
    except OSError as error:
        raise InputError(
            f"the server's folder cannot be used ({error.strerror})", source=str(data)
        ) from None
    engine = make_engine(str(data / DATABASE), SCHEMA)
    return Services(
        settings=settings,
        engine=engine,
        secret=secret,
        users=Users(engine),
        preferences=Preferences(engine),
        batches=BatchStore(engine, data / "batches"),
        charts=ChartStore(engine),
        audit=Audit(data / "audit.jsonl", secret),
        workers=Workers(settings.limits),
    )


def _secret(data: Path) -> bytes:
    file = data / SECRET
    if not file.exists():
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
            new.write(secrets.token_bytes(32))
    return file.read_bytes()


def services_of(request: Request) -> Services:
    """The services of the server that a request came to."""
    found: Services = request.app.state.services
    return found
