"""The same invented claims in our flat layout and in those of others."""

from __future__ import annotations

import polars as pl

CLAIMS = [
    # claim, patient, line, code, modifiers, day, charge, units
    ("A1", "P1", 1, "62370", [], "2025-03-10", "210.00", "1"),
    ("A1", "P1", 2, "J7999", ["KD"], "2025-03-10", "412.50", "1"),
    ("A2", "P2", 1, "62370", [], "2025-03-11", "210.00", "1"),
    ("A2", "P2", 2, "J7999", [], "2025-03-11", "412.50", "3"),
    ("A3", "P1", 1, "62369", [], "2025-03-10", "180.00", "2"),
    ("A4", "P3", 1, "J2274", ["KD"], "2025-03-12", "90.00", "20"),
    ("A4", "P3", 2, "J0735", ["KD"], "2025-03-12", "40.00", "1"),
    ("A4", "P3", 3, "62370", [], "2025-03-12", "210.00", "1"),
    ("A5", "P4", 1, "99213", [], "2025-03-12", "99.00", "1"),
]
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
CARRIER = [
    "DML_IND",
    "BENE_ID",
    "CLM_ID",
    "FINAL_ACTION",
    "NCH_CLM_TYPE_CD",
    "CLM_FROM_DT",
    "CLM_THRU_DT",
    "CARR_NUM",
    "ICD_DGNS_CD1",
    "ICD_DGNS_CD2",
    "CARR_CLM_BLG_NPI_NUM",
    "LINE_NUM",
    "PRF_PHYSN_NPI",
    "PRVDR_STATE_CD",
    "LINE_SRVC_CNT",
    "LINE_PLACE_OF_SRVC_CD",
    "LINE_1ST_EXPNS_DT",
    "LINE_LAST_EXPNS_DT",
    "HCPCS_CD",
    "HCPCS_1ST_MDFR_CD",
    "HCPCS_2ND_MDFR_CD",
    "LINE_SBMTD_CHRG_AMT",
    "LINE_NDC_CD",
]
OUTPATIENT = [
    "DML_IND",
    "BENE_ID",
    "CLM_ID",
    "CLM_FROM_DT",
    "CLM_THRU_DT",
    "CLM_FAC_TYPE_CD",
    "CLM_SRVC_CLSFCTN_TYPE_CD",
    "CLM_FREQ_CD",
    "FI_NUM",
    "PRVDR_STATE_CD",
    "ORG_NPI_NUM",
    "ICD_DGNS_CD1",
    "RSN_VISIT_CD1",
    "CLM_LINE_NUM",
    "REV_CNTR",
    "REV_CNTR_DT",
    "HCPCS_CD",
    "HCPCS_1ST_MDFR_CD",
    "REV_CNTR_UNIT_CNT",
    "REV_CNTR_TOT_CHRG_AMT",
]


def rif_day(day: str) -> str:
    """2025-03-10 -> 10-MAR-2025."""
    year, month, number = day.split("-")
    return f"{number}-{MONTHS[int(month) - 1]}-{year}"


def flat() -> pl.DataFrame:
    """In our own layout, without a narrative."""
    return pl.DataFrame([
        {
            "claim_id": claim, "patient_id": patient, "line": str(line), "hcpcs": code,
            "modifiers": " ".join(modifiers), "service_date": day, "charge": charge, "units": units,
            "place_of_service": "11", "payer_id": "01312", "billing_state": "NV", "form": "professional",
            "filing_indicator": "MB", "diagnoses": "G894 M961", "billing_provider_npi": "1999999984",
        }
        for claim, patient, line, code, modifiers, day, charge, units in CLAIMS
    ])  # fmt: skip


def carrier(state: str = "29", contract: str = "01312") -> pl.DataFrame:
    """As CCW RIF carrier lines, text throughout."""
    rows = []
    for claim, patient, line, code, modifiers, day, charge, units in CLAIMS:
        first, second, *_ = [*modifiers, "", ""]
        own = rif_day(day)
        rows.append([
            "INSERT", patient, claim, "F", "71", own, own, contract, "G894", "M961", "1999999984", str(line),
            "1234567893", state, units, "11", own, own, code, first, second, charge, "00000000000",
        ])  # fmt: skip
    return pl.DataFrame(rows, schema=CARRIER, orient="row")


def outpatient(*rows: dict[str, str]) -> pl.DataFrame:
    """CCW RIF outpatient rows: these values over those of a hospital's refill."""
    base = {
        "DML_IND": "INSERT", "BENE_ID": "P1", "CLM_ID": "H1", "CLM_FROM_DT": "10-MAR-2025",
        "CLM_THRU_DT": "10-MAR-2025", "CLM_FAC_TYPE_CD": "1", "CLM_SRVC_CLSFCTN_TYPE_CD": "3",
        "CLM_FREQ_CD": "1", "FI_NUM": "01311", "PRVDR_STATE_CD": "29", "ORG_NPI_NUM": "1999999984",
        "ICD_DGNS_CD1": "G894", "RSN_VISIT_CD1": "", "CLM_LINE_NUM": "1", "REV_CNTR": "0510",
        "REV_CNTR_DT": "10-MAR-2025", "HCPCS_CD": "62370", "HCPCS_1ST_MDFR_CD": "",
        "REV_CNTR_UNIT_CNT": "1", "REV_CNTR_TOT_CHRG_AMT": "210.00",
    }  # fmt: skip
    return pl.DataFrame([{**base, **row} for row in rows])


def tuva() -> pl.DataFrame:
    """As Tuva's medical_claim, text throughout, with columns that nobody needs."""
    rows = []
    for claim, patient, line, code, modifiers, day, charge, units in CLAIMS:
        row = {
            "claim_id": claim, "claim_line_number": str(line), "claim_type": "professional",
            "person_id": patient, "member_id": "M" + patient, "payer": "medicare", "plan": "medicare ffs",
            "claim_start_date": day, "claim_end_date": day, "claim_line_start_date": day,
            "claim_line_end_date": day, "place_of_service_code": "11", "bill_type_code": None,
            "revenue_center_code": None, "service_unit_quantity": units, "hcpcs_code": code,
            **{f"hcpcs_modifier_{n}": None for n in range(1, 6)},
            "rendering_npi": "1234567893", "billing_npi": "1999999984", "facility_npi": None,
            "paid_amount": "1.00", "charge_amount": charge, "diagnosis_code_type": "icd-10-cm",
            "diagnosis_code_1": "G894", "diagnosis_code_2": "M961", "diagnosis_poa_1": "Y",
            "in_network_flag": "true", "data_source": "invented",
        }  # fmt: skip
        row |= {f"hcpcs_modifier_{n}": one for n, one in enumerate(modifiers, start=1)}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None).cast(pl.String)


def written(frame: pl.DataFrame, separator: str = ",", null: str = "") -> bytes:
    """As delimited text."""
    return frame.write_csv(separator=separator, null_value=null).encode()
