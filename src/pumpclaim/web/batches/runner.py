"""Batches judged one after the other in processes of their own, taken up again after a stop."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import asdict
from queue import Queue
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from pumpclaim.options import ALL_PATIENTS
from pumpclaim.web.batches.judge import JOB, OUTCOME, PROGRESS, Job, put
from pumpclaim.web.batches.results import CHARTS
from pumpclaim.web.batches.store import DONE, FAILED, JUDGING, Batch

if TYPE_CHECKING:
    from pumpclaim.web.services import Services

AT_ONCE = 2
"""Batches that are judged at once."""


class Runner:
    """Judges the batches of a server; ``start`` it, ``submit`` to it, ``stop`` it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._queue: Queue[str | None] = Queue()
        self._threads: list[threading.Thread] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin, with what an earlier server left unfinished."""
        self.services.batches.tidy()
        for batch in self.services.batches.unfinished():
            self._queue.put(batch)
        for _ in range(AT_ONCE):
            thread = threading.Thread(target=self._work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop; what is being judged begins anew when a server starts."""
        with self._lock:
            self._stop.set()
            for process in self._running.values():
                process.kill()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=10)

    def submit(self, batch: str) -> None:
        """Have a batch judged; it waits for those before it."""
        self._queue.put(batch)

    def end(self, batch: str) -> None:
        """End the judging of a batch that is to be removed."""
        with self._lock:
            process = self._running.get(batch)
            if process is not None:
                process.kill()

    def progress(self, batch: Batch) -> dict[str, Any]:
        """How far a batch is: ``stage`` in words, ``done`` of ``total`` parts."""
        waiting = {"stage": "waiting for its turn", "done": 0, "total": 1}
        if batch.state != JUDGING:
            return waiting
        try:
            found: dict[str, Any] = orjson.loads(
                (self.services.batches.folder(batch.id) / PROGRESS).read_bytes()
            )
        except (OSError, ValueError):
            return {**waiting, "stage": "starting"}
        return found

    def _work(self) -> None:
        while (batch := self._queue.get()) is not None:
            try:
                self._judge(batch)
            except Exception as error:  # one batch must not end the judging of all others
                structlog.get_logger().error("judging failed", error=type(error).__name__)
                self.services.batches.set_state(
                    batch, FAILED, "the judging ended with a fault of ours"
                )

    def _judge(self, batch_id: str) -> None:
        store = self.services.batches
        batch = store.get(batch_id)
        if batch is None or batch.is_ended or self._stop.is_set():
            return
        folder = store.folder(batch_id)
        for name in (PROGRESS, OUTCOME):
            (folder / name).unlink(missing_ok=True)
        self._prepare(batch)
        store.set_state(batch_id, JUDGING)
        seconds = self.services.settings.limits.judging_seconds
        with self._lock:
            if self._stop.is_set():
                return
            process = subprocess.Popen(  # noqa: S603  (our own module, the folder of a batch)
                [sys.executable, "-m", "pumpclaim.web.batches.judge", str(folder)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self._running[batch_id] = process
        message = None
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            message = (
                f"judging took longer than the {seconds} seconds that this server gives; send the files in "
                "parts, or use pumpclaim check"
            )
        finally:
            with self._lock:
                self._running.pop(batch_id, None)
        if self._stop.is_set() and process.returncode:
            return
        self._conclude(batch_id, process.returncode, message)

    def _prepare(self, batch: Batch) -> None:
        limits, options = self.services.settings.limits, batch.options
        folder = self.services.batches.folder(batch.id)
        job = Job(
            files=[one["name"] for one in batch.files],
            most_bytes=limits.unpacked_bytes,
            most_lines=limits.lines,
            contractor=options.get("contractor"),
            readings=options.get("readings", {}),
            thresholds=options.get("thresholds", {}),
            history=self.services.settings.history,
            records_of=options.get("records_of", ALL_PATIENTS),
        )
        put(folder / JOB, asdict(job))
        documents = self.services.charts.documents(batch.owner)
        if documents:
            put(folder / CHARTS, documents)
        else:
            (folder / CHARTS).unlink(missing_ok=True)

    def _conclude(self, batch: str, status: int, message: str | None) -> None:
        store = self.services.batches
        if store.get(batch) is None:
            return
        outcome: dict[str, Any] = {}
        if message is None and status == 0:
            outcome = orjson.loads((store.folder(batch) / OUTCOME).read_bytes())
            message = outcome.get("message")
        elif message is None:
            message = (
                f"the judging was ended from outside (status {status}), as happens when memory runs out; "
                "send the files in parts"
            )
        if message is None:
            store.set_state(batch, DONE, summary=outcome["summary"])
        else:
            store.set_state(batch, FAILED, message)
