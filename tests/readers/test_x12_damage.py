"""What is damaged is named: which claim or which part of the file, where, and what to do."""

from __future__ import annotations

import contextlib
import re

import pytest
import x12_text as x
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.readers.x12 import read_x12


def read(text: str | bytes) -> ClaimSet:
    return read_x12(text if isinstance(text, bytes) else text.encode(), "morning.837")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \r\n\x1a", "the file is empty"),
        (b"claim;charge\n1;2\n", "no ISA segment"),
        (b"GS*HC*A*B*20250310*1200*1*X*005010X222A1~ST*837*1~", "the ISA that opens an interchange"),
        (bytes(range(256)) * 8, "binary file"),
        (b"ISA*00*short~", "the ISA is damaged"),
        (x.isa().encode() + b"IEA*0*000000001~", "no transaction"),
        (x.isa().encode(), "no transaction"),
    ],
)  # fmt: skip
def test_an_unusable_file_is_refused_whole(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(data)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("835", "an 835 remittance"),
        ("834", "an 834 enrollment file"),
        ("270", "a 270 eligibility inquiry"),
        ("277", "a 277 claim status response"),
        ("999", "a 999 acknowledgment"),
        ("864", 'a transaction of the kind "864"'),
    ],
)
def test_another_kind_of_file_is_named(kind: str, name: str) -> None:
    text = x.interchange(x.group([f"ST*{kind}*0001", "SE*2*0001"]))
    with pytest.raises(InputError, match=f"this is {name}.*; give the 837") as caught:
        read(text)
    assert caught.value.segment == 3


THREE = [*x.claim("A"), *x.claim("B"), *x.claim("C")]
"""Three claims; the second begins at segment 27 of the file."""

DAMAGED = [
    # what to replace in the second claim, by what, the segment named, the reason
    ("CLM*B*", "CLM**", 27, "has no claim id"),
    ("CLM*B*", f"CLM*{'B' * 65}*", 27, "longer than 64 characters"),
    ("CLM*B*780.5", "CLM*B*", 27, r"no total charge \(CLM02\)"),
    ("CLM*B*780.5", "CLM*B*78O.5", 27, 'CLM02 "78O.5" is not a number; correct it'),
    ("CLM*B*780.5", "CLM*B*1,780.5", 27, 'CLM02 "1,780.5" is not a number'),
    ("CLM*B*780.5", "CLM*B*+5", 27, 'CLM02 ".5" is not a number'),
    ("CLM*B*780.5", "CLM*B*1E3", 27, 'CLM02 "1E3" is not a number'),
    ("CLM*B*780.5", "CLM*B*.", 27, 'CLM02 "." is not a number'),
    ("CLM*B*780.5", "CLM*B*1.2.3", 27, 'CLM02 "1.2.3" is not a number'),
    ("CLM*B*780.5", "CLM*B*-780.5", 27, 'CLM02 "-780.5" is negative'),
    ("CLM*B*780.5", "CLM*B*9000000000.01", 27, "too large"),
    ("CLM*B*780.5", "CLM*B*99999999999999999999", 27, "too large"),
    ("CLM*B*780.5", "CLM*B*18446744073709551616.5", 27, "too large"),
    ("CLM*B*780.5", "CLM*B*0.0000000001", 27, "more decimals"),
    ("CLM*B*780.5***11:B:1", "CLM*B*780.5***11>B>1", 27, 'CLM05 "11>B>1" is split by ">".*":"'),
    ("HI*ABK:G89.4", "HI*ABK>G89.4", 28, 'HI01 "ABK>G89.4" is split by ">".*ISA16.*":"'),
    ("HI*ABK:G89.4", "HI*ABK*G89.4", 28, 'HI01 "ABK" is a qualifier without a code'),
    ("HC:62370", "HC>62370", 30, 'SV101 "HC>62370" is split by ">".*ISA16.*":"'),
    ("HC:62370", "62370", 30, 'SV101 "62370" is not split'),
    ("HC:62370", "HC", 30, 'SV101 "HC" has no procedure code'),
    ("HC:62370", "", 30, 'SV101 "" has no procedure code'),
    ("*180.5*", "*18O.5*", 30, 'SV102 "18O.5" is not a number'),
    ("*180.5*", "*-180.5*", 30, 'SV102 "-180.5" is negative'),
    ("*180.5*UN*1*", "*180.5*UN*ONE*", 30, 'SV104 "ONE" is not a number'),
    ("*180.5*UN*1*", "*180.5*UN*-1*", 30, 'SV104 "-1" is negative'),
    ("*180.5*UN*1*", "*180.5*UN*0.0001*", 30, 'SV104 "0.0001" has more decimals'),
    ("*180.5*UN*1*", "*180.5*UN*1000000000*", 30, 'SV104 "1000000000" is too large'),
    ("20250310", "20250231", 31, 'DTP03 "20250231" is not a date'),
    ("20250310", "20251301", 31, 'DTP03 "20251301" is not a date'),
    ("20250310", "20250300", 31, "is not a date"),
    ("20250310", "18991231", 31, "is not a date"),
    ("20250310", "21010101", 31, "is not a date"),
    ("20250310", "2025031", 31, "is not a date"),
    ("20250310", "2025-310", 31, "is not a date"),
    ("20250310", "202503101", 31, "is not a date"),
    ("D8*20250310", "RD8*20250312-20250310", 31, "ends before it begins"),
    ("D8*20250310", "RD8*20250312:20250313", 31, "is not a date"),
    ("D8*20250310", "D6*250310", 31, "has a date format that is not read"),
    ("NTE*ADD*MOR", "LIN**N4*00409181201~CTP****X*ML~NTE*ADD*MOR", 36, 'CTP04 "X" is not a number'),
    ("NTE*ADD*MOR", "NTE*ADD*MOR\x00", 35, "NTE holds bytes that are not text"),
    ("NTE*ADD*MOR", "NTE*ADD*MOR\nPHINE", 35, "line break where a segment terminator is missing"),
    ("NTE*ADD*MOR", "NTE*ADD*" + "M" * 5001, 35, "more than 5,000 characters"),
    ("SV1*HC:62370", "SVX*HC:62370", 29, "LX opens a service line without SV1"),
    ("SV1*HC:62370", "SV2*HC:62370", 29, "LX opens a service line without SV1"),
    ("LX*2", "HI*ABK:G894", 32, "HI stands among service lines"),
]  # fmt: skip


def mended(text: str) -> str:
    """With the count of SE put right after damage within the transaction."""
    segments = text.split("~")
    first = next(n for n, s in enumerate(segments) if s.strip().startswith("ST*"))
    last = next(n for n, s in enumerate(segments) if s.strip().startswith("SE*"))
    count = sum(bool(s.strip()) for s in segments[first : last + 1])
    segments[last] = re.sub(r"SE\*\d+", f"SE*{count}", segments[last])
    return "~".join(segments)


@pytest.mark.parametrize(("old", "new", "segment", "reason"), DAMAGED)
def test_a_damaged_claim_is_rejected_alone(old: str, new: str, segment: int, reason: str) -> None:
    whole = x.professional(THREE)
    begin = whole.index("CLM*B*")
    assert old in whole[begin : whole.index("CLM*C*")]
    found = read(mended(whole[:begin] + whole[begin:].replace(old, new, 1)))
    assert found.claims["claim_id"].to_list() == ["A", "C"]
    assert found.claims["claim"].to_list() == [0, 1]
    assert found.lines["claim"].to_list() == [0, 0, 1, 1]
    assert found.refused == ()
    (rejected,) = found.rejected.rows(named=True)
    assert rejected["segment"] == segment
    assert re.search(reason, rejected["reason"]), rejected["reason"]
    assert rejected["source"] == "morning.837"
    if old != "CLM*B*":
        assert rejected["claim_id"] == "B"
    assert len(rejected["reason"]) < 250


def test_a_reason_shows_no_more_than_the_element_and_not_all_of_a_long_one() -> None:
    text = x.professional(x.claim()).replace("*180.5*", f"*{'9' * 30}SECRET*")
    (reason,) = read(text).rejected["reason"]
    assert "SECRET" not in reason
    assert "62370" not in reason


def test_a_claim_whose_segment_id_is_damaged_lends_no_lines_to_the_one_before() -> None:
    found = read(x.professional(THREE).replace("CLM*B*", "CLM\x00*B*"))
    assert found.claims["claim_id"].to_list() == ["C"]
    rejected = found.rejected.row(0, named=True)
    assert (rejected["claim_id"], rejected["segment"]) == ("A", 27)
    assert "not text" in rejected["reason"]


def test_a_claim_without_service_lines() -> None:
    found = read(x.professional(x.claim("A"), x.claim("B", lines=[])))
    assert found.claims["claim_id"].to_list() == ["A"]
    assert "no service line" in found.rejected["reason"][0]


def test_an_institutional_line_needs_a_revenue_code_or_a_procedure() -> None:
    def lines(service: str) -> list[str]:
        return ["CLM*A*10***13:A:1*Y*A*Y*Y", "DTP*434*D8*20250310", "LX*1", service]

    assert read(x.institutional(lines("SV2*0270**10*UN*1"))).claims.height == 1
    assert read(x.institutional(lines("SV2**HC:J7999*10*UN*1"))).claims.height == 1
    (reason,) = read(x.institutional(lines("SV2***10*UN*1"))).rejected["reason"]
    assert "neither a revenue code (SV201) nor a procedure code (SV202)" in reason
    (reason,) = read(x.institutional(lines("SV2*0270*HC>J7999*10*UN*1"))).rejected["reason"]
    assert reason.startswith('SV202 "HC>J7999" is split by ">"')
    (reason,) = read(x.institutional(lines("SV2*0270**TEN*UN*1"))).rejected["reason"]
    assert reason.startswith('SV203 "TEN" is not a number')
    (reason,) = read(x.institutional(lines("SV2*0270**10*UN*-1"))).rejected["reason"]
    assert reason.startswith('SV205 "-1" is negative')
    (reason,) = read(x.institutional(lines("SV1*HC:J7999*10*UN*1"))).rejected["reason"]
    assert "without SV2" in reason


def test_an_impossible_statement_date() -> None:
    body = [
        "CLM*A*10***13:A:1*Y*A*Y*Y",
        "DTP*434*RD8*20250310-20250301",
        "LX*1",
        "SV2*0270**1*UN*1",
    ]
    rejected = read(x.institutional(body)).rejected.row(0, named=True)
    assert (rejected["segment"], "ends before" in rejected["reason"]) == (19, True)


@pytest.mark.parametrize(
    ("old", "new", "segment", "reason"),
    [
        ("NM1*IL*", "NM1*ZZ*", 18, r"no subscriber \(NM1\*IL\)"),
        ("HL*2*1*22*0", "HL*2*1*2Z*0", 11, 'HL03 "2Z" is no level'),
        ("HL*2*1*22*0~\n", "", 17, "no subscriber"),
        ("DMG*D8*19480229", "DMG*D8*19490229", 16, 'DMG02 "19490229" is not a date'),
        ("NM1*IL*1*OAKES", "NM1*IL*1*OA\x07KES", 13, "not text"),
        ("N4*RENO", "N4*RE\x00NO", 10, "not text"),
    ],
)
def test_damage_above_the_claims_rejects_all_below_it(
    old: str, new: str, segment: int, reason: str
) -> None:
    body = [*x.BILLING, *x.subscriber(), *x.claim("A"), *x.claim("B")]
    whole = x.interchange(x.group(x.transaction(body)))
    found = read(mended(whole.replace(old, new, 1)))
    assert found.claims.height == 0
    assert found.rejected["claim_id"].to_list() == ["A", "B"]
    assert found.rejected["segment"][0] == segment
    for text in found.rejected["reason"]:
        assert re.search(reason, text), text


def test_damage_above_one_patient_leaves_the_others() -> None:
    body = [*x.BILLING, *x.subscriber(2, "AAA"), *x.claim("A"), *x.subscriber(3, "B\x00B"), *x.claim("B"),
            *x.subscriber(4, "CCC"), *x.claim("C")]  # fmt: skip
    found = read(x.interchange(x.group(x.transaction(body))))
    assert found.claims["claim_id"].to_list() == ["A", "C"]


def test_a_dependent_without_a_name() -> None:
    body = [*x.BILLING, *x.subscriber(), "HL*3*2*23*0", "PAT*19", *x.claim("A")]
    (reason,) = read(x.interchange(x.group(x.transaction(body)))).rejected["reason"]
    assert "dependent" in reason


def test_a_lost_hl_gives_no_claim_to_the_wrong_patient() -> None:
    lost = x.subscriber(3, "BBB")[1:]
    body = [*x.BILLING, *x.subscriber(2, "AAA"), *x.claim("A"), *lost, *x.claim("B"), *x.claim("C"),
            *x.subscriber(4, "DDD"), *x.claim("D")]  # fmt: skip
    found = read(x.interchange(x.group(x.transaction(body))))
    assert found.claims["claim_id"].to_list() == ["A", "D"]
    assert found.rejected["claim_id"].to_list() == ["B", "C"]
    assert "without an HL of its own" in found.rejected["reason"][0]


def test_service_lines_without_a_claim_are_reported() -> None:
    body = [*x.BILLING, *x.subscriber(2), *x.REFILL, *x.subscriber(3), *x.claim("A")]
    found = read(x.interchange(x.group(x.transaction(body))))
    assert found.claims["claim_id"].to_list() == ["A"]
    assert "under no claim" in found.refused[0].reason


def two() -> list[str]:
    """Two transactions, A and B in the first, C in the second; segments of the whole file."""
    first = x.transaction([*x.BILLING, *x.subscriber(), *x.claim("A"), *x.claim("B")], "0001")
    second = x.transaction([*x.BILLING, *x.subscriber(), *x.claim("C")], "0002")
    return [s.strip() for s in x.interchange(x.group(first, second)).split("~")[:-1]]


def changed(old: str, new: str) -> str:
    segments = two()
    at = next(n for n, s in enumerate(segments) if s.startswith(old))
    segments[at : at + 1] = [s for s in new.split("~") if s]
    return "".join(s + "~\n" for s in segments)


REFUSED = [
    # segment to replace, by what, claims read, claims rejected, segment of the refusal, reason
    ("SE*34*0001", "SE*35*0001", "C", "AB", 3, r'SE01 says "35" segments and there are 34 \(segments 3 to 36\)'),
    ("SE*34*0001", "SE*X*0001", "C", "AB", 3, 'SE01 says "X" segments and there are 34'),
    ("SE*34*0001", "SE**0001", "C", "AB", 3, 'SE01 says "" segments'),
    ("SE*34*0001", "SE*34*0009", "C", "AB", 3, r'SE02 is "0009" and ST02 \(segment 3\) is "0001"'),
    ("SE*34*0001", "", "C", "AB", 3, r"has no SE before a new ST \(segment 36\), its last segment is 35 \(NTE\)"),
    ("ST*837*0002", "", "AB", "C", 37, "segments 37 to 59 .BHT to NTE. stand outside any transaction"),
    ("ST*837*0002", "ST*837*0002*004010X098A1", "AB", "C", 37, 'version "004010X098A1"; version 5010 is needed'),
    ("ST*837*0002", "ST*837*0002*005010X223A2", "AB", "C", 37, "GS08 says 005010X222A1 and ST03 says 005010X223A2"),
    ("ST*837*0002", "ST*837*0002*005010X224A2", "AB", "C", 37, "dental claim"),
    ("ST*837*0002", "ST*835*0002", "AB", "C", 37, "it is an 835 remittance, not a claim"),
    ("GE*2*1", "", "ABC", "", 62, "has no GE before this IEA"),
    ("GE*2*1", "GE*3*1", "ABC", "", 62, 'GE01 says "3" transactions and there are 2'),
    ("GE*2*1", "GE*2*7", "ABC", "", 62, r'GE02 is "7" and GS06 \(segment 2\) is "1"'),
    ("IEA*1", "", "ABC", "", 62, "the file ends with GE: IEA missing"),
    ("IEA*1", "IEA*2*000000001", "ABC", "", 63, 'IEA01 says "2" groups and there are 1'),
    ("IEA*1", "IEA*1*000000009", "ABC", "", 63, 'IEA02 is "000000009" and ISA13'),
    ("GS*HC", "", "ABC", "", 2, "the GS is missing"),
    ("SE*34*0001", "SE*34*0001~SE*34*0001", "ABC", "", 37, "this SE closes no transaction"),
    ("SE*34*0001", f"SE*34*0001~IEA*1*000000001~{x.isa('000000002')}", "AB", "C", 37, "no GE before this IEA"),
    ("SE*34*0001", f"SE*34*0001~{x.isa('000000002')}", "ABC", "", 37, "no GE before this ISA"),
    ("SE*34*0001", "SE*34*0001~GE*1*1~IEA*1*000000001", "AB", "C", 39, "outside any interchange"),
    ("HL*1", "SE*5*0001~HL*1", "C", "AB", 8, "stand outside any transaction"),
    ("HL*1", "ISA*broken*isa~HL*1", "", "ABC", 7, "this ISA is damaged"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "good", "bad", "segment", "reason"), REFUSED)
def test_a_part_with_a_wrong_envelope_is_refused(
    old: str, new: str, good: str, bad: str, segment: int, reason: str
) -> None:
    found = read(changed(old, new))
    if "ISA*00" not in new or good != "AB":
        assert "".join(found.claims["claim_id"]) == good
        assert "".join(found.rejected["claim_id"]) == bad
    told = [(r.segment, r.reason) for r in found.refused if re.search(reason, r.reason)]
    assert told, found.refused
    assert told[0][0] == segment
    for row in found.rejected.rows(named=True):
        assert row["segment"] is not None
        assert "is not read" in row["reason"] or "stands outside" in row["reason"]


def test_a_file_cut_off_in_the_middle() -> None:
    text = "".join(s + "~\n" for s in two())
    found = read(text[: text.index("CLM*C") + 40])
    assert found.claims["claim_id"].to_list() == ["A", "B"]
    assert found.rejected["claim_id"].to_list() == ["C"]
    (refusal,) = found.refused
    assert "breaks off after segment 53 (HI): SE, GE, IEA missing" in refusal.reason


def test_text_before_the_first_isa() -> None:
    found = read("Subject: claims\n\n" + x.professional(x.claim()))
    assert found.claims.height == 1
    assert "17 bytes before the first ISA" in found.refused[0].reason


def test_version_4010_is_named_and_its_claims_are_listed() -> None:
    text = x.professional(x.claim("A")).replace(x.PROFESSIONAL, "004010X098A1")
    found = read(text)
    assert found.rejected["claim_id"].to_list() == ["A"]
    assert '"004010X098A1"; version 5010 is needed' in found.refused[0].reason


# Conservation, whatever damage.


CLM = re.compile(rb"[ \t\r\n]*CLM(\*.*)?", re.DOTALL)


def claims_told_apart(data: bytes) -> int:
    """CLM segments of a file whose delimiters are those of x12_text."""
    return sum(bool(CLM.fullmatch(segment)) for segment in data.split(b"~"))


BODY = "".join(s + "~\n" for s in two()).encode()
ISA_END = BODY.index(b"GS*")
PIECES = [
    b"~", b"*", b":", b"\n", b"\x00", b"\xff", b"", b"CLM*X*1~", b"SE*34*0001~", b"ST*837*0003~", b"HL*9*1*22*0~",
    b"LX*1~", b"SV1*HC:62370*1*UN*1~", b"IEA*1*000000001~", b"GE*1*1~", b"~~", b"9" * 30, b"20251399", b"-1",
    b"SBR*P~", b"NM1*IL*1*X~", b"GS*HC~", b"CLM", b"HI*ABK:~", b"DTP*472*D8*~",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = BODY
    for _ in range(draw(st.integers(1, 6))):
        how = draw(st.sampled_from(["cut", "insert", "replace", "segment", "swap", "end"]))
        at = draw(st.integers(ISA_END, max(len(data), ISA_END)))
        if how == "cut":
            data = data[:at] + data[at + draw(st.integers(1, 60)) :]
        elif how == "insert":
            data = data[:at] + draw(st.sampled_from(PIECES)) + data[at:]
        elif how == "replace":
            data = data[:at] + draw(st.binary(min_size=1, max_size=3)) + data[at + 1 :]
        elif how == "end":
            data = data[:at]
        else:
            segments = data[ISA_END:].split(b"~")
            one = draw(st.integers(0, len(segments) - 1))
            other = draw(st.integers(0, len(segments) - 1))
            if how == "swap":
                segments[one], segments[other] = segments[other], segments[one]
            else:
                del segments[one]
            data = data[:ISA_END] + b"~".join(segments)
    return data


@settings(max_examples=400, deadline=None)
@given(damaged())
def test_no_claim_is_lost_whatever_is_damaged(data: bytes) -> None:
    try:
        found = read(data)
    except InputError:
        assert claims_told_apart(data) == 0
        return
    assert found.claims_read == claims_told_apart(data)
    places = found.claims["segment"].to_list()
    assert len(set(places)) == len(places)
    assert found.lines["claim"].max() is None or found.lines["claim"].max() < found.claims.height
    assert set(found.claims["claim"].to_list()) <= set(found.lines["claim"].to_list())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_arbitrary_bytes_give_an_answer_or_an_input_error(tail: bytes, with_isa: bool) -> None:
    data = x.isa().encode() + tail if with_isa else tail
    with contextlib.suppress(InputError):
        read(data)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 105), st.binary(min_size=0, max_size=2))
def test_a_damaged_isa_never_gives_a_wrong_claim(at: int, piece: bytes) -> None:
    try:
        found = read(BODY[:at] + piece + BODY[at + 1 :])
    except InputError:
        return
    whole = read(BODY)
    for row in found.claims.drop("segment").rows():
        assert row in whole.claims.drop("segment").rows()
