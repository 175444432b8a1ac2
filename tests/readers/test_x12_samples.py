"""What becomes of X12 files that others wrote (../shared/samples/x12), every one of them by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.readers.x12 import read_x12

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "x12"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is not there"),
]

READ: dict[str, tuple[int, int]] = {
    "generated-a55239/a55239_837p.txt": (6, 10),
    "linuxforhealth/837_005010X222A2__demo.ambulance.example5.837": (1, 4),
    "linuxforhealth/837_005010X222A2__demo.autoaccident.837": (1, 2),
    "linuxforhealth/837_005010X222A2__demo.cob.example3.A.837": (1, 3),
    "linuxforhealth/837_005010X222A2__demo.cob.example3.B.837": (1, 3),
    "linuxforhealth/837_005010X222A2__demo.cob.example3.C.837": (1, 3),
    "linuxforhealth/837_005010X222A2__demo.cob.example4.837": (1, 1),
    "linuxforhealth/837_005010X222A2__demo.drug.example10.1.837": (1, 2),
    "linuxforhealth/837_005010X222A2__demo.drug.example10.2.837": (1, 6),
    "linuxforhealth/837_005010X222A2__demo.drug.example10.3.837": (1, 6),
    "linuxforhealth/837_005010X222A2__demo.example1.837": (1, 4),
    "linuxforhealth/837_005010X222A2__demo.example2.837": (1, 4),
    "linuxforhealth/837_005010X222A2__demo.example7.837": (1, 2),
    "linuxforhealth/837_005010X222A2__demo.example8.837": (1, 1),
    "linuxforhealth/837_005010X223A3__institutional-claim.837i": (1, 2),
    "linuxforhealth/837_005010X223A3__two-claims-single-provider.837i": (2, 3),
}
"""Files that are read whole: claims and service lines."""

MIXED_SEPARATORS = {
    "linuxforhealth/837_005010X222A2__demo.cob.2ndary.example4.837": 'CLM05 "11>B>1"',
    "linuxforhealth/837_005010X222A2__demo.example11.837": 'CLM05 "11>B>1"',
    "linuxforhealth/837_005010X222A2__demo.example12.837": 'CLM05 "23>B>1"',
    "linuxforhealth/837_005010X222A2__demo.example6.837": 'CLM05 "11>B>1"',
    "linuxforhealth/837_005010X222A2__demo.example9.837": 'CLM05 "22>B>1"',
    "linuxforhealth/837_005010X223A3__out-of-network-repriced-claim.837i": 'CLM05 "13>A>1"',
    "linuxforhealth/837_005010X223A3__ppo-repriced-claim.837i": 'CLM05 "13>A>1"',
}
"""One claim each, written with ">" under an ISA16 that says ":"."""

OLD_VERSION = {
    "linuxforhealth/837_004010X096A1__automobile-accident.837": "004010X096A1",
    "linuxforhealth/837_004010X096A1__homeowners.837": "004010X096A1",
    "linuxforhealth/837_004010X096A1__institutional-ppo-repriced.837": "004010X096A1",
    "linuxforhealth/837_004010X096A1__institutional.837": "004010X096A1",
    "linuxforhealth/837_004010X096A1__workers-compensation.837": "004010X096A1",
    "linuxforhealth/837_004010X098A1__coordination-of-benefits.837": "004010X098A1",
    "linuxforhealth/837_004010X098A1__dependent-commercial-insurance-01.837": "004010X098A1",
    "linuxforhealth/837_004010X098A1__dependent-commercial-insurance-02.837": "004010X098A1",
    "linuxforhealth/837_004010X098A1__dependent-commercial-insurance-03.837": "004010X098A1",
    "linuxforhealth/837_004010X098A1__patient-is-dependent.837": "004010X098A1",
    "linuxforhealth/837_004010X098A1__patient-is-subscriber.837": "004010X098A1",
}
"""One claim each, in a version before 5010."""

HI_APART = 'HI01 "BK" is a qualifier without a code'
WRONG_COUNT: dict[str, tuple[int, int, int, str | None]] = {
    # name: claims, and with SE01 put right: claims read, lines read, what is said of the others
    "ambiguous_loop": (1, 1, 1, None),
    "bad_first_line": (2, 0, 0, HI_APART),
    "bad_segment_identifier": (2, 0, 0, f"{HI_APART}|no subscriber"),
    "bad_valid_code": (2, 0, 0, HI_APART),
    "complex": (6, 0, 0, HI_APART),
    "loop_errors1_exceeds_max_1_parent": (1, 0, 0, HI_APART),
    "loop_errors2_exceeds_max_repeats_multiple_parents": (2, 0, 0, HI_APART),
    "loop_errors3_missing_loops": (1, 0, 0, HI_APART),
    "many_claims": (820, 0, 0, HI_APART),
    "missing_elements": (2, 0, 0, HI_APART),
    "missing_required_loop_in_one_repeat": (2, 0, 0, f"{HI_APART}|no subscriber"),
    "missing_required_loops_mult_repeats": (5, 0, 0, f"{HI_APART}|no subscriber|no service line"),
    "multiple_gs": (6, 0, 0, HI_APART),
    "multiple_isa": (4, 0, 0, HI_APART),
    "multiple_st": (4, 0, 0, HI_APART),
    "multiple_transactions": (624, 0, 0, HI_APART),
    "no_errors": (2, 0, 0, HI_APART),
    "segment_errors": (1, 1, 1, None),
    "segments_out_of_order": (2, 0, 0, HI_APART),
    "valid": (2, 0, 0, HI_APART),
    "valid_different_separators": (2, 0, 0, HI_APART),
    "writer_test": (1, 1, 1, None),
}
"""imsweb's 837s say SE*25 (or 26) whatever they hold: a payer's translator refuses them, as we do."""

NO_CLAIMS = {
    "imsweb/277_5010__x12_277CA_accepted.txt": "a 277",
    "imsweb/277_5010__x12_277CA_rejected.txt": "a 277",
    "imsweb/277_5010__x12_277_x212.txt": "a 277",
    "imsweb/837_5010__x12_999_accepted.txt": "a 999",
    "imsweb/837_5010__x12_999_rejected.txt": "a 999",
    "imsweb/837_5010__x12_valid.997": "a 999",
    "imsweb/837_5010__x12_no_isa_line.txt": "the ISA that opens an interchange is missing",
    "imsweb/x270_271__x270.txt": "a 270",
    "imsweb/x270_271__x271.txt": "a 271",
    "linuxforhealth/270_005010X279A1__dependent-health-benefit-check.270": "a 270",
    "linuxforhealth/270_005010X279A1__subscriber-health-benefit-check.270": "a 270",
    "linuxforhealth/271_005010X279A1__dependent-health-benefit-check.271": "a 271",
    "linuxforhealth/271_005010X279A1__subscriber-health-benefit-check-error.271": "a 271",
    "linuxforhealth/271_005010X279A1__subscriber-health-benefit-check.271": "a 271",
    "linuxforhealth/276_005010X212__claim-level-status-ncpdp.276": "a 276",
    "linuxforhealth/276_005010X212__claim-level-status.276": "a 276",
    "linuxforhealth/276_005010X212__information-receiver-level-status.276": "a 276",
    "linuxforhealth/276_005010X212__provider-level-status.276": "a 276",
    "linuxforhealth/277_005010X212__claim-level-status-ncpdp.277": "a 277",
    "linuxforhealth/277_005010X212__claim-level-status.277": "a 277",
    "linuxforhealth/277_005010X212__information-receiver-level-status.277": "a 277",
    "linuxforhealth/277_005010X212__provider-level-status.277": "a 277",
    "linuxforhealth/834_005010X220A1__add-dependent.834": "an 834",
    "linuxforhealth/834_005010X220A1__add-subscriber-coverage.834": "an 834",
    "linuxforhealth/834_005010X220A1__cancel-dependent.834": "an 834",
    "linuxforhealth/834_005010X220A1__change-subscriber-information.834": "an 834",
    "linuxforhealth/834_005010X220A1__enroll-employee-managed-care.834": "an 834",
    "linuxforhealth/834_005010X220A1__enroll-employee-multiple-products.834": "an 834",
    "linuxforhealth/834_005010X220A1__reinstate-employee-coverage-level.834": "an 834",
    "linuxforhealth/834_005010X220A1__reinstate-employee.834": "an 834",
    "linuxforhealth/834_005010X220A1__reinstate-member-eligiblity-ins.834": "an 834",
    "linuxforhealth/834_005010X220A1__terminate-subscriber-eligibility.834": "an 834",
    "linuxforhealth/835_005010X221A1__cob-contractural-adjustment.835": "an 835",
    "linuxforhealth/835_005010X221A1__managed-care.835": "an 835",
    "linuxforhealth/835_005010X221A1__medicare-part-a.835": "an 835",
    "linuxforhealth/835_005010X221A1__secondary-payment.835": "an 835",
    "linuxforhealth/835_005010X221A1__tertiary-payment.835": "an 835",
    "pyx12/pyx12__examples__example834_5010.txt": "an 834",
    "pyx12/pyx12__examples__multiple_st_loops.txt": "an 834",
    "pyx12/pyx12__tests__834_deident_family.txt": "an 834",
    "pyx12/pyx12__tests__834_deident_new_enroll.txt": "an 834",
    "pyx12/pyx12__tests__834_deident_term.txt": "an 834",
    "pyx12/pyx12__tests__834_ls_le_ls.txt": "an 834",
    "pyx12/pyx12__tests__834_ls_le_ls_5010.999.txt": "a 999",
    "pyx12/pyx12__tests__834_lui_id_5010.999.txt": "a 999",
    "pyx12/pyx12__tests__835_mult_loops.txt": "an 835",
}
"""Files without an 837, and what they are called."""


def path_of(name: str) -> str:
    stem = "837_5010__x223-test" if name == "x223-test" else f"837_5010__x12_{name}"
    return f"imsweb/{stem}.txt"


WRONG_COUNT["x223-test"] = (1, 1, 1, None)


def read(name: str) -> ClaimSet:
    return read_x12((SAMPLES / name).read_bytes(), name)


def test_every_file_has_an_expectation() -> None:
    there = {str(p.relative_to(SAMPLES)) for p in SAMPLES.rglob("*") if p.is_file()}
    expected = [*READ, *MIXED_SEPARATORS, *OLD_VERSION, *NO_CLAIMS, *map(path_of, WRONG_COUNT)]
    assert sorted(there) == sorted(expected)


@pytest.mark.parametrize("name", READ)
def test_read_whole(name: str) -> None:
    found = read(name)
    assert (found.claims.height, found.lines.height) == READ[name]
    assert found.rejected.height == 0
    assert found.refused == ()
    assert found.claims.select("claim_id", "charge", "patient_id", "payer_id").null_count().row(
        0
    ) == (0, 0, 0, 0)
    assert found.claims["diagnoses"].list.len().min() >= 1
    assert found.lines.select("charge", "service_from", "units").null_count().row(0) == (0, 0, 0)
    assert sorted(set(found.lines["claim"])) == list(range(found.claims.height))


@pytest.mark.parametrize("name", MIXED_SEPARATORS)
def test_mixed_separators(name: str) -> None:
    found = read(name)
    assert (found.claims.height, found.lines.height, found.refused) == (0, 0, ())
    (reason,) = found.rejected["reason"]
    assert reason.startswith(MIXED_SEPARATORS[name] + ' is split by ">", but ISA16 says')


@pytest.mark.parametrize("name", MIXED_SEPARATORS)
def test_with_one_separator_they_are_read(name: str) -> None:
    text = (SAMPLES / name).read_text().replace(">", ":")
    found = read_x12(text.encode(), name)
    assert (found.claims.height, found.rejected.height) == (1, 0)


@pytest.mark.parametrize("name", OLD_VERSION)
def test_an_older_version(name: str) -> None:
    found = read(name)
    assert (found.claims.height, found.rejected.height) == (0, 1)
    (refusal,) = found.refused
    assert f'it is of version "{OLD_VERSION[name]}"; version 5010 is needed' in refusal.reason


@pytest.mark.parametrize("name", NO_CLAIMS)
def test_no_claim_file(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read(name)
    expected = NO_CLAIMS[name]
    assert expected in caught.value.what
    assert "missing" in expected or caught.value.what.startswith(f"this is {expected} ")


@pytest.mark.parametrize("name", WRONG_COUNT)
def test_a_wrong_count_of_segments(name: str) -> None:
    count, *_ = WRONG_COUNT[name]
    found = read(path_of(name))
    assert (found.claims.height, found.rejected.height) == (0, count)
    assert 'SE01 says "25" segments and there are ' in found.refused[0].reason


@pytest.mark.parametrize("name", WRONG_COUNT)
def test_with_the_count_put_right(name: str) -> None:
    """The same files show what is behind the envelope: HI elements split by "*" as well."""
    count, claims, lines, reason = WRONG_COUNT[name]
    element, end = ("~", "_") if name == "valid_different_separators" else ("*", "~")
    segments = [s.strip() for s in (SAMPLES / path_of(name)).read_text().split(end)]
    begin = 0
    for place, segment in enumerate(segments):
        parts = segment.split(element)
        if parts[0] == "ST":
            begin = place
        if parts[0] == "SE":
            segments[place] = element.join(["SE", str(place - begin + 1), *parts[2:]])
    found = read_x12(end.join(segments).encode(), name)
    assert (found.claims.height, found.lines.height) == (claims, lines)
    assert found.rejected.height == count - claims
    for said in found.rejected["reason"]:
        assert reason is not None
        assert re.search(reason, said), said
