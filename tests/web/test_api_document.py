"""The OpenAPI document is true: of this API only, lawful, complete, and what schemathesis finds in it holds."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from pumpclaim.reports.schemas import NAMES, schema
from pumpclaim.web.api import samples
from pumpclaim.web.api.described import embedded
from pumpclaim.web.api.v1 import openapi
from pumpclaim.web.app import create_app
from pumpclaim.web.settings import Limits, Settings

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
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


# What a schema cannot tell (a day before the article, a file that is no file of claims) is 422; and a chart
# may have 5 where "5" is meant, as in YAML.
EXCLUDED = [
    *(
        (name, positive_data_acceptance)
        for name in ("check", "assess", "price", "refill", "policy")
    ),
    ("assess", negative_data_rejection),
]
HEADERS = {"Host": "127.0.0.1:8239"}
ASKED = Application()


def described(**config: Any) -> Any:
    found = schemathesis.openapi.from_dict(
        DOCUMENT, config=schemathesis.Config.from_dict({"headers": HEADERS, **config})
    )
    found.app = ASKED
    return found


def hold(case: schemathesis.Case) -> None:
    excluded = [check for name, check in EXCLUDED if case.path == f"{API}/{name}"]
    case.call_and_validate(excluded_checks=excluded)


ASSESS = f"{API}/assess"
every = described().exclude(path=ASSESS)
# The chart has so many questions that going through each value of each would take half an hour.
charts = described(phases={"coverage": {"enabled": False}}).include(path=ASSESS)
LIMITS = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.slow
@every.parametrize()
@settings(max_examples=100, **LIMITS)
def test_schemathesis_finds_nothing(case: schemathesis.Case) -> None:
    hold(case)


@pytest.mark.slow
@charts.parametrize()
@settings(max_examples=80, **LIMITS)
def test_schemathesis_finds_nothing_with_charts(case: schemathesis.Case) -> None:
    hold(case)
