"""The people who may sign in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import sqlalchemy as sa

from pumpclaim.database import writing
from pumpclaim.errors import InputError, nearest
from pumpclaim.web.schema import former_users, preferences, sessions, tokens
from pumpclaim.web.schema import users as table
from pumpclaim.web.security import names
from pumpclaim.web.security.passwords import (
    check_password,
    hash_password,
    is_outdated,
    is_password,
)
from pumpclaim.web.security.visitors import ADMINISTER, ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL_ROLE = "local"
ASSIGNED = tuple(role for role in ROLES if role != LOCAL_ROLE)
"""The roles that a user may have."""
ADMINISTRATORS = tuple(role for role in ASSIGNED if ADMINISTER in ROLES[role])
LAST = "this is the last active administrator; make another one first"


@dataclass(frozen=True)
class User:
    """One person; ``created`` is UTC without a zone, ``subject`` whom an identity provider says he is."""

    id: str
    name: str
    role: str
    active: bool
    created: datetime
    subject: str | None
    has_password: bool


class Users:
    """The users of one server's database; see ``names`` for how names are kept."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def any(self) -> bool:
        """Whether there are users at all, active or not."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(table.c.id).limit(1)).first() is not None

    def any_active(self) -> bool:
        """Whether anybody could sign in by a password."""
        wanted = sa.select(table.c.id).where(table.c.active, table.c.password_hash.is_not(None))
        with self.engine.connect() as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    def all(self) -> list[User]:
        """All users by name."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.name)).all()
        return [_user(row) for row in rows]

    def get(self, user_id: str) -> User:
        """The user with an id; raises InputError for none."""
        return self._one(table.c.id == user_id)

    def named(self, name: str) -> User:
        """The user of a name; raises InputError for none."""
        return self._one(table.c.name == names.kept(name))

    def add(self, name: str, role: str, password: str) -> User:
        """Make a user. Raises InputError for a name that is odd, or taken or looks like one that is, a role
        there is none of, a password that is too weak."""
        name = names.check(name)
        check_password(password, name)
        new = _new(name, check_role(role), password_hash=hash_password(password))
        with writing(self.engine) as connection:
            if other := _alike(connection, name):
                what = "already" if other == name else f"already whose name looks like {name}"
                raise InputError(f"there is a user {other} {what}")
            connection.execute(sa.insert(table).values(**new))
        return self.named(name)

    def sign_in(self, name: str, password: str) -> User | None:
        """The active user of a name and password; null for anything else, after the same time."""
        with self.engine.connect() as connection:
            called = table.c.name == names.kept(name)
            row = connection.execute(sa.select(table).where(called)).first()
        stored = None if row is None else row.password_hash
        if not is_password(stored, password) or row is None or not row.active:
            return None
        if is_outdated(row.password_hash):
            self._update(row.id, password_hash=hash_password(password))
        return _user(row)

    def former(self) -> dict[str, str]:
        """Names of those who were removed, by id."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(former_users)).all()
        return {row.id: row.name for row in rows}

    def set_role(self, user_id: str, role: str) -> None:
        """Give a user another role, which holds from his next request on."""
        self._update(user_id, role=check_role(role))

    def set_active(self, user_id: str, *, active: bool) -> None:
        """Let a user in, or keep him out: his sessions end, his API tokens are refused."""
        self._update(user_id, ends=() if active else (sessions,), active=active)

    def set_password(self, user_id: str, password: str, *, keep: str | None = None) -> None:
        """Set another password; all sessions of the user but ``keep``, an id of ``sessions``, and all of his
        API tokens end."""
        user = self.get(user_id)
        if user.subject is not None:
            raise InputError(
                f"{user.name} signs in by the identity provider, without a password here"
            )
        with self.engine.connect() as connection:
            stored = connection.scalar(
                sa.select(table.c.password_hash).where(table.c.id == user_id)
            )
        check_password(password, user.name, stored)
        self._update(
            user_id, ends=(sessions, tokens), keep=keep, password_hash=hash_password(password)
        )

    def remove(self, user_id: str) -> None:
        """Remove a user with his sessions, tokens and preferences; what he uploaded stays."""
        with writing(self.engine) as connection:
            _not_the_last(connection, user_id)
            for other in (sessions, tokens, preferences):
                connection.execute(sa.delete(other).where(other.c.user == user_id))
            name = connection.scalar(sa.select(table.c.name).where(table.c.id == user_id))
            if name is None:
                raise InputError("there is no such user")
            connection.execute(sa.delete(table).where(table.c.id == user_id))
            left = {"id": user_id, "name": name, "removed": now()}
            connection.execute(sa.insert(former_users).values(**left))

    def from_provider(self, subject: str, called: Sequence[str], role: str) -> User:
        """The user whom an identity provider vouches for now, made at the first time, with the role of now.

        ``called`` is what he may be called, the best first; one that another user has gets a number.
        """
        with writing(self.engine) as connection:
            row = connection.execute(sa.select(table).where(table.c.subject == subject)).first()
            if row is None:
                name = _free(connection, _first_fit(called))
                new = _new(name, check_role(role), subject=subject, vouched=now())
                connection.execute(sa.insert(table).values(**new))
            else:
                changed = sa.update(table).where(table.c.id == row.id)
                connection.execute(changed.values(role=check_role(role), vouched=now()))
        return self._one(table.c.subject == subject)

    def _update(
        self,
        user_id: str,
        *,
        ends: Sequence[sa.Table] = (),
        keep: str | None = None,
        **values: object,
    ) -> None:
        """Change a user; his rows of the tables ``ends`` are removed, but the one with the id ``keep``."""
        with writing(self.engine) as connection:
            if values.get("active") is False or (
                "role" in values and values["role"] not in ADMINISTRATORS
            ):
                _not_the_last(connection, user_id)
            changed = sa.update(table).where(table.c.id == user_id).values(**values)
            if not connection.execute(changed).rowcount:
                raise InputError("there is no such user")
            for other in ends:
                ended = sa.delete(other).where(other.c.user == user_id)
                connection.execute(ended.where(other.c.id != (keep or "")))

    def _one(self, where: sa.ColumnElement[bool]) -> User:
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(table).where(where)).first()
        if row is None:
            raise InputError("there is no such user")
        return _user(row)


def check_role(role: str) -> str:
    """The role; raises InputError for one that users cannot have."""
    if role not in ASSIGNED:
        raise InputError(f"there is no role '{role}'{nearest(role, ASSIGNED)}")
    return role


def now() -> datetime:
    """The time in UTC, as the database keeps it."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _new(name: str, role: str, **values: object) -> dict[str, object]:
    """The row of a new user."""
    row = {"id": uuid4().hex, "name": name, "role": role, "active": True, "created": now()}
    return {**row, **values}


def _alike(connection: sa.Connection, name: str) -> str | None:
    """The name of a user that is this one or looks like it; null for none."""
    known = connection.scalars(sa.select(table.c.name).order_by(table.c.name != name))
    return next((one for one in known if names.looks(one) == names.looks(name)), None)


def _first_fit(called: Sequence[str]) -> str:
    for name in called:
        with suppress(InputError):
            return names.check(name)
    return "user"


def _free(connection: sa.Connection, wanted: str) -> str:
    """The name, with a number behind it where another user has it, or one that looks like it."""
    name, number = wanted, 1
    while _alike(connection, name):
        number += 1
        name = f"{wanted[:56]}.{number}"
    return name


def _not_the_last(connection: sa.Connection, user_id: str) -> None:
    """Raise InputError if the user is the only active administrator."""
    active = sa.select(table.c.id).where(table.c.active, table.c.role.in_(ADMINISTRATORS))
    if [row.id for row in connection.execute(active)] == [user_id]:
        raise InputError(LAST)


def _user(row: sa.Row[tuple[object, ...]]) -> User:
    return User(
        row.id,
        row.name,
        row.role,
        row.active,
        row.created,
        row.subject,
        row.password_hash is not None,
    )
