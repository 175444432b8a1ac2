"""Whether Parquet can be decoded at all, tried in a process of its own.

A damaged page can make Polars ask for memory that no machine has, and that ends its process without an
exception: here it is another's process, and the file is refused in a sentence.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from types import TracebackType

UNDECODABLE = "this Parquet file is damaged inside; write it again"
_CHILD = """
import io, pickle, sys
import polars as pl
while True:
    try:
        given = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    try:
        rows = pl.scan_parquet(io.BytesIO(given) if isinstance(given, bytes) else given)
        rows.select(pl.all().is_null().sum()).collect(engine="streaming")
    except BaseException:
        pass
    sys.stdout.buffer.write(b".")
    sys.stdout.buffer.flush()
"""


class Probe:
    """Tries Parquet, one after the other, in a process that is begun with the first; ``with`` ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def decodes(self, given: bytes | str) -> bool:
        """Whether reading the content, or what lies at the path, lets its process live.

        What raises an exception does: whoever reads it then says what is wrong.
        """
        process = self._process or self._begin()
        assert process.stdin is not None  # noqa: S101  (it was asked for)
        assert process.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):
            pickle.dump(given, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
        if process.stdout.read(1):
            return True
        self._end()
        return False

    def check(self, given: bytes | str, source: str) -> None:
        """Raise InputError for what does not decode."""
        if not self.decodes(given):
            raise InputError(UNDECODABLE, source=source)

    def _begin(self) -> subprocess.Popen[Any]:
        self._process = subprocess.Popen(  # noqa: S603  (our own text, our own Python)
            [sys.executable, "-I", "-c", _CHILD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
