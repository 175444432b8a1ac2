"""One question as fields of a form: what is shown of an answer, and what is sent of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from pumpclaim.errors import InputError
from pumpclaim.policy.chart import EVIDENCE_FIELDS

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from pumpclaim.policy.chart import Part, Question
    from pumpclaim.web.charts.store import Given

RADIOS = 4
"""Choices up to which they stand side by side; more are a list to choose from."""
NUMBER = re.compile(r"([0-9.,]+)\s*(.*)")
READING = "reading"
"""How the fields begin that name the document being read."""
MOST_PLACES = 50
YES_NO = {"yes": True, "no": False}
Place = dict[str, str]


@dataclass(frozen=True)
class Field:
    """One question as it stands in the form.

    ``texts`` are the answer as typed, ``unit`` that of a number, ``none`` whether it says that none
    holds. ``places`` are its evidence. ``seen`` tells which answer the form shows. ``problem`` says why
    the answer that is shown is not kept, ``said`` what was done.
    """

    question: Question
    texts: tuple[str, ...]
    unit: str | None
    none: bool
    places: tuple[Place, ...]
    seen: str
    problem: str | None = None
    said: str | None = None

    @property
    def control(self) -> str:
        """Which fields it has: yes_no, number, date, text, radios, select, checkboxes, drug, drugs."""
        question = self.question
        if question.drugs:
            return "drugs" if question.type == "several" else "drug"
        if question.type == "choice":
            return "radios" if len(question.choices) <= RADIOS else "select"
        return "checkboxes" if question.type == "several" else question.type

    @property
    def text(self) -> str:
        """The answer where there is one; empty for none."""
        return self.texts[0] if self.texts else ""

    @property
    def units(self) -> list[str]:
        """Units to choose from: one of each worth, and that of the answer."""
        by_worth = {worth: name for name, worth in reversed(self.question.units)}
        own = self.question.unit or ""
        others = [name for worth, name in by_worth.items() if worth != 1]
        return list(dict.fromkeys((own, *reversed(others), self.unit or own)))

    @property
    def can_be_none(self) -> bool:
        """Whether an answer may say that none holds."""
        return self.question.type == "several" and not self.question.at_least


def field_of(
    question: Question,
    given: Given | None,
    *,
    typed: Given | None = None,
    problem: str | None = None,
    said: str | None = None,
    says_none: bool = False,
) -> Field:
    """A question with what is kept of its answer; with a ``problem`` shows what was ``typed`` instead."""
    shown = (typed if problem is not None else given) or {}
    answer = shown.get("answer")
    texts, unit = _texts(question, answer)
    return Field(
        question, texts, unit, none=says_none or answer == [],
        places=tuple(
            {name: str(place.get(name, "")) for name in EVIDENCE_FIELDS}
            for place in shown.get("evidence", ())
        ),
        seen=digest(given), problem=problem, said=said,
    )  # fmt: skip


def _texts(question: Question, answer: Any) -> tuple[tuple[str, ...], str | None]:
    if answer is None:
        return (), None
    if isinstance(answer, list):
        return tuple(map(str, answer)), None
    if isinstance(answer, bool):
        return ("yes" if answer else "no",), None
    number = NUMBER.fullmatch(str(answer)) if question.type == "number" else None
    own = question.unit or ""
    known = {name.lower() for name in ("", own, f"{own}s", *dict(question.units))}
    if number is None or number[2].lower() not in known:
        return (str(answer),), None
    return (number[1],), number[2] or None


def digest(given: Given | None) -> str:
    """What tells one answer from another, for a form to say which one it shows."""
    return hashlib.sha256(orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def given_of(question: Question, form: FormData) -> Given | None:
    """What a form gives to a question, as a chart file has it; null for nothing at all."""
    given: Given = {"answer": _answer(question, form), "evidence": _places(question.id, form)}
    if not given["evidence"]:
        del given["evidence"]
    return None if given == {"answer": None} else given


def _answer(question: Question, form: FormData) -> Any:
    texts = [text.strip() for text in _all(form, question.id) if text.strip()]
    if question.type == "several":
        return texts or ([] if says_none(question, form) else None)
    text = texts[0] if texts else ""
    if question.type == "number" and text and not any(map(str.isalpha, text)):
        text = f"{text} {_one(form, f'{question.id}.unit')}".strip()
    if question.type == "yes_no":
        return YES_NO.get(text, text or None)
    return text or None


def says_none(question: Question, form: FormData) -> bool:
    """Whether a form says that none of several holds."""
    return f"{question.id}.none" in form


def check(question: Question, form: FormData) -> None:
    """Raise InputError where an answer contradicts itself."""
    texts = [text for text in _all(form, question.id) if text.strip()]
    if says_none(question, form) and texts:
        raise InputError(
            f"'{question.id}' says none and names {', '.join(texts)}; keep one of the two"
        )


def _places(name: str, form: FormData) -> list[Place]:
    columns = [_all(form, f"{name}.{field}") for field in EVIDENCE_FIELDS]
    rows = []
    for number in range(min(max(map(len, columns)), MOST_PLACES)):
        typed = (column[number].strip() if number < len(column) else "" for column in columns)
        rows.append(
            {field: text for field, text in zip(EVIDENCE_FIELDS, typed, strict=True) if text}
        )
    return [row for row in rows if row]


def reading_of(form: FormData) -> list[Place]:
    """The place in the record that is being read, for answers that name none of their own."""
    places = _places(READING, form)
    return [one for one in places if "document" in one]


def sent_questions(part: Part, form: FormData) -> list[Question]:
    """The questions that a form holds, in order."""
    return [one for one in part.questions.values() if f"{one.id}.seen" in form]


def seen_of(question: Question, form: FormData) -> str:
    """Which answer the form showed when it was filled in."""
    return _one(form, f"{question.id}.seen")


def _one(form: FormData, name: str) -> str:
    return next(iter(_all(form, name)), "").strip()


def _all(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]
