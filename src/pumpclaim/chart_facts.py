"""What messages say of charts: what stands against a statement, what is to be obtained, remarks."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.charts.assessment import criteria, missing
from pumpclaim.charts.meeting import NONE
from pumpclaim.charts.shown import STATEMENTS
from pumpclaim.facts import day_text
from pumpclaim.policy.model import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.charts.assessment import Missing
    from pumpclaim.charts.logic import Criterion
    from pumpclaim.facts import Facts
    from pumpclaim.policy.chart import Part


def against(facts: Facts, statement: str) -> list[str]:
    """What the chart of each line says against a statement."""
    charts = facts.charts
    assert charts is not None  # noqa: S101  (the rules that ask are run with charts alone)
    places = facts.places.tolist()
    all_judged = charts.judged(places)
    texts = []
    for place in places:
        judged = all_judged[place]
        found = [
            words
            for one, said in zip(judged.criteria, judged.against, strict=True)
            if one.statement == statement
            for words in said
        ]
        texts.append("; ".join(found))
    return texts


def chart_remarks(facts: Facts) -> list[str]:
    """The points that the chart of each line raises and that decide nothing."""
    charts = facts.charts
    assert charts is not None  # noqa: S101
    places = facts.places.tolist()
    all_judged = charts.judged(places)
    texts = []
    for place in places:
        judged = all_judged[place]
        told = zip(judged.criteria, judged.remarks, strict=True)
        texts.append(
            "; ".join(f"{remark.words} ({one.statement})" for one, said in told for remark in said)
        )
    return texts


def keep_ready(facts: Facts) -> list[str]:
    """What the record must show for the lines of each claim, where there is no chart: by section."""
    columns, policy = facts.context.columns, facts.context.compiled.policy
    implants = (columns["roles"][facts.places] & np.uint32(Role.IMPLANT)) != 0
    manages = (columns["visit_roles"][facts.places] & np.uint32(Role.MANAGEMENT)) != 0
    asked = list(zip(implants.tolist(), manages.tolist(), strict=True))
    words = {
        key: "; ".join(
            _sections(policy.chart[part], criteria(policy, part))
            for part, is_asked in zip(("implant", "encounter"), key, strict=True)
            if is_asked
        )
        for key in set(asked)
    }
    return [words[key] for key in asked]


def _sections(part: Part, of_part: tuple[Criterion, ...]) -> str:
    """The titles of a part's sections with the statements that they serve."""
    home: dict[str, list[str]] = {}
    for criterion in of_part:
        sections = Counter(part.questions[name].section for name in criterion.requires.questions)
        home.setdefault(sections.most_common(1)[0][0], []).append(criterion.statement)
    titles = {section.id: section.title for section in part.sections}
    return "; ".join(f"{titles[name].lower()} ({', '.join(has)})" for name, has in home.items())


def records_wanted(facts: Facts) -> list[str]:
    """What the charts of each claim leave open, day by day: all of it where there is no chart."""
    charts = facts.charts
    assert charts is not None  # noqa: S101
    claims, days = facts.context.lines.claims, facts.context.lines.days
    order = np.argsort(claims, kind="stable")
    ordered = claims[order]
    places = facts.places.tolist()
    open_lines = []
    for place in places:
        begin, end = np.searchsorted(ordered, [claims[place], claims[place] + 1])
        open_lines.append([line for line in order[begin:end].tolist() if charts.is_open[line]])
    has_chart = charts.columns["has_chart"].tolist()
    charts.judged([line for lines in open_lines for line in lines if has_chart[line]])
    texts = []
    for lines in open_lines:
        of_day: dict[tuple[int, bool], dict[str, None]] = {}
        for line in lines:
            said = of_day.setdefault((int(days[line]), bool(charts.is_implant[line])), {})
            said |= dict.fromkeys(_open(facts, line, has_chart=has_chart[line]))
        texts.append(". ".join(
            f"{'Implant' if implant else 'Visit'} of {day_text(day)}: {'; '.join(said)}"
            for (day, implant), said in sorted(of_day.items())
        ))  # fmt: skip
    return texts


def _open(facts: Facts, line: int, *, has_chart: bool) -> list[str]:
    """What one line's chart leaves open, what decides most first."""
    charts, policy = facts.charts, facts.context.compiled.policy
    assert charts is not None  # noqa: S101
    part = policy.chart["implant" if charts.is_implant[line] else "encounter"]
    if not has_chart:
        kind = "chart of the implant" if part.id == "implant" else "record of the visit"
        return [f"no {kind} fits this patient and day", _sections(part, criteria(policy, part.id))]
    wanted = [in_words(one, part) for one in missing(charts.judged([line])[line])]
    if charts.past_implant_of[line] != NONE and not charts.known["shows_c11"][line]:
        wanted.append("records of failed therapy at hand (C11)")
    return wanted


def in_words(one: Missing, part: Part) -> str:
    """One thing to be obtained, in words: the labels of its questions and the statements that wait."""
    labels = " or ".join(part.questions[name].label for name in one.questions)
    what = f"where the record shows: {labels}" if one.evidence else labels
    return f"{what} ({', '.join(one.statements)})"


CHART_FACTS: dict[str, Callable[[Facts], list[str]]] = {
    "chart_remarks": chart_remarks,
    "keep_ready": keep_ready,
    "records_wanted": records_wanted,
    **{f"against_{name.lower()}": partial(against, statement=name) for name in STATEMENTS},
}
"""Every name of this module that a message may use."""
