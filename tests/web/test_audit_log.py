"""The audit log: every entry in its place, whatever is done to it found, held against an anchor."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import multiprocessing
import re
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from pumpclaim.cli.app import app
from pumpclaim.errors import InputError
from pumpclaim.web.security.audit import FIRST, Audit, Entry, UnwritableError
from pumpclaim.web.security.visitors import Visitor

from .people import add_people, send, sign_in, try_sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


SECRET = b"the key of a server"
ANNA = Visitor("a" * 32, "anna", "biller", None)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path / "audit.jsonl", SECRET)


def _lines(audit: Audit) -> list[bytes]:
    return audit.path.read_bytes().splitlines(keepends=True)


def _fill(audit: Audit, count: int = 6) -> None:
    for number in range(count):
        audit.record("anna" if number % 2 else "bert", "saw claim", claim=f"A{number}")


def test_an_entry_says_who_did_what_when_to_what(audit: Audit) -> None:
    audit.record(ANNA, "see claim", batch="b1", claims=[('odd "id"\n', "P1"), (None, None)])
    (line,) = _lines(audit)
    entry = json.loads(line)
    assert entry.pop("time").endswith("+00:00")
    said = entry.pop("hash")
    assert entry == {
        "number": 1, "who": "anna", "who_id": ANNA.id, "action": "see claim", "batch": "b1",
        "claims": [['odd "id"\n', "P1"], ["-", "-"]], "previous": FIRST,
    }  # fmt: skip
    assert said == _hash(json.loads(line))


def _hash(entry: dict[str, object]) -> str:
    """The hash of an entry, made anew by who has the key."""
    without = {name: value for name, value in entry.items() if name != "hash"}
    written = json.dumps(without, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = hmac.digest(SECRET, b"audit log", "sha256")
    return hmac.new(key, written.encode(), hashlib.sha256).hexdigest()


def test_who_is_no_user_has_no_id(audit: Audit) -> None:
    audit.record("command line", "add user", user="anna")
    (entry,) = audit.entries()
    assert (entry.who, entry.who_id, entry.about) == ("command line", None, {"user": "anna"})


def test_whatever_is_named_is_named_wholly(audit: Audit) -> None:
    """In several entries where one would be too long; nothing is cut in silence."""
    claims = [(f"C{number}", f"P{number}") for number in range(1201)]
    audit.record(ANNA, "export worklist", claims=claims, patients=["P1", "P2"], form="csv")
    entries = list(reversed(audit.entries()))
    assert [one.about["part"] for one in entries] == ["1 of 3", "2 of 3", "3 of 3"]
    assert [tuple(pair) for one in entries for pair in one.about["claims"]] == claims
    assert [one.about.get("patients") for one in entries] == [["P1", "P2"], None, None]
    assert {one.about["form"] for one in entries} == {"csv"}
    assert audit.verify() is None
    audit.record(ANNA, "x", name="n" * 501)
    assert audit.entries(1)[0].about["name"] == "n" * 499 + "…"


def test_what_is_not_done_is_recorded_as_well(audit: Audit) -> None:
    with audit.doing(ANNA, "change role", user="bert"):
        assert audit.entries(1)[0].action == "change role", "before it is done"
    with pytest.raises(InputError), audit.doing(ANNA, "change role", user="bert"):
        raise InputError("there is no such role")
    assert [one.action for one in audit.entries()] == [
        "not done: change role", "change role", "change role",
    ]  # fmt: skip


def test_the_file_is_its_owners_alone(audit: Audit) -> None:
    _fill(audit)
    for file in audit.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_newest_come_first_and_may_be_of_one_person(audit: Audit) -> None:
    assert audit.entries() == []
    _fill(audit, 700)  # more than one block of the file
    assert [one.about["claim"] for one in audit.entries(3)] == ["A699", "A698", "A697"]
    assert [one.about["claim"] for one in audit.entries(2, who="bert")] == ["A698", "A696"]
    audit.record(ANNA, "x")
    assert [one.action for one in audit.entries(who=ANNA.id)] == ["x"]
    assert len(audit.entries(5000)) == 701
    assert audit.entries(who="nobody") == []


def test_who_writes_does_not_wait_for_who_looks(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(audit)
    read = audit._entry

    def free(line: bytes) -> Entry | str | None:
        with audit.path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return read(line)

    monkeypatch.setattr(audit, "_entry", free)
    assert len(audit.entries(who="anna")) == 3


def test_names_of_the_chain_cannot_be_said(audit: Audit) -> None:
    with pytest.raises(ValueError, match="hash"):
        audit.record("anna", "x", hash="y")


def _changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b"A2", b"B2"), *lines[3:]]


def _rehashed(lines: list[bytes]) -> list[bytes]:
    """Changed by somebody who knows how the hash is made, and has the key."""
    entry = json.loads(lines[2])
    entry["claim"] = "B2"
    entry["hash"] = _hash(entry)
    return [*lines[:2], json.dumps(entry).encode() + b"\n", *lines[3:]]


def _chained(lines: list[bytes], key: bool) -> list[bytes]:
    """The third entry removed and all that follow chained anew, with the server's key or without."""
    kept, previous = [], FIRST
    for number, line in enumerate([*lines[:2], *lines[3:]], 1):
        entry = json.loads(line) | {"number": number, "previous": previous}
        without = {name: value for name, value in entry.items() if name != "hash"}
        plain = json.dumps(without, sort_keys=True, separators=(",", ":")).encode()
        entry["hash"] = previous = _hash(entry) if key else hashlib.sha256(plain).hexdigest()
        kept.append(json.dumps(entry).encode() + b"\n")
    return kept


FAULTS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "changed": _changed,
    "changed and hashed anew": _rehashed,
    "chained anew without the key": lambda lines: _chained(lines, key=False),
    "chained anew with the key": lambda lines: _chained(lines, key=True),
    "removed": lambda lines: lines[:2] + lines[3:],
    "first removed": lambda lines: lines[1:],
    "last removed": lambda lines: lines[:-1],
    "all removed": lambda lines: [],
    "moved": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "twice": lambda lines: [*lines[:3], *lines[2:]],
    "made unreadable": lambda lines: [*lines[:2], b"rubbish\n", *lines[3:]],
    "emptied": lambda lines: [*lines[:2], b"{}\n", *lines[3:]],
    "last made unreadable": lambda lines: [*lines[:-1], b"rubbish\n"],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_done_to_an_entry_is_found(audit: Audit, fault: str) -> None:
    _fill(audit)
    assert audit.verify() is None
    audit.path.write_bytes(b"".join(FAULTS[fault](_lines(audit))))
    broken = audit.verify()
    assert broken is not None
    assert 1 <= broken.line <= 7
    audit.record("anna", "went on")
    assert audit.verify() is not None, "going on does not mend it"


def test_an_anchor_kept_elsewhere_finds_what_the_key_can_hide(audit: Audit) -> None:
    _fill(audit)
    anchor = audit.anchor()
    assert anchor is not None
    assert audit.verify(anchor) is None
    _fill(audit)
    assert audit.verify(anchor) is None, "what came later does not matter"
    lines = _lines(audit)

    def forged(kept: list[bytes]) -> None:
        audit.path.write_bytes(b"".join(kept))
        newest = json.loads(kept[-1])
        audit.path.with_name("audit.jsonl.head").write_text(
            f"{newest['number']}-{newest['hash']}\n"
        )
        assert audit.verify() is None, "by itself it holds"

    forged(_chained(lines, key=True))
    assert "it is not the entry of the anchor" in audit.verify(anchor).what
    forged(lines[:4])
    assert "the entry of the anchor is gone" in audit.verify(anchor).what
    for wrong in ("", "x", "6-", anchor[:-1], f"0-{'0' * 64}"):
        with pytest.raises(InputError, match="no anchor"):
            audit.verify(wrong)


def test_the_file_itself_removed_is_found(audit: Audit) -> None:
    _fill(audit)
    audit.path.unlink()
    assert audit.verify() is not None


def test_what_a_power_cut_left_unfinished_breaks_nothing(audit: Audit) -> None:
    _fill(audit)
    with audit.path.open("ab") as file:
        file.write(b'{"time":"2024-')
    audit.record("anna", "went on")
    assert audit.verify() is None
    assert audit.entries(1)[0].action == "went on"


def test_a_full_disk_is_said_and_leaves_the_chain_whole(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "no" / "such" / "folder" / "audit.jsonl", SECRET)
    with pytest.raises(UnwritableError) as error:
        audit.record("anna", "saw claim")
    assert error.value.sentence == (
        "the audit log cannot be written (No such file or directory), so nothing is shown or done"
    )


def _write_many(path: Path, who: str) -> None:
    audit = Audit(path, SECRET)
    for number in range(60):
        audit.record(who, "saw claim", claim=str(number), text="x" * 400)


def test_many_writers_keep_the_chain_whole(audit: Audit) -> None:
    processes = [
        multiprocessing.get_context("spawn").Process(target=_write_many, args=(audit.path, f"p{n}"))
        for n in range(2)
    ]
    threads = [
        threading.Thread(target=_write_many, args=(audit.path, f"t{number}")) for number in range(4)
    ]
    for one in (*processes, *threads):
        one.start()
    for one in (*processes, *threads):
        one.join()
    assert len(_lines(audit)) == 6 * 60
    assert audit.verify() is None
    assert {one.who for one in audit.entries(360)} == {"p0", "p1", "t0", "t1", "t2", "t3"}


# what is recorded of users


def test_sign_ins_and_changes_are_recorded(client: TestClient) -> None:
    add_people(client.app.state.services)
    try_sign_in(client, "bert", "a wrong password")
    sign_in(client, "anna")
    users = client.app.state.services.users
    bert = users.named("bert").id
    his = {"user": "bert", "user_id": bert}
    send(client, f"/administration/users/{bert}/role", role="reviewer")
    send(client, f"/administration/users/{bert}/role", role="king")
    send(client, f"/administration/users/{bert}/active", active="false")
    send(client, f"/administration/users/{bert}/password", password="eight quiet lanterns")
    send(client, "/administration/users", name="carl", role="biller", password="nine blue doors ok")
    send(client, "/account/tokens", label="nightly")
    client.get("/administration/audit")
    send(client, "/sign-out")
    audit = client.app.state.services.audit
    said = [(one.who, one.action, one.about) for one in reversed(audit.entries())]
    assert said == [
        ("bert", "fail to sign in", {}),
        ("anna", "sign in", {"by": "password"}),
        ("anna", "change role", {**his, "role": "reviewer", "was": "biller"}),
        ("anna", "change role", {**his, "role": "king", "was": "reviewer"}),
        ("anna", "not done: change role", {**his, "role": "king", "was": "reviewer"}),
        ("anna", "deactivate user", his),
        ("anna", "set password", his),
        ("anna", "add user", {"user": "carl", "role": "biller"}),
        ("anna", "make API token", {"label": "nightly", "days": "90"}),
        ("anna", "see audit log", {}),
        ("anna", "sign out", {}),
    ]
    ids = {one.who: one.who_id for one in audit.entries()}
    assert ids == {"anna": users.named("anna").id, "bert": None}, (
        "who only says a name is nobody yet"
    )
    assert audit.verify() is None
    text = audit.path.read_text()
    assert "wrong password" not in text
    assert "lanterns" not in text


def test_the_page_of_the_audit_log_shows_filters_and_tells_of_a_break(client: TestClient) -> None:
    services = client.app.state.services
    add_people(services)
    sign_in(client, "anna")
    services.audit.record("bert", "saw claim", claim="<script>A1</script>")
    page = client.get("/administration/audit").text
    assert "The chain holds" in page
    assert "&lt;script&gt;A1" in page
    assert "<script>A1" not in page
    assert "A1" not in client.get("/administration/audit?who=anna").text
    assert "A1" in client.get("/administration/audit?who=bert").text
    path = services.audit.path
    path.write_bytes(path.read_bytes().replace(b"A1", b"A2"))
    assert "The chain does not hold" in client.get("/administration/audit").text


def test_the_page_and_the_command_hold_the_log_against_an_anchor(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    services = client.app.state.services
    add_people(services)
    sign_in(client, "anna")
    services.audit.record("bert", "see claim", claims=[(f"C{n}", "P") for n in range(8)])
    page = client.get("/administration/audit").text
    assert "and 3 more" in page
    anchor = re.search(r"\d+-[0-9a-f]{64}", page)[0]
    data = ["--data", str(services.settings.data)]
    assert command("audit", *data, "--anchor", anchor) == 0
    assert re.fullmatch(r"\d+-[0-9a-f]{64}\n", capsys.readouterr().out)
    page = client.get(f"/administration/audit?anchor={anchor}").text
    assert "the entry of the anchor stands in it" in page
    assert client.get("/administration/audit?anchor=x").status_code == 422
    other = anchor[:-1] + ("0" if anchor[-1] != "0" else "1")
    assert (
        "it is not the entry of the anchor"
        in client.get(f"/administration/audit?anchor={other}").text
    )
    assert command("audit", *data, "--anchor", other, "--format", "json") == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["holds"], said["broken"]["what"][:9]) == (False, "it is not")
    assert command("audit", *data, "--anchor", "x") == 2


def command(*words: str) -> int:
    """The exit status of a command, run in this process."""
    with pytest.raises(SystemExit) as ended:
        app(list(words))
    return int(ended.value.code or 0)


def test_nothing_in_the_web_changes_the_audit_log(client: TestClient) -> None:
    add_people(client.app.state.services)
    sign_in(client, "anna")
    path = client.app.state.services.audit.path
    before = path.read_bytes()
    token = {"X-CSRF-Token": client.app.state.security.cookies.token(_value(client))}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.request(method, "/administration/audit", headers=token)
        assert answer.status_code == 405
    assert path.read_bytes().startswith(before)


def _value(client: TestClient) -> str:
    return client.cookies["pumpclaim"].rpartition(".")[0]
