"""Between the tables of claims and charts and the rows of a history."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from pumpclaim.charts.chart_set import ChartSet, ReadChart, chart_tables
from pumpclaim.claim_set import ClaimSet
from pumpclaim.history.schema import claims as claims_table
from pumpclaim.history.schema import lines as lines_table
from pumpclaim.history.schema import stored
from pumpclaim.patient_ids import plain_id
from pumpclaim.policy.chart import EVIDENCE_FIELDS
from pumpclaim.tables import CLAIMS, LINES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part

CLAIM_COLUMNS = [claims_table.c.hash, *(claims_table.c[one.name] for one in stored(CLAIMS))]
LINE_COLUMNS = [lines_table.c.claim_hash, *(lines_table.c[one.name] for one in stored(LINES))]
ASIDE = ("source", "segment")
"""Where a claim stood in its file; no part of what it says."""
SAME = ("owner", "claim_id", "patient_id", "billing_provider_npi")
"""What a replacement or void has in common with the claim that it ends."""


@dataclass(frozen=True)
class Keyed:
    """Claims by the hash of their content, their lines by the same, and how many there were."""

    claims: dict[str, dict[str, Any]]
    lines: dict[str, list[dict[str, Any]]]
    count: int


def key(claim: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a claim has in common with its replacement."""
    return tuple(claim[name] for name in SAME)


def keyed(claims: ClaimSet, owner: str) -> Keyed:
    """The claims of a set with their hashes as an owner's; one that stands twice is kept once."""
    table = claims.claims.select(
        _as_json(claims.claims["diagnoses"]) if one.name == "diagnoses" else pl.col(one.name)
        for one in stored(CLAIMS)
    )
    heads = _said(table.drop(ASIDE))
    ordered = claims.lines.sort("claim", "line", maintain_order=True)
    line_table = ordered.select(one.name for one in stored(LINES))
    said = _said(line_table.drop("segment"))
    of_claim: dict[int, list[int]] = {}
    for place, claim in enumerate(ordered["claim"].to_list()):
        of_claim.setdefault(claim, []).append(place)
    line_rows = line_table.to_dicts()
    by_hash: dict[str, dict[str, Any]] = {}
    lines: dict[str, list[dict[str, Any]]] = {}
    positions = claims.claims["claim"].to_list()
    whose = [owner] if owner else []
    for number, row in enumerate(table.iter_rows(named=True)):
        places = of_claim.get(positions[number], [])
        text = "\n".join([*whose, heads[number], *(said[place] for place in places)])
        name = hashlib.sha256(text.encode()).hexdigest()
        if name in by_hash:
            continue
        patient = row["patient_id"]
        row |= {
            "hash": name,
            "owner": owner,
            "patient": None if patient is None else plain_id(patient),
            "withdrawn_by": None,
        }
        by_hash[name] = row
        lines[name] = [
            line_rows[place] | {"claim_hash": name, "place": at} for at, place in enumerate(places)
        ]
    return Keyed(by_hash, lines, claims.claims.height)


def _said(table: pl.DataFrame) -> list[str]:
    """Every row as one text; each value behind its length, so that no two rows have one text."""
    values = [pl.col(name).cast(pl.String) for name in table.columns]
    told = [pl.format("{}:{}", value.str.len_bytes(), value).fill_null("-") for value in values]
    return table.select(pl.concat_str(told)).to_series().to_list()


def _as_json(lists: pl.Series) -> pl.Series:
    """Lists of texts as JSON; null stays null."""
    known: dict[tuple[str | None, ...], str] = {}
    texts: list[str | None] = []
    for value in lists.to_list():
        if value is None:
            texts.append(None)
            continue
        one = tuple(value)
        if one not in known:
            known[one] = orjson.dumps(value).decode()
        texts.append(known[one])
    return pl.Series(lists.name, texts, pl.String)


def claim_set(claims: Sequence[Any], lines: Sequence[Any], left_out: set[str]) -> ClaimSet:
    """The claims of a history as tables, but those whose hash is left out."""
    kept = [row for row in claims if row[0] not in left_out]
    place = {row[0]: number for number, row in enumerate(kept)}
    heads = pl.DataFrame(
        [row[1:] for row in kept],
        schema={one.name: _plain(one.dtype) for one in stored(CLAIMS)},
        orient="row",
    )
    heads = heads.with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("claim"),
        pl.col("diagnoses").str.json_decode(pl.List(pl.String)),
    )
    own = [row for row in lines if row[0] in place]
    body = pl.DataFrame(
        [row[1:] for row in own],
        schema={one.name: one.dtype for one in stored(LINES)},
        orient="row",
    ).with_columns(pl.Series("claim", [place[row[0]] for row in own], dtype=pl.UInt32))
    return ClaimSet(CLAIMS.conform(heads), LINES.conform(body))


def _plain(dtype: Any) -> Any:
    return pl.String if isinstance(dtype, pl.Enum | pl.List) else dtype


def chart_rows(charts: ChartSet, policy: PolicySet) -> list[dict[str, Any]]:
    """The charts of a set as rows, one of a kind, patient and day."""
    kept: dict[tuple[str, str, str], dict[str, Any]] = {}
    for part in policy.chart.parts.values():
        places: dict[int, list[dict[str, Any]]] = {}
        for one in charts.evidence.filter(pl.col("part") == part.id).iter_rows(named=True):
            fields = {name: one[name] for name in ("question", *EVIDENCE_FIELDS)}
            places.setdefault(one["chart"], []).append(fields)
        for row in charts.of(part.id).iter_rows(named=True):
            planned = row[part.planned_day] if part.planned_day else None
            day = row[part.day] or planned
            patient = plain_id(row["patient_id"])
            told = f"{day}" if row[part.day] or day is None else f"~{day}"
            answers = {name: row[name] for name in part.questions if row[name] is not None}
            kept[part.id, patient, told] = {
                "part": part.id,
                "patient": patient,
                "day": told,
                "patient_id": row["patient_id"],
                "source": row["source"],
                "place": row["place"],
                "answers": orjson.dumps(answers).decode(),
                "evidence": orjson.dumps(places.get(row["chart"], [])).decode(),
            }
    return list(kept.values())


def chart_set(found: Sequence[Mapping[str, Any]], policy: PolicySet) -> ChartSet:
    """The charts of a history as tables; a question that is no more is passed over."""
    return chart_tables([_chart(row, policy.chart[row["part"]]) for row in found], policy)


def _chart(row: Mapping[str, Any], part: Part) -> ReadChart:
    values = {
        name: date.fromisoformat(value) if part.questions[name].type == "date" else value
        for name, value in orjson.loads(row["answers"]).items()
        if name in part.questions
    }
    evidence = [
        place | {"date": place["date"] and date.fromisoformat(place["date"])}
        for place in orjson.loads(row["evidence"])
    ]
    return ReadChart(part.id, row["source"], row["place"], row["patient_id"], values, evidence)
