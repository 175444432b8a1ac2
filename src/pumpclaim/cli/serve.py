"""``pumpclaim serve``: the page in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pumpclaim.cli.saying import complain, ends_well
from pumpclaim.errors import InputError


@ends_well
def serve(
    *,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where it listens; 127.0.0.1 if not given. Any address that others can reach asks for "
            "users first (`pumpclaim user add`).",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="N", help="8239 if not given; 0 takes a free one.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where uploads, charts, users and the audit log are kept."
        ),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A history (`pumpclaim history`): uploads are judged against the months before, and kept.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="These settings as a file, and more: limits, public_url, openid_connect.",
        ),
    ] = None,
) -> int:
    """Open the page: drop files of claims, get a worklist; charts, refills, the article, the HTTP API."""
    from pumpclaim.web.serving import run  # noqa: PLC0415
    from pumpclaim.web.settings import read_settings  # noqa: PLC0415

    settings = read_settings(
        config, host=host, port=port, history=history, data=data_folder(data, config)
    )
    if port is not None and not 0 <= port < 2**16:
        raise InputError("the port is a number from 0 to 65535")
    return run(settings, complain)


def data_folder(data: Path | None, config: Path | None) -> str | None:
    """The folder of the server's files; that of the person at the machine where nothing else is said."""
    if data is not None:
        return str(data)
    return None if config is not None else typer.get_app_dir("pumpclaim")
