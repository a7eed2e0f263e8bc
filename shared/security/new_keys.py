"""Makes the key files of a set of services that trust each other."""

import base64
import secrets
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.security.key_file import KEY_BYTES

KeyFileContent = dict[str, str | dict[str, str]]


def make_key_files(services: Sequence[str]) -> Mapping[str, KeyFileContent]:
    """Draw fresh keys for each service; each learns the others' public halves only.

    The values are what `load_keys` reads back once written as JSON.
    """
    sealing = {service: X25519PrivateKey.generate() for service in services}
    tickets = {service: Ed25519PrivateKey.generate() for service in services}
    sealing_public = {s: _text(key.public_key().public_bytes_raw()) for s, key in sealing.items()}
    ticket_public = {s: _text(key.public_key().public_bytes_raw()) for s, key in tickets.items()}
    return {
        service: {
            "column_key": _text(secrets.token_bytes(KEY_BYTES)),
            "index_key": _text(secrets.token_bytes(KEY_BYTES)),
            "link_key": _text(secrets.token_bytes(KEY_BYTES)),
            "sealing_private": _text(sealing[service].private_bytes_raw()),
            "sealing_public": sealing_public,
            "ticket_private": _text(tickets[service].private_bytes_raw()),
            "ticket_public": ticket_public,
        }
        for service in services
    }


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
