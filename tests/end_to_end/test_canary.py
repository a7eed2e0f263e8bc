"""The canary itself: a planted leak must be found in each disguise."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.end_to_end.canary import find_leaks

NAME, PHONE = "欧阳小梅", "13800000042"


@pytest.mark.parametrize("secret", [NAME, PHONE])
@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: text,
        lambda text: json.dumps({"name": text}),
        lambda text: json.dumps(json.dumps({"name": text})),
        lambda text: f"/desk?q={quote(text)}",
        lambda text: base64.b64encode(f"x{text}yz".encode()).decode(),
        lambda text: base64.b64encode(f"xy{text}".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"xyz{text}ab".encode()).decode(),
    ],
    ids=["raw", "escaped", "escaped twice", "percent", "base64+1", "base64+2", "base64+0"],
)
def test_a_planted_leak_is_found(secret: str, disguise: object) -> None:
    assert callable(disguise)
    text = f"before {disguise(secret)} after".encode()
    assert [leak.secret for leak in find_leaks([secret, "别人"], {"log": [text]})] == [secret]


def test_what_is_not_secret_is_no_leak() -> None:
    assert find_leaks([NAME, PHONE], {"log": [b"order A0001-3 for 5 people, 13800000043"]}) == []
