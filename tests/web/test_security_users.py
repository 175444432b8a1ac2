"""Passwords and users: what they must be, how they are kept, who must stay."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from pumpclaim.errors import InputError
from pumpclaim.web.security import passwords
from pumpclaim.web.security.users import LAST
from pumpclaim.web.settings import Limits, Settings

from .people import PASSWORD, add_people

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.web.services import Services


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "server", limits=Limits(sign_ins_per_minute=1000, session_minutes=30)
    )


@pytest.fixture
def people(services: Services) -> None:
    add_people(services)


def test_passwords_are_kept_as_argon2id_and_nothing_else(
    client: TestClient, settings: Settings
) -> None:
    client.app.state.services.users.add("anna", "administrator", PASSWORD)
    with sqlite3.connect(settings.data / "server.db") as kept:
        ((stored,),) = kept.execute("SELECT password_hash FROM users").fetchall()
    assert re.fullmatch(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[^$]+\$[^$]+", stored)
    written = b"".join(file.read_bytes() for file in settings.data.rglob("*") if file.is_file())
    assert PASSWORD.encode() not in written


def test_an_outdated_hash_is_renewed_at_the_next_sign_in(services: Services, people: None) -> None:
    from argon2 import PasswordHasher

    from pumpclaim.web.schema import users as table

    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with services.engine.begin() as connection:
        connection.execute(
            sa.update(table).where(table.c.name == "bert").values(password_hash=weak)
        )
    assert services.users.sign_in("bert", PASSWORD) is not None
    with services.engine.connect() as connection:
        wanted = sa.select(table.c.password_hash).where(table.c.name == "bert")
        stored = connection.execute(wanted).scalar_one()
    assert stored != weak
    assert not passwords.is_outdated(stored)
    assert services.users.sign_in("bert", PASSWORD) is not None


def test_an_unknown_name_takes_as_long_as_a_known_one(services: Services, people: None) -> None:
    assert not passwords.is_outdated(passwords._NOBODY), "the dummy has other parameters"

    def seconds(name: str) -> float:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            assert services.users.sign_in(name, "not the password") is None
            took.append(time.perf_counter() - began)
        return min(took)

    known, unknown = seconds("bert"), seconds("nobody-at-all")
    assert unknown > known / 2


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 15"),
        ("x" * 2000, "at most"),
        ("aaaaaaaaaaaaaaaa", "soon be guessed"),
        ("abcabcabcabcabcabc", "soon be guessed"),
        ("bertholomew-the-1st", "soon be guessed"),
        ("Bertholomew-the-1st!", "soon be guessed"),
        ("PumpclaimPumpclaim", "soon be guessed"),
        ("Password1234567", "soon be guessed"),
        ("P@ssw0rdP@ssw0rd", "soon be guessed"),
        ("qwertyuiopasdfgh", "soon be guessed"),
        ("correct", "at least 15"),
    ],
)
def test_a_weak_password_is_refused(services: Services, password: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        services.users.add("bertholomew-the-1st", "biller", password)
    assert services.users.all() == []


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "7-hN;pq2_Vx41mZ", "x9 " * 4 + "lantern orbit", "näht ëine ünruhige Maus"],
)
def test_a_good_password_is_taken(services: Services, password: str) -> None:
    services.users.add("bertholomew-the-1st", "biller", password)
    assert services.users.sign_in("bertholomew-the-1st", password) is not None


def test_another_password_is_another(services: Services, people: None) -> None:
    bert = services.users.named("bert").id
    with pytest.raises(InputError, match="the old password"):
        services.users.set_password(bert, PASSWORD)
    services.users.set_password(bert, "eight quiet lanterns")
    assert services.users.sign_in("bert", "eight quiet lanterns") is not None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "two words",
        "<script>",
        "a" * 65,
        "new\nline",
        "../x",
        "\u0430nna",
        "anna\u200b",
        "αnna",
        "anna٣",
        "\u0251nna",
    ],
)
def test_an_odd_name_is_refused(services: Services, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        services.users.add(name, "biller", PASSWORD)


def test_a_name_is_one_name_however_it_is_written(services: Services) -> None:
    services.users.add("Anna", "administrator", PASSWORD)
    assert services.users.sign_in(" ANNA ", PASSWORD) is not None
    with pytest.raises(InputError, match="already"):
        services.users.add("anna", "biller", PASSWORD)


@pytest.mark.parametrize(
    "other",
    [
        "ALMA.BR0WN",
        "alrna.brown",
        "a1ma.brown",
        "älma.brown",
        "almå.brøwn",
        "ａlma.brown",
        "alma.brovvn",
    ],
)
def test_a_name_that_looks_like_anothers_is_refused(services: Services, other: str) -> None:
    services.users.add("alma.brown", "biller", PASSWORD)
    with pytest.raises(InputError, match="already"):
        services.users.add(other, "biller", PASSWORD)
    given = services.users.from_provider("idp 1", [other], "biller")
    assert given.name not in {"alma.brown", other}
    services.users.add("alma.braun", "biller", PASSWORD)


def test_a_provider_may_name_people_as_it_likes(services: Services) -> None:
    """Of the names it gives the first that can be one here; and a known person keeps his."""
    kept = services.users.from_provider(
        "idp 1", ["Аня Петрова", "anya@clinic.example", "x"], "biller"
    )
    assert kept.name == "anya@clinic.example"
    assert services.users.from_provider("idp 1", ["another"], "reviewer").name == kept.name
    assert services.users.from_provider("idp 2", ["two words", ""], "biller").name == "user"


def test_the_local_role_is_nobodys(services: Services) -> None:
    with pytest.raises(InputError, match="role"):
        services.users.add("anna", "local", PASSWORD)


def test_the_last_active_administrator_stays(services: Services, people: None) -> None:
    users = services.users
    anna = users.named("anna")
    for act in (
        lambda: users.remove(anna.id),
        lambda: users.set_active(anna.id, active=False),
        lambda: users.set_role(anna.id, "biller"),
    ):
        with pytest.raises(InputError, match=re.escape(LAST)):
            act()
    second = users.add("anton", "administrator", PASSWORD)
    users.set_active(second.id, active=False)
    with pytest.raises(InputError, match="last active"):
        users.remove(anna.id)
    users.set_active(second.id, active=True)
    users.remove(anna.id)
    assert [user.name for user in users.all()] == ["anton", "bert", "rita"]


def test_of_two_administrators_who_demote_each_other_at_once_one_stays(services: Services) -> None:
    users = services.users
    both = [users.add(name, "administrator", PASSWORD).id for name in ("anna", "anton")]
    ready = threading.Barrier(2)

    def demote(user_id: str) -> None:
        ready.wait()
        with suppress(InputError):
            users.set_role(user_id, "biller")

    threads = [threading.Thread(target=demote, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(user.role for user in users.all()) == ["administrator", "biller"]
