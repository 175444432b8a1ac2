"""Claims and charts kept between runs: SQLite in a file, or PostgreSQL by URL (SQLAlchemy Core, Alembic)."""

from __future__ import annotations

from pumpclaim.history.store import Added, History, open_history

__all__ = ["Added", "History", "open_history"]
