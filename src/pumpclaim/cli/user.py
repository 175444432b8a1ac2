"""``pumpclaim user``: who may sign in to the page."""

from __future__ import annotations

import getpass
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpclaim.cli.options import PageFormat
from pumpclaim.cli.saying import complain, ends_well, write, write_json
from pumpclaim.cli.serve import data_folder
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.web.services import Services

WHO = "command line"
"""Who acts, as the audit log names him."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="A user's name.")]
Role = Annotated[str, typer.Option(metavar="ROLE", help="biller, reviewer or administrator.")]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The server's folder, as for serve.")
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.toml", help="Its settings, as for serve.")
]


@ends_well
def add(name: Name, *, role: Role, data: Data = None, config: Config = None) -> int:
    """Add a user. The password is asked for, or read from standard input when that is no terminal."""
    from pumpclaim.web.security.users import check_name, check_role  # noqa: PLC0415

    check_name(name)
    check_role(role)
    with _server(data, config) as services:
        user = services.users.add(name, role, _password())
        _record(services, "added user", user=user.name, role=role)
    complain(f"{user.name} may sign in as {role}")
    return 0


@ends_well
def show(*, data: Data = None, config: Config = None, report: PageFormat = "text") -> int:
    """Print the users."""
    with _server(data, config) as services:
        users = services.users.all()
    if report == "json":
        write_json(
            [
                {
                    "name": user.name,
                    "role": user.role,
                    "active": user.active,
                    "created": user.created.isoformat() + "Z",
                    "signs_in_by": "password" if user.has_password else "identity provider",
                }
                for user in users
            ]
        )
        return 0
    lines = [
        f"{user.name}  {user.role}{'' if user.active else '  deactivated'}"
        f"{'' if user.has_password else '  (identity provider)'}"
        for user in users
    ]
    write("".join(f"{line}\n" for line in lines or ["there are no users"]).encode())
    return 0


@ends_well
def remove(name: Name, *, data: Data = None, config: Config = None) -> int:
    """Remove a user with his sessions and tokens; what he uploaded stays."""
    with _server(data, config) as services:
        user = services.users.named(name)
        services.users.remove(user.id)
        _record(services, "removed user", user=user.name)
    complain(f"{user.name} is removed")
    return 0


@ends_well
def role(
    name: Name,
    new: Annotated[str, typer.Argument(metavar="ROLE", help="biller, reviewer, administrator.")],
    *,
    data: Data = None,
    config: Config = None,
) -> int:
    """Give a user another role."""
    with _server(data, config) as services:
        user = services.users.named(name)
        services.users.set_role(user.id, new)
        _record(services, "changed role", user=user.name, role=new, was=user.role)
    complain(f"{user.name} is {new} now")
    return 0


@ends_well
def password(name: Name, *, data: Data = None, config: Config = None) -> int:
    """Set a user's password, asked for as in add; he is signed out everywhere."""
    with _server(data, config) as services:
        user = services.users.named(name)
        services.users.set_password(user.id, _password())
        _record(services, "set password", user=user.name)
    complain(f"the password of {user.name} is set")
    return 0


@ends_well
def active(
    name: Name,
    *,
    off: Annotated[bool, typer.Option("--off", help="Keep the user out instead.")] = False,
    data: Data = None,
    config: Config = None,
) -> int:
    """Let a user in again, or keep him out."""
    with _server(data, config) as services:
        user = services.users.named(name)
        services.users.set_active(user.id, active=not off)
        _record(services, "deactivated user" if off else "activated user", user=user.name)
    complain(f"{user.name} is {'kept out' if off else 'let in'}")
    return 0


@ends_well
def token(
    name: Name,
    *,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What the token is for.")],
    data: Data = None,
    config: Config = None,
) -> int:
    """Make a token for the HTTP API and print it, this once."""
    from pumpclaim.web.security.sessions import Tokens  # noqa: PLC0415

    with _server(data, config) as services:
        user = services.users.named(name)
        made = Tokens(services.engine).make(user.id, label)
        _record(services, "made API token", user=user.name, label=label.strip())
    write(f"{made}\n".encode())
    return 0


@contextmanager
def _server(data: Path | None, config: Path | None) -> Iterator[Services]:
    """What a server keeps, whether it runs or not."""
    from pumpclaim.web.services import open_services  # noqa: PLC0415
    from pumpclaim.web.settings import read_settings  # noqa: PLC0415

    services = open_services(read_settings(config, data=data_folder(data, config)))
    try:
        yield services
    finally:
        services.close()


def _record(services: Services, action: str, **about: str) -> None:
    try:
        account = getpass.getuser()
    except (OSError, KeyError, ImportError):
        account = "unknown"
    services.audit.record(WHO, action, account=account, **about)


def _password() -> str:
    """The password, typed twice without echo, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    try:
        first = getpass.getpass("Password: ")
        again = getpass.getpass("The same again: ")
    except EOFError:
        raise InputError("no password was given") from None
    if first != again:
        raise InputError("the password is not the same both times")
    return first
