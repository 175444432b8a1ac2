"""Element by element, two other readers of X12 see in an 837 what ours sees."""

from __future__ import annotations

import datetime as dt
import io
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pumpclaim.claim_set import ClaimSet
from pumpclaim.readers.x12 import read_x12
from pumpclaim.tables import NANO, UNIT

pytest.importorskip("x12sdk")
pytest.importorskip("pyx12")

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "x12"
FILES = sorted(SAMPLES.glob("*/*837*")) if SAMPLES.is_dir() else []
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is not there")
DIAGNOSES = ("ABK", "BK", "ABF", "BF", "ABJ", "BJ", "APR", "PR")
Row = dict[str, Any]


def number(text: Any, times: int) -> int | None:
    return None if text in (None, "") else int(Decimal(str(text)) * times)


def composite(text: str | list[str] | None, separator: str = ":") -> list[str | None]:
    parts = text if isinstance(text, list) else (text or "").split(separator)
    return [part or None for part in [*parts, *[""] * 8]]


def in_order(codes: list[list[str | None]]) -> list[str]:
    """Diagnosis codes, principal first, admitting and reason for visit last."""
    known = [(DIAGNOSES.index(q) // 2, code) for q, code, *_ in codes if q in DIAGNOSES and code]
    return [code.replace(".", "") for _, code in sorted(known, key=lambda pair: pair[0])]


def days(kind: str | None, period: str | None) -> tuple[str | None, str | None]:
    if not period:
        return None, None
    first, _, last = period.partition("-")
    return first[:8], (last or first)[:8]


def place(code: str | None, institutional: bool) -> Row:
    spot, _, frequency, *_ = composite(code)
    return {
        "frequency_code": frequency,
        "place_of_service": None if institutional else spot,
        "type_of_bill": f"{spot}{frequency or ''}" if institutional else None,
    }


def ours(found: ClaimSet) -> list[Row]:
    """Our claims in the form of the adapters below."""

    def day(value: Any) -> str | None:
        return None if value is None else value.strftime("%Y%m%d")

    rows = []
    lines = found.lines.rows(named=True)
    for one in found.claims.rows(named=True):
        mine = [line for line in lines if line["claim"] == one["claim"]]
        rows.append(
            {name: one[name] for name in CLAIM_FIELDS}
            | {"diagnoses": one["diagnoses"] or []}
            | {"lines": [{n: line[n] for n in LINE_FIELDS} | {
                "days": (day(line["service_from"]), day(line["service_to"]))} for line in mine]}
        )  # fmt: skip
    return rows


CLAIM_FIELDS = (
    "claim_id", "charge", "frequency_code", "place_of_service", "type_of_bill", "payer_id",
    "billing_provider_npi", "billing_state", "rendering_provider_npi", "facility_npi",
    "facility_state", "patient_state", "note", "assignment", "payer_claim_control_number",
)  # fmt: skip
LINE_FIELDS = (
    "hcpcs", "modifier_1", "modifier_2", "modifier_3", "modifier_4", "description", "charge",
    "units", "unit_basis", "revenue_code", "ndc", "ndc_units", "ndc_unit", "note",
    "rendering_provider_npi", "service_state", "place_of_service", "diagnosis_pointers",
)  # fmt: skip


def line_of(service: list[Any], institutional: bool, drug: tuple[Any, Any, Any]) -> Row:
    """A line from the elements of SV1 or SV2, the segment's id first."""
    if institutional:
        _, revenue, procedure, charge, basis, units, *_ = service
        spot = pointers = None
    else:
        _, procedure, charge, basis, units, spot, _, pointers, *_ = service
        revenue = None
    _, hcpcs, *modifiers, text = composite(procedure)[:7]
    return {
        "hcpcs": hcpcs,
        **{f"modifier_{n}": modifier for n, modifier in enumerate(modifiers, 1)},
        "description": text,
        "charge": number(charge, NANO),
        "units": number(units, UNIT),
        "unit_basis": basis,
        "revenue_code": revenue,
        "ndc": drug[0],
        "ndc_units": number(drug[1], UNIT),
        "ndc_unit": drug[2],
        "place_of_service": spot,
        "diagnosis_pointers": pointers and pointers.replace(":", " "),
    }


# x12sdk: pydantic models of loops.


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def npi(loop: Any) -> str | None:
    if loop is None or loop.nm1_segment.identification_code_qualifier != "XX":
        return None
    return loop.nm1_segment.identification_code


def state(loop: Any) -> str | None:
    address = getattr(loop, "n4_segment", None)
    return None if address is None else address.state_province_code


def remarks(loop: Any) -> str | None:
    return "; ".join(nte.description for nte in listed(loop.nte_segment)) or None


def sdk_line(line: Any, claim: Any, institutional: bool) -> Row:
    service = line.sv2_segment if institutional else line.sv1_segment
    values = service.model_dump(exclude={"delimiters"}).values()
    elements = [
        value if value is None or isinstance(value, list) else str(value) for value in values
    ]
    drugs = listed(getattr(line, "loop_2410", None))
    drug: tuple[Any, Any, Any] = (None, None, None)
    if drugs:
        lin, ctp = drugs[0].lin_segment, drugs[0].ctp_segment
        drug = (
            lin.national_drug_code_universal_product_number,
            ctp and ctp.quantity,
            ctp and composite(ctp.composite_unit_of_measure)[0],
        )
    when = [d for d in listed(line.dtp_segment) if "472" in str(d.date_time_qualifier)]
    if not when and institutional:
        when = [d for d in listed(claim.dtp_segment) if "434" in str(d.date_time_qualifier)]
    period = when[0].date_time_period if when else None
    if isinstance(period, dt.date):
        period = period.strftime("%Y%m%d")
    where = None if institutional else line.loop_2420c
    who = getattr(line, "loop_2420c" if institutional else "loop_2420a", None)
    return line_of(elements, institutional, drug) | {
        "note": remarks(line),
        "rendering_provider_npi": npi(listed(who)[0]) if listed(who) else None,
        "service_state": state(where),
        "days": days(None, period),
    }


def sdk(text: str) -> list[Row]:
    """The claims as x12sdk sees them."""
    from x12sdk.io import X12ModelReader

    rows = []
    with X12ModelReader(text) as reader:
        for model in reader.models():
            institutional = "X223" in model.header.st_segment.implementation_convention_reference
            for one in model.claims():
                claim, head = one.claim, one.claim.clm_segment
                facility = claim.loop_2310e if institutional else claim.loop_2310c
                rendering = claim.loop_2310d if institutional else claim.loop_2310b
                codes = [
                    composite(code)
                    for hi in listed(claim.hi_segment)
                    for code in list(hi.model_dump(exclude={"delimiters", "segment_name"}).values())
                    if code
                ]
                control = [
                    ref.reference_identification
                    for ref in listed(claim.ref_segment)
                    if str(ref.reference_identification_qualifier).endswith("F8")
                ]
                rows.append(
                    {
                        "claim_id": head.patient_control_number,
                        "charge": number(head.total_claim_charge_amount, NANO),
                        **place(head.health_care_service_location_information, institutional),
                        "payer_id": one.payer.nm1_segment.identification_code,
                        "billing_provider_npi": npi(one.billing_provider),
                        "billing_state": state(one.billing_provider),
                        "rendering_provider_npi": npi(rendering),
                        "facility_npi": npi(facility),
                        "facility_state": state(facility),
                        "patient_state": state(one.patient),
                        "note": remarks(claim),
                        "assignment": head.provider_accept_assignment_code,
                        "payer_claim_control_number": control[0] if control else None,
                        "diagnoses": in_order(codes),
                        "lines": [
                            sdk_line(line, claim, institutional) for line in one.service_lines
                        ],
                    }
                )
    return rows


# pyx12: segments with the loop its walk through the implementation guide puts them in.


def pyx12_segments(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each segment with its loop. Raises ValueError where the guide does not admit one.

    pyx12 has the maps of 222A1 and 223A2, which hold the same loops as the later errata.
    """
    import pyx12.error_handler
    import pyx12.params
    import pyx12.x12context

    for later, known in (("222A2", "222A1"), ("223A3", "223A2"), ("223A1", "223A2")):
        text = text.replace(f"005010X{later}", f"005010X{known}")
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    reader = pyx12.x12context.X12ContextReader(
        pyx12.params.params(), pyx12.error_handler.errh_null(), io.StringIO(text)
    )
    for node in reader.iter_segments():
        if any("not found" in str(error) for error in node.errors):
            raise ValueError(node.errors)
        parts = node.seg_data.format().rstrip("~").split("*")
        yield node.x12_map_node.parent.id, parts


def walked(text: str) -> list[Row]:
    """The claims as pyx12 sees them."""
    rows: list[Row] = []
    around: dict[str, Any] = {}
    claim: dict[str, Any] = {}
    line: dict[str, Any] = {}
    institutional = "005010X223" in text
    names = {"2010AA": "billing", "2010BA": "subscriber", "2010BB": "payer", "2010CA": "dependent"}
    facility, rendering = ("2310E", "2310D") if institutional else ("2310C", "2310B")
    for loop, parts in pyx12_segments(text):
        seg = [part or None for part in [*parts, *[""] * 12]]
        kind = seg[0]
        if kind == "HL":
            around = {k: v for k, v in around.items() if seg[3] == "23" or (
                seg[3] == "22" and k == "billing")}  # fmt: skip
            around.pop("dependent", None)
        if loop in names and kind == "NM1":
            around[names[loop]] = {
                "npi": seg[9] if seg[8] == "XX" else None,
                "id": seg[9],
                "state": None,
            }
        if loop in names and kind == "N4":
            around[names[loop]]["state"] = seg[2]
        if kind == "CLM":
            claim = {
                "clm": seg,
                "hi": [],
                "notes": [],
                "lines": [],
                "around": dict(around),
                "dates": {},
            }
            rows.append(claim)
        if loop == "2300" and kind == "HI":
            claim["hi"] += [composite(part) for part in seg[1:13] if part]
        if loop == "2300" and kind == "NTE":
            claim["notes"].append(seg[2])
        if loop == "2300" and kind == "REF" and seg[1] == "F8":
            claim["control"] = seg[2]
        if loop == "2300" and kind == "DTP":
            claim["dates"][seg[1]] = days(seg[2], seg[3])
        if loop in (facility, rendering) and kind == "NM1":
            claim[loop] = [seg[9] if seg[8] == "XX" else None, None]
        if loop in (facility, rendering) and kind == "N4":
            claim[loop][1] = seg[2]
        if kind == "LX":
            line = {"notes": [], "lin": None, "ctp": None, "days": None, "state": None, "npi": None}
            claim["lines"].append(line)
        if kind in ("SV1", "SV2"):
            line["service"] = seg
        if loop == "2400" and kind == "DTP" and seg[1] == "472":
            line["days"] = days(seg[2], seg[3])
        if loop == "2400" and kind == "NTE":
            line["notes"].append(seg[2])
        if kind == "LIN":
            line["lin"] = seg[3]
        if kind == "CTP":
            line["ctp"] = (seg[4], composite(seg[5])[0])
        if loop == ("2420C" if institutional else "2420A") and kind == "NM1":
            line["npi"] = seg[9] if seg[8] == "XX" else None
        if not institutional and loop == "2420C" and kind == "N4":
            line["state"] = seg[2]
    return [finished(row, institutional, facility, rendering) for row in rows]


def finished(row: dict[str, Any], institutional: bool, facility: str, rendering: str) -> Row:
    clm, around = row["clm"], row["around"]
    lines = []
    for line in row["lines"]:
        drug = (line["lin"], *(line["ctp"] or (None, None)))
        when = line["days"] or (row["dates"].get("434") if institutional else None) or (None, None)
        lines.append(
            line_of(line["service"], institutional, drug)
            | {
                "note": "; ".join(line["notes"]) or None,
                "rendering_provider_npi": line["npi"],
                "service_state": line["state"],
                "days": when,
            }
        )
    return {
        "claim_id": clm[1],
        "charge": number(clm[2], NANO),
        **place(clm[5], institutional),
        "payer_id": around["payer"]["id"],
        "billing_provider_npi": around["billing"]["npi"],
        "billing_state": around["billing"]["state"],
        "rendering_provider_npi": row.get(rendering, [None])[0],
        "facility_npi": row.get(facility, [None])[0],
        "facility_state": row.get(facility, [None, None])[1],
        "patient_state": around.get("dependent", around["subscriber"])["state"],
        "note": "; ".join(row["notes"]) or None,
        "assignment": clm[7],
        "payer_claim_control_number": row.get("control"),
        "diagnoses": in_order(row["hi"]),
        "lines": lines,
    }


READERS = {"x12sdk": sdk, "pyx12": walked}


def outcome(reader: str, text: str) -> list[Row] | None:
    """What a reader sees; null where it does not accept the file."""
    try:
        return READERS[reader](text) or None
    except Exception:  # each has its own errors, and only what it accepts is compared
        return None


@pytest.mark.shared
@needs_samples
@pytest.mark.parametrize(("reader", "fewest"), [("x12sdk", 16), ("pyx12", 16)])
def test_every_sample_that_both_accept(reader: str, fewest: int) -> None:
    compared = []
    for path in FILES:
        text = path.read_text()
        if "005010X22" not in text:
            continue
        try:
            found = read_x12(text.encode(), path.name)
        except Exception:  # covered by test_x12_samples
            continue
        if found.refused or found.rejected.height:
            continue
        theirs = outcome(reader, text)
        if theirs is not None:
            assert ours(found) == theirs, path.name
            compared.append(path.name)
    assert len(compared) >= fewest, compared


def with_pump_lines(text: str) -> str:
    """A generated 837P with a refill and its compound spliced in after each claim's last line."""
    out: list[str] = []
    number_of_line = 0
    for segment in text.split("~"):
        kind = segment.strip().split("*")[0]
        if kind == "CLM":
            parts = segment.split("*")
            total = Decimal(parts[2]) + Decimal("592.75")
            segment = "*".join([*parts[:2], str(total), *parts[3:]])  # noqa: PLW2901
        if kind == "LX":
            number_of_line = int(segment.split("*")[1])
        if kind in ("HL", "SE", "CLM") and number_of_line:
            out += [
                f"\nLX*{number_of_line + 1}",
                "\nSV1*HC:62370:25:59*180.25*UN*1***1",
                "\nDTP*472*RD8*20250310-20250311",
                f"\nLX*{number_of_line + 2}",
                "\nSV1*HC:J7999:KD::::MORPHINE 400MG;CLONIDINE 2MG*412.5*UN*1*12**1",
                "\nDTP*472*D8*20250310",
                "\nNTE*ADD*MORPHINE 20MG/ML X 20ML",
                "\nLIN**N4*00409181201",
                "\nCTP****20.5*ML",
            ]
            number_of_line = 0
        if kind == "HI":
            out.append("\nNTE*ADD*PUMP REFILL KIT LOT 7")
        if kind == "SE":
            begin = next(n for n in range(len(out) - 1, -1, -1) if out[n].strip().startswith("ST*"))
            segment = f"\nSE*{len(out) - begin + 1}*{segment.split('*')[2]}"  # noqa: PLW2901
        out.append(segment)
    return "~".join(out)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seed", range(6))
def test_generated_claims_with_pump_lines(reader: str, seed: int) -> None:
    from x12sdk.generate import generate_837p

    text = with_pump_lines(generate_837p(seed=seed, claims=7, dependent_rate=0.4))
    found = read_x12(text.encode(), "generated.837")
    assert (found.claims.height, found.rejected.height, found.refused) == (7, 0, ())
    mine = ours(found)
    assert sum(line["hcpcs"] == "J7999" for one in mine for line in one["lines"]) == 7
    theirs = outcome(reader, text)
    assert theirs is not None, f"{reader} does not accept the generated file"
    assert mine == theirs


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seed", range(4))
def test_generated_institutional_claims(reader: str, seed: int) -> None:
    from x12sdk.generate import generate_837i

    text = generate_837i(seed=seed, claims=7, dependent_rate=0.4)
    found = read_x12(text.encode(), "generated.837")
    assert (found.claims.height, found.rejected.height, found.refused) == (7, 0, ())
    theirs = outcome(reader, text)
    assert theirs is not None, f"{reader} does not accept the generated file"
    assert ours(found) == theirs
