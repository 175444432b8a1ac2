"""Browsers that are signed in, and tokens for the HTTP API: kept as hashes, looked up at each request."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pumpclaim.database import writing
from pumpclaim.errors import InputError
from pumpclaim.web.schema import sessions, tokens, users
from pumpclaim.web.security.users import now
from pumpclaim.web.security.visitors import Visitor

if TYPE_CHECKING:
    from pumpclaim.web.security.users import User
    from pumpclaim.web.settings import Limits

SEEN_EVERY = timedelta(minutes=1)
"""How often at most a session's last use is written down."""
TOKEN_PREFIX = "pumpclaim_"  # noqa: S105  (lets people and scanners know a token when they see one)
LABEL = 60
TOKENS_EACH = 50


USUAL_DAYS, MOST_DAYS = 90, 365
"""How long a token serves if nothing is said, and at most."""
VOUCHED = timedelta(days=30)
"""How long after his last sign-in the tokens of who signs in by an identity provider serve."""


@dataclass(frozen=True)
class ApiToken:
    """One token as it is listed; the token itself is not kept."""

    id: str
    label: str
    created: datetime
    expires: datetime

    @property
    def is_over(self) -> bool:
        """Whether it serves no more."""
        return self.expires <= now()


class Sessions:
    """The sessions of one server; one ends after so many minutes without use, and after so many in all: who
    signs in by an identity provider is then asked for there again."""

    def __init__(self, engine: sa.Engine, limits: Limits) -> None:
        self.engine = engine
        self.unused = timedelta(minutes=limits.session_minutes)
        self.in_all = timedelta(minutes=limits.session_minutes_in_all)

    def start(self, user: User, value: str) -> None:
        """A new session, whose cookie holds ``value``. What has run out is cleared away."""
        began = now()
        row = {"id": digest(value), "user": user.id, "created": began, "seen": began}
        with writing(self.engine) as connection:
            over = (sessions.c.seen < began - self.unused) | (
                sessions.c.created < began - self.in_all
            )
            connection.execute(sa.delete(sessions).where(over))
            connection.execute(sa.insert(sessions).values(**row))

    def visitor(self, value: str) -> Visitor | None:
        """Who is signed in with a cookie's value; null for nobody, or no longer."""
        moment = now()
        wanted = (
            sa.select(users.c.id, users.c.name, users.c.role, sessions.c.seen, sessions.c.created)
            .join(users, users.c.id == sessions.c.user)
            .where(sessions.c.id == digest(value), users.c.active)
        )
        with self.engine.connect() as connection:
            row = connection.execute(wanted).first()
        if row is None or moment - row.seen > self.unused or moment - row.created > self.in_all:
            return None
        if moment - row.seen >= min(SEEN_EVERY, self.unused / 2):
            used = sa.update(sessions).where(sessions.c.id == digest(value)).values(seen=moment)
            with writing(self.engine) as connection:
                connection.execute(used)
        return Visitor(row.id, row.name, row.role, value)

    def end(self, value: str) -> None:
        """Forget a session."""
        with writing(self.engine) as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.id == digest(value)))


class Tokens:
    """The API tokens of one server."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def make(self, user_id: str, label: str, days: int = USUAL_DAYS) -> str:
        """A new token, which can be read this once. Raises InputError for a label that is none, and for too
        many days."""
        label = label.strip()
        if not 1 <= days <= MOST_DAYS:
            raise InputError(f"a token serves for 1 to {MOST_DAYS} days")
        if not 1 <= len(label) <= LABEL or not label.isprintable():
            raise InputError(f"a token's label is 1 to {LABEL} characters: what it is for")
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        began = now()
        row = {
            "id": digest(token), "user": user_id, "label": label, "created": began,
            "expires": began + timedelta(days=days),
        }  # fmt: skip
        with writing(self.engine) as connection:
            kept = sa.select(sa.func.count()).where(tokens.c.user == user_id)
            if connection.execute(kept).scalar_one() >= TOKENS_EACH:
                raise InputError(f"one user has at most {TOKENS_EACH} tokens; revoke one")
            connection.execute(sa.insert(tokens).values(**row))
        return token

    def of(self, user_id: str) -> list[ApiToken]:
        """A user's tokens, the newest first."""
        wanted = sa.select(tokens).where(tokens.c.user == user_id)
        with self.engine.connect() as connection:
            rows = connection.execute(wanted.order_by(tokens.c.created.desc(), tokens.c.id)).all()
        return [ApiToken(row.id, row.label, row.created, row.expires) for row in rows]

    def revoke(self, user_id: str, token_id: str) -> str:
        """Remove a user's token and return its label; raises InputError if he has none such."""
        with writing(self.engine) as connection:
            his = (tokens.c.user == user_id) & (tokens.c.id == token_id)
            label = connection.execute(sa.select(tokens.c.label).where(his)).scalar()
            if label is None:
                raise InputError("there is no such token")
            connection.execute(sa.delete(tokens).where(his))
        return str(label)

    def visitor(self, token: str) -> Visitor | None:
        """Who a token stands for; null for nobody, or no longer."""
        moment = now()
        is_known = users.c.subject.is_(None) | (users.c.vouched > moment - VOUCHED)
        wanted = (
            sa.select(users.c.id, users.c.name, users.c.role)
            .join(users, users.c.id == tokens.c.user)
            .where(
                tokens.c.id == digest(token), tokens.c.expires > moment, users.c.active, is_known
            )
        )
        with self.engine.connect() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else Visitor(row.id, row.name, row.role, None)


def digest(value: str) -> str:
    """The SHA-256 under which a cookie's value or a token is kept."""
    return hashlib.sha256(value.encode()).hexdigest()
