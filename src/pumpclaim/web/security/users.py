"""Users (to be written)."""

from __future__ import annotations

import sqlalchemy as sa


class Users:
    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
