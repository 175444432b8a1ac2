"""``pumpclaim assess`` as a user runs it: formats, packet, blank chart, status and sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "examples" / "charts"
REFILL = CHARTS / "refill.yaml"
SCHEMA = json.loads((ROOT / "docs" / "assess.schema.json").read_text())


def test_text(run: Any) -> None:
    done = run("assess", CHARTS, COLUMNS="120")
    assert (done.status, done.err) == (0, "")
    assert "records needed  chart of an implant, patient 1EG4TE5MK73, 2025-03-10" in done.out
    assert "1  Did the patient comply with the therapy?  C12" in done.out
    assert "covered  record of a visit" in done.out
    assert "note: the evaluation is older than the decision to implant" in done.out


def test_json_follows_its_schema(run: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("chart: implant\npatient_id: P1\nanswers: {sever_pain: yes}")
    done = run("assess", CHARTS, tmp_path / "bad.yaml", "--format", "json")
    assert done.status == 2
    assert "bad.yaml, line 3: the implant chart has no question 'sever_pain'" in done.err
    found = done.json
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert [chart["determination"] for chart in found["charts"]] == ["records needed", "covered"]
    (missing,) = found["charts"][0]["missing"]
    assert missing["decides"] == ["C12"]
    assert len(found["refused"]) == 1


def test_html_is_one_page_that_loads_nothing(run: Any, tmp_path: Path) -> None:
    done = run("assess", CHARTS, "--format", "html", "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert done.status == 0
    assert "Did the patient comply with the therapy?" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_what_a_chart_says_is_not_run_as_html(run: Any, tmp_path: Path) -> None:
    text = (
        "chart: encounter\npatient_id: '<b>P1</b>'\n"
        "answers: {visit_date: 2025-03-10, change_reason: '<script>x</script>'}"
    )
    (tmp_path / "chart.yaml").write_text(text)
    done = run("assess", tmp_path / "chart.yaml", "--format", "html")
    assert "<script" not in done.out
    assert "&lt;b&gt;P1" in done.out


def test_packet(run: Any, tmp_path: Path) -> None:
    done = run("assess", CHARTS, "--packet", tmp_path / "packet")
    assert done.status == 0
    assert (tmp_path / "packet" / "packet.pdf").read_bytes()[:5] == b"%PDF-"
    assert len(list((tmp_path / "packet" / "documents").iterdir())) == 6
    again = run("assess", CHARTS, "--packet", tmp_path / "packet")
    assert again.status == 2
    assert "new or empty folder" in again.err


@pytest.mark.parametrize("part", ["implant", "encounter"])
def test_the_blank_chart_is_a_chart(run: Any, tmp_path: Path, part: str) -> None:
    blank = run("assess", "--template", "--part", part).out
    filled = blank.replace("patient_id:", "patient_id: P1").replace(
        "  visit_date:", "  visit_date: 2025-03-10"
    )
    (tmp_path / "chart.yaml").write_text(filled)
    done = run("assess", tmp_path / "chart.yaml", "--fail-on", "records")
    assert done.status == 1
    assert "records needed" in done.out
    schema = run("assess", "--schema").json
    document = yaml.load(filled, Loader=yaml.BaseLoader)
    document["answers"] = {name: value or None for name, value in document["answers"].items()}
    jsonschema.Draft202012Validator(schema).validate(document)


def test_the_schema_refuses_what_the_reader_refuses(run: Any) -> None:
    validator = jsonschema.Draft202012Validator(run("assess", "--schema").json)
    chart = {"chart": "implant", "patient_id": "P1", "answers": {"severe_pain": "yes"}}
    assert validator.is_valid(chart)
    assert validator.is_valid([chart])
    for change in (
        {"chart": "x"}, {"patient_id": ""}, {"answers": {"sever_pain": "yes"}},
        {"answers": {"severe_pain": "perhaps"}}, {"answers": {"pump_drugs": []}},
        {"answers": {"severe_pain": {"answer": "yes", "evidence": {"page": 2}}}},
    ):  # fmt: skip
        assert not validator.is_valid(chart | change), change


def test_fhir_in_and_out(run: Any, tmp_path: Path) -> None:
    made = run("assess", REFILL, "--format", "fhir")
    (tmp_path / "response.json").write_text(made.out)
    done = run("assess", tmp_path / "response.json", "--format", "json")
    assert done.status == 0
    assert done.json["charts"][0]["determination"] == "covered"


@pytest.mark.parametrize(
    ("change", "fail_on", "status"),
    [
        ("response_documented: {answer: yes", "deny", 0),
        ("response_documented: {answer: no", "deny", 1),
        ("response_documented: {answer: null", "deny", 0),
        ("response_documented: {answer: null", "records", 1),
        ("response_documented: {answer: no", "never", 0),
    ],
)
def test_exit_status(run: Any, tmp_path: Path, change: str, fail_on: str, status: int) -> None:
    text = REFILL.read_text().replace("response_documented: {answer: yes", change)
    (tmp_path / "chart.yaml").write_text(text)
    assert run("assess", tmp_path / "chart.yaml", "--fail-on", fail_on).status == status


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a chart"),
        (["absent.yaml"], "no such file"),
        ([str(REFILL), "--documents", "."], "goes with --packet"),
        ([str(REFILL), "--packet", "p", "--documents", "nowhere"], "no such folder of documents"),
        ([str(REFILL), "-o", "nowhere/x.txt"], "a folder that exists"),
        ([str(REFILL), "--format", "htm"], "did you mean 'html'?"),
        (["--template", "--part", "implants"], "did you mean 'implant'?"),
        ([str(REFILL), "--reading", "infection=none"], "it has at-site, any"),
    ],
)
def test_a_call_that_cannot_be_used(run: Any, arguments: list[str], said: str) -> None:
    done = run("assess", *arguments)
    assert done.status == 2
    assert said in " ".join(done.err.split())
    assert not done.out


def test_check_with_charts(run: Any, clean_file: Path, tmp_path: Path) -> None:
    alone = run("check", clean_file, "--format", "json").json["claims"][0]
    assert alone["determination"] == "payable"
    (ready,) = (one for one in alone["findings"] if one["rule"] == "DOC100")
    assert ready["outcome"] == "advise"
    none = run("check", clean_file, "--charts", CHARTS, "--format", "json")
    assert none.json["claims"][0]["determination"] == "records"
    chart = tmp_path / "visit.yaml"
    chart.write_text(REFILL.read_text().replace("2025-06-02", "2024-03-05"))
    met = run("check", clean_file, "--charts", chart, "--format", "json")
    assert met.status == 0
    assert met.json["claims"][0]["determination"] == "payable"
    assert met.json["claims"][0]["findings"] == []
    chart.write_text("chart: [")
    broken = run("check", clean_file, "--charts", chart, "--format", "json")
    assert broken.status == 2
    assert broken.json["refused"][0]["line"]
    assert "visit.yaml, line" in broken.err
