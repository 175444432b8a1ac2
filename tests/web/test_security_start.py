"""Setting up users from the command line, and what a server asks for before it listens to others."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pumpclaim.errors import InputError
from pumpclaim.web.security.sessions import Tokens
from pumpclaim.web.services import open_services
from pumpclaim.web.serving import UNSAFE, alone, check_reach, run
from pumpclaim.web.settings import OpenIdConnect, Settings

from .people import PASSWORD, add_people

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "pumpclaim"]


def pumpclaim(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], input=typed, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_user_is_added_listed_changed_and_removed(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "server"))
    added = pumpclaim(
        "user", "add", "Anna", "--role", "administrator", *data, typed=f"{PASSWORD}\n"
    )
    assert (added.returncode, added.stdout) == (0, "")
    assert "anna may sign in as administrator" in added.stderr
    pumpclaim("user", "add", "bert", "--role", "biller", *data, typed=f"{PASSWORD}\n")
    assert pumpclaim("user", "role", "bert", "reviewer", *data).returncode == 0
    assert pumpclaim("user", "active", "bert", "--off", *data).returncode == 0
    shown = pumpclaim("user", "list", *data)
    assert shown.stdout == "anna  administrator\nbert  reviewer  deactivated\n"
    listed = json.loads(pumpclaim("user", "list", "--format", "json", *data).stdout)
    assert [(one["name"], one["role"], one["active"]) for one in listed] == [
        ("anna", "administrator", True), ("bert", "reviewer", False),
    ]  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", listed[0]["created"])
    assert (
        pumpclaim("user", "password", "anna", *data, typed="nine blue doors ok\n").returncode == 0
    )
    token = pumpclaim("user", "token", "anna", "--label", "nightly", *data).stdout.strip()
    last = pumpclaim("user", "remove", "anna", *data)
    assert last.returncode == 2
    assert "last active administrator" in last.stderr
    assert pumpclaim("user", "remove", "bert", *data).returncode == 0
    services = open_services(Settings(data=tmp_path / "server"))
    assert services.users.sign_in("anna", "nine blue doors ok") is not None
    visitor = Tokens(services.engine).visitor(token)
    assert visitor is not None
    assert visitor.name == "anna"
    said = [(one.who, one.action) for one in reversed(services.audit.entries())]
    assert said == [
        ("command line", "add user"),
        ("command line", "add user"),
        ("command line", "change role"),
        ("command line", "deactivate user"),
        ("command line", "set password"),
        ("command line", "make API token"),
        ("command line", "remove user"),
        ("command line", "not done: remove user"),
        ("command line", "remove user"),
    ]
    assert services.audit.verify() is None
    services.close()


@pytest.mark.parametrize(
    ("arguments", "typed", "why"),
    [
        (("add", "anna", "--role", "king"), PASSWORD, "there is no role 'king'"),
        (("add", "two words", "--role", "biller"), PASSWORD, "letters, digits"),
        (("add", "anna", "--role", "biller"), "short", "at least 15"),
        (("add", "anna", "--role", "biller"), "", "at least 15"),
        (("remove", "nobody"), "", "no such user"),
        (("role", "nobody", "biller"), "", "no such user"),
        (("token", "nobody", "--label", "x"), "", "no such user"),
        (("give", "nobody", "nobody"), "", "no such user"),
        (("discard", "nobody"), "", "nobody of this id has left anything"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], typed: str, why: str
) -> None:
    done = pumpclaim("user", *arguments, "--data", str(tmp_path / "server"), typed=typed)
    assert done.returncode == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def _at_terminal(typed: list[str], *arguments: str) -> tuple[int, str]:
    """A command at a terminal, with lines typed at each prompt; what the terminal shows."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [*COMMAND, *arguments])  # pragma: no cover
    shown = b""
    try:
        for line in typed:
            while not shown.rstrip().endswith(b":"):
                shown += os.read(terminal, 1024)
            shown += b"\n"
            time.sleep(0.1)
            os.write(terminal, line.encode() + b"\n")
        while True:
            shown += os.read(terminal, 1024)
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_at_a_terminal_the_password_is_asked_twice_and_not_shown(tmp_path: Path) -> None:
    arguments = ("user", "add", "anna", "--role", "administrator", "--data", str(tmp_path / "s"))
    status, shown = _at_terminal([PASSWORD, "another one typed"], *arguments)
    assert status == 2
    assert "both times" in shown
    status, shown = _at_terminal([PASSWORD, PASSWORD], *arguments)
    assert status == 0, shown
    assert PASSWORD not in shown


# what a server asks for


@pytest.mark.parametrize(
    "more",
    [
        {"host": "0.0.0.0"},
        {"host": "192.0.2.1"},
        {"host": "::"},
        {"public_url": "https://pump.example"},
    ],
)
def test_a_server_that_others_reach_asks_for_users_first(
    tmp_path: Path, more: dict[str, str]
) -> None:
    settings = Settings(data=tmp_path / "server", **more)
    services = open_services(settings)
    with pytest.raises(InputError, match="pumpclaim user add"):
        check_reach(services)
    add_people(services)
    check_reach(services)
    for user in services.users.all():
        if user.name != "anna":
            services.users.set_active(user.id, active=False)
    check_reach(services)
    services.close()


def test_a_provider_is_enough(tmp_path: Path) -> None:
    provider = OpenIdConnect("https://idp.example", "pumpclaim", roles={"a": "biller"})
    services = open_services(
        Settings(data=tmp_path / "server", host="0.0.0.0", openid_connect=provider)
    )
    check_reach(services)
    services.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.5"])
def test_on_loopback_nothing_is_asked_for(tmp_path: Path, host: str) -> None:
    services = open_services(Settings(data=tmp_path / "server", host=host))
    check_reach(services)
    services.close()


def test_the_command_refuses_with_status_2_and_lets_the_address_go(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "server"))
    for _ in range(2):
        done = pumpclaim("serve", "--host", "0.0.0.0", "--port", "0", *data)
        assert done.returncode == 2
        assert "users must be set up first" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_second_server_in_one_folder_ends_with_a_sentence(tmp_path: Path) -> None:
    open_services(Settings(data=tmp_path)).close()
    with alone(tmp_path):
        done = pumpclaim("serve", "--port", "0", "--data", str(tmp_path))
    assert done.returncode == 2
    assert f"another server works in this folder (process {os.getpid()})" in done.stderr
    assert done.stderr.count("\n") == 1
    with alone(tmp_path), pytest.raises(InputError), alone(tmp_path):
        pass


def test_without_tls_a_server_for_others_warns_loudly(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "server"))
    pumpclaim("user", "add", "anna", "--role", "administrator", *data, typed=f"{PASSWORD}\n")
    started = subprocess.Popen(
        [*COMMAND, "serve", "--host", "0.0.0.0", "--port", "0", *data],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stderr is not None
        warned, where = started.stderr.readline(), started.stderr.readline()
        assert UNSAFE in warned
        port = re.search(r":(\d+) ", where)
        assert port is not None
        deadline = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/") as answer:
                    assert answer.url.endswith("/sign-in")
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        line = json.loads(started.stderr.readline())
        assert line["event"] == "request"
    finally:
        started.terminate()
        assert started.wait(timeout=20) in {0, -15}


def test_behind_tls_it_does_not_warn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    settings = Settings(data=tmp_path / "server", port=0, public_url="https://pump.example")
    services = open_services(settings)
    add_people(services)
    services.close()
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: sockets[0].close())
    monkeypatch.setattr("pumpclaim.web.serving.journal.configure", lambda: None)
    said: list[str] = []
    assert run(settings, said.append) == 0
    assert UNSAFE not in said
    assert run(replace(settings, public_url="http://pump.example"), said.append) == 0
    assert UNSAFE in said
