"""Routes as the pages have them, for the tests of what guards every route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI, Form, Request, Response, UploadFile

from pumpclaim.web.security.guard import SignedIn, protect

if TYPE_CHECKING:
    pass

SITE = "http://127.0.0.1:8239"


def add_routes(app: FastAPI) -> None:
    """Routes as the pages have them: a form, an upload, JSON, one that fails, one that reads the body itself."""
    guarded = [Depends(protect)]

    @app.post("/try/form", dependencies=guarded)
    def form(visitor: SignedIn, word: Annotated[str, Form()] = "") -> dict[str, str]:
        return {"word": word}

    @app.post("/try/nothing", dependencies=guarded)
    @app.put("/try/nothing", dependencies=guarded)
    @app.patch("/try/nothing", dependencies=guarded)
    @app.delete("/try/nothing", dependencies=guarded)
    def nothing(visitor: SignedIn) -> str:
        return "done"

    @app.post("/charts/try/an/upload", dependencies=guarded)
    def upload(
        visitor: SignedIn, files: list[UploadFile], word: Annotated[str, Form()] = ""
    ) -> dict[str, object]:
        return {"sizes": [len(one.file.read()) for one in files], "word": word}

    @app.post("/api/v1/try", dependencies=guarded)
    def judged(visitor: SignedIn, claim: dict[str, str]) -> dict[str, str]:
        return claim

    @app.get("/try/fault/{claim}", dependencies=guarded)
    @app.get("/api/v1/fault/{claim}", dependencies=guarded)
    def fault(visitor: SignedIn, claim: str) -> str:
        raise ValueError(f"claim {claim} of patient Meyer")

    @app.get("/try/sandbox")
    def sandbox() -> Response:
        return Response(
            "x", headers={"Content-Security-Policy": "sandbox", "Cache-Control": "public"}
        )

    @app.post("/try/stream", dependencies=guarded)
    async def stream(request: Request) -> dict[str, int]:
        size = 0
        async for part in request.stream():
            size += len(part)
        return {"size": size}


def whoami_route(app: object) -> None:
    """A route of the API that says who asks."""

    @app.get("/api/v1/whoami", dependencies=[Depends(protect)])  # type: ignore[attr-defined]
    @app.post("/api/v1/whoami", dependencies=[Depends(protect)])  # type: ignore[attr-defined]
    def whoami(visitor: SignedIn) -> dict[str, str | None]:
        return {"name": visitor.name, "role": visitor.role, "session": visitor.session}
