"""FHIR R4 QuestionnaireResponses that answer our Questionnaires -> charts.

Items are found by their linkId, which is the question's id; evidence is a group below the answer
(see ``reports.questionnaire``). A thin adapter over JSON of our own: plain R4 has no well-kept
Python library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.charts.chart_set import ReadChart
from pumpclaim.errors import InputError, nearest
from pumpclaim.policy.chart import EVIDENCE_FIELDS
from pumpclaim.readers.chart import add_answer, finished, patient_of
from pumpclaim.readers.chart_answers import AnswerError, read_evidence
from pumpclaim.readers.chart_nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part, Question

VALUES = {
    "yes_no": ("valueBoolean",),
    "number": ("valueQuantity", "valueDecimal", "valueInteger"),
    "date": ("valueDate", "valueDateTime"),
    "choice": ("valueCoding", "valueString"),
    "several": ("valueCoding", "valueString"),
    "text": ("valueString",),
}
"""The kinds of values in which an answer to each type of question may come."""
EVIDENCE_ITEM = ".evidence"
"""Ending of the linkId of a question's evidence."""
BASE = "https://pumpclaim.example/fhir"
"""Beginning of the canonical addresses; the domain is one that is reserved for examples."""
DONE = ("completed", "amended", "in-progress")
"""States of a response that is read."""


def read_resource(node: Node, source: str, policy: PolicySet) -> Iterator[ReadChart | InputError]:
    """The charts of a QuestionnaireResponse, or of a Bundle of them."""
    kind = node.get("resourceType")
    name = kind.text if kind is not None else None
    if name == "Bundle":
        entries = node.get("entry")
        for entry in (entries.items or ()) if entries is not None else ():
            resource = entry.get("resource")
            held = resource.get("resourceType") if resource is not None else None
            if resource is not None and held is not None and held.text == "QuestionnaireResponse":
                yield from read_resource(resource, source, policy)
        return
    try:
        if name != "QuestionnaireResponse":
            raise InputError(
                f"this is a FHIR {name}; a chart is a QuestionnaireResponse",
                source=source, line=node.line,
            )  # fmt: skip
        yield _response(node, source, policy)
    except InputError as error:
        yield error


def _response(node: Node, source: str, policy: PolicySet) -> ReadChart:
    part = _part(node, source, policy)
    status = node.get("status")
    if status is None or status.text not in DONE:
        raise InputError(
            f"the response's status is '{status.text if status else None}'; it must be completed",
            source=source, line=(status or node).line,
        )  # fmt: skip
    chart = ReadChart(part.id, source, node.line, _patient(node, source), {})
    for item in _items(node, source):
        _item(item, chart, part, policy)
    return finished(chart, part)


def _part(node: Node, source: str, policy: PolicySet) -> Part:
    asked = node.get("questionnaire")
    text = (asked.text or "") if asked is not None else ""
    name = text.partition("|")[0].rstrip("/").rpartition("/")[2]
    for part in policy.chart.parts.values():
        if name == questionnaire_name(part):
            return part
    known = " or ".join(questionnaire_name(part) for part in policy.chart.parts.values())
    raise InputError(
        f"it answers the questionnaire '{text[:80]}', which is not ours; it must be {known}",
        source=source, line=(asked or node).line,
    )  # fmt: skip


def code_system(question: Question) -> str:
    """Address of the code system of a question's choices; drugs share one."""
    return f"{BASE}/CodeSystem/{'drug' if question.drugs else question.id}"


def questionnaire_name(part: Part) -> str:
    """The last part of the address of a part's Questionnaire."""
    return f"a55239-{part.id}"


def _patient(node: Node, source: str) -> str:
    subject = node.get("subject")
    identifier = subject.get("identifier") if subject is not None else None
    value = identifier.get("value") if identifier is not None else None
    if value is None and subject is not None:
        reference = subject.get("reference")
        if reference is not None and reference.text:
            value = Node(reference.line, text=reference.text.rpartition("/")[2], plain=False)
    try:
        return patient_of(value, source, (subject or node).line)
    except InputError:
        raise InputError(
            "the response has no subject; write the member id as subject.identifier.value",
            source=source, line=(subject or node).line,
        ) from None  # fmt: skip


def _items(node: Node, source: str) -> tuple[Node, ...]:
    item = node.get("item")
    if item is None:
        return ()
    if item.items is None:
        raise InputError("item must be a list", source=source, line=item.line)
    return item.items


def _item(item: Node, chart: ReadChart, part: Part, policy: PolicySet) -> None:
    link = item.get("linkId")
    if link is None or not link.text:
        raise InputError("an item has no linkId", source=chart.source, line=item.line)
    if link.text in {section.id for section in part.sections} and item.get("answer") is None:
        for inner in _items(item, chart.source):
            _item(inner, chart, part, policy)
        return
    question = part.questions.get(link.text)
    if question is None:
        hint = nearest(link.text, part.questions)
        raise InputError(
            f"the {part.id} chart has no question '{link.text[:60]}'{hint}",
            source=chart.source, line=link.line,
        )  # fmt: skip
    answers = item.get("answer")
    if answers is None:
        return
    if answers.items is None:
        raise InputError(
            f"the answer to '{question.id}' must be a list", source=chart.source, line=answers.line
        )
    texts = tuple(_text(question, one, chart) for one in answers.items)
    if question.type == "several":
        none = [one for one in texts if one.text != "none"]
        add_answer(chart, part, question.id, Node(answers.line, items=tuple(none)), policy)
    elif len(texts) > 1:
        raise InputError(
            f"'{question.id}' takes one answer, not {len(texts)}",
            source=chart.source,
            line=answers.line,
        )
    elif texts:
        add_answer(chart, part, question.id, texts[0], policy)
    for one in answers.items:
        for inner in _items(one, chart.source):
            _evidence(inner, question, chart)


def _text(question: Question, answer: Node, chart: ReadChart) -> Node:
    """The value of one answer as the text that a chart file would hold."""
    for kind, value in answer.pairs or ():
        if not kind.startswith("value"):
            continue
        if kind not in VALUES[question.type]:
            raise InputError(
                f"'{question.id}' is answered by {kind}; it takes {' or '.join(VALUES[question.type])}",
                source=chart.source, line=value.line,
            )  # fmt: skip
        found: Node | None = value
        if kind == "valueCoding":
            system = value.get("system")
            ours = system is None or system.text == code_system(question)
            found = (value.get("code") if ours else None) or value.get("display")
        elif kind == "valueQuantity":
            if (comparator := value.get("comparator")) is not None:
                raise InputError(
                    f"the answer to '{question.id}' is {comparator.text} a number; give the number",
                    source=chart.source, line=comparator.line,
                )  # fmt: skip
            number, unit = value.get("value"), value.get("code") or value.get("unit")
            unit_text = (unit.text or "") if unit is not None else ""
            unit_text = question.unit or "" if unit_text == question.unit_code else unit_text
            text = (number.text or "") if number is not None else ""
            found = Node(value.line, text=f"{text} {unit_text}".strip(), plain=False)
        elif kind == "valueDateTime":
            found = Node(value.line, text=(value.text or "")[:10], plain=False)
        if found is None or found.text is None:
            raise InputError(
                f"the answer to '{question.id}' has no value", source=chart.source, line=value.line
            )
        return found
    raise InputError(
        f"the answer to '{question.id}' has no value", source=chart.source, line=answer.line
    )


def _evidence(item: Node, question: Question, chart: ReadChart) -> None:
    link = item.get("linkId")
    if link is None or link.text != question.id + EVIDENCE_ITEM:
        name = link.text if link is not None else None
        raise InputError(
            f"below '{question.id}' stands '{name}'; it takes {question.id + EVIDENCE_ITEM}",
            source=chart.source, line=item.line,
        )  # fmt: skip
    fields = {}
    for inner in _items(item, chart.source):
        inner_link, answers = inner.get("linkId"), inner.get("answer")
        name = (inner_link.text or "").rpartition(".")[2] if inner_link is not None else ""
        if name not in EVIDENCE_FIELDS:
            raise InputError(
                f"the evidence of '{question.id}' has no field '{name}'{nearest(name, EVIDENCE_FIELDS)}",
                source=chart.source, line=inner.line,
            )  # fmt: skip
        for answer in (answers.items or ())[:1] if answers is not None else ():
            for kind, value in answer.pairs or ():
                if kind.startswith("value") and value.text is not None:
                    fields[name] = value.text
    try:
        chart.evidence.append({"question": question.id, **read_evidence(question.id, fields)})
    except AnswerError as error:
        raise InputError(str(error), source=chart.source, line=item.line) from None
