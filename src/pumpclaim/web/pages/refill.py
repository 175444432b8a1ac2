"""The refill calculator: supply, due days, price and picture of a mixture; and the price of a narrative."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response

from pumpclaim import options
from pumpclaim.errors import InputError
from pumpclaim.estimate import estimate
from pumpclaim.pictures import WIDTH, render, reservoir_level
from pumpclaim.policy.pumps import load_pumps
from pumpclaim.quote import price
from pumpclaim.refill import Refill, contents_of, plan
from pumpclaim.reports.article import fee_statements
from pumpclaim.reports.quote import price_document
from pumpclaim.reports.refill import document
from pumpclaim.reservoir import plain
from pumpclaim.web.pages.given import cartridges as cartridge_count
from pumpclaim.web.pages.given import given
from pumpclaim.web.pages.readings import article_page
from pumpclaim.web.pictures import width_of
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import is_fragment, page

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from pumpclaim.pictures import Picture
    from pumpclaim.policy import PolicySet

router = APIRouter()
STRENGTH_UNITS = ("mg/mL", "mcg/mL")
DOSE_UNITS = ("mg/day", "mcg/day", "mg/h", "mcg/h")
FIELDS = ("pump", "volume", "residual", "on", "flow")
ROW_FIELDS = ("drug", "strength", "strength_unit", "dose", "dose_unit")
ROWS = 2
"""Rows of drugs at first."""
MOST_ROWS = 12
LONGEST = 60
LONGEST_NARRATIVE = 1000
PICTURES = 64
"""Pictures remembered: the page asks for its words, then the browser for the picture."""


@dataclass(frozen=True)
class Row:
    """One drug as typed: name, concentration and dose a day, each number with its unit beside it."""

    drug: str = ""
    strength: str = ""
    strength_unit: str = STRENGTH_UNITS[0]
    dose: str = ""
    dose_unit: str = DOSE_UNITS[0]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is typed into it."""
        return not (self.drug or self.strength or self.dose)

    @property
    def concentration(self) -> str:
        """As the library reads it: "morphine 20 mg/mL"."""
        return f"{self.drug} {self.strength} {self.strength_unit}".strip()

    @property
    def daily(self) -> str:
        """As the library reads it: "3 mg/day"."""
        return f"{self.dose} {self.dose_unit}"


@dataclass(frozen=True)
class Asked:
    """What the form of a mixture holds, as typed."""

    pump: str = ""
    volume: str = ""
    residual: str = ""
    on: str = ""
    flow: str = ""
    rows: tuple[Row, ...] = ()

    @property
    def filled(self) -> list[Row]:
        """The rows in which something is typed."""
        return [row for row in self.rows if not row.is_empty]

    @property
    def missing(self) -> list[str]:
        """What is still to be typed before it is known what the reservoir holds, in the form's words."""
        lacks = [] if self.volume or self.pump else ["the volume or the pump"]
        return lacks + [
            f"the concentration of {row.drug or f'drug {number}'}"
            for number, row in enumerate(self.rows, 1)
            if not (row.is_empty or row.strength)
        ]

    @property
    def missing_flow(self) -> list[str]:
        """What is still to be typed before it is known how fast it leaves: one dose is enough."""
        if self.flow or any(row.dose for row in self.filled):
            return []
        first = next((row.drug for row in self.filled if row.drug), "")
        if not self.filled:
            return ["a drug with its concentration and dose, or the flow"]
        return [f"the dose of {first or 'a drug'}, or the flow"]

    @property
    def is_blank(self) -> bool:
        """Whether nothing is typed yet."""
        return not (self.pump or self.volume or self.residual or self.flow) and all(
            row.is_empty for row in self.rows
        )

    @property
    def query(self) -> str:
        """What is typed as the query of an address, empty fields left out."""
        pairs = [(name, getattr(self, name)) for name in FIELDS if getattr(self, name)]
        pairs += [
            (name, getattr(row, name))
            for row in self.rows
            if not row.is_empty
            for name in ROW_FIELDS
        ]
        return urlencode(pairs)


def _asked(params: QueryParams) -> Asked:
    """The form of an address; raises InputError for too many rows or what is too long."""
    if any(len(value) > LONGEST for _, value in params.multi_items()):
        raise InputError(f"a field holds at most {LONGEST} characters")
    lists = [params.getlist(name) for name in ROW_FIELDS]
    count = max(map(len, lists), default=0)
    if count > MOST_ROWS:
        raise InputError(f"a mixture has at most {MOST_ROWS} drugs here")
    rows = []
    for number in range(count):
        typed = {
            name: values[number].strip()
            for name, values in zip(ROW_FIELDS, lists, strict=True)
            if number < len(values) and values[number].strip()
        }
        rows.append(Row(**typed))
    head = {name: params.get(name, "").strip() for name in FIELDS}
    return Asked(**head, rows=tuple(rows))


def _given(asked: Asked, policy: PolicySet) -> dict[str, Any]:
    """What is typed of a reservoir's contents, as the library takes it; raises InputError for a day."""
    return {
        "on": given(options.day, asked.on) or options.today(),
        "policy": policy,
        "volume": asked.volume or None,
        "concentrations": [row.concentration for row in asked.filled],
        "pump": asked.pump or None,
    }


def _planned(asked: Asked, policy: PolicySet) -> Refill:
    """The plan of what is typed; raises InputError where the library does."""
    return plan(
        **_given(asked, policy),
        residual=asked.residual or None,
        doses=[row.daily if row.dose else None for row in asked.filled],
        flow=_with_unit(asked.flow),
    )


def _with_unit(flow: str) -> str | None:
    """The flow as the library reads it: the form asks for mL a day, another unit may be typed."""
    if not flow:
        return None
    return flow if any(letter.isalpha() for letter in flow) else f"{flow} mL/day"


@router.get("/refill")
def refill(request: Request, visitor: SignedIn) -> Response:
    """The calculator; the answer alone when htmx asks. The address holds the whole form."""
    policy = services_of(request).policy_of(visitor)
    try:
        asked = _asked(request.query_params)
    except InputError as error:
        asked, answer = Asked(), _problem(str(error))
    else:
        answer = _answer(asked, policy)
    if is_fragment(request):
        headers = {"HX-Replace-Url": f"/refill?{asked.query}"}
        return page(request, "parts/refill_answer.html.j2", visitor, headers=headers, **answer)
    return _page(request, visitor, policy, asked=asked, answer=answer)


@router.post("/refill/price")
def narrative(
    request: Request,
    visitor: SignedIn,
    *,
    text: Annotated[str, Form()] = "",
    on: Annotated[str, Form()] = "",
    charge: Annotated[str, Form()] = "",
    cartridges: Annotated[str, Form()] = "",
    estimated: Annotated[str, Form()] = "",
    deductible: Annotated[str, Form()] = "",
) -> Response:
    """The price of a narrative as it may stand on a claim. It is sent, never part of an address."""
    policy = services_of(request).policy_of(visitor)
    typed = {
        "text": text, "on": on, "charge": charge, "cartridges": cartridges,
        "estimated": estimated, "deductible": deductible,
    }  # fmt: skip
    quote = _quote(typed, policy)
    if is_fragment(request):
        return page(request, "parts/price_answer.html.j2", visitor, **quote)
    blank = Asked()
    return _page(
        request, visitor, policy,
        asked=blank, answer=_answer(blank, policy), typed=typed, quote=quote,
    )  # fmt: skip


@router.get("/refill/price")
def narrative_form(request: Request, visitor: SignedIn) -> Response:
    """The calculator, for who comes back to the address of a price."""
    return refill(request, visitor)


@router.get("/refill/level.svg")
def level(request: Request, visitor: SignedIn, narrow: str = "") -> Response:
    """The picture of the level over time of the form in the address; 422 for one without an answer."""
    policy = services_of(request).policy_of(visitor)
    asked = _asked(request.query_params)
    missing = asked.missing + asked.missing_flow
    if missing:
        raise InputError(f"there is no picture without {missing[0]}")
    return Response(_drawn(_planned(asked, policy), width_of(narrow)), media_type="image/svg+xml")


def _page(
    request: Request,
    visitor: SignedIn,
    policy: PolicySet,
    *,
    asked: Asked,
    answer: dict[str, Any],
    typed: dict[str, str] | None = None,
    quote: dict[str, Any] | None = None,
) -> Response:
    wrong = answer["problem"] or (quote or {}).get("problem")
    rows = (*asked.rows, *(Row() for _ in range(ROWS - len(asked.rows))))
    return article_page(
        request, "refill.html.j2", visitor, status=422 if wrong else 200,
        asked=asked, rows=rows, blank=Row(), answer=answer, typed=typed or {},
        quote=quote or _quote({}, policy),
        pumps=load_pumps().values(), on=asked.on or options.today().isoformat(),
        today=options.today().isoformat(),
        names=sorted(one.label for one in policy.drugs.by_id.values()),
        strength_units=STRENGTH_UNITS, dose_units=DOSE_UNITS, most_rows=MOST_ROWS,
    )  # fmt: skip


NOTHING: dict[str, Any] = {
    "problem": "", "missing": [], "is_blank": False, "told": None, "contents": None, "price": None,
    "rests_on": {},
}  # fmt: skip
"""An answer that says nothing."""


def _problem(sentence: str) -> dict[str, Any]:
    return NOTHING | {"problem": sentence}


def _answer(asked: Asked, policy: PolicySet) -> dict[str, Any]:
    """What the answer's template shows: a plan with its price and picture, or as much of it as is known."""
    missing = asked.missing + asked.missing_flow
    if asked.missing or asked.is_blank:
        return NOTHING | {"missing": missing, "is_blank": asked.is_blank}
    try:
        told = None if missing else _planned(asked, policy)
        held = told.contents if told else contents_of(**_given(asked, policy))
        day = told.due.filled if told else given(options.day, asked.on) or options.today()
    except InputError as error:
        return _problem(str(error))
    return NOTHING | {
        "missing": missing,
        "contents": held,
        "price": None if held.price is None else price_document(held.price),
        "rests_on": fee_statements(policy, day),
        **(_told(told, asked) if told else {}),
    }


def _told(told: Refill, asked: Asked) -> dict[str, Any]:
    """What is shown of a whole plan."""
    return {
        "told": document(told),
        "whole_days": int(told.fill.days),
        "alarm_ml": None if told.alarm is None else plain(told.alarm),
        "pump": told.contents.pump,
        "words": _picture(told).words,
        "query": asked.query,
        "drawn": f"/refill/level.svg?{replace(asked, on=told.due.filled.isoformat()).query}",
    }


@lru_cache(maxsize=PICTURES)
def _picture(told: Refill, width: int = WIDTH) -> Picture:
    return reservoir_level(told, width)


@lru_cache(maxsize=PICTURES)
def _drawn(told: Refill, width: int) -> bytes:
    return render(_picture(told, width), "svg")


def _quote(typed: dict[str, str], policy: PolicySet) -> dict[str, Any]:
    """What the template of a narrative's price shows."""
    text = typed.get("text", "").strip()
    shown: dict[str, Any] = {"problem": "", "price": None, "rests_on": {}, "estimate_problem": ""}
    if not text:
        return shown
    try:
        if len(text) > LONGEST_NARRATIVE:
            raise InputError(f"a narrative holds at most {LONGEST_NARRATIVE} characters")
        day = given(options.day, typed["on"]) or options.today()
        quoted = price(
            text, on=day, charge=given(options.dollars, typed["charge"]),
            cartridges=given(cartridge_count, typed["cartridges"]), policy=policy,
        )  # fmt: skip
        left = given(options.dollars, typed["deductible"])
    except InputError as error:
        return shown | {"problem": str(error)}
    reckoned = None
    if (typed["estimated"] or left is not None) and quoted.payable is not None:
        try:
            reckoned = estimate(quoted.payable, day, left, policy)
        except InputError as error:
            shown |= {"estimate_problem": str(error)}
    return shown | {
        "price": price_document(quoted, reckoned),
        "rests_on": fee_statements(policy, day),
    }
