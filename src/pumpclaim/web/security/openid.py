"""Sign-in by an identity provider: OpenID Connect, authorization code with PKCE, state and nonce."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.starlette_client import OAuth  # type: ignore[import-untyped]
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc.errors import JoseError

from pumpclaim.errors import InputError, nearest
from pumpclaim.web.security.users import ASSIGNED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request, Response

    from pumpclaim.web.settings import OpenIdConnect, Settings

CALLBACK = "/sign-in/openid/callback"
STARTED = "/sign-in/openid"
CLIENT = "openid"
DISCOVERY = "/.well-known/openid-configuration"
SECONDS_TO_SIGN_IN = 600
SECONDS_TO_ANSWER = 10
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures of an ID token that only the provider can make."""
HTTP_CLIENTS = ("httpx2", "httpx")
"""The libraries that Authlib asks a provider by; it takes the first that is installed."""
AGAIN = "this sign-in was not begun in this browser, or too long ago; begin again"
FAILED = "the identity provider's answer does not hold ({}); begin again"
DOWN = "the identity provider cannot be reached; try again later"


def _unreachable() -> type[Exception]:
    """What is raised where a provider cannot be reached."""
    for name in HTTP_CLIENTS:
        with suppress(ImportError):
            raised: type[Exception] = import_module(name).HTTPError
            return raised
    raise InputError("OpenID Connect needs the package httpx")


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for. ``subject`` is issuer and subject, ``names`` what he may be called,
    the best first; ``role`` is ours, null where no role of his is mapped to one."""

    subject: str
    names: list[str]
    role: str | None


class Provider:
    """The identity provider of one server. Raises InputError for settings that cannot work."""

    def __init__(self, settings: Settings, provider: OpenIdConnect, secret: bytes) -> None:
        self.provider = provider
        self.name = provider.name
        self.redirect = settings.url + CALLBACK
        self.is_https = settings.is_https
        self._unreachable = _unreachable()
        _check(provider)
        # What is between leaving and coming back lies in a cookie of its own, for these pages alone.
        self._cookie = ("__Secure-" if self.is_https else "") + "pumpclaim-openid"
        self._signer = URLSafeTimedSerializer(secret, salt="pumpclaim openid")
        self._client = OAuth().register(
            name=CLIENT,
            client_id=provider.client_id,
            client_secret=_secret(provider),
            server_metadata_url=provider.issuer.rstrip("/") + DISCOVERY,
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "timeout": SECONDS_TO_ANSWER,
                "token_endpoint_auth_method": (
                    "client_secret_basic" if provider.client_secret_file else "none"
                ),
            },
        )

    async def leave(self, request: Request, wanted: str) -> Response:
        """Send the browser to the provider; it comes back to ``CALLBACK`` and then sees ``wanted``."""
        request.scope["session"] = begun = {"next": wanted}
        try:
            await self._know_provider()
            nonce = secrets.token_urlsafe(24)
            response: Response = await self._client.authorize_redirect(
                request, self.redirect, nonce=nonce
            )
        except (self._unreachable, AuthlibBaseError, RuntimeError, ValueError, KeyError):
            raise InputError(DOWN) from None
        response.set_cookie(
            self._cookie,
            self._signer.dumps(begun),
            max_age=SECONDS_TO_SIGN_IN,
            path=STARTED,
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )
        return response

    async def come_back(self, request: Request) -> tuple[Identity, str]:
        """Who came back from the provider, and the page he wanted. Raises InputError for who does not
        come from there, or with what the provider did not say to us."""
        try:
            begun: dict[str, Any] = self._signer.loads(
                request.cookies.get(self._cookie, ""), max_age=SECONDS_TO_SIGN_IN
            )
        except BadSignature:
            raise InputError(AGAIN) from None
        request.scope["session"] = begun
        state = request.query_params.get("state", "")
        if f"_state_{CLIENT}_{state}" not in begun:
            raise InputError(AGAIN)
        if "error" in request.query_params:
            raise InputError("the identity provider did not let you in; begin again")
        claims = await self._claims(request)
        return self._identity(claims), str(begun.get("next", "/"))

    def forget(self, response: Response) -> None:
        """Take the cookie of a sign-in back: it serves once."""
        response.delete_cookie(
            self._cookie, path=STARTED, secure=self.is_https, httponly=True, samesite="lax"
        )

    async def _know_provider(self) -> None:
        """Read what the provider says of itself, and hold it to what we were told of it."""
        said = await self._client.load_server_metadata()
        if str(said.get("issuer", "")).rstrip("/") != self.provider.issuer.rstrip("/"):
            self._client.server_metadata.pop("_loaded_at", None)
            raise InputError("the identity provider goes by another name than the one configured")
        offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        said["id_token_signing_alg_values_supported"] = [
            one for one in offered if one in ALGORITHMS
        ]

    async def _claims(self, request: Request) -> Mapping[str, Any]:
        """The claims of the ID token, with those of the userinfo endpoint where roles are not in it."""
        try:
            await self._know_provider()
            issuer = self._client.server_metadata["issuer"]
            token = await self._client.authorize_access_token(
                request,
                claims_options={
                    "iss": {"essential": True, "values": [issuer]},
                    "aud": {"essential": True, "value": self.provider.client_id},
                    "nonce": {"essential": True},
                },
            )
            claims = dict(token.get("userinfo") or {})
            if not claims.get("sub"):
                raise InputError(FAILED.format("no ID token"))
            if _found(claims, self.provider.roles_claim) is None:
                more = dict(await self._client.userinfo(token=token))
                if more.get("sub") == claims["sub"]:
                    claims = more | claims
        except self._unreachable:
            raise InputError(DOWN) from None
        except (AuthlibBaseError, JoseError, RuntimeError, ValueError, KeyError) as error:
            kind = getattr(error, "error", None) or type(error).__name__
            raise InputError(FAILED.format(str(kind)[:60])) from None
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        said = _found(claims, self.provider.roles_claim)
        has = said if isinstance(said, list) else [said]
        ours = {self.provider.roles[one] for one in map(str, has) if one in self.provider.roles}
        names = [
            str(claims[key]) for key in ("preferred_username", "email", "sub") if claims.get(key)
        ]
        # Of several roles the one that may most: they are declared in that order.
        role = next((one for one in reversed(ASSIGNED) if one in ours), None)
        return Identity(f"{self.provider.issuer.rstrip('/')} {claims['sub']}", names, role)


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by the names of a path to it (``realm_access.roles``)."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _check(provider: OpenIdConnect) -> None:
    if not provider.roles:
        raise InputError(
            "openid_connect needs a table roles: which of the provider's roles is biller, reviewer or "
            "administrator"
        )
    for role in provider.roles.values():
        if role not in ASSIGNED:
            raise InputError(f"openid_connect: there is no role '{role}'{nearest(role, ASSIGNED)}")
    parts = urlsplit(provider.issuer)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise InputError("openid_connect: the issuer's address begins with https://")


def _secret(provider: OpenIdConnect) -> str | None:
    file = provider.client_secret_file
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"the client's secret cannot be read ({why})", source=str(file)) from None
