"""The OpenAPI 3.1 document of the API: the routes' own, with the schemas of the commands' JSON in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from pumpclaim.policy import FRACTIONS, load
from pumpclaim.reports import chart_template, schemas
from pumpclaim.web.api import claims, samples
from pumpclaim.web.api.asked import REFERENCE, RULES_AND_FAMILIES
from pumpclaim.web.api.uploads import FORM, JSON
from pumpclaim.web.errors import PROBLEM
from pumpclaim.web.security.cookies import NAME

if TYPE_CHECKING:
    from fastapi import APIRouter

    Document = dict[str, Any]

VERSION = "1.0.0"
"""Of the API, not of the package."""
ABOUT = """Holds Medicare claims for implanted infusion pumps against Local Coverage Article A55239.

Every answer is the JSON that the command line prints, byte for byte. Amounts are strings that hold them
exactly, dates are ISO 8601, what is not known is null. Nothing that is sent is kept; readings and thresholds
that are switched on the page do not count here, only those of the request.

A server that only its own machine can reach asks for nothing more; any other asks for an API token, which is
made on one's account page and has an end, or for the cookie of a browser that is signed in. Errors are
problem details (RFC 9457).
"""
TAGS = {
    "claims": "Claims held against the article",
    "charts": "Charts of the medical record held against the article",
    "drugs": "Prices, and how long a fill lasts",
    "article": "What the article and the rules say",
}
ANSWERS = {
    ("/check", "post"): ("Check", "The review."),
    ("/assess", "post"): ("Assess", "The assessment."),
    ("/price", "post"): ("Price", "The price and its derivation."),
    ("/refill", "post"): ("Refill", "The plan of the fill."),
    ("/rules", "get"): ("Rules", "Every rule."),
    ("/rules/{code}", "get"): ("Rule", "The rule."),
    ("/trace", "get"): ("Trace", "Every statement."),
    ("/policy", "get"): ("Policy", "The facts."),
}
"""Schema and meaning of what each operation answers with 200."""
MEANINGS = {
    400: "What was sent is damaged: no JSON, no form, a form that is cut off.",
    401: "Nobody is signed in, and no token was sent that serves.",
    403: "A cookie came without the token of the pages, or from another site's page; or a proxy stands "
    "before a server without users.",
    404: "There is no such rule.",
    408: "This arrived too slowly, or stopped in the middle.",
    413: "This is larger than may be sent at once.",
    415: "The content type is none of those that are read here.",
    422: "A value cannot be used; `errors` says where and why.",
    429: "These are too many requests; `Retry-After` says how many seconds to wait.",
    503: "This took too long or too much memory; or too much waits already, and `Retry-After` says how many "
    "seconds to wait; or the audit log cannot be written.",
}
OF_READING = (401, 403, 422, 429)
OF_WORK = (400, 401, 403, 408, 413, 415, 422, 429, 503)
PROBLEM_SCHEMA = {
    "title": "Problem details (RFC 9457)",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string", "description": "The name of the status."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong and what to do, in one sentence."},
        "errors": {
            "description": "Each value, file or chart that cannot be used.",
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "additionalProperties": False,
                "properties": {
                    "where": {"type": "string", "description": "As query.contractor, or a file."},
                    "what": {"type": "string"},
                },
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "query.contractor: 'ABC' is no contract number: five digits, such as 01312",
            "errors": [
                {
                    "where": "query.contractor",
                    "what": "'ABC' is no contract number: five digits, such as 01312",
                }
            ],
        }
    ],
}  # fmt: skip


def document(router: APIRouter) -> Document:
    """The OpenAPI document of the router's routes."""
    found = get_openapi(
        title="pumpclaim",
        version=VERSION,
        summary="Claims for implanted infusion pumps, held against the article",
        description=ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=router.routes,
        tags=[{"name": name, "description": about} for name, about in TAGS.items()],
        openapi_version="3.1.0",
    )
    components = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name)
    components |= _schemas()
    found["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token, made on one's account page. It ends on its day, and with a new "
            "password.",
        },
        "browser": {
            "type": "apiKey",
            "in": "cookie",
            "name": NAME,
            "description": "The cookie of a browser that is signed in; `__Host-pumpclaim` behind TLS, and "
            "with the port in its name on an unusual one. What is posted with it carries the token of the "
            "pages in the header `X-CSRF-Token`.",
        },
    }
    found["security"] = [{}, {"token": []}, {"browser": []}]
    shown = samples.answers()
    for (path, method), (schema, what) in ANSWERS.items():
        operation = found["paths"][router.prefix + path][method]
        # A media type that the framework adds for a plain response is replaced by ours.
        operation["responses"] = {
            "200": {
                "description": what,
                "content": {JSON: {"schema": {"$ref": REFERENCE + schema}}},
            },
            **_problems(OF_WORK if method == "post" else OF_READING),
        }
        if (path, method) in shown:
            operation["responses"]["200"]["content"][JSON]["example"] = shown[path, method]
        if path == "/rules/{code}":
            operation["responses"]["404"] = _problem(404)
    found["paths"][router.prefix + "/check"]["post"]["requestBody"] = _claims_body()
    found["paths"][router.prefix + "/assess"]["post"]["requestBody"] = _charts_body()
    return found


def _schemas() -> Document:
    """Every schema that an answer or a chart follows, as components of one document."""
    named = {name.capitalize(): schemas.schema(name) for name in schemas.NAMES}
    named["Charts"] = chart_template.schema(load())
    rooted = {name: embedded(schema, name) for name, schema in named.items()}
    rooted["Rules"] = {
        "title": "The document of pumpclaim rule --format json",
        "type": "array",
        "items": {"$ref": REFERENCE + "Rule"},
    }
    rooted["Problem"] = PROBLEM_SCHEMA
    return rooted | _choices()


def _choices() -> Document:
    """What options may be: rules, readings with their choices, thresholds with a value."""
    readings = [one for article in load().articles for one in article.readings.values()]
    whole = "|".join(name for name in load().thresholds if name not in FRACTIONS)
    fractions = "|".join(FRACTIONS)
    number = "[0-9]{1,4}"
    return {
        "RuleOrFamily": {
            "type": "string",
            "enum": list(RULES_AND_FAMILIES),
        },
        "ReadingChoice": {
            "type": "string",
            "enum": [
                f"{one.id}={choice}"
                for one in readings
                if not one.planned
                for choice in one.choices
            ],
        },
        "ThresholdValue": {
            "type": "string",
            "pattern": f"^(({whole})={number}|({fractions})={number}(\\.[0-9]{{1,4}})?)$",
        },
    }


def embedded(schema: Document, name: str) -> Document:
    """A schema that stands by itself as the component ``name``: its references begin at the document."""

    def moved(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: f"{REFERENCE}{name}{value[1:]}" if key == "$ref" else moved(value)
                for key, value in part.items()
            }
        return [moved(one) for one in part] if isinstance(part, list) else part

    return {key: value for key, value in moved(schema).items() if key not in ("$schema", "$id")}


def _problem(status: int) -> Document:
    answer: Document = {
        "description": MEANINGS[status],
        "content": {PROBLEM: {"schema": {"$ref": REFERENCE + "Problem"}}},
    }
    if status in (429, 503):
        answer["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return answer


def _problems(statuses: tuple[int, ...]) -> Document:
    return {str(status): _problem(status) for status in statuses}


def _claims_body() -> Document:
    """A file as the body, or several in a form."""
    binary = {"type": "string", "format": "binary"}
    content: Document = {
        kind: {"schema": {**binary, "minLength": 1, "description": what}}
        for kind, what in claims.BODIES.items()
    }
    content["application/edi-x12"]["example"] = samples.text("claims.837")
    content["text/csv"]["example"] = samples.text("claims.csv")
    form = {
        "type": "object",
        "required": ["files"],
        "additionalProperties": False,
        "properties": {
            "files": {
                "description": "837, CSV or Parquet files, each also as .gz.",
                "type": "array",
                "minItems": 1,
                "items": binary,
            },
            "charts": {
                "description": "YAML, JSON, FHIR QuestionnaireResponse, CSV or Parquet, each also as .gz.",
                "type": "array",
                "items": binary,
            },
        },
    }
    return {"required": True, "content": {FORM: {"schema": form}, **content}}


def _charts_body() -> Document:
    """Charts as JSON, or files of charts in a form."""
    fhir = {
        "title": "A FHIR R4 QuestionnaireResponse, or a Bundle of them",
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"enum": ["QuestionnaireResponse", "Bundle"]}},
    }
    form = {
        "type": "object",
        "required": ["charts"],
        "additionalProperties": False,
        "properties": {
            "charts": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "format": "binary"},
            }
        },
    }
    return {
        "required": True,
        "content": {
            JSON: {
                "schema": {"anyOf": [{"$ref": REFERENCE + "Charts"}, fhir]},
                "example": samples.chart(),
            },
            FORM: {"schema": form},
        },
    }
