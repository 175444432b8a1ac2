"""The OpenAPI document is true: of this API only, lawful, complete, and what schemathesis finds in it holds."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import jsonschema
import polars as pl
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection

from pumpclaim.reports.schemas import NAMES, schema
from pumpclaim.web.api import samples
from pumpclaim.web.api.described import embedded
from pumpclaim.web.api.v1 import openapi
from pumpclaim.web.app import create_app
from pumpclaim.web.settings import Limits, Settings

from .conftest import EXAMPLES

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

API = "/api/v1"
DOCUMENT = json.loads(openapi())
OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_the_document_is_served_and_is_the_one_in_docs(client: TestClient) -> None:
    answer = client.get(f"{API}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    docs = Path(__file__).parents[2] / "docs" / "openapi.json"
    is_same = answer.content == docs.read_bytes()
    assert is_same, "stale: run python -m pumpclaim.cli.docs docs"


def test_it_tells_of_the_api_and_of_nothing_else() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert set(DOCUMENT["paths"]) == {
        f"{API}/{one}"
        for one in (
            "check",
            "assess",
            "price",
            "refill",
            "rules",
            "rules/{code}",
            "trace",
            "policy",
        )
    }


def test_it_is_lawful_openapi() -> None:
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

    OPENAPI_31_VALIDATOR.validate(DOCUMENT)


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{m} {p}" for p, m, _ in OPERATIONS]
)
def test_every_operation_is_described(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["operationId"]
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], parameter["name"]
    for status, answer in operation["responses"].items():
        assert answer["description"]
        (kind,) = answer["content"]
        assert kind == ("application/json" if status == "200" else "application/problem+json")
    if method == "post":
        assert set(operation["responses"]) >= {"400", "401", "403", "413", "415", "422", "429"}


@pytest.mark.parametrize("name", NAMES)
def test_its_answers_are_the_published_schemas(name: str) -> None:
    component = DOCUMENT["components"]["schemas"][name.capitalize()]
    assert component == embedded(schema(name), name.capitalize())
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_its_examples_are_true(client: TestClient) -> None:
    """What the document shows as an answer is answered to what it shows as a question."""
    asked: dict[str, Any] = {
        "check": {
            "content": samples.text("claims.csv"),
            "headers": {"content-type": "text/csv"},
            "params": {"name": "claims.csv"},
        },
        "assess": {
            "content": samples.text("chart.json"),
            "headers": {"content-type": "application/json"},
            "params": {"name": "chart.json"},
        },
        "price": {"json": {"text": "morphine 360 mg, bupivacaine 90 mg", "on": "2024-03-05"}},
        "refill": {
            "json": {
                "volume": "20", "residual": "2", "on": "2024-03-05",
                "concentrations": ["morphine 20 mg/mL"], "doses": ["3 mg/day"],
            }
        },
    }  # fmt: skip
    for name, sent in asked.items():
        operation = DOCUMENT["paths"][f"{API}/{name}"]["post"]
        shown = operation["responses"]["200"]["content"]["application/json"]["example"]
        answer = client.post(f"{API}/{name}", **sent)
        assert answer.status_code == 200, answer.text
        assert answer.json() == shown, name
    body = DOCUMENT["paths"][f"{API}/check"]["post"]["requestBody"]["content"]
    example = body["application/edi-x12"]["example"]
    answer = client.post(
        f"{API}/check", content=example, headers={"content-type": "application/edi-x12"}
    )
    assert answer.json()["summary"]["claims_reviewed"] == 1
    one = client.get(f"{API}/rules/DRG104").json()
    answers = DOCUMENT["paths"][f"{API}/rules/{{code}}"]["get"]["responses"]
    assert one == answers["200"]["content"]["application/json"]["example"]


class Application:
    """The application that schemathesis asks, made when it is first asked."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory()

    @cached_property
    def app(self) -> Any:
        limits = Limits(requests_per_minute=1_000_000)
        return create_app(Settings(data=Path(self.folder.name) / "server", limits=limits))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@schemathesis.serializer(
    "application/edi-x12", "application/vnd.apache.parquet", "application/gzip", "text/csv"
)
def as_bytes(context: object, value: Any) -> bytes:
    content = getattr(value, "data", value)
    return content if isinstance(content, bytes) else str(content).encode(errors="replace")


CLAIMS = EXAMPLES / "clinic.csv"
TABLE = io.BytesIO()
pl.read_csv(CLAIMS, infer_schema=False).write_parquet(TABLE)
FILES = {
    "application/edi-x12": [
        (EXAMPLES / name).read_bytes() for name in ("clinic.837", "hospital.837")
    ],
    "text/csv": [CLAIMS.read_bytes(), samples.text("claims.csv").encode()],
    "application/vnd.apache.parquet": [TABLE.getvalue()],
    "application/gzip": [gzip.compress(CLAIMS.read_bytes())],
}
FILES["application/octet-stream"] = [one for files in FILES.values() for one in files]


def told() -> dict[str, Any]:
    """The document; of bodies that are files it says more than that they are binary: which file it is."""
    document = json.loads(openapi())
    for path in ("check", "assess"):
        content = document["paths"][f"{API}/{path}"]["post"]["requestBody"]["content"]
        for kind in content.keys() & FILES.keys():
            content[kind]["schema"]["format"] = kind
    return document


# Parts of a form are files only by this name.
for kind, files in {**FILES, "binary": FILES["application/octet-stream"]}.items():
    schemathesis.openapi.format(kind, st.sampled_from(files))
schemathesis.openapi.format("date", st.dates(date(2010, 1, 1), date(2060, 12, 31)).map(str))


# Whether a fill can be reckoned, and a chart be read, rests on several values at once (the dose of each drug
# must leave the same flow), which no schema tells: there 422 is an answer to what is lawful, and nothing else
# below 500. And a chart may have 5 where "5" is meant, as in YAML.
RECKONED = ("refill", "assess")
STATUSES = {
    "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "422"]}},
}
HEADERS = {"Host": "127.0.0.1:8239"}
ASKED = Application()


def described(**config: Any) -> Any:
    found = schemathesis.openapi.from_dict(
        told(), config=schemathesis.Config.from_dict({"headers": HEADERS, **config})
    )
    found.app = ASKED
    return found


def hold(case: schemathesis.Case) -> None:
    # Of the parts of a form the document says no more than that they are binary: what is none is nothing wrong.
    is_free = case.path == f"{API}/assess" or case.media_type == "multipart/form-data"
    case.call_and_validate(excluded_checks=[negative_data_rejection] if is_free else [])


every = described(checks={"positive_data_acceptance": {"expected-statuses": ["200", "404"]}})
for name in RECKONED:
    every = every.exclude(path=f"{API}/{name}")
refill = described(**STATUSES).include(path=f"{API}/refill")
# The chart has so many questions that going through each value of each would take half an hour.
charts = described(phases={"coverage": {"enabled": False}}, **STATUSES).include(
    path=f"{API}/assess"
)
LIMITS = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.slow
@every.parametrize()
@settings(max_examples=100, **LIMITS)
def test_schemathesis_finds_nothing(case: schemathesis.Case) -> None:
    hold(case)


@pytest.mark.slow
@refill.parametrize()
@settings(max_examples=100, **LIMITS)
def test_schemathesis_finds_nothing_with_refills(case: schemathesis.Case) -> None:
    hold(case)


@pytest.mark.slow
@charts.parametrize()
@settings(max_examples=80, **LIMITS)
def test_schemathesis_finds_nothing_with_charts(case: schemathesis.Case) -> None:
    hold(case)
