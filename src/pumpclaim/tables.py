"""Every table's columns: type, unit, meaning. The one data model.

Readers fill these tables, the context and the rules read them, reports print them. Money is int64
nano-dollars and drug amounts are int64 nanograms, so that the fees of the article are whole numbers of
nano-dollars per nanogram (or parts of one, which are summed apart) and nothing is ever rounded before a
line's total. Null means not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NANO = 1_000_000_000
"""Nano-dollars in a dollar, nanograms in a gram."""
CENT = NANO // 100
"""Nano-dollars in a cent."""
UNIT = 1_000
"""Units of service are kept in thousandths."""
NANOGRAMS = {"mcg": 1_000, "mg": 1_000_000, "g": NANO}
"""Nanograms in each unit of mass that the article or a claim note uses."""

MAX_MONEY = 9_000_000_000 * NANO
"""The largest amount of money a line may carry (9 billion dollars), so that int64 cannot overflow."""
MAX_AMOUNT = 10 * NANO
"""The largest amount of one drug that is read from a claim (10 g): no reservoir holds more."""

FORMS = pl.Enum(["professional", "institutional"])
OUTCOMES = pl.Enum(["advise", "package", "records", "reject", "deny"])
"""What a finding asks for, mildest first (DESIGN.md, Outcomes)."""
DETERMINATIONS = pl.Enum(["not-governed", "payable", "records", "fix", "denied"])
"""What becomes of a claim, mildest first."""
BASES = pl.Enum(["article", "law", "coding", "practice", "threshold"])
"""What a finding rests on."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its Polars type, its unit where it has one, its meaning and source."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    unit: str | None = None
    x12: str | None = None


FEW = 1000
"""Rows below which columns are handled one by one: a query over them would cost more to plan than to run."""


@dataclass(frozen=True)
class Table:
    """A named table: what one row is, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @cached_property
    def schema(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """The Polars schema, in column order."""
        return {column.name: column.dtype for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """The table without rows."""
        return self._empty

    @cached_property
    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self.schema)

    def of(self, columns: Mapping[str, Any]) -> pl.DataFrame:
        """The table made of its columns, all of one length: Series, arrays or lists."""
        return pl.DataFrame([
            _typed(values, c)
            if isinstance(values := columns[c.name], pl.Series)
            else pl.Series(c.name, values, c.dtype)
            for c in self.columns
        ])  # fmt: skip

    def of_rows(self, rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
        """The table made of a few rows, each a value a column."""
        return pl.DataFrame(rows, schema=self.schema, orient="row")

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``frame`` with exactly this table's columns and types; columns it lacks are null."""
        have = frame.schema
        if list(have.items()) == self._typed:
            return frame
        if 0 < frame.height < FEW:
            return pl.DataFrame([self._column(frame, have, c) for c in self.columns])
        return frame.select(
            (pl.col(c.name) if have[c.name] == c.dtype else pl.col(c.name).cast(c.dtype))
            if c.name in have
            else pl.lit(None, dtype=c.dtype).alias(c.name)
            for c in self.columns
        )

    @cached_property
    def _typed(self) -> list[tuple[str, pl.DataType | type[pl.DataType]]]:
        return list(self.schema.items())

    @staticmethod
    def _column(frame: pl.DataFrame, have: pl.Schema, column: Column) -> pl.Series:
        if column.name not in have:
            return pl.Series(column.name, [None] * frame.height, column.dtype)
        return _typed(frame.get_column(column.name), column)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)


def _typed(values: pl.Series, column: Column) -> pl.Series:
    named = values if values.name == column.name else values.alias(column.name)
    return named if named.dtype == column.dtype else named.cast(column.dtype)


CLAIMS = Table(
    "claims",
    "one claim",
    (
        Column("claim", pl.UInt32, "position of the claim in the set, from 0"),
        Column("source", pl.String, "file the claim was read from"),
        Column(
            "segment",
            pl.UInt32,
            "number of the claim's CLM segment in the file, or of its first row, from 1",
        ),
        Column("claim_id", pl.String, "the claim's id (patient control number)", x12="CLM01"),
        Column("form", FORMS, "professional or institutional", x12="GS08/ST03, else SV1 or SV2"),
        Column(
            "patient_id",
            pl.String,
            "member id; a dependent's adds name and birth date",
            x12="2010BA NM109",
        ),
        Column(
            "patient_name",
            pl.String,
            "the patient's name, family name first; shown, never kept in a history",
            x12="2010BA/2010CA NM103, NM104",
        ),
        Column("patient_birth_date", pl.Date, "the patient's date of birth", x12="DMG02"),
        Column(
            "patient_state", pl.String, "state of the patient's address", x12="2010BA/2010CA N402"
        ),
        Column(
            "filing_indicator",
            pl.String,
            "kind of payer: MA Medicare Part A, MB Medicare Part B",
            x12="SBR09",
        ),
        Column(
            "payer_id",
            pl.String,
            "payer, for Medicare often the contract number",
            x12="2010BB NM109",
        ),
        Column("billing_provider_npi", pl.String, "billing provider", x12="2010AA NM109"),
        Column("billing_state", pl.String, "state of the billing provider", x12="2010AA N402"),
        Column(
            "rendering_provider_npi",
            pl.String,
            "rendering provider of the claim",
            x12="2310B NM109",
        ),
        Column("facility_npi", pl.String, "service facility", x12="2310C/2310E NM109"),
        Column(
            "facility_state", pl.String, "state of the service facility", x12="2310C/2310E N402"
        ),
        Column(
            "place_of_service", pl.String, "place of service of a professional claim", x12="CLM05-1"
        ),
        Column(
            "type_of_bill",
            pl.String,
            "type of bill of an institutional claim, three digits",
            x12="CLM05-1 + CLM05-3",
        ),
        Column("frequency_code", pl.String, "1 original, 7 replacement, 8 void", x12="CLM05-3"),
        Column(
            "payer_claim_control_number",
            pl.String,
            "the payer's number of the claim replaced or voided",
            x12="REF*F8",
        ),
        Column("assignment", pl.String, "assignment code", x12="CLM07"),
        Column("charge", pl.Int64, "total charge", unit="nano-dollars", x12="CLM02"),
        Column("statement_from", pl.Date, "first day of the statement", x12="DTP*434"),
        Column("statement_to", pl.Date, "last day of the statement", x12="DTP*434"),
        Column(
            "diagnoses",
            pl.List(pl.String),
            "diagnosis codes, principal first, without points",
            x12="HI",
        ),
        Column("note", pl.String, "claim notes, joined by a semicolon", x12="2300 NTE02"),
        Column(
            "not_carried",
            pl.String,
            "columns that the file's layout does not carry, by a blank; null for 837 and the flat layout",
        ),
    ),
)

LINES = Table(
    "lines",
    "one service line",
    (
        Column("claim", pl.UInt32, "the claim's position in the set"),
        Column("line", pl.UInt32, "the line's number on its claim", x12="LX01"),
        Column("segment", pl.UInt32, "number of the line's first segment, or of its row, from 1"),
        Column("hcpcs", pl.String, "HCPCS or CPT code", x12="SV101-2, SV202-2"),
        Column("modifier_1", pl.String, "first modifier", x12="SV101-3, SV202-3"),
        Column("modifier_2", pl.String, "second modifier", x12="-4"),
        Column("modifier_3", pl.String, "third modifier", x12="-5"),
        Column("modifier_4", pl.String, "fourth modifier", x12="-6"),
        Column("description", pl.String, "description of the service", x12="SV101-7, SV202-7"),
        Column("note", pl.String, "line notes, joined by a semicolon", x12="2400 NTE02"),
        Column("charge", pl.Int64, "line charge", unit="nano-dollars", x12="SV102, SV203"),
        Column("units", pl.Int64, "units of service", unit="thousandths", x12="SV104, SV205"),
        Column("unit_basis", pl.String, "what a unit is: UN, MJ, DA", x12="SV103, SV204"),
        Column("service_from", pl.Date, "first day of service", x12="DTP*472"),
        Column("service_to", pl.Date, "last day of service", x12="DTP*472"),
        Column("place_of_service", pl.String, "the line's own place of service", x12="SV105"),
        Column(
            "service_state", pl.String, "state of the line's own service facility", x12="2420C N402"
        ),
        Column(
            "rendering_provider_npi", pl.String, "rendering provider of the line", x12="2420A NM109"
        ),
        Column("revenue_code", pl.String, "revenue code of an institutional line", x12="SV201"),
        Column("ndc", pl.String, "national drug code", x12="2410 LIN03"),
        Column(
            "ndc_units",
            pl.Int64,
            "quantity of the national drug code",
            unit="thousandths",
            x12="CTP04",
        ),
        Column("ndc_unit", pl.String, "unit of that quantity: F2, GR, ME, ML, UN", x12="CTP05-1"),
        Column(
            "diagnosis_pointers",
            pl.String,
            "places of the line's diagnoses on the claim, joined by a space",
            x12="SV107",
        ),
    ),
)

INGREDIENTS = Table(
    "ingredients",
    "one drug of one service line, or one part of its narrative that could not be read",
    (
        Column("row", pl.UInt32, "the service line's position in the lines table, from 0"),
        Column("item", pl.UInt16, "position of the ingredient in the narrative, from 1"),
        Column("text", pl.String, "the part of the narrative that this was read from"),
        Column("name", pl.String, "the drug as it is written there"),
        Column("drug", pl.String, "the drug's id in the policy; null when it is not known there"),
        Column("amount", pl.Int64, "total amount of the drug", unit="nanograms"),
        Column("volume", pl.Int64, "volume it is dissolved in", unit="microlitres"),
        Column("concentration", pl.Int64, "concentration", unit="nanograms per millilitre"),
        Column(
            "problem", pl.String, "why this part could not be read; null when it was read whole"
        ),
    ),
)

REJECTED = Table(
    "rejected",
    "one claim that could not be read",
    (
        Column("source", pl.String, "file"),
        Column(
            "segment", pl.UInt32, "number of the segment or row where the claim is damaged, from 1"
        ),
        Column("claim_id", pl.String, "the claim's id where it could be read"),
        Column("reason", pl.String, "what is wrong, where, and what to do"),
    ),
)

FINDINGS = Table(
    "findings",
    "one rule that fired on one claim or service line",
    (
        Column("claim", pl.UInt32, "the claim's position in the set"),
        Column("claim_id", pl.String, "the claim's id"),
        Column("source", pl.String, "file the claim was read from"),
        Column("line", pl.UInt32, "the line's number on its claim; null for the whole claim"),
        Column("rule", pl.String, "the rule's code"),
        Column("title", pl.String, "what the rule says, in one sentence"),
        Column("outcome", OUTCOMES, "deny, reject, package, records or advise"),
        Column("message", pl.String, "what is wrong here"),
        Column(
            "statements", pl.List(pl.String), "statements of the article that the rule rests on"
        ),
        Column("basis", BASES, "article, law, coding, practice or threshold"),
        Column("group", pl.String, "Claim Adjustment group code, where one fits"),
        Column("carc", pl.String, "Claim Adjustment Reason Code, where one fits"),
        Column("rarc", pl.String, "Remittance Advice Remark Code, where one fits"),
        Column("fix", pl.String, "what to do"),
    ),
)

PRICES = Table(
    "prices",
    "one service line and what the article allows for it",
    (
        Column("claim", pl.UInt32, "the claim's position in the set"),
        Column("claim_id", pl.String, "the claim's id"),
        Column("row", pl.UInt32, "the service line's position in the lines table"),
        Column("line", pl.UInt32, "the line's number on its claim"),
        Column("hcpcs", pl.String, "HCPCS or CPT code"),
        Column("service_date", pl.Date, "first day of service"),
        Column("charge", pl.Int64, "line charge", unit="nano-dollars"),
        Column("allowed", pl.Int64, "the article's allowance, in whole cents", unit="nano-dollars"),
        Column("payable", pl.Int64, "the lower of charge and allowance", unit="nano-dollars"),
        Column(
            "reason", pl.String, "why there is no allowance, or why it is zero; null when priced"
        ),
    ),
)

PRICE_ITEMS = Table(
    "price_items",
    "one step of the derivation of a line's allowance: a drug, or the compounding fee",
    (
        Column("row", pl.UInt32, "the service line's position in the lines table"),
        Column("item", pl.String, "the drug's label, or compounding fee"),
        Column("amount", pl.Int64, "nanograms of the drug, or number of fees", unit="nanograms"),
        Column("unit", pl.String, "the unit in which the fee table prices it: mcg, mg, or refill"),
        Column("fee", pl.Int64, "fee per unit", unit="nano-dollars"),
        Column(
            "extended",
            pl.Int64,
            "amount times fee, exact to the nano-dollar, of which less is left off",
            unit="nano-dollars",
        ),
    ),
)

DETERMINED = Table(
    "determinations",
    "one reviewed claim and what becomes of it",
    (
        Column("claim", pl.UInt32, "the claim's position in the set"),
        Column("claim_id", pl.String, "the claim's id"),
        Column("source", pl.String, "file the claim was read from"),
        Column("segment", pl.UInt32, "number of its CLM segment, or of its first row, from 1"),
        Column("patient_id", pl.String, "the patient"),
        Column("billing_provider_npi", pl.String, "billing provider"),
        Column("service_date", pl.Date, "first day of service on the claim"),
        Column("determination", DETERMINATIONS, "what becomes of the claim"),
        Column("charge", pl.Int64, "total charge", unit="nano-dollars"),
        Column(
            "allowed",
            pl.Int64,
            "sum of its lines' allowances; null where one is not known",
            unit="nano-dollars",
        ),
        Column("findings", pl.UInt32, "number of findings"),
    ),
)

WORKLIST = Table(
    "worklist",
    "one reviewed claim, what costs most to ignore first",
    (
        *(column for column in DETERMINED if column.name != "findings"),
        Column("patient_name", pl.String, "the patient's name where the file carries it"),
        Column("at_stake", pl.Int64, "what is lost when nobody acts", unit="nano-dollars"),
        Column(
            "left_uncharged",
            pl.Int64,
            "what charges lack to the allowance; paid to nobody, whatever is done",
            unit="nano-dollars",
        ),
        Column("findings", pl.UInt32, "number of findings"),
        Column("rules", pl.List(pl.String), "codes of the rules that fired"),
        Column("outcomes", pl.List(pl.String), "outcomes of its findings, worst first"),
    ),
)


READ = (CLAIMS, LINES, INGREDIENTS, REJECTED)
"""The tables that readers fill."""
JUDGED = (FINDINGS, PRICES, PRICE_ITEMS, DETERMINED, WORKLIST)
"""The tables that a review gives."""
