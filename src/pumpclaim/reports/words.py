"""Words and colours that the reports for people share, and text made safe for a terminal."""

from __future__ import annotations

DETERMINATIONS = {
    "denied": "denied",
    "fix": "fix and resubmit",
    "records": "send records",
    "payable": "payable",
    "not-governed": "not governed",
}
"""What becomes of a claim, worst first, in words."""

OUTCOMES = {"deny": "Denied", "reject": "Fix", "records": "Records"}
"""What costs something when nobody acts, in a word for a list of what to do."""

OUTCOME_STYLES = {
    "deny": "bold red",
    "reject": "bold yellow",
    "records": "bold magenta",
    "package": "bold blue",
    "advise": "cyan",
}
"""Outcomes worst first, and their colours."""

DETERMINATION_STYLES = {
    "denied": "bold red",
    "fix": "bold yellow",
    "records": "bold magenta",
    "payable": "bold green",
    "not-governed": "dim",
}

BASES = {
    "article": "the article",
    "law": "Medicare law or manual, not the article",
    "coding": "the code's own definition, not the article",
    "practice": "field practice, not the article",
    "threshold": "our own threshold, not the article",
}
"""What a finding rests on; all but the first are marked wherever a finding is printed."""

_COMMANDS = (range(32), range(127, 160), range(0x202A, 0x202F), range(0x2066, 0x206A))
"""Control characters, and those that turn the direction of writing."""
_CONTROL = {point: "�" for points in _COMMANDS for point in points}
_CONTROL |= {ord("\n"): " ", ord("\t"): " ", ord("\r"): " "}


def clean(text: object) -> str:
    """``text`` on one line, with nothing in it that a terminal would obey; null is a dash."""
    return "–" if text is None else str(text).translate(_CONTROL)


def count(number: int, one: str, several: str | None = None) -> str:
    """``1 claim``, ``2 claims``, ``12,000 claims``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
