"""Charts that cannot be used: one sentence with file and line each, and the others go on."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pumpclaim.charts.chart_set import ChartSet
from pumpclaim.readers.chart import read_charts

GOOD = "chart: encounter\npatient_id: P1\nanswers:\n  visit_date: 2025-03-10\n"


def implant(*lines: str) -> str:
    return "\n".join(
        ["chart: implant", "patient_id: P1", "answers:", *(f"  {line}" for line in lines)]
    )


BAD = [
    (implant("sever_pain: yes"), 4, "did you mean 'severe_pain'?"),
    (implant("severe_pain: yes", "visit_date: 2025-03-10"), 5, "it belongs to chart: encounter"),
    (implant("severe_pain: perhaps"), 4, "write yes, no or not documented"),
    (implant("severe_pain: [yes]", "chronic_pain: [yes, no]"), 5, "takes one answer, not a list"),
    (implant("severe_pain: {answer: yes, evidenc: x}"), 4, "did you mean 'evidence'?"),
    (implant("life_expectancy_months: soon"), 4, "write a number, in month"),
    (implant("life_expectancy_months: 12 furlongs"), 4, "write a number, in month"),
    (implant("life_expectancy_months: -3"), 4, "write a number"),
    (implant("pain_before: 11"), 4, "more than 10"),
    (implant("trial_date: 2025-02-30"), 4, "which is no date; write it as 2025-03-10"),
    (implant("trial_date: in March"), 4, "which is no date"),
    (implant("trial_method: temporary_cathter"), 4, "did you mean temporary_catheter?"),
    (implant("route: by mouth"), 4, "choose from intrathecal, epidural"),
    (implant("pump_drugs: [morfine]"), 4, "did you mean morphine?"),
    (implant("allergies: [penicillin, hydromorfone]"), 4, "did you mean hydromorphone?"),
    (implant("allergies: [morphine (hives)]"), 4, "name the drug alone, morphine"),
    (implant("allergies: [preservative-free morphine]"), 4, "name the drug alone, morphine"),
    (implant("allergies: morphine and fentanyl"), 4, "name the drug alone"),
    (implant("allergies: [opioids]"), 4, "name the drugs, not opioids"),
    (implant("pump_drugs: [morphine 20 mg/mL]"), 4, "name the drug alone, morphine"),
    (implant("allergies: [remifentanil]"), 4, "write 'other remifentanil' if it is another drug"),
    (implant("life_expectancy_months: '2,5'"), 4, "write a number, in month"),
    (implant("life_expectancy_months: '1,2 months'"), 4, "write a number, in month"),
    ('{"chart":"\\ud8zz\\udczz"}', 1, "neither YAML nor JSON"),
    ("[]", None, "no chart in this file"),
    ("~", None, "no chart in this file"),
    ('{"resourceType": "Bundle", "entry": []}', None, "no chart in this file"),
    (implant("pump_drugs: []"), 4, "is an empty list"),
    (implant("pump_drugs: {a: b}"), 4, "has no part 'a'"),
    (implant("pump_drugs: [[morphine]]"), 4, "not lists within lists"),
    (implant("severe_pain: {answer: yes, evidence: {page: 2}}"), 4, "names no document"),
    (implant("severe_pain: {answer: yes, evidence: {document: a.pdf, page: two}}"), 4, "write a number from 1"),
    (implant("severe_pain: {answer: yes, evidence: {document: a.pdf, page: 0}}"), 4, "write a number from 1"),
    (implant("severe_pain: {answer: yes, evidence: {document: a.pdf, pages: 2}}"), 4, "did you mean 'page'?"),
    (implant("severe_pain: {answer: yes, evidence: {document: a.pdf, date: soon}}"), 4, "is no date"),
    (implant("severe_pain: yes", "severe_pain: no"), 5, "stands twice, on line 4"),
    ("chart: implant\npatient_id:\nanswers: {}", 2, "has no patient_id"),
    ("chart: implant\nanswers: {severe_pain: yes}", 1, "has no patient_id"),
    ("chart: implantation\npatient_id: P1\nanswers: {}", 1, "write chart: implant or chart: encounter"),
    ("patient_id: P1\nanswers: {}", 1, "chart: says nothing"),
    ("chart: implant\npatient_id: P1", 1, "has no answers"),
    ("chart: implant\npatient_id: P1\nanswer: {}\nanswers: {}", 3, "did you mean 'answers'?"),
    ("chart: implant\npatient_id: P1\nsevere_pain: yes\nanswers: {}", 3, "belongs below answers:"),
    ("chart: encounter\npatient_id: P1\nanswers: {reassessed: yes}", 1, "has no answer to 'visit_date'"),
    ("just some words", 1, "this is text, not a chart"),
    ("chart: implant\n  patient_id: P1", 2, "neither YAML nor JSON"),
    ("a: [1, 2", 2, "neither YAML nor JSON"),
    ("chart: *nobody", 1, "*nobody stands for nothing"),
    ("a: &a [x]\nb: !!python/object:os.system {}", None, ""),
    ("? [a, b]\n: c", 1, "a key must be a word"),
    ("[" * 200, 1, "levels deep"),
    ('{"chart": "implant",\n "patient_id": "P1",\n "answers": {\n\t"severe_pain": "maybe"}}', 4, "write yes, no"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), BAD, ids=[text[-40:] for text, _, _ in BAD])
def test_one_sentence_with_file_and_line(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    (tmp_path / "bad.yaml").write_text(text + "\n")
    (tmp_path / "good.yaml").write_text(GOOD)
    charts = read_charts(tmp_path)
    assert charts.encounters["patient_id"].to_list() == ["P1"]
    assert charts.implants.height == 0
    (refusal,) = charts.refused
    assert refusal.source == str(tmp_path / "bad.yaml")
    assert said in refusal.reason
    if line is not None:
        assert refusal.line == line
        assert f"bad.yaml, line {line}: " in refusal.sentence


def test_aliases_that_explode_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    (refusal,) = read_charts(tmp_path).refused
    assert "its aliases written out" in refusal.reason
    assert refusal.line == 5


def test_aliases_as_people_use_them(tmp_path: Path) -> None:
    text = implant(
        "severe_pain: {answer: yes, evidence: &note {document: a.pdf, page: 2}}",
        "chronic_pain: {answer: yes, evidence: *note}",
        "intractable_pain: {answer: yes, evidence: [*note, {document: b.pdf}, c.pdf]}",
    )
    (tmp_path / "chart.yaml").write_text(text)
    charts = read_charts(tmp_path / "chart.yaml")
    assert not charts.refused
    assert charts.evidence["document"].to_list() == ["a.pdf", "a.pdf", "a.pdf", "b.pdf", "c.pdf"]


def test_two_charts_for_one_implant_are_both_left_out(tmp_path: Path) -> None:
    text = implant("implant_date: 2025-03-10", "severe_pain: yes")
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(text.replace("yes", "no"))
    (tmp_path / "c.yaml").write_text(text.replace("2025-03-10", "2020-03-10"))
    charts = read_charts(tmp_path)
    assert [str(day) for day in charts.implants["implant_date"]] == ["2020-03-10"]
    (refusal,) = charts.refused
    assert "two charts for one implant" in refusal.reason
    assert refusal.source.endswith("b.yaml")
    assert "a.yaml, line 1" in refusal.reason


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "latin.yaml").write_bytes("chart: implant\npatient_id: Zoë".encode("latin-1"))
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4")
    folder = read_charts(tmp_path)
    assert sorted(one.reason.split(";")[0] for one in folder.refused) == [
        "the file is empty", "the text is not UTF-8",
    ]  # fmt: skip
    (named,) = read_charts(tmp_path / "scan.pdf").refused
    assert "this is no chart" in named.reason
    (absent,) = read_charts(tmp_path / "nobody.yaml").refused
    assert "no such file" in absent.reason


def table(tmp_path: Path, text: str) -> ChartSet:
    (tmp_path / "charts.csv").write_text(text)
    return read_charts(tmp_path / "charts.csv")


def test_a_table_of_charts(tmp_path: Path) -> None:
    charts = table(
        tmp_path,
        "chart,patient_id,implant_date,severe_pain,pump_drugs,allergies,severe_pain.document,severe_pain.page\n"
        "implant,P1,2025-03-10,yes,morphine;clonidine,none,a.pdf,3\n"
        "implant,P2,2025-03-11,no,morphine,,,\n"
        "implant,P3,03/12/2025,,,,,\n",
    )
    assert not charts.refused
    assert charts.implants["severe_pain"].to_list() == [True, False, None]
    assert charts.implants["pump_drugs"].to_list()[0] == ["morphine", "clonidine"]
    assert charts.implants["allergies"].to_list() == [[], None, None]
    assert charts.evidence.select("chart", "document", "page").rows() == [(0, "a.pdf", 3)]
    whole = charts.implants.drop("chart", "source", "place").with_columns(chart=pl.lit("implant"))
    decimals = whole.drop("life_expectancy_months", "pain_before", "pain_after")
    decimals.write_parquet(tmp_path / "charts.parquet")
    again = read_charts(tmp_path / "charts.parquet")
    assert not again.refused
    assert again.implants.drop("source").equals(charts.implants.drop("source"))


def test_rows_of_a_table_that_cannot_be_used(tmp_path: Path) -> None:
    charts = table(
        tmp_path,
        "patient_id,visit_date,services,volume_before\n"
        "P1,2025-03-10,refill,3.1\n"
        "P2,yesterday,refill,3\n"
        ",2025-03-10,refill,3\n"
        "P4,,refill,3\n"
        "P5,2025-03-10,polishing,3\n",
    )
    assert charts.encounters["patient_id"].to_list() == ["P1"]
    assert [one.line for one in charts.refused] == [3, 4, 5, 6]
    (strange,) = table(tmp_path, "patient_id,visit_date,reasessed\nP1,2025-03-10,yes\n").refused
    assert "did you mean 'reassessed'?" in strange.reason
    (field,) = table(tmp_path, "patient_id,reassessed.sheet\nP1,3\n").refused
    assert "evidence has no field 'sheet'" in field.reason
    (ragged,) = table(tmp_path, 'patient_id,visit_date\n"P1,2025\n').refused
    assert "no table that can be read" in ragged.reason or "has no answer" in ragged.reason


def test_blank_items_say_nothing_and_none_says_none(tmp_path: Path) -> None:
    for text, allergies in (
        ("allergies:\n    -", None), ("allergies: [~]", None), ("allergies: []", []),
        ("allergies: none", []), ("allergies: [none]", []),
        ("allergies: [other remifentanil]", ["remifentanil"]),
        ("allergies: morphine; fentanyl", ["morphine", "fentanyl"]),
    ):  # fmt: skip
        (tmp_path / "chart.yaml").write_text(implant(text))
        charts = read_charts(tmp_path / "chart.yaml")
        assert not charts.refused, charts.refused
        assert charts.implants["allergies"].to_list() == [allergies], text


def test_charts_after_one_that_is_none_go_on(tmp_path: Path) -> None:
    (tmp_path / "charts.yaml").write_text("hello\n---\n" + GOOD)
    (tmp_path / "list.json").write_text(
        '["text", {"chart": "encounter", "patient_id": "P2", "answers": {"visit_date": "2025-03-10"}}]'
    )
    charts = read_charts(tmp_path)
    assert charts.encounters["patient_id"].to_list() == ["P1", "P2"]
    assert len(charts.refused) == 2


def test_ids_that_differ_by_hyphens_are_one_patient(tmp_path: Path) -> None:
    text = implant("implant_date: 2025-03-10", "infection_at_site: yes")
    (tmp_path / "a.yaml").write_text(text.replace("P1", "1EG4TE5MK73"))
    (tmp_path / "b.yaml").write_text(text.replace("P1", "1eg4-te5-mk73").replace("yes", "no"))
    charts = read_charts(tmp_path)
    assert charts.implants.height == 0
    assert "two charts for one implant" in charts.refused[0].reason


def test_a_table_as_other_programs_write_it(tmp_path: Path) -> None:
    from datetime import date

    frame = pl.DataFrame({
        "patient_id": ["P1"], "visit_date": pl.Series([date(2025, 3, 10)]).cast(pl.Datetime), "reassessed": [True],
        "reassessed.document": ["a.pdf"], "reassessed.page": [1.0], "volume_after": [19.5],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "charts.parquet")
    charts = read_charts(tmp_path / "charts.parquet")
    assert not charts.refused, charts.refused
    assert charts.encounters["volume_after"].item() == 19_500_000_000
    assert charts.evidence["page"].item() == 1
