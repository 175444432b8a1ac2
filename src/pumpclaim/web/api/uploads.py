"""What a request sends: one file as its body, or several as parts of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException
from starlette.datastructures import UploadFile

from pumpclaim.errors import InputError, nearest
from pumpclaim.reports.words import clean
from pumpclaim.web.api.asked import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastapi import Request

    from pumpclaim.web.settings import Limits

    Sent = tuple[str, bytes]
    """One file that was sent: its name for people, and its content, packed or not."""

FORM = "multipart/form-data"
MOST_FIELDS = 10
"""Parts of a form that are no files, which are refused anyway."""
JSON = "application/json"


async def received(
    request: Request,
    *,
    parts: Sequence[str],
    bodies: Iterable[str],
    name: str,
    limits: Limits,
) -> dict[str, list[Sent]]:
    """The files of a request by part; a body of one of the types ``bodies`` is the first part's only file.

    Raises what ends in 400, 415 or 422 for a form that is damaged, another content type, and a part that
    has another name, is no file or is missing.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in bodies:
        return {parts[0]: [(_name(name), await request.body())]}
    if kind != FORM:
        known = ", ".join([FORM, *bodies])
        raise HTTPException(
            415, f"'{kind}' is no content type that is read here; send one of {known}"
        )
    sent: dict[str, list[Sent]] = {}
    form = await request.form(max_files=limits.files, max_fields=MOST_FIELDS)
    try:
        for part, value in form.multi_items():
            if part not in parts:
                raise InputError(f"there is no part '{part}'{nearest(part, parts)}")
            if not isinstance(value, UploadFile):
                raise InputError(f"the part '{part}' is no file; send it with a file name")
            sent.setdefault(part, []).append((_name(value.filename), await value.read()))
    finally:
        await form.close()
    if parts[0] not in sent:
        raise InputError(f"the part '{parts[0]}' is missing; send one file or several under it")
    return sent


def _name(said: str | None) -> str:
    return clean(said or "file")[:NAME]
