"""What a server is told: where it listens, where it keeps things, its limits, who may sign in."""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

MB = 1024**2
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


@dataclass(frozen=True)
class Limits:
    """What one visitor may ask of the server. Sizes are bytes, times seconds, rates per minute."""

    upload_bytes: int = 200 * MB
    files: int = 100
    unpacked_bytes: int = 1024 * MB
    stored_bytes: int = 20 * 1024 * MB
    lines: int = 2_000_000
    judging_seconds: int = 900
    export_claims: int = 250_000
    export_seconds: int = 180
    memory_bytes: int = 4096 * MB
    api_bytes: int = 16 * MB
    requests_per_minute: int = 1200
    uploads_per_minute: int = 30
    sign_ins_per_minute: int = 10
    session_minutes: int = 12 * 60
    session_minutes_in_all: int = 24 * 60


@dataclass(frozen=True)
class OpenIdConnect:
    """An identity provider. ``roles`` maps values of ``roles_claim`` to our roles."""

    issuer: str
    client_id: str
    client_secret_file: Path | None = None
    name: str = "single sign-on"
    roles_claim: str = "roles"
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """One server. ``data`` is the folder of its database, uploads and audit log.

    ``public_url`` is how browsers reach it when that is not ``http://host:port`` (behind TLS).
    ``history`` is the URL of a history (``pumpclaim history``) that claims are judged against and kept in:
    each user's in a part of his own, or with ``shared_history`` all of them in one, that of the command line.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8239
    public_url: str | None = None
    history: str | None = None
    shared_history: bool = False
    limits: Limits = field(default_factory=Limits)
    openid_connect: OpenIdConnect | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host in LOOPBACK_NAMES:
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """How a browser reaches the server, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host and self.host[0] != "[" else self.host
        return f"http://{host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it by TLS, so that cookies may insist on it."""
        return self.url.startswith("https://")


def read_settings(file: Path | None, **given: Any) -> Settings:
    """Settings of a TOML file, what is given (and not null) standing before what the file says.

    The file may have ``data``, ``host``, ``port``, ``public_url``, ``history``, ``shared_history`` and the
    tables ``limits`` and ``openid_connect``. Raises InputError for what it may not have, and for values of
    the wrong kind.
    """
    said: dict[str, Any] = {}
    if file is not None:
        try:
            said = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise InputError(
                f"the configuration cannot be read ({why})", source=str(file)
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"the configuration is no TOML: {error}", source=str(file)) from None
    source = str(file) if file else ""
    limits = _typed(Limits, said.pop("limits", {}), source)
    provider = said.pop("openid_connect", None)
    said |= {name: value for name, value in given.items() if value is not None}
    if "data" not in said:
        raise InputError("name the folder in which the server keeps its files", source=source)
    _check(Settings, said, source)
    if not 0 <= int(said.get("port", 1)) < 2**16:
        raise InputError("the port is a number from 0 to 65535", source=source)
    settings = Settings(
        **{**said, "data": Path(said["data"])},
        limits=limits,
        openid_connect=None if provider is None else _provider(provider, file),
    )
    url = settings.public_url
    if url is not None and not url.startswith(("http://", "https://")):
        raise InputError("public_url begins with http:// or https://", source=source)
    return settings


def _provider(said: Any, file: Path | None) -> OpenIdConnect:
    source = str(file)
    _check(OpenIdConnect, said, source)
    for name in ("issuer", "client_id"):
        if name not in said:
            raise InputError(f"openid_connect needs {name}", source=source)
    provider = OpenIdConnect(**said)
    secret = provider.client_secret_file
    if secret is not None:
        beside = Path(secret) if file is None else file.absolute().parent / secret
        provider = replace(provider, client_secret_file=beside)
    return provider


def _typed(kind: type[Limits], said: Any, source: str) -> Limits:
    _check(kind, said, source)
    for name, value in said.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"the limit {name} is a whole number above 0", source=source)
    return kind(**said)


def _check(kind: type[Any], said: Any, source: str) -> None:
    """Only names that ``kind`` has, text where text is meant."""
    if not isinstance(said, dict):
        raise InputError(f"{kind.__name__} is a table of names and values", source=source)
    known = {one.name: str(one.type) for one in fields(kind)}
    for name, value in said.items():
        if name not in known:
            raise InputError(f"there is no setting '{name}'{nearest(name, known)}", source=source)
        if known[name].startswith("str") and not isinstance(value, str):
            raise InputError(f"the setting '{name}' is text", source=source)
        if known[name] == "bool" and not isinstance(value, bool):
            raise InputError(f"the setting '{name}' is true or false", source=source)
        if known[name] == "int" and (isinstance(value, bool) or not isinstance(value, int)):
            raise InputError(f"the setting '{name}' is a whole number", source=source)
