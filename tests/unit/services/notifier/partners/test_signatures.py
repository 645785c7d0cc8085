"""Signatures by the Standard Webhooks specification: its published vector, and its own library as the judge."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from services.notifier.partners.signatures import can_be_signed, new_secret, signature, signed_headers


def test_the_vector_that_the_specifications_libraries_are_tested_with() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=0, max_size=500).map(lambda data: b'{"x": "' + data.hex().encode() + b'"}'))
def test_the_specifications_library_takes_what_we_sign(body: bytes) -> None:
    secret = new_secret()
    headers = signed_headers([secret], "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0", int(datetime.now(UTC).timestamp()), body)
    Webhook(secret).verify(body, headers)


def test_two_secrets_sign_side_by_side_and_either_of_them_verifies() -> None:
    new, old, other = new_secret(), new_secret(), new_secret()
    headers = signed_headers([new, old], "event", int(datetime.now(UTC).timestamp()), b"{}")

    assert headers["webhook-signature"].count("v1,") == 2
    Webhook(new).verify(b"{}", headers)
    Webhook(old).verify(b"{}", headers)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(other).verify(b"{}", headers)


def test_secrets_are_long_enough_and_never_the_same() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    # 32 bytes are 44 characters of base64.
    assert {len(secret) for secret in made} == {len("whsec_") + 44}


@pytest.mark.parametrize("event_id", ["", "a.b", "a b", "ā", "a\n", "x" * 129])
def test_ids_that_could_make_two_messages_look_alike_are_refused(event_id: str) -> None:
    assert not can_be_signed(event_id)


def test_our_ids_can_be_signed() -> None:
    assert can_be_signed("6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0")
