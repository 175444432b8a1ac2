"""What a finding's message may name: facts of the lines on which a rule fired, as text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.fact_keys import RESTS_ON
from pumpclaim.policy.model import STATES, Role
from pumpclaim.tables import CENT, NANOGRAMS, UNIT
from pumpclaim.utilization.facts import REFILL_FACTS
from pumpclaim.visits import NO_DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

    from pumpclaim.charts.meeting import BlockCharts
    from pumpclaim.contents import Contents
    from pumpclaim.context import Context
    from pumpclaim.lines import Arranged
    from pumpclaim.pricing import Prices

UNKNOWN = "(not known)"
FEW = 256
"""Below this many lines each is put into words by itself."""


@dataclass(frozen=True, eq=False)
class Facts:
    """Facts of the lines at ``places`` of a block; each method gives one text a place.

    ``whole`` are the arrays of the whole set, for what came before in other blocks.
    """

    context: Context
    contents: Contents
    prices: Prices
    places: Ints
    charts: BlockCharts | None = None
    whole: Arranged | None = None

    def messages(self, template: str) -> pl.Series:
        """``template`` with every name in braces replaced by that fact.

        Of many lines only those whose facts differ are put into words.
        """
        names = [piece.split("}", 1)[0] for piece in template.split("{")[1:]]
        if not names:
            return pl.Series([template], dtype=pl.String).new_from_index(0, len(self.places))
        if len(self.places) >= FEW and all(name in RESTS_ON for name in names):
            first, which = self._alike(names)
            return replace(self, places=self.places[first])._worded(template, names)[which]
        return self._worded(template, names)

    def _alike(self, names: list[str]) -> tuple[Ints, Ints]:
        """Of lines that agree in all that these facts rest on the first, and which of them each line is."""
        key = np.zeros(len(self.places), np.int64)
        for rests_on in dict.fromkeys(RESTS_ON[name] for name in names):
            own = rests_on(self)
            low = int(own.min())
            width = int(own.max()) - low + 1
            if (int(key.max()) + 1) * width > 2**62:
                key = np.unique(key, return_inverse=True)[1]
            key = key * width + (own - low)
        _, first, which = np.unique(key, return_index=True, return_inverse=True)
        return first, which

    def _worded(self, template: str, names: list[str]) -> pl.Series:
        columns = {name: _fact(name)(self) for name in names}
        if len(self.places) >= FEW:
            texts = {
                name: column.alias(name)
                if isinstance(column, pl.Series)
                else pl.Series(name, column, pl.String)
                for name, column in columns.items()
            }
            pieces = [
                piece
                for before, name, *_ in Formatter().parse(template)
                for piece in (pl.lit(before), *([texts[name]] if name else ()))
            ]
            return pl.select(pl.concat_str(pieces)).to_series()
        return pl.Series(
            [
                template.format(**{name: column[i] for name, column in columns.items()})
                for i in range(len(self.places))
            ],
            dtype=pl.String,
        )

    def _of_line(self, column: str) -> list[Any]:
        return self.context.claim_set.lines[column][self.context.rows[self.places]].to_list()

    def _of_claim(self, column: str) -> list[Any]:
        return self.context.claim_set.claims[column][
            self.context.lines.claims[self.places]
        ].to_list()

    def _text(self, values: list[Any]) -> list[str]:
        return [UNKNOWN if value is None else str(value) for value in values]

    def _day_lines(self, line: int) -> list[int]:
        """Places of the same patient and day, those of claims that count."""
        visits = self.context.visits
        return [
            other
            for other in visits.run(visits.day_starts, line)
            if other == line or not self.context.reach.withdrawn[other]
        ]

    def _codes_of_day(self, roles: Role) -> list[str]:
        compiled = self.context.compiled
        texts = []
        for line in self.places.tolist():
            codes = {int(self.context.lines.codes[other]) for other in self._day_lines(line)}
            named = [c for c in sorted(codes) if c and compiled.codes[c - 1].roles & roles]
            texts.append(" and ".join(compiled.codes[c - 1].code for c in named))
        return texts

    def others(self) -> list[list[int]]:
        """Positions of the claims that bear the other half of a split refill, by their ids."""
        roles, claims = self.context.columns["roles"], self.context.lines.claims
        found = []
        for line in self.places.tolist():
            wanted = Role.REFILL if roles[line] & Role.PUMP_DRUG else Role.PUMP_DRUG
            others = {
                int(claims[other])
                for other in self._day_lines(line)
                if claims[other] != claims[line] and roles[other] & wanted
            }
            found.append(sorted(others, key=self.claim_id))
        return found

    def claim_id(self, claim: int) -> str:
        """What a message calls a claim."""
        return self.context.claim_set.claims["claim_id"][claim] or UNKNOWN

    def other_claims(self) -> list[str]:
        """Ids of those claims."""
        return [", ".join(dict.fromkeys(map(self.claim_id, others))) for others in self.others()]

    def other_half(self) -> list[str]:
        """Which half of the refill stands on another claim."""
        roles = self.context.columns["roles"][self.places]
        return ["refill" if role & Role.PUMP_DRUG else "drug" for role in roles]

    def newest_implant(self) -> list[str]:
        """Code and day of the patient's newest implant up to that day."""
        context, visits, lines = self.context, self.context.visits, self.context.lines
        roles = context.columns["roles"]
        texts = []
        for line in self.places.tolist():
            past = range(
                visits.run(visits.patient_starts, line).start,
                visits.run(visits.day_starts, line).stop,
            )
            implants = [
                other
                for other in past
                if roles[other] & Role.DEVICE_IMPLANT and not context.reach.withdrawn[other]
            ]
            newest = max(implants, key=lambda other: (lines.days[other], lines.codes[other]))
            code = context.compiled.codes[lines.codes[newest] - 1]
            texts.append(f"{code.code} ({code.label}) of {day_text(int(lines.days[newest]))}")
        return texts

    def _ingredients(self, which: NDArray[np.bool_], column: str) -> list[str]:
        rows = self.context.rows[self.places]
        chosen = np.flatnonzero(which & np.isin(self.contents.place, rows))
        by_row: dict[int, list[str]] = {}
        for row, record in zip(
            self.contents.place[chosen].tolist(),
            self.contents.ingredient_rows[chosen].iter_rows(named=True),
            strict=True,
        ):
            by_row.setdefault(row, []).append(_ingredient(record, column))
        return [_joined(by_row.get(row, []), column) for row in rows.tolist()]

    def drugs(self) -> list[str]:
        """The drugs of the narrative with their concentrations."""
        return self._ingredients(~self.contents.unread, "concentration")

    def mixture(self) -> list[str]:
        """The drugs of a mixture by name, or that several drug codes make one."""
        named = self._ingredients(~self.contents.unread, "name")
        many = self.context.columns["ingredients"][self.places] > 1
        return [
            name if several else "more than one drug"
            for name, several in zip(named, many, strict=True)
        ]

    def unread_parts(self) -> list[str]:
        """The parts of the narrative that could not be read, each with its reason."""
        return self._ingredients(self.contents.unread, "problem")

    def unpriced_drugs(self) -> list[str]:
        """The drugs of the narrative that have no fee."""
        return self._ingredients(~self.contents.unread & (self.contents.rate < 0), "name")

    def implausible_drugs(self) -> list[str]:
        """The amounts that no reservoir holds."""
        return self._ingredients(self.contents.is_implausible, "amount")

    def what_text(self) -> list[str]:
        """Whether there is a text at all."""
        has = self.context.columns["has_narrative"][self.places]
        return ["a text, but none" if one else "no text" for one in has]

    def unknown_place(self) -> list[str]:
        """Which of contract, state and date the claim does not tell."""
        reach = self.context.reach
        texts = []
        for place in self.places:
            missing = []
            if reach.contract[place] == 0 and reach.state[place] == 0:
                missing.append("its contract or state of service")
            if self.context.lines.days[place] == NO_DAY:
                missing.append("its date of service")
            texts.append(" nor ".join(missing))
        return texts

    def withdrawn_why(self) -> list[str]:
        """Why a claim is withdrawn."""
        return [
            "the claim asks to cancel an earlier one" if code == "8"
            else "another claim of this set replaces or voids it"
            for code in self._of_claim("frequency_code")
        ]  # fmt: skip

    def state(self) -> list[str]:
        """The state of service."""
        return [STATES[s - 1] if s else UNKNOWN for s in self.context.reach.state[self.places]]

    def contractor(self) -> list[str]:
        """The contract number."""
        names = self.context.compiled.contracts
        return [names[c - 1] if c else UNKNOWN for c in self.context.reach.contract[self.places]]

    def contract_kind(self) -> list[str]:
        """Whether the contract is an A or a B contract, with its article for a sentence."""
        is_b = self.context.reach.contract_is_b[self.places]
        return ["a B" if one else "an A" for one in is_b]

    def article(self) -> list[str]:
        """The article that judges the line."""
        articles = self.context.compiled.policy.articles
        return [articles[one].id for one in self.context.reach.article[self.places]]

    def first_day(self) -> list[str]:
        """The first day on which the article's facts hold."""
        first = self.context.compiled.periods.first
        return [day_text(first[one]) for one in self.context.reach.article[self.places]]

    def last_day(self) -> list[str]:
        """The article's last day."""
        last = self.context.compiled.periods.last
        return [day_text(last[one]) for one in self.context.reach.article[self.places]]

    def form_with_article(self) -> list[str]:
        """The claim's form, with its article for a sentence."""
        institutional = self.context.reach.institutional[self.places]
        return ["an institutional" if one else "a professional" for one in institutional]

    def code_fact(self, name: str) -> list[str]:
        """A fact of the line's code."""
        compiled = self.context.compiled
        codes = [compiled.codes[c - 1] for c in self.context.lines.codes[self.places]]
        if name == "replaced_by":
            return [" or ".join(code.replaced_by) or "another code" for code in codes]
        return [str(code.valid_from) for code in codes]

    def place_of_service(self) -> list[str]:
        """The line's place of service, else the claim's."""
        return self._text([
            own or claim
            for own, claim in zip(
                self._of_line("place_of_service"), self._of_claim("place_of_service"), strict=True
            )
        ])  # fmt: skip

    def column(self, name: str) -> list[str]:
        """A column of the context."""
        return [str(value) for value in self.context.columns[name][self.places]]

    def units(self) -> list[str]:
        """Units of service."""
        return [
            f"{Decimal(u) / UNIT:f}" if u >= 0 else UNKNOWN
            for u in self.context.lines.units[self.places].tolist()
        ]

    def charge(self) -> list[str]:
        """The line's charge in dollars."""
        return [UNKNOWN if c is None else dollars(c) for c in self._of_line("charge")]

    def allowed(self) -> list[str]:
        """The line's allowance in dollars."""
        return [dollars(amount) for amount in self.prices.allowed[self.places].tolist()]

    def service_date(self) -> list[str]:
        """The first day of service."""
        return [day_text(day) for day in self.context.lines.days[self.places].tolist()]


def _fact(name: str) -> Callable[[Facts], list[str] | pl.Series]:
    if name in FACTS:
        return FACTS[name]
    if name in REFILL_FACTS:
        return REFILL_FACTS[name]
    from pumpclaim.chart_facts import CHART_FACTS  # noqa: PLC0415  (charts are not always there)

    return CHART_FACTS[name]


def dollars(nano_dollars: int) -> str:
    """Dollars and cents of an amount in nano-dollars; what is no whole cent is shown in full."""
    if nano_dollars % CENT:
        return f"{(Decimal(nano_dollars) / (CENT * 100)).normalize():f}"
    return f"{nano_dollars // CENT // 100}.{nano_dollars // CENT % 100:02d}"


@lru_cache(maxsize=50_000)
def day_text(day: int) -> str:
    """A day since 1970-01-01 as a date, in words when it is not known."""
    return UNKNOWN if day == NO_DAY else str(date(1970, 1, 1).fromordinal(719_163 + day))


def _ingredient(record: dict[str, Any], column: str) -> str:
    if column == "problem":
        return unread_part(record["text"], record["problem"])
    name = record["name"] or record["drug"] or record["text"]
    if column == "concentration":
        return (
            f"{name} {_mass(record['concentration'])}/mL" if record["concentration"] else str(name)
        )
    if column == "amount":
        return f"{_mass(record['amount'])} of {name}"
    return str(name)


def _mass(nanograms: int) -> str:
    unit = "mg" if nanograms >= NANOGRAMS["mg"] else "mcg"
    return f"{(Decimal(nanograms) / NANOGRAMS[unit]).normalize():f} {unit}"


def unread_part(text: str, problem: str | None) -> str:
    """A part of a narrative that could not be read, with its reason, each said once."""
    reason = problem or "no amount"
    return reason if text in reason else f"'{text}': {reason}"


def _joined(parts: list[str], column: str) -> str:
    if column in ("problem", "amount") or len(parts) < 2:
        return "; ".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


FACTS: dict[str, Callable[[Facts], list[str]]] = {
    "hcpcs": lambda facts: facts._text(facts._of_line("hcpcs")),
    "type_of_bill": lambda facts: facts._text(facts._of_claim("type_of_bill")),
    "payer_id": lambda facts: facts._text(facts._of_claim("payer_id")),
    "filing_indicator": lambda facts: facts._text(facts._of_claim("filing_indicator")),
    "revenue_code": lambda facts: facts._text(facts._of_line("revenue_code")),
    "diagnoses": lambda facts: [", ".join(codes or ()) or UNKNOWN for codes in facts._of_claim("diagnoses")],
    "frequency_code": lambda facts: facts._text(facts._of_claim("frequency_code")),
    "analysis_codes": lambda facts: facts._codes_of_day(Role.ANALYSIS | Role.PROGRAMMED_REFILL),
    "refill_codes": lambda facts: facts._codes_of_day(Role.REFILL),
    "replaced_by": lambda facts: facts.code_fact("replaced_by"),
    "valid_from": lambda facts: facts.code_fact("valid_from"),
    "units_on_day": lambda facts: facts.column("units_on_day"),
    "compound_number": lambda facts: facts.column("compound_number"),
    **{
        name: getattr(Facts, name)
        for name in (
            "allowed", "article", "charge", "contract_kind", "contractor", "drugs", "first_day",
            "form_with_article", "implausible_drugs", "last_day", "mixture", "newest_implant",
            "other_claims", "other_half", "place_of_service", "service_date", "state", "units",
            "unknown_place", "unpriced_drugs", "unread_parts", "what_text", "withdrawn_why",
        )
    },
}  # fmt: skip
"""Every name that a message may use."""
