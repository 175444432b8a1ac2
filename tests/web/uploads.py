"""Uploads as the page makes them, for the tests of what becomes of them."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

from pumpclaim.web.batches.results import Results

from .conftest import EXAMPLES, token_of

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

CLINIC = EXAMPLES / "clinic.837"
SECONDS = 60


def send(client: TestClient, *files: tuple[str, bytes], **form: str) -> Any:
    """Upload files as the page does."""
    return client.post(
        "/batches",
        files=[("files", (name, data)) for name, data in files],
        data={"csrf": token_of(client), **form},
    )


def judged(client: TestClient, batch: str) -> str:
    """Wait until a batch has ended, and give its state."""
    return ended(client.app, batch)


def ended(app: FastAPI, batch: str) -> str:
    """The same of an application's own."""
    store = app.state.services.batches
    for _ in range(SECONDS * 20):
        found = store.get(batch)
        if found.is_ended:
            return str(found.state)
        time.sleep(0.05)
    raise AssertionError("the batch was never judged")


def results(client: TestClient, batch: str) -> Results:
    """The tables of a batch's newest judging."""
    store = client.app.state.services.batches
    return Results(store.results(store.get(batch)))


def uploaded(client: TestClient, *files: tuple[str, bytes], **form: str) -> str:
    """Upload files, wait, and give the batch's id."""
    answer = send(client, *files, **form)
    assert answer.status_code == 303, answer.text
    batch = str(answer.headers["location"]).rsplit("/", 1)[1]
    judged(client, batch)
    return batch


def begun(app: FastAPI, *files: tuple[str, bytes], owner: str = "local", **options: Any) -> str:
    """A batch that is kept and judged without a page; gives its id once it has ended."""
    store = app.state.services.batches
    named = [(name, io.BytesIO(data)) for name, data in files]
    with store.arriving(owner, named, app.state.services.settings.limits) as arrived:
        batch = store.admit(
            arrived, {"readings": {}, "thresholds": {}, "records_of": "charted", **options}
        )
    app.state.runner.submit(batch.id)
    ended(app, batch.id)
    return str(batch.id)
