"""An identity provider that really listens, for the tests of OpenID Connect."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx2 as httpx
import oidc_provider_mock
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Idp:
    """A provider that listens; ``asked`` holds the forms that came to its token endpoint."""

    url: str
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    basic: list[str] = field(default_factory=list)
    alter: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What is done to the answer of the token endpoint before it is sent."""

    def person(self, sub: str, **claims: object) -> None:
        httpx.put(f"{self.url}/users/{sub}", json=claims).raise_for_status()


@contextmanager
def running(**options: Any) -> Iterator[Idp]:
    """A provider in a thread; its token endpoint is watched."""
    inner = oidc_provider_mock.app(**options)
    idp = Idp("")

    def watched(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] != "/oauth2/token":
            return inner(environ, start)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(body)
        idp.asked.append(parse_qs(body.decode()))
        idp.basic.append(environ.get("HTTP_AUTHORIZATION", ""))
        said: list[Any] = []
        answer = b"".join(
            inner(environ, lambda status, headers, *_: said.extend([status, headers]))
        )
        if idp.alter is not None:
            answer = json.dumps(idp.alter(json.loads(answer))).encode()
        headers = [(k, v) for k, v in said[1] if k.lower() != "content-length"]
        start(said[0], [*headers, ("Content-Length", str(len(answer)))])
        return [answer]

    server = make_server("localhost", 0, watched, threaded=True)
    idp.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield idp
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
