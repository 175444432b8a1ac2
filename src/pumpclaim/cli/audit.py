"""``pumpclaim audit``: whether a server's audit log holds."""

from __future__ import annotations

from typing import Annotated

import typer

from pumpclaim.cli.options import PageFormat
from pumpclaim.cli.saying import complain, ends_well, write, write_json
from pumpclaim.cli.user import Config, Data, opened

FOUND = 1
"""Exit status of a log that does not hold."""


@ends_well
def audit(
    *,
    anchor: Annotated[
        str | None,
        typer.Option(
            metavar="ANCHOR",
            help="What an earlier call printed and was kept elsewhere: the log must still have that entry.",
        ),
    ] = None,
    data: Data = None,
    config: Config = None,
    report: PageFormat = "text",
) -> int:
    """Verify a server's audit log and print its anchor, to be kept where the server's folder is not."""
    with opened(data, config) as services:
        broken, newest = services.audit.verify(anchor), services.audit.anchor()
    if report == "json":
        found = None if broken is None else {"line": broken.line, "what": broken.what}
        write_json({"holds": broken is None, "broken": found, "anchor": newest})
    elif newest is not None:
        write(f"{newest}\n".encode())
    if broken is None:
        complain("the audit log holds: no entry was changed, removed or moved")
        return 0
    complain(f"the audit log does not hold at line {broken.line}: {broken.what}; keep a copy of it")
    return FOUND
