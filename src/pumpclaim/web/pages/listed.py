"""The worklist of one upload as a visitor asks for it: what table, exports and a claim's neighbours share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl
from fastapi import HTTPException

from pumpclaim.web.batches.access import results_of
from pumpclaim.web.batches.patient import NONE_SUCH
from pumpclaim.web.batches.work import WorkStore, with_work
from pumpclaim.web.pages.selecting import query_of, selection_of
from pumpclaim.web.services import services_of

if TYPE_CHECKING:
    from fastapi import Request

    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.batches.work import Work
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.worklist import Selection

ROWS = 50
"""Claims on one page of the worklist."""


@dataclass(frozen=True)
class Listed:
    """A judged upload with what was done (``work``), of which ``selection`` is asked, ``query`` in an
    address; its tables are read when they are needed."""

    batch: Batch
    results: Results
    work: dict[int, Work]
    selection: Selection
    query: str

    @cached_property
    def table(self) -> pl.DataFrame:
        """The worklist with what was done."""
        return with_work(self.results.worklist, self.work)

    @cached_property
    def chosen(self) -> pl.DataFrame:
        """The claims that are asked for."""
        return self.selection.of(self.table)

    def row(self, claim: int) -> dict[str, Any]:
        """One claim's row. Raises 404 when the upload has no such claim."""
        found = self.table.filter(pl.col("claim") == claim) if 0 <= claim < 2**32 else None
        if found is None or not found.height:
            raise HTTPException(404, NONE_SUCH)
        return found.row(0, named=True)

    def neighbours(self, claim: int) -> tuple[int | None, int | None]:
        """The chosen claims before and after one in the worklist's order, be it chosen itself or not."""
        order = self.table["claim"].to_list()
        here = order.index(claim)
        chosen = set(self.chosen["claim"].to_list())
        before = next((one for one in reversed(order[:here]) if one in chosen), None)
        after = next((one for one in order[here + 1 :] if one in chosen), None)
        return before, after

    def place(self, claim: int) -> str:
        """The address of the list at a claim's row, on its page."""
        order = self.table["claim"].to_list()
        before = set(order[: order.index(claim)])
        page = sum(one in before for one in self.chosen["claim"].to_list()) // ROWS + 1
        asked = "&".join(
            [*([self.query] if self.query else []), *([f"page={page}"] if page > 1 else [])]
        )
        return f"/batches/{self.batch.id}{'?' if asked else ''}{asked}#c{claim}"

    def claim(self, claim: int) -> str:
        """The address of a claim's page, from which one comes back to this list."""
        return f"/batches/{self.batch.id}/claims/{claim}{'?' if self.query else ''}{self.query}"


def listed(
    request: Request, visitor: Visitor, batch: str, selection: Selection | None = None
) -> Listed:
    """The upload as the request's address asks for it, or by ``selection``. Raises as ``results_of``."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    asked = selection_of(request, visitor) if selection is None else selection
    work = WorkStore(services.engine).of(batch)
    return Listed(found, results, work, asked, query_of(request, visitor, asked))
