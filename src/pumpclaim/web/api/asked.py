"""What may be asked: options in the query, documents in the body, read in the command line's words."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from pumpclaim import options
from pumpclaim.errors import InputError, nearest
from pumpclaim.policy import load
from pumpclaim.policy.pumps import load_pumps
from pumpclaim.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

REFERENCE = "#/components/schemas/"
"""Where the OpenAPI document keeps its schemas."""
NAME = 200
"""Characters of a file's name."""
NARRATIVE = 2_000
"""Characters of a text of drugs; a claim has 80."""
DRUGS = 20
"""Drugs of one mixture."""


def checked(read: Callable[[str], object]) -> AfterValidator:
    """Whether ``read`` can read a text that is given; what it says is the fault's words."""

    def check(text: str | None) -> str | None:
        if text is not None:
            _try(read, text)
        return text

    return AfterValidator(check)


def each_checked(read: Callable[[str], object]) -> AfterValidator:
    """The same for each of several texts."""

    def check(texts: list[str]) -> list[str]:
        for text in texts:
            _try(read, text)
        return texts

    return AfterValidator(check)


def _try(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except InputError as error:
        raise PydanticCustomError("unusable", "{what}", {"what": error.what}) from None


def described(example: str | list[str], *, null: bool = False, **schema: Any) -> WithJsonSchema:
    """The JSON Schema of a text, or of several, with an example; ``null`` where it may be null."""
    kind = "array" if isinstance(example, list) else "string"
    return WithJsonSchema(
        {"type": [kind, "null"] if null else kind, **schema, "examples": [example]}
    )


def days_from(first: date) -> str:
    """A pattern of the days from ``first`` on, written year, month and day."""
    year = f"{first.year:04}"
    later = "|".join(
        f"{year[:at]}[{int(digit) + 1}-9]" + "[0-9]" * (3 - at)
        for at, digit in enumerate(year)
        if digit < "9"
    )
    months = "|".join(f"{month:02}" for month in range(first.month + (first.day > 1), 13))
    ways = [f"({later})-[0-9]{{2}}-[0-9]{{2}}", f"{year}-({months})-[0-9]{{2}}"]
    if first.day > 1:
        days = "|".join(f"{day:02}" for day in range(first.day, 32))
        ways.append(f"{year}-{first.month:02}-({days})")
    return f"^({'|'.join(ways)})$"


def rule_or_family(text: str) -> None:
    """Raise InputError for what is neither a rule's code nor a family of rules."""
    if text not in RULES_AND_FAMILIES:
        raise InputError(f"no rule is called '{text}'{nearest(text, RULES_AND_FAMILIES)}")


RULES_AND_FAMILIES = (*dict.fromkeys(code[:3] for code in RULES), *RULES)
Codes = Annotated[
    list[str],
    each_checked(rule_or_family),
    described(["DRG"], items={"$ref": REFERENCE + "RuleOrFamily"}),
]
Readings = Annotated[
    list[str],
    each_checked(options.pair),
    described(["kd-on-compound=not-required"], items={"$ref": REFERENCE + "ReadingChoice"}),
]
Thresholds = Annotated[
    list[str],
    each_checked(options.pair),
    described(["refill_due_days=10"], items={"$ref": REFERENCE + "ThresholdValue"}),
]
Contractor = Annotated[
    str | None,
    checked(options.contract_number),
    described(
        "01312", enum=[one.number for article in load().articles for one in article.contracts]
    ),
]
"""A contract of an article; the library says of others that they are none."""
SINCE = days_from(min(article.original_effective for article in load().articles))
Day = Annotated[
    str | None, checked(options.day), described("2024-03-05", format="date", pattern=SINCE)
]
DayOrNull = Annotated[
    str | None,
    checked(options.day),
    described("2024-03-05", null=True, format="date", pattern=SINCE),
]
Dollars = Annotated[
    str | None,
    checked(options.dollars),
    described("82.50", null=True, pattern="^[0-9]{1,9}(\\.[0-9]{1,9})?$"),
]
Quantity = Annotated[str, Field(max_length=NAME)]
SELECT = "Run only these rules or families. May be repeated."
IGNORE = "Leave out these rules or families. May be repeated."
READING = "Switch a reading of the article, ID=CHOICE. May be repeated."
THRESHOLD = "Set a threshold of ours, NAME=VALUE. May be repeated."
ON = "Date of service, as 2024-03-05; today if not given."


class Nothing(BaseModel):
    """No option at all."""

    model_config = ConfigDict(extra="forbid")


class Switched(Nothing):
    """Readings of the article that are switched for one request."""

    reading: Readings = Field(default=[], description=READING)


class Adjusted(Switched):
    """The same, and thresholds."""

    threshold: Thresholds = Field(default=[], description=THRESHOLD)


class CheckOptions(Adjusted):
    """Options of ``pumpclaim check``."""

    contractor: Contractor = Field(
        default=None, description="The contract that judges, whatever payer the claims name."
    )
    select: Codes = Field(default=[], description=SELECT)
    ignore: Codes = Field(default=[], description=IGNORE)
    name: Annotated[str, described("morning.837", maxLength=NAME)] = Field(
        default="request",
        max_length=NAME,
        description="Under what name a body that is one file is listed.",
    )


class AssessOptions(Switched):
    """Options of ``pumpclaim assess``."""

    name: Annotated[str, described("chart.json", maxLength=NAME)] = Field(
        default="request",
        max_length=NAME,
        description="Under what name charts in a JSON body are listed.",
    )


class PolicyOptions(Switched):
    """Options of ``pumpclaim policy show``."""

    on: Day = Field(default=None, description="Only what held on that day.")
    contractor: Contractor = Field(default=None, description="Only the article of this contract.")


def whole(value: object) -> object:
    """A number without a fraction, as JSON may write it with one (2.0), as a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    on: DayOrNull = Field(default=None, description=ON)

    @property
    def day(self) -> date:
        """The day that is asked for, or today."""
        return options.today() if self.on is None else options.day(self.on)


class PriceAsked(_Body):
    """Drugs of one refill, whose price is asked."""

    text: str = Field(
        max_length=NARRATIVE,
        description="Drugs and amounts.",
        examples=["morphine 360 mg, bupivacaine 90 mg"],
    )
    charge: Dollars = Field(
        default=None,
        description="The charge, dollars; the lower of it and the allowance is payable.",
    )
    cartridges: Annotated[
        int | None,
        BeforeValidator(whole),
        WithJsonSchema({"type": ["integer", "null"], "minimum": 1, "maximum": 100}),
    ] = Field(
        default=None,
        description="Cartridges filled; counts under the reading compounding-fee=per-cartridge.",
    )
    estimate: bool = Field(
        default=False, description="Go on to what Medicare and the patient would pay."
    )
    deductible_left: Dollars = Field(
        default=None,
        description="What is left of the patient's deductible, dollars; brings the estimate too.",
    )


class RefillAsked(_Body):
    """One fill of a pump, as a person writes it; needed is the volume or the pump, and how fast it leaves."""

    volume: Annotated[str | None, described("20", null=True)] = Field(
        default=None, description="What the reservoir holds after the fill, mL; the pump's size if not given."
    )  # fmt: skip
    residual: Annotated[str | None, described("2", null=True)] = Field(
        default=None, description="What cannot be given, mL."
    )
    concentrations: Annotated[
        list[Quantity],
        described(["morphine 20 mg/mL"], items={"type": "string"}, maxItems=DRUGS),
    ] = Field(default=[], max_length=DRUGS, description="One for each drug of the mixture.")
    doses: Annotated[
        list[Quantity], described(["3 mg/day"], items={"type": "string"}, maxItems=DRUGS)
    ] = Field(
        default=[],
        max_length=DRUGS,
        description="One for each drug, in the order of the concentrations.",
    )
    flow: Annotated[str | None, described("0.5 mL/day", null=True)] = Field(
        default=None, description="Flow of a constant-flow pump, in the place of the doses."
    )
    pump: Annotated[
        str | None, described("synchromed-ii-20", null=True, enum=[*load_pumps(), None])
    ] = Field(default=None, description="A pump model.")
