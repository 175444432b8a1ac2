"""A batch removed, from the history as well; and what of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.database import name_of

if TYPE_CHECKING:
    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.services import Services


def remove(services: Services, batch: Batch) -> None:
    """Remove a batch that nobody judges: its claims from the history, its files, what was found in them.

    Raises InputError where the history cannot be written; then all of it is still there.
    """
    forget(services, batch)
    services.batches.remove(batch.id)


def forget(services: Services, batch: Batch) -> None:
    """Remove a batch's claims from the history, where this server has it."""
    history = services.settings.history
    if history is not None and batch.kept_in is not None and stays_in(services, batch) is None:
        from pumpclaim.history import open_history  # noqa: PLC0415  (only where there is one)

        with open_history(history) as kept:
            kept.remove(batch.id)


def stays_in(services: Services, batch: Batch) -> str | None:
    """The history that keeps a batch's claims though it is removed, for this server no longer has it."""
    history = services.settings.history
    own = None if history is None else name_of(history, "history")
    return None if batch.kept_in == own else batch.kept_in
