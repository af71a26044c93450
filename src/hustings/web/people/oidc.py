"""Sign-in at an OpenID provider: discovery, authorization code with PKCE, state and nonce.

OpenID Connect Core 1.0 and RFC 7636. The one provider is named in the settings, so its addresses
come from the operator; answers are bounded in time and size all the same. Alone imports authlib.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final

from hustings import limits
from hustings.config import Settings
from hustings.errors import HustingsError
from hustings.web import legible
from hustings.web.people.identity import Identity

CALLBACK: Final = "/sign-in/oidc/callback"
_SCOPE: Final = "openid email profile"
# Signatures that only the provider can make: none with a shared secret, and never "none".
_ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
_LEEWAY_S: Final = 60


class OidcDown(HustingsError):
    """The provider does not answer as one."""


class OidcRefused(HustingsError):
    """The provider, or what it sent, says no."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser is sent, and what it has to come back with."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(slots=True)
class _Kept:
    """What the provider says about itself, for a while."""

    metadata: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    until_s: float = 0.0


class Oidc:
    """The provider of the settings, if there is one."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.oidc_issuer
        self.name = settings.oidc_name
        self._id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret
        self._redirect = settings.public_url("studio") + CALLBACK
        self._kept = _Kept()

    @property
    def on(self) -> bool:
        """Whether people can sign in there."""
        return bool(self.issuer)

    async def leave(self) -> Departure:
        """Send somebody to the provider. Raises `OidcDown`."""
        from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]
            prepare_grant_uri,
        )
        from authlib.oauth2.rfc7636 import (  # type: ignore[import-untyped]
            create_s256_code_challenge,
        )

        metadata = await self._metadata()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._id,
            response_type="code",
            redirect_uri=self._redirect,
            scope=_SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Departure(address, state, nonce, verifier)

    async def arrive(self, *, code: str, nonce: str, verifier: str) -> Identity:
        """Who came back with `code`. Raises `OidcDown`, `OidcRefused`."""
        metadata = await self._metadata()
        token = await self._token(metadata, code, verifier)
        claims = await self._claims(metadata, token, nonce)
        if "email" not in claims and "userinfo_endpoint" in metadata:
            claims = {**await self._userinfo(metadata, token, claims["sub"]), **claims}
        subject = str(claims["sub"])
        if not 0 < len(subject) <= limits.SUBJECT_CHARS:
            raise OidcRefused("the subject is empty or too long")
        checked = claims.get("email_verified") is True
        return Identity(
            issuer=self.issuer,
            subject=subject,
            email=str(claims.get("email") or "")[: limits.EMAIL_CHARS] if checked else "",
            name=legible.line(str(claims.get("name") or ""))[: limits.NAME_CHARS].strip(),
        )

    async def _metadata(self) -> dict[str, Any]:
        if time.monotonic() < self._kept.until_s:
            return self._kept.metadata
        known = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        metadata = await self._fetch("GET", known)
        if str(metadata.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
            raise OidcDown(f"{known} is about another issuer: {metadata.get('issuer')!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(metadata.get(name, "")).startswith(("https://", "http://")):
                raise OidcDown(f"{known} names no {name}")
        self._kept = _Kept(metadata, {}, time.monotonic() + limits.OIDC_KEPT_S)
        return metadata

    async def _token(self, metadata: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": verifier,
        }
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = bool(self._secret) and "client_secret_basic" in methods
        if not basic:
            form["client_id"] = self._id
            if self._secret:
                form["client_secret"] = self._secret
        auth = (self._id, self._secret) if basic else None
        return await self._fetch("POST", metadata["token_endpoint"], data=form, auth=auth)

    async def _claims(
        self, metadata: dict[str, Any], token: dict[str, Any], nonce: str
    ) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        supported = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(
            algorithms=[one for one in _ALGORITHMS if one in supported], strict_check_header=False
        )
        try:
            sealed = str(token["id_token"])
            keys = KeySet.import_key_set(await self._keys(metadata, again=False))
            try:
                opened = jwt.decode(sealed, keys, registry=registry)
            except InvalidKeyIdError:  # the provider has changed its keys
                keys = KeySet.import_key_set(await self._keys(metadata, again=True))
                opened = jwt.decode(sealed, keys, registry=registry)
            options = {
                "iss": {"essential": True, "value": metadata["issuer"]},
                "aud": {"essential": True, "value": self._id},
                "nonce": {"essential": True, "value": nonce},
            }
            expected = {
                "nonce": nonce,
                "client_id": self._id,
                "access_token": token.get("access_token"),
            }
            claims = CodeIDToken(opened.claims, opened.header, options, expected)
            claims.validate(leeway=_LEEWAY_S)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcRefused(f"the ID token is not good: {type(error).__name__}") from error
        return dict(opened.claims)

    async def _keys(self, metadata: dict[str, Any], *, again: bool) -> Any:
        if again or not self._kept.keys:
            self._kept.keys = await self._fetch("GET", metadata["jwks_uri"])
        return self._kept.keys

    async def _userinfo(
        self, metadata: dict[str, Any], token: dict[str, Any], subject: str
    ) -> dict[str, Any]:
        bearer = {"Authorization": f"Bearer {token.get('access_token', '')}"}
        found = await self._fetch("GET", metadata["userinfo_endpoint"], headers=bearer)
        return found if found.get("sub") == subject else {}

    async def _fetch(self, method: str, address: str, **options: Any) -> dict[str, Any]:
        """The JSON object at an address of the provider."""
        import httpx

        options = {name: value for name, value in options.items() if value is not None}
        read = bytearray()
        try:
            async with (
                asyncio.timeout(limits.OIDC_S),
                httpx.AsyncClient(timeout=limits.OIDC_S, trust_env=False) as client,
                client.stream(method, address, **options) as answer,
            ):
                async for part in answer.aiter_bytes():
                    read += part
                    if len(read) > limits.OIDC_BYTES:
                        raise OidcDown(f"{address} sends too much")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise OidcDown(f"{address}: {type(error).__name__}") from error
        if answer.status_code >= 500:
            raise OidcDown(f"{address} answers {answer.status_code}")
        if answer.status_code != 200:
            raise OidcRefused(f"{address} answers {answer.status_code}")
        try:
            found = json.loads(bytes(read))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise OidcDown(f"{address} sends no JSON object")
        return found
