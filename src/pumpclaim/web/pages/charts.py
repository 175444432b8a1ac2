"""The coverage checklist as a form, saved as one goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from pumpclaim.charts.bearing import bearings
from pumpclaim.errors import InputError
from pumpclaim.patient_ids import plain_id
from pumpclaim.reports.assessment.checklist import checklist
from pumpclaim.reports.assessment.words import answer_words, bearing_words, place_words
from pumpclaim.web.batches.across import patient_claims, patient_names
from pumpclaim.web.charts.access import chart_of, charts_of
from pumpclaim.web.charts.form import digest, field_of, sent_questions
from pumpclaim.web.charts.importing import Found, charts_in, import_charts
from pumpclaim.web.charts.listing import SORTS, Row, Selection, summaries
from pumpclaim.web.charts.saving import CHANGED, Saved, judged, read_as, save
from pumpclaim.web.charts.store import Chart, StaleError, new_id
from pumpclaim.web.pages import chart_files
from pumpclaim.web.pages.given import files_of
from pumpclaim.web.pages.readings import Fields
from pumpclaim.web.pages.selecting import address_query, asked_of
from pumpclaim.web.paging import paged
from pumpclaim.web.security.guard import SignedIn, require
from pumpclaim.web.security.visitors import JUDGE, Visitor
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import go_to, is_fragment, page
from pumpclaim.web.workers.lanes import API

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pumpclaim.charts.assessment import Assessment
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part
    from pumpclaim.web.services import Services

router = APIRouter()
router.include_router(chart_files.router)
LISTED = ("patient", "determination", "sort", "order")
"""What an address says of the list."""
ROWS = 100
"""Charts on one page of the list."""
FIRST_MISSING = 8
"""Things to be obtained that are shown before the rest is unfolded."""
UNREADABLE = (
    "This chart can no longer be read; save it as a file, mend it there, remove it here and take the file "
    "over again:"
)


async def posted(request: Request) -> FormData:
    """The form that a request carries."""
    return await request.form()


Posted = Annotated[FormData, Depends(posted)]


@router.get("/charts")
def charts(request: Request, visitor: SignedIn) -> Response:
    """The charts that the visitor may see."""
    return _list(request, visitor, "charts.html.j2")


def _list(
    request: Request,
    visitor: Visitor,
    template: str,
    *,
    status: int = 200,
    selection: Selection | None = None,
    pushed: str | None = None,
    **values: Any,
) -> Response:
    services, policy = services_of(request), services_of(request).policy_of(visitor)
    found = charts_of(services, visitor)
    told, names = summaries(found, policy), owner_names(services, visitor, found)
    patients = patient_names(services, visitor, (one.patient_id for one in found))
    rows = [
        Row(
            one, told[one.id], names.get(one.owner, "removed"),
            patients.get(plain_id(one.patient_id)),
        )
        for one in found
    ]  # fmt: skip
    selection = selection or _selection(asked_of(request, visitor))
    chosen = selection.of(rows)
    at = paged(request, len(chosen), ROWS, pushed)
    shown = chosen[at.shown]
    seen = [(row.chart.id, row.chart.patient_id) for row in shown]
    services.audit.record(visitor, "see charts", charts=seen)
    return page(
        request, template, visitor, status=status,
        headers={"HX-Push-Url": pushed} if pushed else None,
        sorts={sort: _sorted(request, visitor, selection, sort) for sort in SORTS},
        rows=shown, chosen=len(chosen), all=len(rows), paged=at,
        selection=selection, has_owners=set(names) > {visitor.id},
        parts=[
            (one, [one.questions[name] for name in day_questions(policy, one.id)])
            for one in policy.chart.parts.values()
        ],
        determinations=sorted({row.summary.determination for row in rows}),
        limits=services.settings.limits, **{"imported": None, "problem": None, "typed": {}, **values},
    )  # fmt: skip


def _sorted(request: Request, visitor: Visitor, selection: Selection, sort: str) -> str:
    """The address of the list in another order; in that it has, turned round."""
    descending = selection.sort == sort and not selection.descending
    return f"/charts?{address_query(request, visitor, _fields(selection, sort, descending=descending))}"


def owner_names(services: Services, visitor: Visitor, found: list[Chart]) -> dict[str, str]:
    """Names of the owners of charts that the visitor sees, by id."""
    names = {one.id: one.name for one in services.users.all()}
    seen = {one.owner for one in found} & set(names)
    return {visitor.id: "you", **{one: names[one] for one in seen - {visitor.id}}}


def _selection(asked: Mapping[str, str]) -> Selection:
    """What of the list is asked for, and in which order."""
    chosen = asked.get("patient", "").strip()[:100], asked.get("determination", "").strip()
    sort = asked.get("sort", "")
    if sort not in SORTS:
        return Selection(*chosen)
    return Selection(*chosen, sort, descending=asked.get("order") == "descending")


def _fields(selection: Selection, sort: str, *, descending: bool) -> dict[str, str]:
    return {
        "patient": selection.patient,
        "determination": selection.determination,
        "sort": sort,
        "order": "descending" if descending else "ascending",
    }


@router.post("/charts/list")
def choose(request: Request, visitor: SignedIn, fields: Fields) -> Response:
    """The list as a form asks for it; a patient stands in no address as he is typed."""
    query = address_query(request, visitor, {name: fields.get(name, "") for name in LISTED})
    where = f"/charts{'?' if query else ''}{query}"
    if not is_fragment(request):
        return go_to(request, where)
    return _list(
        request, visitor, "parts/chart_table.html.j2", selection=_selection(fields), pushed=where
    )


@router.post("/charts")
def create(request: Request, visitor: SignedIn, form: Posted) -> Response:
    """Begin a chart; on to its form."""
    require(visitor, JUDGE)
    services = services_of(request)
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    answers = {
        name: {"answer": typed[name].strip()}
        for name in day_questions(services.policy_of(visitor), typed.get("part", ""))
        if typed.get(name, "").strip()
    }
    chart, part, patient = new_id(), typed.get("part", ""), typed.get("patient_id", "")
    try:
        with services.audit.doing(visitor, "create chart", charts=[(chart, patient)]):
            services.charts.create(visitor.id, part, patient, answers, chart=chart)
    except InputError as error:
        return _list(
            request, visitor, "charts.html.j2", status=422, problem=error.what, typed=typed
        )
    return go_to(request, f"/charts/{chart}")


def day_questions(policy: PolicySet, part: str) -> list[str]:
    """The questions that a new chart asks: its days, and what none can do without."""
    if part not in policy.chart.parts:
        return []
    own = policy.chart[part]
    wanted = [own.day, own.planned_day, *(q.id for q in own.questions.values() if q.required)]
    return [name for name in dict.fromkeys(wanted) if name is not None]


@router.post("/charts/import")
async def take_over(
    request: Request,
    visitor: SignedIn,
    files: Annotated[list[tuple[str, UploadFile]], Depends(files_of)],
) -> Response:
    """Make charts of chart files; what could be used, and why the rest could not."""
    require(visitor, JUDGE)
    services = services_of(request)
    limits = services.settings.limits
    named = [(name, await one.read()) for name, one in files]
    if len(named) > limits.files:
        raise InputError(f"these are more than {limits.files} files; send them in parts")
    found = await services.workers.ask(
        request, API, visitor.id, partial(charts_in, named, limits.unpacked_bytes), limits.judging_seconds
    )  # fmt: skip
    return await run_in_threadpool(_taken_over, request, visitor, found)


def _taken_over(request: Request, visitor: Visitor, found: Found) -> Response:
    imported = import_charts(services_of(request), visitor, found)
    if is_fragment(request):
        return _list(request, visitor, "parts/chart_imported.html.j2", imported=imported)
    status = 200 if imported.made else 422
    return _list(request, visitor, "charts.html.j2", status=status, imported=imported)


@router.get("/charts/{chart}")
def chart_page(request: Request, visitor: SignedIn, chart: str, said: str = "") -> Response:
    """The checklist as a form, or to read for who may only look."""
    services = services_of(request)
    found = chart_of(services, visitor, chart)
    return _page(request, visitor, found, notice="Saved." if said == "saved" else None)


def _page(
    request: Request,
    visitor: Visitor,
    chart: Chart,
    *,
    status: int = 200,
    became: dict[str, Saved] | None = None,
    problem: str | None = None,
    notice: str | None = None,
) -> Response:
    services, policy = services_of(request), services_of(request).policy_of(visitor)
    part = policy.chart[chart.part]
    became = became or {}
    try:
        whole = judged(chart, policy)
    except InputError as error:
        whole, problem = None, problem or f"{UNREADABLE} {error.what}."
    fields = {
        one.id: became[one.id].field
        if one.id in became
        else field_of(one, chart.answers.get(one.id))
        for one in part.questions.values()
    }
    is_own = chart.owner == visitor.id
    claims = patient_claims(services, visitor, chart.patient_id)
    services.audit.record(
        visitor, "see chart", charts=[(chart.id, chart.patient_id)],
        claims=[(one["claim_id"], one["patient_id"]) for one in claims],
        batches=dict.fromkeys(one["batch"] for one in claims),
    )  # fmt: skip
    return page(
        request, "chart.html.j2" if is_own else "chart_read.html.j2", visitor, status=status,
        chart=chart, patient_name=_name(services, visitor, chart),
        claims=claims, part=part, fields=fields, problem=problem, notice=notice,
        problems=[one.field for one in became.values() if one.field.problem],
        owner=owner_names(services, visitor, [chart]).get(chart.owner, "removed"),
        seen_patient=digest({"answer": chart.patient_id}),
        drug_names=policy.drugs.by_id.values(), answers=_answers(whole, part),
        bearing=_bearing(policy, part), **_panel(chart, whole, policy),
    )  # fmt: skip


def _name(services: Services, visitor: Visitor, chart: Chart) -> str | None:
    """The name of a chart's patient, where an upload tells it."""
    names = patient_names(services, visitor, [chart.patient_id])
    return names.get(plain_id(chart.patient_id))


def _bearing(policy: PolicySet, part: Part) -> dict[str, str]:
    """What hangs on each question, in words."""
    return {name: bearing_words(one) for name, one in bearings(policy, part.id).items()}


def _panel(chart: Chart, whole: Assessment | None, policy: PolicySet) -> dict[str, Any]:
    told = checklist(whole.charts[0], policy) if whole else None
    cited = sorted(
        {place["document"] for one in chart.answers.values() for place in one.get("evidence", ())}
    )
    return {"told": told, "cited": cited, "first_missing": FIRST_MISSING}


def _answers(whole: Assessment | None, part: Part) -> dict[str, dict[str, Any]]:
    """Every answer in words, for who only reads."""
    return {
        one.question: {
            "words": answer_words(part.questions[one.question], one.value),
            "known": one.value is not None,
            "places": [place_words(place) for place in one.evidence],
        }
        for one in (whole.charts[0].answers if whole else ())
    }


@router.post("/charts/{chart}")
def save_all(request: Request, visitor: SignedIn, chart: str, form: Posted) -> Response:
    """Keep every answer of the form that can be kept; the others stand beside their sentence."""
    services = services_of(request)
    found = chart_of(services, visitor, chart, change=True)
    part = services.policy_of(visitor).chart[found.part]
    changed, became = save(services, visitor, found, sent_questions(part, form), form)
    if any(one.field.problem for one in became.values()):
        return _page(request, visitor, changed, status=422, became=became)
    return go_to(request, f"/charts/{chart}?said=saved")


@router.post("/charts/{chart}/answers/{question}")
def save_one(
    request: Request, visitor: SignedIn, chart: str, question: str, form: Posted
) -> Response:
    """Keep one answer; what became of it, and the panel as it now stands."""
    services, policy = services_of(request), services_of(request).policy_of(visitor)
    found = chart_of(services, visitor, chart, change=True)
    asked = policy.chart[found.part].questions.get(question)
    if asked is None:
        raise HTTPException(404, "the chart has no such question")
    changed, became = save(services, visitor, found, [asked], form)
    saved = became[question]
    if not is_fragment(request):
        if saved.field.problem:
            return _page(request, visitor, changed, status=422, became=became)
        return go_to(request, f"/charts/{chart}#q-{question}")
    if changed.version == found.version:
        services.audit.record(visitor, "see chart", charts=[(chart, found.patient_id)])
    whole = judged(changed, policy)
    headers = {"HX-Retarget": f"#q-{question}", "HX-Reswap": "outerHTML"} if saved.redraw else None
    return page(
        request, "parts/chart_saved.html.j2", visitor, headers=headers,
        chart=changed, field=saved.field, redraw=saved.redraw, new_places=saved.new_places,
        read_as="" if saved.field.problem else read_as(whole, asked),
        bearing=_bearing(policy, policy.chart[found.part]), **_panel(changed, whole, policy),
    )  # fmt: skip


@router.post("/charts/{chart}/patient")
def rename(request: Request, visitor: SignedIn, chart: str, form: Posted) -> Response:
    """Give the chart another patient."""
    services = services_of(request)
    found = chart_of(services, visitor, chart, change=True)
    try:
        if form.get("seen") != digest({"answer": found.patient_id}):
            raise InputError(CHANGED)
        patient = str(form.get("patient_id", ""))
        with services.audit.doing(
            visitor, "rename chart", charts=[(chart, found.patient_id)], patients=[patient]
        ):
            services.charts.rename(chart, patient, found.version)
    except StaleError as error:
        return _page(request, visitor, error.chart, status=409, problem=f"Not saved: {CHANGED}.")
    except InputError as error:
        return _page(request, visitor, found, status=422, problem=f"Not saved: {error.what}.")
    return go_to(request, f"/charts/{chart}?said=saved")


@router.post("/charts/{chart}/share")
def share(
    request: Request, visitor: SignedIn, chart: str, shared: Annotated[bool, Form()] = False
) -> Response:
    """Let everybody of this server see the chart and be judged with it, or end that."""
    services = services_of(request)
    found = chart_of(services, visitor, chart, change=True)
    action = "share chart" if shared else "stop sharing chart"
    try:
        with services.audit.doing(visitor, action, charts=[(chart, found.patient_id)]):
            services.charts.share(chart, shared=shared, version=found.version)
    except StaleError as error:
        return _page(request, visitor, error.chart, status=409, problem=f"Not saved: {CHANGED}.")
    return go_to(request, f"/charts/{chart}")


@router.get("/charts/{chart}/remove")
def ask_remove(request: Request, visitor: SignedIn, chart: str) -> Response:
    """Ask before a chart is removed."""
    services = services_of(request)
    found = chart_of(services, visitor, chart, change=True)
    services.audit.record(visitor, "see chart", charts=[(chart, found.patient_id)])
    title = services.policy_of(visitor).chart[found.part].title
    return page(request, "chart_remove.html.j2", visitor, chart=found, title=title)


@router.post("/charts/{chart}/remove")
def remove(request: Request, visitor: SignedIn, chart: str) -> Response:
    """Remove a chart with all its answers."""
    services = services_of(request)
    found = chart_of(services, visitor, chart, change=True)
    with services.audit.doing(visitor, "remove chart", charts=[(chart, found.patient_id)]):
        services.charts.remove(chart)
    return go_to(request, "/charts")
