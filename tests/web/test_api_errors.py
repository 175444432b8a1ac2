"""What the API says to what it cannot use: problem details, never a fault, nothing invented."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from fastapi.testclient import TestClient

from pumpclaim.web.api.described import PROBLEM_SCHEMA
from pumpclaim.web.app import create_app
from pumpclaim.web.settings import Limits

from .conftest import EXAMPLES

if TYPE_CHECKING:
    from pumpclaim.web.settings import Settings

API = "/api/v1"
X12 = {"content-type": "application/edi-x12"}
JSON = {"content-type": "application/json"}
CLINIC = (EXAMPLES / "clinic.837").read_bytes()


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem that an answer is."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    jsonschema.Draft202012Validator(PROBLEM_SCHEMA).validate(found)
    assert found["status"] == status
    return found


def part(content: bytes, name: str = "some.837", under: str = "files") -> list[Any]:
    return [(under, (name, content))]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"contractor": "1312"}, "'1312' is no contract number: five digits, such as 01312"),
        ({"reading": "kd"}, "'kd' is not ID=CHOICE, as kd-on-compound=not-required is"),
        ({"reading": "kd-on-compund=required"}, "did you mean 'kd-on-compound'?"),
        ({"reading": "kd-on-compound=maybe"}, "it has required, not-required"),
        ({"threshold": "refill_due_days=soon"}, "write a whole number from 0 to 10000"),
        ({"threshold": "refill_due_dys=3"}, "did you mean 'refill_due_days'?"),
        ({"select": "DRG999"}, "no rule is called 'DRG999'"),
        ({"contracter": "01312"}, "query.contracter: there is no such field"),
        ({"name": "x" * 201}, "at most 200 characters"),
    ],
    ids=str,
)
def test_options_are_judged_in_the_words_of_the_command_line(
    client: TestClient, asked: dict[str, str], sentence: str
) -> None:
    found = problem(client.post(f"{API}/check", files=part(CLINIC), params=asked), 422)
    assert sentence in found["detail"]


def test_a_validation_error_says_where_and_what(client: TestClient) -> None:
    asked = {"text": 3, "on": "5 March", "strange": True}
    found = problem(client.post(f"{API}/price", json=asked), 422)
    by_place = {one["where"]: one["what"] for one in found["errors"]}
    assert by_place["body.on"] == "'5 March' is no date; write year, month and day as 2024-03-05"
    assert by_place["body.strange"] == "there is no such field"
    assert "body.text" in by_place
    assert found["detail"].endswith("(and 2 more)")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "some.837: the file is empty"),
        (b"   \n", "some.837: the file is empty"),
        (b"%PDF-1.7", "some.837: this is a PDF"),
        (b"PK\x03\x04 a workbook", "an Excel workbook"),
        (b"\x00" * 50, "a binary file of no known kind"),
        (b'{"claims": []}', "this is JSON"),
        (b"PAR1 but nothing more", "some.837: "),
        (gzip.compress(CLINIC)[:-20], "the .gz file is cut off; copy it again"),
        (gzip.compress(CLINIC)[:20] + b"x" * 99, "the .gz file is damaged; copy it again"),
        (b"ISA*00*", "some.837"),
    ],
)
def test_when_nothing_can_be_read_the_answer_is_that_one_sentence(
    client: TestClient, content: bytes, sentence: str
) -> None:
    found = problem(client.post(f"{API}/check", files=part(content)), 422)
    assert sentence in found["detail"]
    assert found["errors"][0]["where"].startswith("some.837")
    assert found["detail"].endswith(found["errors"][0]["what"])
    raw = client.post(
        f"{API}/check", params={"name": "some.837"}, content=content,
        headers={"content-type": "application/octet-stream"},
    )  # fmt: skip
    assert raw.json() == found


def test_two_files_that_hold_the_same_are_read_once_and_named(client: TestClient) -> None:
    answer = client.post(
        f"{API}/check", files=[*part(CLINIC, "a.837"), *part(CLINIC, "b.837")]
    ).json()
    assert answer["summary"]["claims_read"] == 16
    (notice,) = answer["notices"]
    assert (notice["source"], notice["same_as"]) == ("b.837", "a.837")
    assert notice["sentence"] == "b.837: it holds the same as a.837, so it is read once"


def test_several_files_of_which_none_can_be_read(client: TestClient) -> None:
    files = [*part(b"", "a.837"), *part(b"%PDF", "b.837")]
    found = problem(client.post(f"{API}/check", files=files), 422)
    assert "a.837: the file is empty" in found["detail"]
    assert found["detail"].endswith("(and 1 more)")
    assert [one["where"] for one in found["errors"]] == ["a.837", "b.837"]


def test_a_damaged_837_is_told_by_its_segment(client: TestClient) -> None:
    cut = CLINIC[: CLINIC.rindex(b"CLM*") + 30]
    answer = client.post(f"{API}/check", files=part(cut))
    assert answer.status_code == 200
    document = answer.json()
    summary = document["summary"]
    assert summary["claims_read"] == summary["claims_reviewed"] + summary["claims_rejected"]
    assert document["rejected"] or document["refused"]


def test_a_form_that_is_cut_off_is_not_taken_for_a_smaller_one(client: TestClient) -> None:
    def one(name: str) -> bytes:
        head = f'--B\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        return head.encode() + CLINIC.replace(b"R-1", f"{name}-1".encode()) + b"\r\n"

    headers = {"content-type": "multipart/form-data; boundary=B"}
    whole = one("a.837") + one("b.837") + b"--B--\r\n"
    answer = client.post(f"{API}/check", content=whole, headers=headers)
    assert answer.json()["summary"]["claims_read"] == 32
    for cut in (1, 5, 7, 300, len(one("b.837")) + 20):
        answer = client.post(f"{API}/check", content=whole[: -2 - cut], headers=headers)
        assert "the form is cut off" in problem(answer, 400)["detail"]


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>.837",
        "../../etc/passwd",
        "a\x00b.837",
        "ü€.837",
        "\u202egpj.837",
        "",
        "x" * 500,
    ],
)
def test_any_file_name_is_only_a_name(client: TestClient, name: str) -> None:
    answer = client.post(f"{API}/check", files=part(CLINIC, name))
    if not name:
        # A part without a name is no file.
        problem(answer, 422)
        return
    assert answer.status_code == 200
    (source,) = {one["source"] for one in answer.json()["claims"]}
    assert source.isprintable()
    assert len(source) <= 200


def test_a_file_name_that_is_no_utf8(client: TestClient) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="files"; filename="\xff\xfe.837"\r\n\r\n'
        + CLINIC
        + b"\r\n--B--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=B"}
    assert client.post(f"{API}/check", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        ({"files": part(CLINIC, under="file")}, 422, "there is no part 'file'; did you mean 'files'?"),
        ({"files": part(CLINIC, under="charts")}, 422, "the part 'files' is missing"),
        ({"files": [("files", (None, b"text"))]}, 422, "the part 'files' is no file"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, "boundary"),
        ({"content": b"--B\r\nrubbish", "headers": {"content-type": "multipart/form-data; boundary=B"}}, 400, ""),
        ({"content": CLINIC}, 415, "'' is no content type"),
        ({"content": CLINIC, "headers": {"content-type": "text/html"}}, 415, "'text/html' is no content type"),
        ({"content": CLINIC, "headers": {"content-type": "application/json"}}, 415, "application/edi-x12"),
        ({"data": {"files": "x"}}, 415, "multipart/form-data"),
    ],
)  # fmt: skip
def test_a_body_of_another_form(
    client: TestClient, sent: dict[str, Any], status: int, sentence: str
) -> None:
    assert sentence in problem(client.post(f"{API}/check", **sent), status)["detail"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b"\xff\xfe{", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"text": "a" "b"}', JSON, 400),
        (b"", JSON, 422),
        (b"[]", JSON, 422),
        (b"null", JSON, 422),
        (b'{"text": "\\ud800"}', JSON, 422),
        (b'{"text": "morphine 1 mg", "charge": 82.5}', JSON, 422),
        (b'{"text": "morphine 1 mg", "charge": "1e999999"}', JSON, 422),
        (b'{"text": "morphine 1 mg", "charge": "-1"}', JSON, 422),
        (b'{"text": "morphine 1 mg", "cartridges": 0}', JSON, 422),
        (b'{"text": "morphine 1 mg", "cartridges": "2"}', JSON, 422),
        (b'{"text": "morphine 1 mg", "on": "1999-01-01"}', JSON, 422),
        (b'{"text": "x"}', {"content-type": "text/plain"}, 415),
        (b'{"text": "x"}', {}, 415),
    ],
)
def test_what_price_cannot_use(
    client: TestClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    problem(client.post(f"{API}/price", content=content, headers=headers), status)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "say how much is in the reservoir"),
        ({"volume": "20"}, "say how fast it leaves"),
        ({"volume": "9" * 5000, "flow": "1 mL/day"}, "a volume of 5000 characters cannot be"),
        ({"volume": "20", "flow": "1 mL/day", "on": "9999-12-31"}, "would last beyond the calendar"),
        ({"volume": "20", "flow": "0.0001 mL/day"}, "more than a hundred years"),
        ({"volume": "20", "concentrations": ["morphine 20 mg/mL"], "doses": ["3"]}, "has no unit"),
        ({"pump": "none-such", "flow": "1 mL/day"}, "no pump is called 'none-such'"),
        ({"volume": "20", "pumps": "/etc/passwd"}, "body.pumps: there is no such field"),
    ],
)  # fmt: skip
def test_what_refill_cannot_use(client: TestClient, asked: dict[str, Any], sentence: str) -> None:
    assert sentence in problem(client.post(f"{API}/refill", json=asked), 422)["detail"]


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"chart: implant\npatient_id: x", 400, "the body is no JSON"),
        (b"\xff", 400, "the body is no JSON"),
        (b"[" * 100_000, 400, "the body is no JSON"),
        (b"[]", 422, "there is no chart"),
        (b'{"chart": "implant"}', 422, "request, line 1"),
        (b'{"chart": "moon", "patient_id": "x", "answers": {}}', 422, "request, line 1"),
        (b'{"resourceType": "Patient"}', 422, "request"),
    ],
)
def test_what_assess_cannot_use(
    client: TestClient, content: bytes, status: int, sentence: str
) -> None:
    answer = client.post(f"{API}/assess", content=content, headers=JSON)
    assert sentence in problem(answer, status)["detail"]


def test_addresses_and_methods(client: TestClient) -> None:
    assert (
        problem(client.get(f"{API}/nothing"), 404)["detail"] == "there is nothing at this address"
    )
    assert "did you mean DRG104?" in problem(client.get(f"{API}/rules/DRG14"), 404)["detail"]
    problem(client.get(f"{API}/rules/%00%ff"), 404)
    answer = client.get(f"{API}/check")
    assert problem(answer, 405)["detail"] == "this address does not take GET"
    assert answer.headers["allow"] == "POST"
    found = problem(client.get(f"{API}/policy", params={"contractor": "99999"}), 422)
    assert "the contracts are 01111" in found["detail"]


@pytest.mark.parametrize(
    ("path", "sent", "where"),
    [
        ("check", {"files": part(CLINIC), "params": {"reading": "kd-on-compound=maybe"}}, "query.reading"),
        ("check", {"files": part(CLINIC), "params": {"threshold": "nothing=1"}}, "query.threshold"),
        ("check", {"files": part(CLINIC), "params": {"select": "drg104"}}, "query.select"),
        ("check", {"files": part(CLINIC, under="file")}, "body"),
        ("check", {"files": part(b"")}, "some.837"),
        ("price", {"json": {"text": "morphine 1 mg", "on": "1999-01-01"}}, "body"),
        ("price", {"json": {"text": "morphine 1 mg", "on": "20240305"}}, "body.on"),
        ("price", {"json": {"text": "morphine 1 mg", "cartridges": 1.5}}, "body.cartridges"),
        ("refill", {"json": {"volume": "20"}}, "body"),
        ("assess", {"files": part(b"%PDF", under="charts")}, "some.837"),
    ],
)  # fmt: skip
def test_every_422_says_where(
    client: TestClient, path: str, sent: dict[str, Any], where: str
) -> None:
    found = problem(client.post(f"{API}/{path}", **sent), 422)
    assert found["errors"][0]["where"] == where
    assert found["errors"][0]["what"] in found["detail"]


def test_a_whole_number_may_have_a_point(client: TestClient) -> None:
    asked = {"text": "morphine 360 mg", "on": "2024-03-05", "cartridges": 2.0}
    assert client.post(f"{API}/price", json=asked).status_code == 200


@pytest.mark.parametrize("path", ["rules", "rules/DRG104", "trace", "policy"])
def test_an_option_that_is_none_is_refused_everywhere(client: TestClient, path: str) -> None:
    found = problem(client.get(f"{API}/{path}", params={"no-such": "1"}), 422)
    assert found["detail"] == "query.no-such: there is no such field"
    problem(client.get(f"{API}/{path}/"), 404)


def limited(settings: Settings, **limits: int) -> TestClient:
    app = create_app(replace(settings, limits=replace(Limits(), **limits)))
    return TestClient(app, base_url=settings.url)


def test_more_lines_than_are_judged_at_once(settings: Settings) -> None:
    with limited(settings, lines=10) as client:
        found = problem(client.post(f"{API}/check", files=part(CLINIC)), 422)
        assert "more than the 10 service lines" in found["detail"]
        twice = [*part(CLINIC[:0]), *part(CLINIC)]
        problem(client.post(f"{API}/check", files=twice), 422)


def test_a_packed_file_that_unpacks_to_too_much(settings: Settings) -> None:
    bomb = gzip.compress(b"ISA" + b" " * 5_000_000)
    with limited(settings, unpacked_bytes=1024**2) as client:
        found = problem(client.post(f"{API}/check", files=part(bomb, "bomb.gz")), 422)
        assert "unpacks to more than 1 MB" in found["detail"]
        charts = [*part(CLINIC), *part(bomb, "bomb.json.gz", "charts")]
        answer = client.post(f"{API}/check", files=charts)
        assert answer.status_code == 200
        assert "unpacks to more than 1 MB" in answer.json()["refused"][0]["reason"]
        # Several files share the limit.
        half, other = (gzip.compress(CLINIC + blank * 700_000) for blank in (b" ", b"\n"))
        both = client.post(f"{API}/check", files=[*part(half, "a.gz"), *part(other, "b.gz")]).json()
        assert [one["source"] for one in both["refused"]] == ["b.gz"]


def test_too_many_files_and_too_large_a_body(settings: Settings) -> None:
    with limited(settings, files=3, api_bytes=200_000) as client:
        many = [one for number in range(4) for one in part(b"x", f"{number}.837")]
        problem(client.post(f"{API}/check", files=many), 400)
        problem(client.post(f"{API}/check", files=part(b"x" * 300_000)), 413)
        problem(client.post(f"{API}/price", content=b" " * 300_000, headers=JSON), 413)

        def streamed() -> Any:
            for _ in range(30):
                yield b" " * 10_000

        for address, headers in (("check", X12), ("price", JSON), ("assess", JSON)):
            problem(client.post(f"{API}/{address}", content=streamed(), headers=headers), 413)


def test_what_takes_too_long_is_given_up(settings: Settings) -> None:
    """The answer says so, and the next question is answered."""
    rows = (EXAMPLES / "clinic.csv").read_text().splitlines()
    many = gzip.compress("\n".join([rows[0], *(rows[1:] * 15_000)]).encode(), 1)
    with limited(settings, judging_seconds=1) as client:
        found = problem(client.post(f"{API}/check", files=part(many)), 503)
        assert "more than the 1 seconds" in found["detail"]
        assert client.get(f"{API}/rules/DRG104").status_code == 200


def test_pages_say_their_errors_in_a_sentence(client: TestClient) -> None:
    page = client.get("/nope")
    assert page.status_code == 404
    assert "there is nothing at this address" in page.text
    assert json.dumps("detail") not in page.text
