"""Web Push: a short message to a browser that asked for it (RFC 8030, 8188, 8291, 8292).

The message is encrypted for the browser, so the push service in between reads nothing. VAPID names
this installation to that service by a key made on first start.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from hustings import limits
from hustings.errors import BadInput
from hustings.keys import Keys
from hustings.web.outbox.fetch import Answer, Fetch

_CLAIM_S: Final = 12 * 3600  # RFC 8292 allows up to 24 hours
_POINT_BYTES: Final = 65  # an uncompressed point of P-256
_AUTH_BYTES: Final = 16


class Subscription(msgspec.Struct, frozen=True):
    """What a browser's PushManager gave: where to post, and the keys to encrypt for."""

    endpoint: str
    p256dh: str
    auth: str


class Push:
    """The way to push services. `contact` is an address they may complain to."""

    def __init__(self, *, keys: Keys, fetch: Fetch, contact: str) -> None:
        self._keys = keys
        self._fetch = fetch
        self._contact = contact

    @cached_property
    def key(self) -> str:
        """The public key that a page subscribes with (`applicationServerKey`), base64url."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            PublicFormat,
            load_pem_private_key,
        )

        private = load_pem_private_key(self._keys.vapid(), None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def checked(self, *, endpoint: str, p256dh: str, auth: str) -> Subscription:
        """A subscription that can be sent to; `BadInput` otherwise."""
        self._fetch.checked(endpoint)
        if len(endpoint) > limits.PUSH_ADDRESS_CHARS:
            raise BadInput("endpoint", expected=f"at most {limits.PUSH_ADDRESS_CHARS} characters")
        point = _bytes(p256dh)
        if len(point) != _POINT_BYTES or point[0] != 4 or not _on_curve(point):
            raise BadInput("p256dh", expected="a public key of the curve P-256 in base64url")
        if len(_bytes(auth)) != _AUTH_BYTES:
            raise BadInput("auth", expected=f"{_AUTH_BYTES} bytes in base64url")
        return Subscription(endpoint, p256dh, auth)

    async def send(self, to: Subscription, message: dict[str, Any]) -> Answer:
        """Send `message` (JSON, small). 404 and 410 mean that the subscription is over."""
        data = json.dumps(message, ensure_ascii=False).encode()
        assert len(data) <= limits.PUSH_BYTES, "a push message is a title and a sentence"
        body, headers = await asyncio.to_thread(self._sealed, to, data)
        return await self._fetch.post(to.endpoint, body=body, headers=headers)

    def _sealed(self, to: Subscription, data: bytes) -> tuple[bytes, dict[str, str]]:
        from py_vapid import Vapid02
        from pywebpush import WebPusher

        about = {"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}}
        body: bytes = WebPusher(about).encode(data)["body"]
        service = urlsplit(to.endpoint)
        claims = {
            "aud": f"{service.scheme}://{service.netloc}",
            "exp": int(time.time()) + _CLAIM_S,
            "sub": self._contact,
        }
        signed: dict[str, str] = Vapid02.from_pem(self._keys.vapid()).sign(claims)
        return body, {
            **signed,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(limits.REMINDER_LATE_S),
            "Urgency": "high",
        }


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError:
        return b""


def _on_curve(point: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True
