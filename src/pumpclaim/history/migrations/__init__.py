"""Alembic's scripts: what each revision of a history's schema changed."""
