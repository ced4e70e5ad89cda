"""Only SHA-256 over exactly these bytes with exactly this secret."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.webhook.signature import verify


def test_githubs_own_example() -> None:
    """From GitHub's page about validating deliveries."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert verify(b"It's a Secret to Everybody", b"Hello, World!", signature)


@given(st.binary(), st.binary(min_size=1))
def test_a_signature_counts_for_its_body_only(body: bytes, secret: bytes) -> None:
    signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert verify(secret, body, signature)
    assert not verify(secret, body + b" ", signature)
    assert not verify(secret + b"x", body, signature)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha1=757107ea0eb2509fc211221cce984b8a37570b6d",
        "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1ä",
        "\udcff",
    ],
)
def test_nothing_else_does(signature: str) -> None:
    assert not verify(b"It's a Secret to Everybody", b"Hello, World!", signature)
