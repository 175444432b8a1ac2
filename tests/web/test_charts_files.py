"""Charts over HTTP: whose they are, how they come in and go out, the list, the audit log."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
import pytest

from pumpclaim.charts.assessment import assess
from pumpclaim.options import today
from pumpclaim.readers.chart import read_chart_data, read_charts
from pumpclaim.web.charts.store import read
from pumpclaim.web.security.visitors import Visitor

from .charting import HOSTILE, HTMX, POLICY, Page, act_as, audited, begin, take_over
from .conftest import EXAMPLES, token_of

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx2 import Response


OTHER = Visitor("other", "other.biller", "biller", None)
REVIEWER = Visitor("reviewer", "a.reviewer", "reviewer", None)
ADMINISTRATOR = Visitor("boss", "an.administrator", "administrator", None)


def test_a_shared_chart_is_seen_by_all_and_changed_by_its_owner_alone(client: TestClient) -> None:
    act_as(client, REVIEWER)
    page = begin(client, patient="SHARED1", part="encounter")
    where = page.where
    text = client.get(where).text
    assert "Yours alone." in text
    act_as(client, OTHER)
    assert client.get(where).status_code == 404
    assert (
        client.post(f"{where}/share", data={"csrf": page.csrf, "shared": "yes"}).status_code == 404
    )
    act_as(client, REVIEWER)
    assert (
        client.post(f"{where}/share", data={"csrf": page.csrf, "shared": "yes"}).status_code == 303
    )
    assert "Shared with everybody here." in client.get(where).text
    act_as(client, OTHER)
    seen = client.get(where)
    assert seen.status_code == 200
    assert "it is shared, so your claims are judged with it" in seen.text
    assert "SHARED1" in client.get("/charts").text
    for way in ("/share", "/remove", "/answers/legible", "/patient", ""):
        sent = {"csrf": page.csrf, "shared": "no", "patient_id": "MINE"}
        assert client.post(where + way, data=sent).status_code == 403, way
    act_as(client, REVIEWER)
    client.post(f"{where}/share", data={"csrf": page.csrf, "shared": "no"})
    act_as(client, OTHER)
    assert client.get(where).status_code == 404
    assert [one["action"] for one in audited(client) if "shar" in one["action"]] == [
        "share chart", "stop sharing chart",
    ]  # fmt: skip


def test_a_chart_is_its_owners(client: TestClient) -> None:
    page = begin(client, patient="SECRET1")
    page.give("severe_pain", answer="yes")
    before = page.chart
    looks = ["", "/print", "/chart.yaml", "/chart.json", "/questionnaire-response.json"]
    posts = ["", "/answers/severe_pain", "/patient", "/remove"]
    for visitor in (OTHER, ADMINISTRATOR):
        act_as(client, visitor)
        assert "SECRET1" not in client.get("/charts").text
        for where in (*looks, "/remove"):
            assert client.get(page.where + where).status_code == 404
        for where in posts:
            sent = client.post(page.where + where, data={"csrf": page.csrf, "patient_id": "MINE"})
            assert sent.status_code == 404
    act_as(client, REVIEWER)
    assert "SECRET1" in client.get("/charts").text
    for where in looks:
        assert client.get(page.where + where).status_code == 200
    seen = client.get(page.where).text
    assert 'name="severe_pain"' not in seen
    assert "<dd><strong>yes</strong>" in seen
    assert client.get(f"{page.where}/remove").status_code == 403
    for where in posts:
        sent = client.post(page.where + where, data={"csrf": page.csrf, "patient_id": "MINE"})
        assert sent.status_code == 403
    act_as(client, None)
    assert page.chart == before
    assert client.get("/charts/0000/print").status_code == 404
    assert client.post(page.where, data={"severe_pain": "no"}).status_code == 403, "no token"


def test_what_is_taken_over_belongs_to_who_took_it(client: TestClient) -> None:
    act_as(client, OTHER)
    take_over(client, ("a.yaml", (EXAMPLES / "charts/implant.yaml").read_bytes()))
    services = client.app.state.services
    assert services.charts.of("local") == []
    (made,) = services.charts.of("other")
    take_over(client, ("again.yaml", (EXAMPLES / "charts/implant.yaml").read_bytes()))
    assert services.charts.of("other") == [made]
    first, second, refused = (
        one for one in audited(client) if one["action"].endswith("import chart")
    )
    assert first["charts"] == [[made.id, made.patient_id]]
    assert (first["action"], refused["action"]) == ("import chart", "not done: import chart")
    assert second["charts"] == refused["charts"] != first["charts"]
    act_as(client, None)


def table_files(chart: dict[str, Any]) -> list[tuple[str, bytes]]:
    """A chart as a row of CSV and of Parquet."""
    cells: dict[str, Any] = {"chart": chart["chart"], "patient_id": chart["patient_id"]}
    for name, one in chart["answers"].items():
        value = one["answer"]
        if isinstance(value, bool):
            value = "yes" if value else "no"
        cells[name] = ",".join(value) or "[]" if isinstance(value, list) else value
        for field, text in one.get("evidence", [{}])[0].items():
            cells[f"{name}.{field}"] = str(text)
    frame = pl.DataFrame([cells])
    parquet = io.BytesIO()
    frame.write_parquet(parquet)
    return [("table.csv", frame.write_csv().encode()), ("table.parquet", parquet.getvalue())]


@pytest.mark.parametrize("name", ["implant.yaml", "refill.yaml"])
def test_a_chart_goes_out_and_comes_back_in_every_format(client: TestClient, name: str) -> None:
    source = EXAMPLES / "charts" / name
    original = assess(read_charts(source, policy=POLICY), policy=POLICY).charts[0]
    services = client.app.state.services
    files = [(name, source.read_bytes())]
    said = take_over(client, *files)
    assert "1 chart taken over" in said.text
    chart = services.charts.of()[0]
    exported = {
        ending: client.get(f"/charts/{chart.id}/{ending}")
        for ending in ("chart.yaml", "chart.json", "questionnaire-response.json")
    }
    for answer in exported.values():
        assert re.fullmatch(
            r'attachment; filename="[\w.-]+"', answer.headers["content-disposition"]
        )
    files = [(ending, answer.content) for ending, answer in exported.items()]
    files += table_files(orjson.loads(exported["chart.json"].content))
    for file in files:
        services.charts.remove(services.charts.of()[0].id)
        assert "1 chart taken over" in take_over(client, file).text, file[0]
        again = assess(read(services.charts.of("local"), POLICY), policy=POLICY).charts[0]
        assert (again.patient_id, again.determination) == (
            original.patient_id,
            original.determination,
        )
        assert again.statements == original.statements
        assert again.answers == original.answers


def test_taking_over_loses_nothing_and_names_what_is_refused(client: TestClient) -> None:
    good = (EXAMPLES / "charts/implant.yaml").read_bytes()
    take_over(client, ("good.yaml", good))
    before = client.app.state.services.charts.of()
    visit = b"chart: encounter\npatient_id: B2\nanswers: {visit_date: 2025-01-02, legible:\n  {evidence: {document: kept.txt}}}\n"
    said = take_over(
        client,
        ("good.yaml", good),
        ("<b>bad</b>.yaml", b"chart: implant\npatient_id: A\nanswers: {severe_pain: perhaps}\n"),
        ("notes.pdf", b"%PDF-1.7"),
        ("empty.csv", b""),
        ("visit.yaml", visit),
    )
    text = said.text.replace("&#39;", "'")
    assert said.status_code == 200
    assert "1 chart taken over" in text
    assert "4 charts or files could not be used" in text
    assert "good.yaml, line 2: there is another chart of this patient for the same day" in text
    assert "'severe_pain' is 'perhaps'; write yes, no or not documented" in text
    assert "notes.pdf: this is no chart" in text
    assert "empty.csv: the file is empty" in text
    assert "<b>bad" not in said.text
    after = client.app.state.services.charts.of()
    assert [one for one in after if one in before] == before
    assert len(after) == 2
    new = next(one for one in after if one not in before)
    assert new.answers["legible"] == {"answer": None, "evidence": [{"document": "kept.txt"}]}
    assert take_over(client, ("x.yaml", b"nothing")).status_code == 422
    assert take_over(client, ("", b"")).status_code == 422
    part = client.post(
        "/charts/import",
        files=[("files", ("x.yaml", b"nothing"))],
        headers={**HTMX, "X-CSRF-Token": token_of(client)},
    )
    assert "<html" not in part.text
    assert "x.yaml" in part.text
    assert 'id="charts"' in part.text


def test_hostile_text_is_only_text(client: TestClient) -> None:
    page = begin(client, patient=HOSTILE)
    assert page.chart.patient_id == HOSTILE
    for typed in (
        {"answer": HOSTILE},
        {"answer": HOSTILE, "document": HOSTILE, "author": HOSTILE, "specialty": HOSTILE},
    ):
        assert "Saved" in page.give("trial_drug", **typed).text
    refused = page.give("pain_before", answer=HOSTILE).text
    assert "Not saved" in refused
    saved = page.give("pump_drugs", answer=f"other {HOSTILE}").text
    pages = [client.get(page.where + where).text for where in ("", "/print", "/remove")]
    act_as(client, REVIEWER)
    pages += [client.get(where).text for where in ("/charts", page.where)]
    act_as(client, None)
    for text in (refused, saved, *pages):
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "49" not in re.findall(r"&lt;img src=x onerror=alert\(1\)&gt;(..)", text)
    for ending in ("chart.yaml", "chart.json", "questionnaire-response.json"):
        content = client.get(f"{page.where}/{ending}").content
        charts = read_chart_data([(ending, content)], POLICY)
        assert charts.implants["trial_drug"].to_list() == [HOSTILE]


def test_the_printed_page_may_have_its_own_style_and_nothing_else(client: TestClient) -> None:
    page = begin(client)
    answer = client.get(f"{page.where}/print")
    policy = answer.headers["content-security-policy"]
    styles = re.findall(rb"<style>(.*?)</style>", answer.content, re.DOTALL)
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0]).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(rb"<script[^>]*>", answer.content) == [
        b'<script src="/static/prints.js" defer>'
    ]
    assert "script-src 'self'" in policy
    assert page.chart.source.encode() not in answer.content, "no name of a file of ours"
    assert b"<p>Signature</p>" in answer.content
    assert f"Made on {today()}.".encode() in answer.content
    assert "script-src 'self'" in client.get(page.where).headers["content-security-policy"]


def test_charts_are_listed_sorted_and_filtered(client: TestClient) -> None:
    for patient in ("BB2", "aa1", "CC3"):
        begin(client, patient=patient)
    take_over(client, ("v.yaml", (EXAMPLES / "charts/refill.yaml").read_bytes()))

    token = token_of(client)

    def shown(text: str) -> list[str]:
        return re.findall(r'class="code" href="/charts/\w+">([^<]+)', text)

    def listed(query: str) -> list[str]:
        return shown(client.get(f"/charts?{query}").text)

    assert listed("sort=patient") == ["1EG4TE5MK73", "aa1", "BB2", "CC3"]
    assert listed("sort=patient&order=descending") == ["CC3", "BB2", "aa1", "1EG4TE5MK73"]
    assert listed("patient=a-a") == ["aa1"]
    assert listed("determination=covered") == ["1EG4TE5MK73"]
    typed = {"csrf": token, "determination": "records needed", "sort": "patient", "patient": ""}
    part = client.post("/charts/list", data=typed, headers=HTMX)
    assert shown(part.text) == ["aa1", "BB2", "CC3"]
    assert part.headers["hx-push-url"] == "/charts?determination=records+needed&sort=patient"
    found = client.post("/charts/list", data={**typed, "patient": "a-a"})
    assert "a-a" not in found.headers["location"]
    assert listed(found.headers["location"].split("?")[1]) == ["aa1"]
    assert listed("patient=nobody") == []
    assert listed("sort=nonsense&page=99") == listed("")
    text = client.get("/charts?sort=met&order=descending").text
    assert re.search(
        r'aria-sort="descending"><a href="/charts\?sort=met&amp;order=ascending">Met', text
    )
    assert '<td data-label="Met" class="number">6</td>' in text
    assert part.text.startswith('<section id="charts"')


def test_a_chart_gets_another_patient(client: TestClient) -> None:
    page = begin(client, patient="WRONG")
    begin(client, patient="TAKEN")
    seen = page.fields.sent["seen"]

    def rename(name: str) -> Response:
        typed = {"csrf": page.csrf, "seen": seen, "patient_id": name}
        return client.post(f"{page.where}/patient", data=typed)

    for name in (" ", "TAKEN"):
        assert rename(name).status_code == 422
        assert page.chart.patient_id == "WRONG"
    assert rename("RIGHT").status_code == 303
    assert page.chart.patient_id == "RIGHT"
    late = rename("LATE")
    assert late.status_code == 422
    assert "changed meanwhile" in late.text
    assert page.chart.patient_id == "RIGHT"


def test_beginning_a_chart_that_cannot_be_says_why(client: TestClient) -> None:
    typed = {"csrf": token_of(client), "part": "encounter", "patient_id": "TYPED1"}
    answer = client.post("/charts", data=typed)
    assert answer.status_code == 422
    assert "the chart has no answer to &#39;visit_date&#39;" in answer.text
    assert 'value="TYPED1"' in answer.text
    assert client.post("/charts", data={"csrf": typed["csrf"]}).status_code == 422
    assert client.app.state.services.charts.of() == []


def test_removing_asks_first(client: TestClient) -> None:
    page = begin(client, patient="GOING")
    asked = client.get(f"{page.where}/remove")
    assert "Remove this chart?" in asked.text
    assert "judged with it, also those of others if it was shared, keep their copy" in asked.text
    assert "removed from this machine" not in asked.text
    assert "GOING" in client.get("/charts").text
    gone = client.post(f"{page.where}/remove", data={"csrf": page.csrf})
    assert gone.headers["location"] == "/charts"
    assert "GOING" not in client.get("/charts").text
    assert client.get(page.where).status_code == 404
    headers = {**HTMX, "X-CSRF-Token": page.csrf}
    late = client.post(f"{page.where}/answers/legible", data={"legible": "yes"}, headers=headers)
    assert late.status_code == 404
    assert "may have been removed" in late.text


def test_the_audit_log_knows_who_did_what_and_no_answer(client: TestClient) -> None:
    page = begin(client, patient="PATIENT7")
    page.give("trial_drug", answer="hydromorphone 1 mg", document="letter.txt")
    page.give("pain_before", answer="nonsense")
    page.give("legible", answer="")
    assert client.post(page.where, data=Page(client, page.where).fields.sent).status_code == 303
    for where in ("print", "chart.yaml", "chart.json", "questionnaire-response.json"):
        client.get(f"{page.where}/{where}")
    typed = {"seen": page.fields.sent["seen"], "patient_id": "PATIENT8", "csrf": page.csrf}
    client.post(f"{page.where}/patient", data=typed)
    client.post(f"{page.where}/remove", data={"csrf": page.csrf})
    log = audited(client)
    chart = page.where.rpartition("/")[2]
    seven, eight = [[chart, "PATIENT7"]], [[chart, "PATIENT8"]]
    assert [(one["action"], one["charts"]) for one in log] == [
        ("create chart", seven), ("see chart", seven),
        ("change chart", seven), ("change chart", seven), ("not done: change chart", seven),
        *3 * [("see chart", seven)],  # nothing was changed: a refused answer, a blank one, the whole form
        ("print chart", seven), *3 * [("export chart", seven)],
        ("rename chart", seven), ("remove chart", eight),
    ]  # fmt: skip
    changed = [one["question"] for one in log if one["action"] == "change chart"]
    assert changed == ["trial_drug", "pain_before"]
    assert not any(word in json.dumps(log) for word in ("hydromorphone", "letter.txt", "nonsense"))


def test_a_chart_that_a_newer_definition_no_longer_reads_can_still_be_seen_and_saved(
    client: TestClient,
) -> None:
    import sqlalchemy as sa

    from pumpclaim.web.schema import charts

    page = begin(client)
    engine = client.app.state.services.engine
    with engine.begin() as connection:
        connection.execute(sa.update(charts).values(answers={"retired": {"answer": "x"}}))
    shown = client.get(page.where)
    assert shown.status_code == 200
    assert "can no longer be read" in shown.text
    assert "no question &#39;retired&#39;" in shown.text
    assert b"retired" in client.get(f"{page.where}/chart.yaml").content
    assert client.get("/charts").status_code == 200
    assert client.get(f"{page.where}/print").status_code == 422
    assert client.get(f"{page.where}/remove").status_code == 200
