"""The HTTP API: the same JSON as the command line, byte for byte, and nothing kept or mixed."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from cli.conftest_run import run
from pumpclaim.reports.schemas import schema

from .conftest import EXAMPLES

if TYPE_CHECKING:
    import httpx2 as httpx
    from fastapi.testclient import TestClient

__all__ = ["run"]

API = "/api/v1"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
X12 = {"content-type": "application/edi-x12"}
CLAIM_FILES = ("clinic.837", "clinic.csv", "hospital.837")
CHART_FILES = ("implant.yaml", "refill.yaml")


def check(client: TestClient, *files: Path, charts: tuple[Path, ...] = (), **asked: Any) -> Any:
    parts = [("files", (file.name, file.read_bytes())) for file in files]
    parts += [("charts", (file.name, file.read_bytes())) for file in charts]
    return client.post(f"{API}/check", files=parts, params=asked)


def told(response: httpx.Response, kind: str) -> bytes:
    """The content of an answer that is a document of the published shape."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    validator = jsonschema.Draft202012Validator(schema(kind))
    validator.validate(response.json())
    return response.content


def beside(tmp_path: Path, *files: Path) -> list[str]:
    """Copies in the folder in which commands run, so that both know the files by one name."""
    for file in files:
        (tmp_path / "cwd" / file.name).write_bytes(file.read_bytes())
    return [file.name for file in files]


@pytest.mark.parametrize("name", CLAIM_FILES)
def test_check_is_the_command(client: TestClient, run: Any, tmp_path: Path, name: str) -> None:
    file = EXAMPLES / name
    printed = run("check", *beside(tmp_path, file), "--format", "json").out.encode()
    assert told(check(client, file), "check") == printed
    raw = client.post(f"{API}/check", params={"name": name}, content=file.read_bytes(), headers=X12)
    assert told(raw, "check") == printed


def test_check_of_several_files_charts_and_options_is_the_command(
    client: TestClient, run: Any, tmp_path: Path
) -> None:
    files = [EXAMPLES / name for name in ("clinic.837", "hospital.837")]
    charts = tuple(EXAMPLES / "charts" / name for name in CHART_FILES)
    beside(tmp_path, *files, *charts)
    printed = run(
        "check", "clinic.837", "hospital.837", "--charts", "implant.yaml", "--charts",
        "refill.yaml", "--format", "json", "--contractor", "01312", "--select", "DRG", "--select",
        "DOC", "--ignore", "DRG111", "--reading", "kd-on-compound=not-required", "--threshold",
        "refill_due_days=10",
    )  # fmt: skip
    answer = check(
        client, *files, charts=charts, contractor="01312", select=["DRG", "DOC"],
        ignore=["DRG111"], reading=["kd-on-compound=not-required"], threshold=["refill_due_days=10"],
    )  # fmt: skip
    assert told(answer, "check") == printed.out.encode()
    assert answer.json()["readings"] == {"kd-on-compound": "not-required"}


def test_packed_files_and_tables_are_read(client: TestClient, tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    plain = json.loads(told(check(client, EXAMPLES / "clinic.csv"), "check"))
    packed = tmp_path / "clinic.csv.gz"
    packed.write_bytes(gzip.compress((EXAMPLES / "clinic.csv").read_bytes()))
    table = tmp_path / "clinic.parquet"
    pl.read_csv(EXAMPLES / "clinic.csv", infer_schema=False).write_parquet(table)
    for file in (packed, table):
        answer = json.loads(told(check(client, file), "check"))
        assert answer["summary"] == plain["summary"]


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["*.837", "*.edi", "*.txt", "*.csv"])
def test_real_files_are_answered_as_by_the_command(
    client: TestClient, run: Any, tmp_path: Path, kind: str
) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the files that others wrote (../shared/samples) are not here")
    found = [one for one in sorted(SAMPLES.rglob(kind)) if one.stat().st_size < 200_000]
    if not found:
        pytest.skip(f"no file {kind} among those that others wrote")
    for file in found[:: max(1, len(found) // 4)]:
        printed = run("check", *beside(tmp_path, file), "--format", "json")
        answer = check(client, file)
        document = json.loads(printed.out)
        if document["refused"] and not document["summary"]["claims_read"]:
            assert answer.status_code == 422, file.name
            reasons = [one["reason"] for one in document["refused"]]
            assert [one["what"] for one in answer.json()["errors"]] == reasons
        else:
            assert told(answer, "check") == printed.out.encode(), file.name


def test_a_file_that_cannot_be_used_is_listed_and_the_others_are_judged(
    client: TestClient, run: Any, tmp_path: Path
) -> None:
    damaged = tmp_path / "scan.837"
    damaged.write_bytes(b"%PDF-1.7 not a claim")
    files = [EXAMPLES / "clinic.837", damaged]
    printed = run("check", *beside(tmp_path, *files), "--format", "json")
    assert printed.status == 2
    answer = check(client, *files)
    assert told(answer, "check") == printed.out.encode()
    assert [one["source"] for one in answer.json()["refused"]] == ["scan.837"]


@pytest.mark.parametrize("name", CHART_FILES)
def test_assess_is_the_command(client: TestClient, run: Any, tmp_path: Path, name: str) -> None:
    file = EXAMPLES / "charts" / name
    printed = run("assess", *beside(tmp_path, file), "--format", "json").out.encode()
    answer = client.post(f"{API}/assess", files=[("charts", (name, file.read_bytes()))])
    assert told(answer, "assess") == printed


def test_charts_as_json_are_assessed(client: TestClient, run: Any, tmp_path: Path) -> None:
    charts = [
        {"chart": "encounter", "patient_id": "1EG4TE5MK73", "answers": {"visit_date": day}}
        for day in ("2024-03-05", "2024-06-05")
    ]
    for one in (charts, charts[0]):
        file = tmp_path / "cwd" / "charts.json"
        file.write_text(json.dumps(one))
        printed = run(
            "assess", "charts.json", "--reading", "life-expectancy=at-each-service",
            "--format", "json",
        )  # fmt: skip
        answer = client.post(
            f"{API}/assess",
            params={"name": "charts.json", "reading": "life-expectancy=at-each-service"},
            content=file.read_bytes(),
            headers={"content-type": "application/json; charset=utf-8"},
        )
        assert told(answer, "assess") == printed.out.encode()


PRICES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"text": "morphine 360 mg, bupivacaine 90 mg", "on": "2024-03-05"}, ("--on", "2024-03-05")),
    ({"text": "HYDROMORPHONE 10MG/ML X 18ML"}, ()),
    (
        {"text": "morphine 360 mg", "on": "2025-03-10", "charge": "70.10", "estimate": True},
        ("--on", "2025-03-10", "--charge", "70.10", "--estimate"),
    ),
    (
        {"text": "morphine 360 mg", "on": "2025-03-10", "deductible_left": "20.05"},
        ("--on", "2025-03-10", "--deductible-left", "20.05"),
    ),
    ({"text": "morphine lots", "on": "2025-03-10"}, ("--on", "2025-03-10")),
    ({"text": "baclofen 40 mg and moonshine 3 mg", "on": None}, ()),
]


@pytest.mark.parametrize(("asked", "words"), PRICES, ids=[one["text"] for one, _ in PRICES])
def test_price_is_the_command(
    client: TestClient, run: Any, asked: dict[str, Any], words: tuple[str, ...]
) -> None:
    printed = run("price", asked["text"], *words, "--format", "json").out.encode()
    assert told(client.post(f"{API}/price", json=asked), "price") == printed


def test_price_by_cartridges_under_a_reading(client: TestClient, run: Any) -> None:
    reading = "compounding-fee=per-cartridge"
    printed = run(
        "price", "morphine 360 mg", "--on", "2024-03-05", "--cartridges", "2", "--reading", reading,
        "--format", "json",
    )  # fmt: skip
    asked = {"text": "morphine 360 mg", "on": "2024-03-05", "cartridges": 2}
    answer = client.post(f"{API}/price", json=asked, params={"reading": reading})
    assert told(answer, "price") == printed.out.encode()
    assert answer.json()["allowed"] == "138.00"


def test_refill_is_the_command(client: TestClient, run: Any) -> None:
    printed = run(
        "refill", "--pump", "synchromed-ii-40", "--residual", "2", "--concentration",
        "morphine 20 mg/mL", "--concentration", "bupivacaine 5 mg/mL", "--dose", "3 mg/day", "--dose",
        "0.75 mg/day", "--on", "2024-03-05", "--threshold", "refill_due_days=3", "--format", "json",
    )  # fmt: skip
    asked = {
        "pump": "synchromed-ii-40", "residual": "2", "on": "2024-03-05",
        "concentrations": ["morphine 20 mg/mL", "bupivacaine 5 mg/mL"],
        "doses": ["3 mg/day", "0.75 mg/day"],
    }  # fmt: skip
    answer = client.post(f"{API}/refill", json=asked, params={"threshold": "refill_due_days=3"})
    assert told(answer, "refill") == printed.out.encode()
    flow = {"volume": "40", "flow": "0.5 mL/day", "on": "2024-03-05"}
    printed = run(
        "refill", "--volume", "40", "--flow", "0.5 mL/day", "--on", "2024-03-05", "--format", "json"
    )
    assert told(client.post(f"{API}/refill", json=flow), "refill") == printed.out.encode()


def test_rules_trace_and_policy_are_the_commands(client: TestClient, run: Any) -> None:
    pages = {
        "rules/DRG104": ("rule", ("rule", "DRG104")),
        "rules/missing-kd-modifier": ("rule", ("rule", "missing-kd-modifier")),
        "trace": ("trace", ("policy", "trace")),
        "policy": ("policy", ("policy", "show")),
        "policy?on=2024-03-05&contractor=01312&reading=kd-on-compound=not-required": (
            "policy",
            ("policy", "show", "--on", "2024-03-05", "--contractor", "01312", "--reading",
             "kd-on-compound=not-required"),
        ),
    }  # fmt: skip
    for address, (kind, words) in pages.items():
        printed = run(*words, "--format", "json").out.encode()
        assert told(client.get(f"{API}/{address}"), kind) == printed, address
    every = client.get(f"{API}/rules")
    assert every.content == run("rule", "--format", "json").out.encode()
    for one in every.json():
        jsonschema.Draft202012Validator(schema("rule")).validate(one)


def test_what_the_visitor_switched_on_the_page_does_not_count(client: TestClient) -> None:
    from pumpclaim.web.preferences import Switched
    from pumpclaim.web.security.visitors import LOCAL

    before = check(client, EXAMPLES / "clinic.837").content
    client.app.state.services.preferences.switch(  # type: ignore[attr-defined]
        LOCAL, Switched({"kd-on-compound": "not-required"}, {"refill_due_days": "90"})
    )
    assert check(client, EXAMPLES / "clinic.837").content == before
    switched = check(client, EXAMPLES / "clinic.837", reading="kd-on-compound=not-required")
    assert switched.content != before


@pytest.mark.slow
def test_every_answer_is_that_of_its_own_question(client: TestClient) -> None:
    """Twenty at once, each a file of its own, at a server that works on two."""
    source = (EXAMPLES / "clinic.csv").read_text()

    def ask(number: int) -> tuple[int, Any]:
        text = source.replace("-10", f"-{number:02}x")
        parts = [("files", (f"file{number}.csv", text.encode()))]
        return number, client.post(f"{API}/check", files=parts)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, [*range(20), *range(20)]))
    assert len(answers) == 40
    for number, answer in answers:
        document = json.loads(told(answer, "check"))
        assert {one["source"] for one in document["claims"]} == {f"file{number}.csv"}
        assert {one["claim_id"][2:5] for one in document["claims"]} == {f"{number:02}x"}
    by_number = {number: answer.content for number, answer in answers}
    assert all(by_number[number] == answer.content for number, answer in answers)


def test_who_saw_which_claim_is_recorded(client: TestClient) -> None:
    from pumpclaim.web.api.samples import text

    client.post(f"{API}/check", content=text("claims.csv"), headers={"content-type": "text/csv"})
    log = client.app.state.services.audit.path.read_text()  # type: ignore[attr-defined]
    assert "R-1001" in log
    assert "check by API" in log
    assert "MORPHINE" not in log
