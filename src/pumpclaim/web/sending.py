"""Files as answers."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

CHUNK = 2**18


@contextmanager
def passing_file() -> Iterator[Path]:
    """An empty file that is there as long as it is written and sent."""
    number, name = tempfile.mkstemp(prefix="export-")
    os.close(number)
    file = Path(name)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def sent(file: Path, name: str, kind: str) -> Response:
    """A file to keep under a name, sent piece by piece; it may be removed meanwhile."""
    content = file.open("rb")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(file.stat().st_size),
    }
    return StreamingResponse(
        iter(lambda: content.read(CHUNK), b""), headers=headers, media_type=kind
    )
