"""Answers of a chart as text -> typed values, held against the chart's definition."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import nearest
from pumpclaim.policy.chart import EVIDENCE_FIELDS, NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pumpclaim.policy.chart import Question
    from pumpclaim.policy.drugs import Drugs

YES = frozenset(("yes", "y", "true"))
NO = frozenset(("no", "n", "false"))
NOT_DOCUMENTED = frozenset(("not documented", "not_documented", "unknown", "?"))
AS_WRITTEN = "other "
"""What stands before a drug's name that is to be taken as it is written."""
CLASSES = frozenset((
    "opioid", "opioids", "opiate", "opiates", "narcotic", "narcotics", "anesthetic", "anesthetics",
    "anaesthetic", "anaesthetics", "caine", "caines", "benzodiazepine", "benzodiazepines",
))  # fmt: skip
"""Words for a class of drugs, which no allergy is compared by."""
LONGEST = 2_000
"""Characters of the longest answer."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER = re.compile(
    r"\s*([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([^\s,].*)?"
)


class AnswerError(Exception):
    """An answer that cannot be used; the message says why and what to do."""


def read_answer(question: Question, texts: Sequence[str], drugs: Drugs) -> Any:
    """The value of an answer given as one text, or as several for a question that takes several.

    Null for *not documented*. Numbers come as int billionths of the question's unit, and a drug as its
    id. Raises AnswerError for an answer of another type.
    """
    if question.type == "several":
        if len(texts) == 1 and texts[0].strip().lower() in NOT_DOCUMENTED:
            return None
        return _several(question, texts, drugs)
    if len(texts) != 1:
        raise AnswerError(f"'{question.id}' takes one answer, not a list")
    text = texts[0].strip()
    if text.lower() in NOT_DOCUMENTED or not text:
        return None
    if question.drugs:
        return _drug(question, text, drugs)
    return _READ[question.type](question, text)


def _yes_no(question: Question, text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise AnswerError(f"'{question.id}' is '{_short(text)}'; write yes, no or not documented")


def _number(question: Question, text: str) -> int:
    found = _NUMBER.fullmatch(text)
    unit = (found[2] or "").strip() if found else ""
    worth = {
        (question.unit or "").lower(): Decimal(1),
        (question.unit or "").lower() + "s": Decimal(1),
    }
    worth |= {name.lower(): value for name, value in question.units}
    if found is None or (unit and unit.lower() not in worth):
        known = ", ".join(
            dict.fromkeys((question.unit or "", *(name for name, _ in question.units)))
        )
        raise AnswerError(f"'{question.id}' is '{_short(text)}'; write a number, in {known}")
    try:
        value = Decimal(found[1].replace(",", "")) * worth[(unit or question.unit or "").lower()]
    except InvalidOperation:
        raise AnswerError(f"'{question.id}' is '{_short(text)}', which is no number") from None
    if question.most is not None and value > question.most:
        raise AnswerError(
            f"'{question.id}' is {_short(text)}, more than {question.most} {question.unit}"
        )
    billionths = value * NUMBER
    if billionths != int(billionths):
        raise AnswerError(f"'{question.id}' has more than nine decimals")
    return int(billionths)


def read_date(name: str, text: str) -> date:
    """A date as 2025-03-10, 03/10/2025 or 20250310, from 1900 to 2100; raises AnswerError."""
    text = text.strip()
    found = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)", text)
    parts = (found[1], found[2], found[3]) if found else None
    if slashed := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4})", text):
        parts = (slashed[3], slashed[1], slashed[2])
    try:
        day = date(*map(int, parts)) if parts else None
    except ValueError:
        day = None
    if day is None or not date(1900, 1, 1) <= day <= date(2100, 12, 31):
        raise AnswerError(f"'{name}' is '{_short(text)}', which is no date; write it as 2025-03-10")
    return day


def _choice(question: Question, text: str) -> str:
    wanted = text.lower().replace(" ", "_").replace("-", "_")
    if wanted in question.choices:
        return wanted
    by_words = {words.lower(): code for code, words in question.choices.items()}
    if text.lower() in by_words:
        return by_words[text.lower()]
    near = get_close_matches(wanted, question.choices, n=1)
    hint = f"did you mean {near[0]}?" if near else "choose from " + ", ".join(question.choices)
    raise AnswerError(f"'{question.id}' is '{_short(text)}'; {hint}")


def _several(question: Question, texts: Sequence[str], drugs: Drugs) -> list[str]:
    said = [text for text in texts if text.strip()]
    if [text.strip().lower() for text in said] in (["none"], ["[]"]):
        said = []
    values = [
        _drug(question, text, drugs) if question.drugs else _choice(question, text) for text in said
    ]
    values = list(dict.fromkeys(values))
    if len(values) < question.at_least:
        raise AnswerError(f"'{question.id}' is an empty list; name at least one, or leave it blank")
    return values


def _drug(question: Question, text: str, drugs: Drugs) -> str:
    """A drug's id by its id, label or a name on claims; a drug unknown to the policy as it is written.

    What holds a known name beside other words, is nearly one, or names a class is refused, so that no
    slip hides an allergy. "other NAME" is taken as it is written.
    """
    name = printable(question.id, text)
    plain = " ".join(name.lower().split())
    if plain.startswith(AS_WRITTEN) and plain != AS_WRITTEN.strip():
        return plain.removeprefix(AS_WRITTEN)
    words = re.findall(r"[a-z0-9]+", plain)
    kept = " ".join(word for word in words if word.upper() not in drugs.words["salts"])
    for one in (plain, " ".join(words), kept):
        if one in drugs.names:
            return drugs.names[one]
    spaced = f" {' '.join(words)} "
    hint = f"; write 'other {_short(plain)}' if it is another drug"
    for known, drug in drugs.names.items():
        if f" {known} " in spaced:
            raise AnswerError(
                f"'{question.id}' says '{_short(name)}'; name the drug alone, {drug}{hint}"
            )
    if classes := CLASSES & set(words):
        raise AnswerError(
            f"'{question.id}' says '{_short(name)}'; name the drugs, not {min(classes)}{hint}"
        )
    if near := get_close_matches(plain, drugs.names, n=1, cutoff=0.8):
        raise AnswerError(
            f"'{question.id}' names '{_short(name)}'; did you mean {drugs.names[near[0]]}?{hint}"
        )
    return plain


def printable(name: str, text: str) -> str:
    """A text on one line that anything may print; raises AnswerError for what is none."""
    text = " ".join(text.split())
    if _CONTROL.search(text):
        raise AnswerError(f"'{name}' holds a control character; remove it")
    if len(text) > LONGEST:
        raise AnswerError(f"'{name}' has more than {LONGEST} characters; shorten it")
    return text


_READ: dict[str, Callable[[Question, str], Any]] = {
    "yes_no": _yes_no,
    "number": _number,
    "date": lambda question, text: read_date(question.id, text),
    "choice": _choice,
    "text": lambda question, text: printable(question.id, text),
}
"""How the one answer to each type of question is read."""


def read_evidence(question: str, given: Mapping[str, str]) -> dict[str, Any]:
    """A place in the record from its fields as text; raises AnswerError without a document."""
    for name in given:
        if name not in EVIDENCE_FIELDS:
            raise AnswerError(
                f"the evidence of '{question}' has no field '{_short(name)}'{nearest(name, EVIDENCE_FIELDS)}"
            )
    fields = {name: printable(name, text) for name, text in given.items() if text.strip()}
    if "document" not in fields:
        raise AnswerError(f"the evidence of '{question}' names no document; add document: FILE")
    value: dict[str, Any] = dict(fields)
    if "page" in fields:
        if not (
            fields["page"].isascii()
            and fields["page"].isdigit()
            and 0 < int(fields["page"]) < 100_000
        ):
            raise AnswerError(
                f"the evidence of '{question}' is on page '{_short(fields['page'])}'; write a number from 1"
            )
        value["page"] = int(fields["page"])
    if "date" in fields:
        value["date"] = read_date("date", fields["date"])
    return value


def _short(text: str) -> str:
    text = " ".join(_CONTROL.sub("�", text).split())
    return text if len(text) <= 40 else text[:39] + "…"
