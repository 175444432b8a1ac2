"""Claims meet charts: which chart belongs to which service line, and what it shows there.

An implant line takes the chart of its patient and day; else one of an implant still planned and decided
before; a catheter that goes in without a pump, and a visit, look back to the newest implant. A visit's
lines take the record of their patient and day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.charts.assessment import Judged, criteria, judge
from pumpclaim.charts.shown import STATEMENTS, shown_column
from pumpclaim.options import ALL_PATIENTS
from pumpclaim.patient_ids import plain_ids
from pumpclaim.policy.model import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.context import Context
    from pumpclaim.policy import PolicySet

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

NONE = -1
"""Stands for no chart."""
LONG_AGO = date(1, 1, 1)
REASON_ANSWERS = ("symptoms", "dose_or_drug_changed")
"""Questions of a visit's record that tell why it came when it did (U2, U3)."""


@dataclass(frozen=True, eq=False)
class Meeting:
    """The charts of a call and, for each line of the lines table, its implant chart and visit record.

    ``implant_of`` is the chart of the implant on that day, ``earlier_of`` the newest implant chart up to
    it, ``encounter_of`` the record of the visit; each a position in its table, or NONE. ``is_asked`` says
    whether records of the line's patient are asked for.
    """

    implants: pl.DataFrame
    encounters: pl.DataFrame
    implant_of: Ints
    earlier_of: Ints
    encounter_of: Ints
    is_asked: Bools


def meet(
    claims: ClaimSet, charts: ChartSet, policy: PolicySet, records_of: str = ALL_PATIENTS
) -> Meeting:
    """Find the charts of every service line, by patient and day.

    Patient ids are compared without case, blanks and hyphens. ``records_of`` names the patients whose
    records are asked for where they are not here: ``options.RECORDS_OF``.
    """
    implants = charts.with_evidence(policy.chart["implant"])
    encounters = charts.with_evidence(policy.chart["encounter"])
    # Lines of one claim and days are looked up once.
    every = claims.lines.select("claim", "service_from", "service_to")
    new = every.select((pl.struct(pl.all()).rle_id()).alias("visit"))["visit"]
    first = every.with_row_index("row").filter(new.is_first_distinct())
    lines = first.select(
        pl.int_range(pl.len()).alias("row"),
        pl.col("service_from").alias("day"),
        pl.max_horizontal("service_from", "service_to").alias("last_day"),
        plain_ids(claims.claims["patient_id"]).gather(first["claim"]).alias("patient"),
    ).filter(pl.col("day").is_not_null() & pl.col("patient").is_not_null())
    of_visit = new.to_numpy()
    own = implants.select(
        "chart", "implant_date", "decision_date", plain_ids(implants["patient_id"]).alias("patient")
    )
    done = own.filter(pl.col("implant_date").is_not_null()).with_columns(day="implant_date")
    planned = own.filter(pl.col("implant_date").is_null()).with_columns(
        day=pl.col("decision_date").fill_null(LONG_AGO)
    )
    visits = encounters.select(
        "chart", plain_ids(encounters["patient_id"]).alias("patient"), day="visit_date"
    )
    count = first.height
    within = _newest(lines.with_columns(begin="day", day="last_day"), done).filter(
        pl.col("chart_day") >= pl.col("begin")
    )
    exact = _placed(within, count)
    earlier = _newest(lines, done)
    # A plan is spent when an implant followed it.
    after = earlier.select("row", done_day="chart_day")
    open_plans = (
        _newest(lines, planned)
        .join(after, on="row", how="left")
        .filter(pl.col("done_day").is_null() | (pl.col("done_day") < pl.col("chart_day")))
    )
    before, newest = _placed(open_plans, count), _placed(earlier, count)
    seen = _placed(lines.join(visits, on=["patient", "day"], how="inner"), count)
    return Meeting(
        implants,
        encounters,
        np.where(exact == NONE, before, exact)[of_visit],
        np.where(newest == NONE, before, newest)[of_visit],
        seen[of_visit],
        _asked(claims, charts, records_of),
    )


def _asked(claims: ClaimSet, charts: ChartSet, records_of: str) -> Bools:
    """Of which lines' patients records are asked for."""
    if records_of == ALL_PATIENTS:
        return np.ones(claims.lines.height, bool)
    charted = plain_ids(pl.concat([charts.implants["patient_id"], charts.encounters["patient_id"]]))
    of_claim = (
        plain_ids(claims.claims["patient_id"]).is_in(charted.implode()).fill_null(value=False)
    )
    return of_claim.gather(claims.lines["claim"]).to_numpy()


def _newest(lines: pl.DataFrame, charts: pl.DataFrame) -> pl.DataFrame:
    """Each line with the newest chart of its patient up to its day, and the day of that chart."""
    if not charts.height:
        return lines.clear().with_columns(
            chart=pl.lit(None, pl.UInt32), chart_day=pl.lit(None, pl.Date)
        )
    found = lines.sort("day").join_asof(
        charts.select("patient", "day", "chart", chart_day="day").sort("day"),
        on="day", by="patient", strategy="backward", check_sortedness=False,
    )  # fmt: skip
    return found.filter(pl.col("chart").is_not_null())


def _placed(found: pl.DataFrame, count: int) -> Ints:
    of_line = np.full(count, NONE, np.int64)
    of_line[found["row"].to_numpy()] = found["chart"].to_numpy()
    return of_line


class BlockCharts:
    """What the charts show of a block's lines.

    ``columns`` are those of SHOWN, one value a line; ``known`` says where a chart documents a statement.
    """

    def __init__(self, meeting: Meeting, context: Context) -> None:
        self.meeting = meeting
        self.context = context
        self.policy = context.compiled.policy
        roles = context.columns["roles"]
        rows = context.rows
        self.is_implant = (roles & np.uint32(Role.IMPLANT)) != 0
        device = (context.columns["visit_roles"] & np.uint32(Role.DEVICE_IMPLANT)) != 0
        exact, earlier = meeting.implant_of[rows], meeting.earlier_of[rows]
        catheter_alone = self.is_implant & ~device & (exact == NONE)
        self.implant_of = np.where(
            self.is_implant, np.where(catheter_alone, earlier, exact), np.int64(NONE)
        )
        self.past_implant_of = np.where(self.is_implant, np.int64(NONE), earlier)
        self.encounter_of = np.where(self.is_implant, np.int64(NONE), meeting.encounter_of[rows])
        self._judged: dict[int, Judged] = {}
        self.columns, self.known = self._shown()

    @cached_property
    def _visits(self) -> tuple[Ints, pl.DataFrame]:
        """Places of lines with a visit's record, and that record with what the claim itself tells."""
        places = np.flatnonzero(self.encounter_of != NONE)
        return places, self._visit_frame(places)

    def _visit_frame(self, places: Ints) -> pl.DataFrame:
        """The records of the visits at ``places``, blank where there is none, with what the claims tell."""
        visit, day = (self.context.columns[name][places] for name in ("visit_roles", "day_roles"))
        is_refill, has_drug, has_evaluation = (
            pl.lit(pl.Series((roles & np.uint32(role)) != 0))
            for roles, role in ((visit, Role.REFILL), (day, Role.PUMP_DRUG), (day, Role.EVALUATION))
        )
        return _gathered(self.meeting.encounters, self.encounter_of[places]).with_columns(
            services=pl.when(is_refill)
            .then(pl.concat_list(pl.col("services").fill_null([]), pl.lit("refill")))
            .otherwise(pl.col("services").fill_null(["interrogation"])),
            drug_billed=has_drug,
            reassessed=pl.when(has_evaluation).then(statement=True).otherwise("reassessed"),
        )

    def _shown(self) -> tuple[dict[str, Bools], dict[str, Bools]]:
        """What each line's chart shows (SHOWN), and where it is documented."""
        count = len(self.context.rows)
        shown = {name: np.full(count, NONE, np.int8) for name in STATEMENTS}
        remark = np.zeros(count, bool)
        asked: dict[str, Bools] = {}
        places = np.flatnonzero(self.implant_of != NONE)
        implants = self._implant_frame(places)
        self._fill("implant", places, implants, shown, asked)
        notes = [note.when for one in criteria(self.policy, "implant") for note in one.notes]
        remark[places] = implants.select(
            pl.any_horizontal(note.fill_null(value=False) for note in notes).alias("remark")
        )["remark"].to_numpy()
        self._fill("encounter", *self._visits, shown, asked)
        past = np.flatnonzero((self.past_implant_of != NONE) & (self.encounter_of != NONE))
        kept = self.meeting.implants["failed_therapy_record_kept"].gather(
            pl.Series(self.past_implant_of[past])
        )
        shown["C11"][past] = kept.cast(pl.Int8).fill_null(NONE).to_numpy()
        asked["C11"] = asked["C11"] | ((self.past_implant_of != NONE) & (self.encounter_of != NONE))
        gap = np.zeros(count, bool)
        for name, where in asked.items():
            gap |= where & (shown[name] == NONE)
        has_chart = (self.implant_of != NONE) | (self.encounter_of != NONE)
        roles = self.context.columns["roles"]
        asked_lines = (roles & np.uint32(Role.IMPLANT | Role.MANAGEMENT)) != 0
        self.is_open = asked_lines & (gap | ~has_chart) & self.context.columns["is_governed"]
        claims = self.context.lines.claims
        columns = {
            "is_asked": self.meeting.is_asked[self.context.rows],
            "has_chart": has_chart,
            "claim_is_open": np.isin(claims, claims[self.is_open]),
            "has_remark": remark,
            "has_record": self.encounter_of != NONE,
            "has_reason": self._reasons(),
        }
        known = {}
        for name, values in shown.items():
            columns[shown_column(name)] = values == 1
            known[shown_column(name)] = values != NONE
        return columns, known

    def _reasons(self) -> Bools:
        """Whether the record of each line's visit tells why it came when it did (U2, U3)."""
        symptoms, changed = (pl.col(name) for name in REASON_ANSWERS)
        told = self.meeting.encounters.select(
            (symptoms.is_not_null() | changed.fill_null(value=False)).alias("told")
        )["told"].to_numpy()
        answer = np.zeros(len(self.encounter_of), bool)
        at = np.flatnonzero(self.encounter_of != NONE)
        answer[at] = told[self.encounter_of[at]]
        return answer

    def reason(self, place: int) -> str:
        """What the record of a line's visit gives as the reason for it."""
        chart = self.meeting.encounters.row(int(self.encounter_of[place]), named=True)
        told = [text for text in (chart["symptoms"], chart["change_reason"]) if text]
        return "; ".join(told) or "the dose or a drug was changed"

    def _fill(
        self,
        part: str,
        places: Ints,
        frame: pl.DataFrame,
        shown: dict[str, NDArray[np.int8]],
        asked: dict[str, Bools],
    ) -> None:
        of_part = criteria(self.policy, part)
        values = frame.select(one.whole.expr.alias(one.statement) for one in of_part)
        for one in of_part:
            told = values[one.statement].cast(pl.Int8).fill_null(NONE).to_numpy()
            shown[one.statement][places] = told
            where = asked.setdefault(one.statement, np.zeros(len(self.context.rows), bool))
            where[places] = True

    def _implant_frame(self, places: Ints) -> pl.DataFrame:
        """The implant charts of lines, blank where there is none.

        One still planned takes the day of the line as that of the implant.
        """
        days = pl.Series(self.context.lines.days[places].astype(np.int32)).cast(pl.Date)
        charts = self.implant_of[places]
        planned = pl.Series(charts != NONE) & pl.col("implant_date").is_null()
        return _gathered(self.meeting.implants, charts).with_columns(
            implant_date=pl.when(planned).then(pl.lit(days)).otherwise("implant_date")
        )

    def judged(self, places: Sequence[int]) -> dict[int, Judged]:
        """The charts of lines under every criterion, by line; a blank one where there is none.

        All of one kind are judged together, and each line once.
        """
        wanted = np.array(
            [place for place in dict.fromkeys(places) if place not in self._judged], np.int64
        )
        is_implant = self.is_implant[wanted]
        for part, some, frame_of in (
            ("implant", wanted[is_implant], self._implant_frame),
            ("encounter", wanted[~is_implant], self._visit_frame),
        ):
            if len(some):
                told = judge(self.policy, part, frame_of(some))
                self._judged |= dict(zip(some.tolist(), told, strict=True))
        return {place: self._judged[place] for place in places}


def _gathered(charts: pl.DataFrame, at: Ints) -> pl.DataFrame:
    """The charts at these positions, a blank one for NONE."""
    table = pl.concat([charts, charts.clear(n=1)])
    return table[np.where(at == NONE, table.height - 1, at)]
