"""Debian's Chromium through Playwright, for every test that needs a real browser."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

settings.register_profile("house", deadline=None)  # speed is shown in benchmarks, never in tests
settings.load_profile("house")


VALUES = b"\x2c\x15%c\x15\x10"
"""Where the header of a Parquet page says how many values it holds: an even number; odd ones are below zero."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What walks through a real browser, and what begins a real Spark, is slow."""
    for item in items:
        if {"browser", "spark"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def deadly() -> Callable[[Path], None]:
    """Damage a Parquet file so that Polars asks for more memory than there is, which ends its process."""

    def damage(path: Path) -> None:
        content = path.read_bytes()
        for number in range(2, 128, 2):
            content = content.replace(VALUES % number, VALUES % (number | 1))
        assert content != path.read_bytes(), "no page of it is one that can be damaged so"
        path.write_bytes(content)

    return damage


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed (scripts/system.sh): nothing is tested in a browser")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
