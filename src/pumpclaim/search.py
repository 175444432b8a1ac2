"""Search over what is known: statements, rules, codes, drugs, fees, readings, thresholds, chart questions.

A code or name is found exactly and by its beginning, a drug by each of its names and by names nearly
written so, everything else by words, all of which must occur.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from pumpclaim.reports.article import drug_documents, question_documents, threshold_documents
from pumpclaim.reports.pages import codes_text, policy_document
from pumpclaim.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.drugs import Drug

KINDS = {
    "statement": "Statements of the article",
    "rule": "Rules",
    "code": "Codes",
    "remittance": "Remittance codes",
    "drug": "Drugs",
    "fee": "Fees",
    "reading": "Readings",
    "threshold": "Thresholds of ours",
    "question": "Questions to the chart",
}
"""The kinds of hits, and what many of a kind are called."""
LONGEST = 100
"""Characters of a question that are looked at."""
SNIPPET = 180
"""Characters of a snippet, about."""
DRUG_LIKE, WORD_LIKE = 0.74, 0.82
"""How alike (difflib's ratio) a drug's name, or another word, must be to be taken for a mistake in typing."""
SHORTEST_MISTAKE = 4
"""Letters: shorter words are never taken for mistakes."""
EXACT, BEGINS, IN_TITLE, IN_TEXT = range(4)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Hit:
    """One thing found. ``id`` names it within its ``kind``; ``words`` are what to mark in its texts.

    ``taken_for`` is what the question was taken for where it had a mistake in typing, else null.
    """

    kind: str
    id: str
    title: str
    snippet: str
    words: tuple[str, ...]
    taken_for: str | None = None


@dataclass(frozen=True)
class _Entry:
    """What can be found: by its names as a whole, by the words of its title and texts."""

    kind: str
    id: str
    names: frozenset[str]
    title: str
    texts: tuple[str, ...]
    title_words: frozenset[str] = field(init=False)
    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        in_title = frozenset(_words(self.title))
        rest = (word for text in (*self.texts, *self.names) for word in _words(text))
        object.__setattr__(self, "title_words", in_title)
        object.__setattr__(self, "words", in_title.union(rest))


def search(policy: PolicySet, text: str, limit: int = 50) -> list[Hit]:
    """What is found for ``text``, best first, at most ``limit``; nothing for a text without a word.

    Of a text longer than 100 characters the rest is not looked at.
    """
    asked = _words(text[:LONGEST])
    if not asked:
        return []
    entries = _all(policy)
    drugs = {name: one.label.lower() for one in policy.drugs.by_id.values() for name in _names(one)}
    meant = _meant(asked, entries, drugs)
    taken_for = " ".join(meant) if meant != asked else None
    alternatives = [{word, drugs.get(word, word)} for word in meant]
    whole = " ".join(meant)
    ranked = sorted(
        (
            (rank, at, one)
            for at, one in enumerate(entries)
            if (rank := _rank(one, whole, alternatives)) is not None
        ),
        key=lambda found: found[:2],
    )
    mark = tuple(dict.fromkeys(word for one in alternatives for word in sorted(one)))
    return [
        Hit(one.kind, one.id, one.title, _snippet(one.texts, mark), mark, taken_for)
        for _, _, one in ranked[:limit]
    ]


def rules_found(text: str, families: Sequence[str] = ()) -> list[str]:
    """Codes of the rules in which every word of ``text`` occurs, of these families where any is named."""
    asked = [{word} for word in _words(text[:LONGEST])]
    return [
        rule.code
        for rule in RULES.values()
        if (not families or rule.family in families)
        and (not asked or _holds(set(_words(" ".join(_rule_texts(rule.code)))), asked))
    ]


def marked(text: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """``text`` in pieces; true are those that begin with one of ``words``, which are to be marked."""
    begins = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    if not begins:
        return [(text, False)]
    found = re.split(rf"(?<![^\W_])((?:{begins})[^\W_]*)", text, flags=re.IGNORECASE)
    return [(piece, at % 2 == 1) for at, piece in enumerate(found) if piece]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _names(drug: Drug) -> set[str]:
    """Every name of a drug, in small letters."""
    return {name.lower() for name in (drug.id, drug.label, *drug.aliases)}


def _meant(asked: list[str], entries: Iterable[_Entry], drugs: dict[str, str]) -> list[str]:
    """The words asked, where one begins no word at all the nearest drug or other word in its place."""
    known = frozenset(word for one in entries for word in one.words)
    in_names = {word: label for name, label in drugs.items() for word in name.split()}
    meant = []
    for word in asked:
        near: list[str] = []
        if (
            len(word) >= SHORTEST_MISTAKE
            and word.isalpha()
            and not any(one.startswith(word) for one in known)
        ):
            near = [
                in_names[one] for one in get_close_matches(word, in_names, n=1, cutoff=DRUG_LIKE)
            ] or get_close_matches(word, known, n=1, cutoff=WORD_LIKE)
        meant += near or [word]
    return meant


def _rank(entry: _Entry, whole: str, alternatives: list[set[str]]) -> int | None:
    """How well an entry answers, 0 best; null when it does not."""
    if whole in entry.names:
        return EXACT
    if len(whole) > 1 and any(name.startswith(whole) for name in entry.names):
        return BEGINS
    if _holds(entry.title_words, alternatives):
        return IN_TITLE
    return IN_TEXT if _holds(entry.words, alternatives) else None


def _holds(words: Iterable[str], alternatives: list[set[str]]) -> bool:
    words = list(words)
    return all(
        any(word.startswith(begin) for word in words for begin in begins) for begins in alternatives
    )


def _snippet(texts: tuple[str, ...], words: Iterable[str]) -> str:
    """The place of the first text that has one of the words, else the first text's beginning."""
    begins = "|".join(re.escape(word) for word in words)
    at, chosen = 0, texts[0] if texts else ""
    for text in texts:
        found = re.search(rf"(?<![^\W_])(?:{begins})", text, flags=re.IGNORECASE)
        if found:
            at, chosen = found.start(), text
            break
    if len(chosen) <= SNIPPET:
        return chosen
    start = 0 if at < SNIPPET * 2 // 3 else chosen.rfind(" ", 0, at - SNIPPET // 3) + 1
    end = chosen.rfind(" ", start, start + SNIPPET)
    end = end if end > start else start + SNIPPET
    if start + SNIPPET >= len(chosen):
        end = len(chosen)
    return ("… " if start else "") + chosen[start:end] + (" …" if end < len(chosen) else "")


@lru_cache(maxsize=16)
def _all(policy: PolicySet) -> tuple[_Entry, ...]:
    return tuple(_entries(policy))


def _entries(policy: PolicySet) -> Iterator[_Entry]:
    page = policy_document(policy)
    article = page["articles"][0]
    for statement in policy.articles[0].statements.values():
        yield _entry(
            "statement", statement.id, [], statement.id, statement.summary, statement.where
        )
    for rule in RULES.values():
        code, title, *texts = _rule_texts(rule.code)
        yield _entry("rule", code, [rule.name.replace("_", " ")], f"{code}: {title}", *texts)
    for one in article["codes"]:
        dates = " ".join(f"{w} {one[k]}" for w, k in _VALID if one[k])
        replaced = " ".join(["replaced by", *one["replaced_by"]]) if one["replaced_by"] else ""
        roles = [role.replace("-", " ") for role in one["roles"]]
        told = ", ".join(filter(None, [*roles, f"valid {dates}" if dates else "", replaced]))
        yield _entry("code", one["code"], [], f"{one['code']}: {one['label']}", told)
    yield from _remittance()
    for one in drug_documents(policy):
        sold = f"sold at {', '.join(one['concentrations'])}" if one["concentrations"] else ""
        told = "; ".join(
            filter(None, [f"written {', '.join(one['names'])}" if one["names"] else "", sold])
        )
        yield _entry("drug", one["drug"], [one["label"], *one["names"]], one["label"], told)
    names = {one["label"]: (one["drug"], one["names"]) for one in drug_documents(policy)}
    for one in article["fees"]:
        drug, known = names.get(one["drug"], ("compounding-fee", []))
        what = one["drug"] if one["drug"] == "compounding fee" else f"fee of {one['drug'].lower()}"
        title = f"{what.capitalize()}: ${one['fee']} per {one['per']}"
        told = f"from {one['from']} ({one['statement']}){': ' + ', '.join(known) if known else ''}"
        yield _entry("fee", drug, [*known, one["drug"]], title, told)
    for one in article["readings"]:
        switched = "" if one["chosen"] == one["default"] else " (switched from the default)"
        chosen = f"chosen: {one['choices'][one['chosen']]}{switched}"
        names_of = [one["reading"].replace("-", " ")]
        yield _entry(
            "reading", one["reading"], names_of, one["question"], chosen, *one["choices"].values()
        )
    for one in threshold_documents(policy):
        name = one["threshold"].replace("_", " ")
        title = f"{name.capitalize()}: {one['value']} {one['unit']}"
        switched = f" (switched from {one['default']})" if one["switched"] else ""
        told = f"{one['meaning']}{switched}"
        yield _entry("threshold", one["threshold"], [name], title, told, one["source"])
    for one in question_documents(policy):
        name = one["question"].replace("_", " ")
        asks = f"{one['text']} {one['help']}"
        serves = " ".join(one["statements"])
        yield _entry("question", one["question"], [name], one["label"], asks, serves)


_VALID = (("from", "valid_from"), ("to", "valid_to"))


def _remittance() -> Iterator[_Entry]:
    """CARC and RARC codes, each with the rules whose findings carry it."""
    rules: dict[tuple[str, str], list[str]] = {}
    for rule in RULES.values():
        for kind, code in (("CARC", rule.carc), ("RARC", rule.rarc)):
            if code is not None:
                rules.setdefault((kind, code), []).append(rule.code)
    for (kind, code), carried in sorted(rules.items()):
        named = f"{kind} {code}"
        yield _entry("remittance", named, [code], named, f"with {', '.join(carried)}")


def _rule_texts(code: str) -> list[str]:
    """Code, title, and the other texts of a rule."""
    rule = RULES[code]
    carried = codes_text({"group": rule.group, "carc": rule.carc, "rarc": rule.rarc})
    words = f"{rule.outcome} {rule.basis} {rule.name.replace('_', ' ')} {carried}"
    return [rule.code, rule.title, *rule.parts.values(), words, " ".join(rule.statements)]


def _entry(kind: str, id_: str, names: Iterable[str], title: str, *texts: str) -> _Entry:
    wholes = {" ".join(_words(name)) for name in (id_, *names)}
    return _Entry(kind, id_, frozenset(wholes), title, tuple(text for text in texts if text))
