"""A worklist written to a file, by a process beside the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.errors import InputError
from pumpclaim.reports.worklist import FORMS
from pumpclaim.web.batches.results import Results
from pumpclaim.web.batches.work import with_work

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.web.batches.work import Work
    from pumpclaim.worklist import Selection

    Shown = list[tuple[str | None, str | None]]
    """Ids of claims, each with that of its patient."""


def write(
    folder: Path, selection: Selection, work: dict[int, Work], *, form: str, most: int, to: Path
) -> Shown:
    """Write what is selected of a worklist, with what was done, to a file and say what it shows.

    Raises InputError for more than ``most`` claims.
    """
    results = Results(folder)
    chosen = selection.of(with_work(results.worklist, work))
    if chosen.height > most:
        raise InputError(
            f"these are {chosen.height:,} claims, more than the {most:,} that are exported at once; narrow "
            "the list by its filters, or use pumpclaim check"
        )
    _, render = FORMS[form]
    to.write_bytes(render(chosen, results.findings_of(chosen["claim"])))
    return chosen.select("claim_id", "patient_id").rows()
