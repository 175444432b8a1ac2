"""``pumpclaim user``: who may sign in to the page."""

from __future__ import annotations

import getpass
import sys
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpclaim.cli.options import PageFormat
from pumpclaim.cli.saying import UNUSABLE, complain, ends_well, write, write_json
from pumpclaim.cli.serve import data_folder
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.web.services import Services

WHO = "command line"
"""Who acts, as the audit log names him."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="A user's name.")]
Owner = Annotated[
    str, typer.Argument(metavar="OWNER", help="The id of who left something, as left prints it.")
]
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
    from pumpclaim.web.security.names import check  # noqa: PLC0415
    from pumpclaim.web.security.users import check_role  # noqa: PLC0415

    name = check(name)
    check_role(role)
    with opened(data, config) as services:
        secret = _password()
        with _doing(services, "add user", user=name, role=role):
            user = services.users.add(name, role, secret)
    complain(f"{user.name} may sign in as {role}")
    return 0


@ends_well
def show(*, data: Data = None, config: Config = None, report: PageFormat = "text") -> int:
    """Print the users."""
    with opened(data, config) as services:
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
    """Remove a user with his sessions and tokens; what he uploaded stays (see left)."""
    from pumpclaim.web.left import left  # noqa: PLC0415

    with opened(data, config) as services:
        user = services.users.named(name)
        with _doing(services, "remove user", user=user.name, user_id=user.id):
            services.users.remove(user.id)
        stays = any(one.owner == user.id for one in left(services))
    complain(f"{user.name} is removed")
    if stays:
        complain("uploads or charts of his are still there: user left, user give, user discard")
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
    with opened(data, config) as services:
        user = services.users.named(name)
        about = {"user": user.name, "user_id": user.id, "role": new, "was": user.role}
        with _doing(services, "change role", **about):
            services.users.set_role(user.id, new)
    complain(f"{user.name} is {new} now")
    return 0


@ends_well
def password(name: Name, *, data: Data = None, config: Config = None) -> int:
    """Set a user's password, asked for as in add; he is signed out everywhere, his tokens are revoked."""
    with opened(data, config) as services:
        user = services.users.named(name)
        secret = _password()
        with _doing(services, "set password", user=user.name, user_id=user.id):
            services.users.set_password(user.id, secret)
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
    with opened(data, config) as services:
        user = services.users.named(name)
        act = "deactivate user" if off else "activate user"
        with _doing(services, act, user=user.name, user_id=user.id):
            services.users.set_active(user.id, active=not off)
    complain(f"{user.name} is {'kept out' if off else 'let in'}")
    return 0


@ends_well
def token(
    name: Name,
    *,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What the token is for.")],
    days: Annotated[
        int, typer.Option(metavar="N", help="How long it serves, 365 days at most.")
    ] = 90,
    data: Data = None,
    config: Config = None,
) -> int:
    """Make a token for the HTTP API and print it, this once."""
    from pumpclaim.web.security.sessions import Tokens  # noqa: PLC0415

    with opened(data, config) as services:
        user = services.users.named(name)
        about = {"user": user.name, "user_id": user.id, "label": label.strip(), "days": str(days)}
        with _doing(services, "make API token", **about):
            made = Tokens(services.engine).make(user.id, label, days)
    write(f"{made}\n".encode())
    return 0


@ends_well
def left(*, data: Data = None, config: Config = None, report: PageFormat = "text") -> int:
    """Print what is left by who is no user any more: uploads and charts, by the id of their owner."""
    from pumpclaim.reports.words import count  # noqa: PLC0415
    from pumpclaim.web.left import left as left_by  # noqa: PLC0415

    with opened(data, config) as services:
        found = left_by(services)
    if report == "json":
        write_json([asdict(one) for one in found])
        return 0
    lines = [
        f"{one.owner}  {one.name}  {count(one.uploads, 'upload')}, {count(one.charts, 'chart')}, "
        f"{one.size >> 20:,} MB"
        for one in found
    ]
    write("".join(f"{line}\n" for line in lines or ["nothing is left"]).encode())
    return 0


@ends_well
def give(owner: Owner, name: Name, *, data: Data = None, config: Config = None) -> int:
    """Hand what somebody left to a user."""
    from pumpclaim.web.left import hand_over  # noqa: PLC0415

    with opened(data, config) as services:
        user = services.users.named(name)
        refused = hand_over(services, owner, user, partial(_doing, services))
    for sentence in refused:
        complain(sentence)
    complain(f"what {owner} left is {user.name}'s now")
    return UNUSABLE if refused else 0


@ends_well
def discard(owner: Owner, *, data: Data = None, config: Config = None) -> int:
    """Remove what somebody left: uploads with all that was found in them, and charts."""
    from pumpclaim.web.left import discard as remove_all  # noqa: PLC0415

    with opened(data, config) as services:
        remove_all(services, owner, partial(_doing, services))
    complain(f"what {owner} left is removed")
    return 0


@contextmanager
def opened(data: Path | None, config: Path | None) -> Iterator[Services]:
    """What a server keeps, whether it runs or not."""
    from pumpclaim.web.services import open_services  # noqa: PLC0415
    from pumpclaim.web.settings import read_settings  # noqa: PLC0415

    services = open_services(read_settings(config, data=data_folder(data, config)))
    try:
        yield services
    finally:
        services.close()


def _doing(services: Services, action: str, **about: Any) -> AbstractContextManager[None]:
    """What is done under it, in the audit log before it is done."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError, ImportError):
        account = "unknown"
    return services.audit.doing(WHO, action, account=account, **about)


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
