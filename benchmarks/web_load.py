"""Measures the server under load and appends the table to docs/performance.md.

    make bench-web
    python benchmarks/web_load.py --users 50 --seconds 60

A real server on loopback, in a process of its own with an empty folder. Each user has a connection of his own,
checks a file of one claim, reads the answer, and goes on to the next file about a second later. Fails when
anything but 200 was answered, an answer was not of its own question, or the 95th percentile is above 100 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import httpx2 as httpx
from writer import write_837

from generate import professional

if TYPE_CHECKING:
    from collections.abc import Iterator

    File = tuple[str, bytes]
    """The id of a claim, and the file of that claim alone."""

X12 = {"Content-Type": "application/edi-x12"}
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
HEADING = "## The server under load"
MOST_MS = 100
"""The 95th percentile that is promised."""
THINKS = 1.0
"""Seconds between one request of a user and the next, on average."""
WARM_UP = 40
"""Requests before the clock starts, some at once: the first ones import and compile."""


@dataclass
class Measured:
    """What the users met: milliseconds of every answer, and each error with its count."""

    times: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def percentile(self, share: int) -> float:
        return quantiles(self.times, n=100)[share - 1]


@contextmanager
def server() -> Iterator[str]:
    """The address of a server that runs as long as one needs it."""
    with tempfile.TemporaryDirectory() as folder:
        settings, said = Path(folder) / "server.toml", Path(folder) / "said"
        settings.write_text("[limits]\nrequests_per_minute = 1000000\n")
        words = ["serve", "--port", "0", "--data", f"{folder}/data", "--config", str(settings)]
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "pumpclaim", *words], stdout=output, stderr=output
            )
        try:
            yield _address(process, said)
        finally:
            process.terminate()
            process.wait(20)


def _address(process: subprocess.Popen[bytes], said: Path) -> str:
    for _ in range(300):
        if found := re.search(r"the page is at (http://\S+)", said.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"the server did not start:\n{said.read_text()}")


async def ask(client: httpx.AsyncClient, name: str, file: bytes) -> str | None:
    """One question; what was wrong with the answer, or null."""
    try:
        answer = await client.post(
            "/api/v1/check", params={"name": name}, content=file, headers=X12
        )
    except httpx.HTTPError as error:
        return type(error).__name__
    if answer.status_code != 200:
        return f"status {answer.status_code}"
    found = [one["claim_id"] for one in json.loads(answer.content)["claims"]]
    return None if found == [name] else "the answer to another question"


async def user(
    url: str, files: list[File], seconds: float, rng: random.Random, measured: Measured
) -> None:
    """One user, who asks again and again until the time is over."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await asyncio.sleep(rng.uniform(0, THINKS))
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            name, file = rng.choice(files)
            start = time.perf_counter()
            wrong = await ask(client, name, file)
            took = time.perf_counter() - start
            if wrong is None:
                measured.times.append(took * 1000)
            else:
                measured.errors[wrong] += 1
            await asyncio.sleep(max(0.0, rng.uniform(0.5, 1.5) * THINKS - took))


async def load(url: str, users: int, seconds: float) -> Measured:
    """All users at once."""
    files = [(one.claim_id, write_837([one], end="~").encode()) for one in professional(users * 20)]
    async with httpx.AsyncClient(base_url=url, timeout=60) as first:
        for at in range(0, WARM_UP, 4):
            await asyncio.gather(*(ask(first, *one) for one in files[at : at + 4]))
    measured = Measured()
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(users):
            own = files[number::users]
            rng = random.Random(number)
            group.create_task(user(url, own, seconds, rng, measured))
    measured.seconds = time.perf_counter() - start
    return measured


def table(measured: Measured, users: int) -> str:
    """What was measured, as a section of the page."""
    at = [f"{measured.percentile(share):.0f}" for share in (50, 95, 99)]
    errors = sum(measured.errors.values())
    count = len(measured.times) + errors
    return "\n".join([
        HEADING,
        "",
        f"{users} users, each checking a file of one claim about once a second over HTTP for "
        f"{measured.seconds:.0f} s; server and users share the machine. {date.today()}, "  # noqa: DTZ011
        f"{platform.machine()}, Python {platform.python_version()}. Written by `make bench-web`.",
        "",
        "| requests | a second | errors | median, ms | 95th percentile, ms | 99th percentile, ms |",
        "|---|---|---|---|---|---|",
        f"| {count:,} | {count / measured.seconds:.1f} | {errors} | {' | '.join(at)} |",
        "",
    ])  # fmt: skip


def kept(page: str) -> str:
    """The section of a page that is already there, so that a new page may keep it; empty for none."""
    _, heading, rest = page.partition(HEADING)
    return heading + rest


def main() -> None:
    """Measure, write the section, and say whether the promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--dry", action="store_true", help="leave docs/performance.md as it is")
    given = parser.parse_args()
    with server() as url:
        measured = asyncio.run(load(url, given.users, given.seconds))
    if len(measured.times) < 2:
        sys.exit(f"nothing was answered: {dict(measured.errors)}")
    section = table(measured, given.users)
    print(section)
    if not given.dry:
        page = PAGE.read_text()
        PAGE.write_text(page.removesuffix(kept(page)).rstrip() + "\n\n" + section)
    for what, count in measured.errors.items():
        print(f"error: {what}, {count} times", file=sys.stderr)
    if measured.errors or measured.percentile(95) > MOST_MS:
        sys.exit(1)


if __name__ == "__main__":
    main()
