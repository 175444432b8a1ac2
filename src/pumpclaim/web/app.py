"""The application: its services, its guards, its pages and its API."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from starlette.staticfiles import StaticFiles

from pumpclaim._version import __version__
from pumpclaim.web import errors
from pumpclaim.web.api import v1
from pumpclaim.web.batches.runner import Runner
from pumpclaim.web.pages import account, article, charts, claims, refill, utilization, worklist
from pumpclaim.web.security import middleware
from pumpclaim.web.security.guard import protect
from pumpclaim.web.services import open_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pumpclaim.web.settings import Settings

HERE = Path(__file__).parent


def create_app(settings: Settings) -> FastAPI:
    """The application of one server. Raises InputError for a folder that cannot be used."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.runner.start()
        yield
        app.state.services.close()

    app = FastAPI(
        title="pumpclaim",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.services = open_services(settings)
    app.state.runner = Runner(app.state.services)
    errors.install(app)
    middleware.install(app, app.state.services)
    for part in (v1, worklist, claims, charts, refill, utilization, article, account):
        app.include_router(part.router, dependencies=[Depends(protect)])
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return app
