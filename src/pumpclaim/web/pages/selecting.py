"""Which claims of a worklist a visitor asks for: from a form, in an address, and back."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import orjson

from pumpclaim.errors import InputError
from pumpclaim.web.sealed import SOUGHT, seal, unseal
from pumpclaim.web.services import services_of
from pumpclaim.worklist import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from pumpclaim.web.security.visitors import Visitor

DAYS = ("first_day", "last_day")
SEALED = ("patient", "claim")
"""What stands in no address as it is."""
FIELDS = "fields"
"""As what they are sealed: JSON of fields and their texts, which nothing else opens as."""
DONE = {"open": False, "done": True}
LONGEST, LONGEST_QUERY = 100, 4_000


def selection_of(request: Request, visitor: Visitor, query: str | None = None) -> Selection:
    """What the address of a request asks for, or ``query`` in its place; raises InputError for a day that is
    none."""
    return read_selection(asked_of(request, visitor, query))


def asked_of(request: Request, visitor: Visitor, query: str | None = None) -> dict[str, str]:
    """The parameters of a request's address, or of ``query`` in its place, what is sealed opened."""
    asked = dict(request.query_params if query is None else parse_qsl(query[:LONGEST_QUERY]))
    word = asked.pop(SOUGHT, "")
    opened: dict[str, str] = orjson.loads(
        unseal(services_of(request).secret, visitor.id, FIELDS, word) or "{}"
    )
    return asked | opened


def read_selection(given: Mapping[str, Any]) -> Selection:
    """What fields ask for, blank ones passed over; raises InputError for a day that is none."""
    asked: dict[str, Any] = {}
    for name in Selection.__dataclass_fields__:
        text = str(given.get(name, "")).strip()[:LONGEST]
        if text and name in DAYS:
            try:
                asked[name] = date.fromisoformat(text)
            except ValueError:
                raise InputError(f"'{text}' is no date; write it as 2026-03-05") from None
        elif name == "done":
            asked[name] = DONE.get(text)
        elif text:
            asked[name] = text
    return Selection(**asked)


def fields_of(selection: Selection) -> dict[str, str]:
    """A selection as fields of a form; what is not asked is blank."""
    words = {done: word for word, done in DONE.items()}
    plain = asdict(replace(selection, done=None))
    return {
        **{name: "" if value is None else str(value) for name, value in plain.items()},
        "done": "" if selection.done is None else words[selection.done],
    }


def query_of(request: Request, visitor: Visitor, selection: Selection, **others: str) -> str:
    """A selection as the query of an address; ``others`` take the place of fields."""
    return address_query(request, visitor, {**fields_of(selection), **others})


def address_query(request: Request, visitor: Visitor, fields: Mapping[str, str]) -> str:
    """Fields as the query of an address, without the question mark, blank ones left out, names and ids
    sealed."""
    told = {name: text for name, text in fields.items() if text}
    hidden = {name: told.pop(name) for name in SEALED if name in told}
    if hidden:
        text = orjson.dumps(hidden).decode()
        told[SOUGHT] = seal(services_of(request).secret, visitor.id, FIELDS, text)
    return urlencode(told)
