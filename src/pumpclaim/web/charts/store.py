"""Charts, kept as they are filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa


class ChartStore:
    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
