"""Sealing: AES-256-GCM over JSON, tied to the place it belongs to, so that a swapped part does not open."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_FORM = b"\x01"  # AES-256-GCM, 96-bit random nonce; another form gets another byte


class SealBroken(Exception):
    """The seal does not open: wrong key, wrong place, or changed on the way."""


def seal_bytes(key: bytes, plain: bytes, place: str) -> bytes:
    """Seal bytes under a key so that they open only with the same key and the same place."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plain, _bound(place))


def open_bytes(key: bytes, sealed: bytes, place: str) -> bytes:
    """Open what `seal_bytes` made.

    Errors: SealBroken.
    """
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if sealed[:1] != _FORM or len(nonce) < _NONCE_BYTES:
        message = f"no sealed form we know, at {place.partition('|')[0]}"
        raise SealBroken(message)
    try:
        return AESGCM(key).decrypt(nonce, body, _bound(place))
    except InvalidTag:
        message = f"the seal does not open, at {place.partition('|')[0]}"
        raise SealBroken(message) from None


def seal(key: bytes, plain: Mapping[str, Any], place: str) -> str:
    """Seal a JSON object into URL-safe text.

    `place` is authenticated, not hidden: use what the part belongs to, such as
    `for_notify|<household id>`.
    """
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(seal_bytes(key, text.encode(), place)).decode()


def open_sealed(key: bytes, sealed: str, place: str) -> dict[str, Any]:
    """Open what `seal` made.

    Errors: SealBroken, also for text that is no sealed part at all.
    """
    try:
        raw = base64.urlsafe_b64decode(sealed)
    except ValueError:
        message = "the sealed part is no base64"
        raise SealBroken(message) from None
    plain = json.loads(open_bytes(key, raw, place))
    if not isinstance(plain, dict):
        message = "the sealed part is no JSON object"
        raise SealBroken(message)
    return plain


def _bound(place: str) -> bytes:
    return b"baimi|1|" + place.encode()
