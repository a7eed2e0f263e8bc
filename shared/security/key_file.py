"""One service's keys, read once from the file that the launcher or the operator's vault made."""

import base64
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ServiceKeys:
    """What one service can open, prove and look up; printing it shows no key."""

    column_key: bytes = field(repr=False)
    index_key: bytes = field(repr=False)
    link_key: bytes = field(repr=False)
    sealing_private: X25519PrivateKey = field(repr=False)
    sealing_public: Mapping[str, X25519PublicKey] = field(repr=False)
    ticket_private: Ed25519PrivateKey = field(repr=False)
    ticket_public: Mapping[str, Ed25519PublicKey] = field(repr=False)


class KeyFileWrong(Exception):
    """The key file cannot be used; the message says why and never shows a key."""


def load_keys(path: Path) -> ServiceKeys:
    """Read a service's key file.

    Errors: KeyFileWrong when it is missing, open to other users of the machine, or not what it should be.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"key file {path.name} cannot be read: {error.strerror}"
        raise KeyFileWrong(message) from None
    if mode & 0o077:
        message = f"key file {path.name} is open to others (mode {mode:o}); it must be 0600"
        raise KeyFileWrong(message)
    return keys_from_json(text)


def keys_from_json(text: str) -> ServiceKeys:
    """Read keys from the text of a key file.

    Errors: KeyFileWrong for anything that is not eight well-formed keys.
    """
    try:
        named = json.loads(text)
        return ServiceKeys(
            column_key=_secret(named["column_key"]),
            index_key=_secret(named["index_key"]),
            link_key=_secret(named["link_key"]),
            sealing_private=X25519PrivateKey.from_private_bytes(_secret(named["sealing_private"])),
            sealing_public={
                service: X25519PublicKey.from_public_bytes(_secret(key))
                for service, key in named["sealing_public"].items()
            },
            ticket_private=Ed25519PrivateKey.from_private_bytes(_secret(named["ticket_private"])),
            ticket_public={
                service: Ed25519PublicKey.from_public_bytes(_secret(key))
                for service, key in named["ticket_public"].items()
            },
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        message = f"key file holds no usable keys ({type(error).__name__})"
        raise KeyFileWrong(message) from None


def _secret(text: str) -> bytes:
    # The launcher writes standard base64 with padding; URL-safe signs are accepted for hand-made files.
    raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    if len(raw) != KEY_BYTES:
        message = f"a key has {len(raw)} bytes, not {KEY_BYTES}"
        raise ValueError(message)
    return raw
