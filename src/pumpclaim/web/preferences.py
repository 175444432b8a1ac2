"""The readings and thresholds that each person has switched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pumpclaim.database import writing
from pumpclaim.policy import load
from pumpclaim.web.schema import preferences as table

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Switched:
    """Reading id to choice, threshold name to value, as text; what is not here keeps its default."""

    readings: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, str] = field(default_factory=dict)


class Preferences:
    """What each person has switched."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def of(self, user: str) -> Switched:
        """What a person has switched; nothing for who never did."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.user == user)).first()
        return Switched() if row is None else Switched(row.readings, row.thresholds)

    def switch(self, user: str, switched: Switched) -> None:
        """Keep what a person has switched; raises InputError for what the policy does not have."""
        load(switched.readings, switched.thresholds)
        with writing(self.engine) as connection:
            connection.execute(sa.delete(table).where(table.c.user == user))
            values = {"readings": dict(switched.readings), "thresholds": dict(switched.thresholds)}
            connection.execute(sa.insert(table).values(user=user, **values))
