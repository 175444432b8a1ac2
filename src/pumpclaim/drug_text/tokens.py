"""A narrative as words, numbers and marks.

Two texts that differ only in their digits have one *shape* (every digit written as 9), and two that
differ only in their numbers one *template*. ``shape`` gives a text's shape, ``lay_out`` the
template of a shape and the places of its numbers, ``tokens`` what stands in a template. So the
grammar runs once for a template, and for another text only its numbers are evaluated. What only
looks like an amount (NDC numbers, HCPCS codes, lots, dates, dollars) is taken out on the way.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from pumpclaim.policy.drugs import load_drugs
from pumpclaim.tables import NANOGRAMS

LABEL = "\x01"
"""Stands for each character of an NDC number, a code, a lot, a date or a price."""
_DIGIT = "\x02"
"""Stands for a digit that belongs to a word: MSO4, D5W."""

FOLD: dict[int, str] = {
    **{ord(c): "U" for c in "\u00b5\u03bc\u039c"},
    **{ord(c): " " for c in "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\ufeff\u00ae\u2122\u00a9"},
    **{ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2212"},
    **{ord(c): "'" for c in "\u2018\u2019\u201c\u201d"},
    **{ord(c): ";" for c in "\u2022\u00b7"},
    ord("\u00d7"): "X",
}
"""What stands in ASCII for other characters; the rest of them become "?"."""
SHAPE = (
    bytes(
        ord("9")
        if chr(b).isdigit()
        else ord(" ")
        if (b < 32 and b != 10) or b == 127
        else ord(chr(b).upper())
        for b in range(128)
    )
    + b"?" * 128
)
"""What stands for each byte of a text in its shape."""
_UNITS = r"(?:MG|MCG|UG|NG|G|GM|GRAM|MILLI|MICRO|ML|CC|UL|L|MEQ|IU|U|UNIT)S?\b|%"
_NO_UNIT = rf"(?!9)(?!\s*-?\s*(?:{_UNITS}))"
_KEYWORDS = (
    "LOT|RX|INV|INVOICE|BATCH|SERIAL|SN|REF|ACCT|ORDER|NPI|DEA|LIC|PO|EXP|BUD|PH|TEL|FAX|MRN"
)
_HINT = re.compile(rf"NDC|CPT|HCPCS|(?:{_KEYWORDS})[^A-Z]|N9999|[A-V]9999|9[-/]9|\$")
_NOISE = re.compile(
    r"\bNDC\s*(?:NO\b|NUM(?:BER)?\b)?\s*[#:.=]*\s*(?:N9)?[9X*]{4,}(?:-[9X*]+)*"
    r"|\bN9{12}\b"
    r"|\b9{4,5}-9{3,4}-9{1,2}\b"
    rf"|\b(?:CPT|HCPCS)\s*(?:CODE\b)?\s*[#:.=]*\s*[A-Z9]9999(?:-?[A-Z]{{2}}\b)?{_NO_UNIT}"
    rf"|\b[A-V]9999(?:-?[A-Z]{{2}}\b)?{_NO_UNIT}"
    rf"|\b(?:{_KEYWORDS})(?![A-Z])\s*(?:NO\b|NUM(?:BER)?\b|DATE\b)?\s*[#:.=]*\s*"
    rf"(?!9[9,.]*\s*-?\s*(?:{_UNITS}))[A-Z]{{0,4}}-?9[A-Z9/-]*"
    rf"|\b99?([/-])99?\1(?:9999|99)\b(?![.,]9){_NO_UNIT}"
    rf"|\b9999-99-99\b{_NO_UNIT}"
    r"|\$\s*9[9,.]*"
)
_LETTERED = re.compile(r"SO9(?!9|[.,]9)|\bD99?W\b")
_NUMBER = re.compile(r"\.?9[9,.]*")
_COMMAS = re.compile(
    r"9{1,3}(?:,999)+(?:\.9+)?(?!9|[.,]9)"
    r"|(?:9+(?:\.9+)?|\.9+)(?!9|\.9|,999(?!9))"
    r"|\.?9[9,.]*(?<=9)"
)
_LEXEME = re.compile(
    r"(?P<word>W/O\b|W/|P/F\b|P\.F\b\.?|I\.T\b\.?|[A-Z]+(?:['\x02]+[A-Z]+|\x02)?)"
    r"|(?P<mark>[,;+&|\n/*=:()\[\]@#%?\-]|\x01+)"
    r"|(?P<strange>[^\s.'\"A-Z,;+&|/*=:()\[\]@#%?\-\x01!_~^`\\{}$9])"
)
_MARKS = {
    **dict.fromkeys(",;+&|\n", "sep"), "/": "slash", "*": "times", "=": "equals", ":": "equals",
    "(": "open", "[": "open", ")": "close", "]": "close", "@": "at", "#": "hash", "%": "percent",
    "?": "strange", "-": "dash",
}  # fmt: skip

MASSES = {
    **dict.fromkeys(("MG", "MGS", "MGM", "MGMS", "MILLIGRAM", "MILLIGRAMS"), NANOGRAMS["mg"]),
    **dict.fromkeys(
        ("MCG", "MCGS", "UG", "UGS", "MCGM", "MICROGRAM", "MICROGRAMS"), NANOGRAMS["mcg"]
    ),
    **dict.fromkeys(("G", "GS", "GM", "GMS", "GRAM", "GRAMS"), NANOGRAMS["g"]),
    **dict.fromkeys(("NG", "NGS", "NANOGRAM", "NANOGRAMS"), 1),
}
"""Nanograms in each unit of mass, as claims write it."""
VOLUMES = {
    **dict.fromkeys(
        ["ML", "MLS", "CC", "CCS", "MILLILITER", "MILLILITERS", "MILLILITRE", "MILLILITRES"], 1_000
    ),
    **dict.fromkeys(
        ["UL", "ULS", "MCL", "MICROLITER", "MICROLITERS", "MICROLITRE", "MICROLITRES"], 1
    ),
    **dict.fromkeys(["L", "LITER", "LITERS", "LITRE", "LITRES"], 1_000_000),
}
"""Microlitres in each unit of volume."""
_OTHERS = {
    "not mass": "MEQ MEQS UNIT UNITS IU IUS U MMOL UMOL MOL MOLS GR GRAIN GRAINS TAB TABS TABLETS",
    "time": "DAY DAYS D HR HRS H HOUR HOURS MIN MINS MINUTE MINUTES WK WEEK WEEKS MONTH MONTHS KG",
    "sep": "AND WITH W/",
    "per": "PER",
    "in": "IN",
    "to": "TO OF IS AT",
    "times": "X TIMES BY",
    "count": "ONE TWO THREE FOUR",
    "skip": "W/O I.T I.T.",
    "salt": "P/F P.F P.F.",
}
_KINDS = {
    "passed_over": "skip", "labels": "label", "salts": "salt", "diluents": "diluent",
    "whole": "whole", "containers": "container", "packages": "package", "rates": "rate",
    "apart": "apart", "each": "each",
}  # fmt: skip
COUNTS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4}

Place = tuple[int, int]
"""A place in a template: which stretch of words between numbers, and how far into it."""


class Token(NamedTuple):
    """A word, number or mark of a template; ``value`` is what its kind needs to know."""

    kind: str
    value: Any
    text: str
    start: Place
    end: Place


def shape(text: str) -> bytes:
    """``text`` in capital ASCII letters with every digit as 9, as many bytes as it has characters.

    What has no place in a narrative becomes "?". Two texts of one shape are read alike.
    """
    if not text.isascii():
        text = text.translate(FOLD)
        if not text.isascii():
            text = "".join(c if c.isascii() else "?" for c in text)
    return text.encode("ascii").translate(SHAPE)


def lay_out(form: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The template of a shape, and where to cut: 0, begin and end of each number, the end."""
    if _HINT.search(form):
        form = _NOISE.sub(lambda found: LABEL * len(found.group()), form)
    if "SO9" in form or "D9" in form:
        form = _LETTERED.sub(lambda found: found.group().replace("9", _DIGIT), form)
    cuts = [0]
    for found in _NUMBER.finditer(form):
        begin, end = found.span()
        chunk = found.group()
        if "," in chunk:
            for part in _COMMAS.finditer(chunk):
                cuts += (begin + part.start(), begin + part.end())
        else:
            cuts += (begin, end - (len(chunk) - len(chunk.rstrip("."))))
    cuts.append(len(form))
    return tuple(map(form.__getitem__, map(slice, cuts[::2], cuts[1::2]))), tuple(cuts)


@cache
def vocabulary() -> dict[tuple[str, ...], tuple[str, Any]]:
    """Kind and value of every known word or phrase."""
    drugs = load_drugs()
    known: dict[tuple[str, ...], tuple[str, Any]] = {}
    for kind, name in reversed(_KINDS.items()):
        for phrase in drugs.words[kind]:
            known[tuple(phrase.split())] = (name, None)
    for name, words in _OTHERS.items():
        for word in words.split():
            known[(word,)] = (name, None)
    known.update({(word,): ("mass", scale) for word, scale in MASSES.items()})
    known.update({(word,): ("volume", scale) for word, scale in VOLUMES.items()})
    known.update({(word,): ("diluent", None) for word in ("D\x02W", "D\x02\x02W")})
    known.update({("SO\x02",): ("salt", None), ("MSO\x02",): ("drug", "morphine")})
    known.update({tuple(alias.split()): ("drug", id_) for alias, id_ in drugs.aliases.items()})
    return known


@cache
def _longest() -> int:
    return max(map(len, vocabulary()))


def tokens(template: tuple[str, ...]) -> list[Token]:
    """The tokens of a template, the stretches of words between the numbers of a text."""
    out: list[Token] = []
    for index, piece in enumerate(template):
        raw: list[Token] = []
        for match in _LEXEME.finditer(piece):
            lexeme, begin = match.group(), match.start()
            if match.lastgroup == "word":
                after_number = index > 0 and not raw and not piece[:begin].strip()
                for word in _unglue(lexeme, after_number):
                    end = begin + len(word)
                    raw.append(Token("word", None, word, (index, begin), (index, end)))
                    begin = end
            else:
                kind = _MARKS.get(lexeme) or ("label" if LABEL in lexeme else "strange")
                raw.append(Token(kind, None, lexeme, (index, begin), (index, match.end())))
        out += _phrases(raw)
        if index + 1 < len(template):
            minus = _is_minus(piece, out)
            if minus:
                out.pop()
            out.append(
                Token("number", (index, minus), "", (index, len(piece) - minus), (index + 1, 0))
            )
    return out


def _is_minus(piece: str, before: list[Token]) -> bool:
    """A dash glued to the number that follows it and to nothing before it is a minus sign."""
    if not piece.endswith("-") or not before or before[-1].kind != "dash":
        return False
    return (len(piece) == 1 and len(before) == 1) or (len(piece) > 1 and piece[-2] in " \n(=:,;")


def _unglue(word: str, after_number: bool) -> list[str]:
    """``word`` parted into the known words it is made of, where spaces were left out.

    Only a unit after a number, a drug's name, or a unit before X is split off; a word that is not
    wholly made of known words stays as it is.
    """
    known = vocabulary()
    if (word,) in known:
        return [word]
    for cut in range(len(word) - 1, 0, -1):
        head, tail = word[:cut], word[cut:]
        kind = known.get((head,), ("", None))[0]
        unit = kind in {"mass", "volume", "not mass", "time"}
        if (unit and (after_number or tail == "X")) or (kind == "drug" and len(head) > 3):
            rest = _unglue(tail, False)
            if all((part,) in known for part in rest):
                return [head, *rest]
    return [word]


def _phrases(raw: list[Token]) -> list[Token]:
    """Words joined to the longest known phrases; dashes inside a phrase are passed over."""
    known = vocabulary()
    out: list[Token] = []
    index = 0
    while index < len(raw):
        token = raw[index]
        if token.kind != "word":
            out.append(token)
            index += 1
            continue
        phrase: list[str] = []
        best: tuple[int, tuple[str, Any]] | None = None
        reach = index
        while reach < len(raw) and len(phrase) < _longest():
            if raw[reach].kind == "word":
                phrase.append(raw[reach].text)
                if tuple(phrase) in known:
                    best = (reach, known[tuple(phrase)])
            elif raw[reach].kind != "dash":
                break
            reach += 1
        if best is None:
            out.append(token)
            index += 1
            continue
        last, (kind, value) = best
        words = " ".join(
            one.text.replace(_DIGIT, "4") for one in raw[index : last + 1] if one.kind == "word"
        )
        out.append(Token(kind, value, words, token.start, raw[last].end))
        index = last + 1
    return out
