"""Batches judged in turn beside the server, taken up again after a stop."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from pumpclaim.database import name_of
from pumpclaim.errors import InputError
from pumpclaim.options import ALL_PATIENTS
from pumpclaim.web.batches.judge import JOB, PROGRESS, Job, judge, put
from pumpclaim.web.batches.results import CHARTS, Results
from pumpclaim.web.batches.store import JUDGING
from pumpclaim.web.batches.work import WorkStore
from pumpclaim.web.charts.store import document
from pumpclaim.web.security import journal
from pumpclaim.web.security.visitors import LOCAL
from pumpclaim.web.workers.asking import why
from pumpclaim.web.workers.lanes import BATCHES
from pumpclaim.web.workers.worker import GivenUpError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.services import Services
    from pumpclaim.web.workers.lanes import Turn


class Runner:
    """Judges the batches of a server: ``start`` it, ``submit`` to it. It ends with the server's workers."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._work = WorkStore(services.engine)
        self._turns: dict[str, Turn] = {}

    def start(self) -> None:
        """Begin, with what an earlier server left unfinished."""
        self.services.batches.tidy()
        for batch in self.services.batches.unfinished():
            self.submit(batch)

    def submit(self, batch_id: str) -> None:
        """Have a batch judged; it waits for its turn."""
        batch = self.services.batches.get(batch_id)
        if batch is None:
            return
        judging = secrets.token_hex(16)
        turn = self.services.workers.submit(
            BATCHES,
            batch.owner,
            partial(judge, self.services.batches.folder(batch_id) / judging),
            self.services.settings.limits.judging_seconds,
            begins=partial(self._begin, batch_id, judging),
        )
        self._turns[batch_id] = turn
        turn.result.add_done_callback(partial(self._conclude, batch_id, judging))

    def end(self, batch: str) -> None:
        """End the judging of a batch that is to be removed."""
        turn = self._turns.get(batch)
        if turn is not None:
            turn.give_up()

    def progress(self, batch: Batch) -> dict[str, Any]:
        """How far a batch is: ``stage`` in words, ``done`` of ``total`` parts."""
        waiting = {"stage": "waiting for its turn", "done": 0, "total": 1}
        if batch.state != JUDGING:
            return waiting
        try:
            found: dict[str, Any] = orjson.loads(
                (self.services.batches.results(batch) / PROGRESS).read_bytes()
            )
        except (OSError, ValueError):
            return {**waiting, "stage": "starting"}
        return found

    def _begin(self, batch_id: str, judging: str) -> bool:
        """Lay out what a judging needs, under the batch's options and charts of now."""
        store, limits = self.services.batches, self.services.settings.limits
        history = self.services.settings.history
        batch = store.get(batch_id)
        if batch is None or not store.begin(
            batch, judging, history and name_of(history, "history")
        ):
            return False
        charts = self.services.charts.judging(batch.owner)
        job = Job(
            files=[one["name"] for one in batch.files],
            most_bytes=limits.unpacked_bytes,
            most_lines=limits.lines,
            contractor=batch.options.get("contractor"),
            readings=batch.options.get("readings", {}),
            thresholds=batch.options.get("thresholds", {}),
            history=history,
            owner=self._part_of(batch.owner),
            origin=batch_id,
            records_of=batch.options.get("records_of", ALL_PATIENTS),
            charts=[one.id for one in charts],
        )
        folder = store.folder(batch_id) / judging
        put(folder / JOB, asdict(job))
        if charts:
            put(folder / CHARTS, [document(one) for one in charts])
        return True

    def _part_of(self, owner: str) -> str:
        """Whose part of the history counts for a batch; that of a server without users is nobody's alone."""
        return "" if self.services.settings.shared_history or owner == LOCAL else owner

    def _conclude(self, batch: str, judging: str, result: Future[dict[str, Any]]) -> None:
        """Keep what a judging came to. One that was given up begins anew when a server starts."""
        self._turns.pop(batch, None)
        if result.cancelled():
            return
        limits, store = self.services.settings.limits, self.services.batches
        try:
            summary = result.result()
            self._work.reopen(batch, Results(store.folder(batch) / judging))
            store.conclude(batch, judging, summary=summary)
        except InputError as error:
            store.conclude(batch, judging, message=str(error))
        except GivenUpError as error:
            less = "send the files in parts, or use pumpclaim check"
            message = why(error, limits.judging_seconds, limits, less)
            store.conclude(batch, judging, message=message)
        except Exception as error:  # a fault of ours, whatever it is
            store.conclude(batch, judging, message=journal.fault(error, "judging"))
