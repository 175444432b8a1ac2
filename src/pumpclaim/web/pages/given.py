"""What a visitor types into a field: nothing, or a value that is read as on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from fastapi import Request
from starlette.datastructures import UploadFile

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    Value = TypeVar("Value")

LONGEST = 30
"""Characters of a field that are looked at."""


async def files_of(request: Request) -> list[tuple[str, UploadFile]]:
    """The files of a form, each with its name; a field without a file is none."""
    form = await request.form()
    fields = form.getlist("files")
    return [(one.filename, one) for one in fields if isinstance(one, UploadFile) and one.filename]


def given(read: Callable[[str], Value], text: str) -> Value | None:
    """``text`` as ``read`` (of ``pumpclaim.options``) reads it, null for a blank one."""
    text = text.strip()
    return read(text[:LONGEST]) if text else None


def cartridges(text: str) -> int:
    """A whole number of cartridges; raises InputError for what is none."""
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"'{text}' is no number of cartridges; write it as 2")
    return int(text)
