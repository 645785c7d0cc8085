"""A document is believed when somebody known signed it, and nobody touched it since."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from services.thresholds.transfers.signing import Keyring, UntrustedError
from shared.auth.keys import key_in
from shared.auth.tokens import issue_token

PAYLOAD = '{"format":"nz.star.transfer.v1","name":"Ātaria Example"}'.encode()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.of(tmp_path / "own" / "key.pem")


def test_what_was_signed_comes_out_again(keyring: Keyring) -> None:
    assert keyring.verify(keyring.sign(PAYLOAD)) == PAYLOAD


def test_the_key_is_kept(keyring: Keyring) -> None:
    signed = keyring.sign(PAYLOAD)
    assert Keyring.of(keyring.key_file).verify(signed) == PAYLOAD


def test_a_document_that_was_changed_is_refused(keyring: Keyring) -> None:
    header, payload, signature = keyring.sign(PAYLOAD).split(".")
    other = jwt.utils.base64url_encode(PAYLOAD.replace(b"Example", b"Exemple")).decode()
    with pytest.raises(UntrustedError, match="changed"):
        keyring.verify(f"{header}.{other}.{signature}")
    assert keyring.verify(f"{header}.{payload}.{signature}") == PAYLOAD


def test_another_engine_is_believed_once_its_key_is_trusted(keyring: Keyring, tmp_path: Path) -> None:
    other = Keyring.of(tmp_path / "other" / "key.pem")
    signed = other.sign(PAYLOAD)
    with pytest.raises(UntrustedError, match="not trusted"):
        keyring.verify(signed)

    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps(other.public_keys()))
    assert Keyring.of(keyring.key_file, trust).verify(signed) == PAYLOAD


def test_a_new_key_signs_and_what_the_old_one_signed_stays_ours(keyring: Keyring, tmp_path: Path) -> None:
    old = keyring.key_file.read_bytes() if keyring.keys else b""
    signed = keyring.sign(PAYLOAD)
    new = Keyring.of(tmp_path / "new.pem")
    [published] = new.public_keys()["keys"]
    abroad = tmp_path / "abroad.json"

    # First the next key stands behind the one that signs, so that others learn of it.
    keyring.key_file.write_bytes(old + new.key_file.read_bytes())
    both = Keyring.of(keyring.key_file)
    assert both.sign(PAYLOAD) == signed
    assert published in both.public_keys()["keys"]
    abroad.write_text(json.dumps(both.public_keys()))

    keyring.key_file.write_bytes(new.key_file.read_bytes() + old)
    changed = Keyring.of(keyring.key_file)
    assert changed.sign(PAYLOAD) == new.sign(PAYLOAD) != signed
    other = Keyring.of(tmp_path / "other.pem", abroad)
    for document in (signed, changed.sign(PAYLOAD)):
        assert changed.verify(document) == other.verify(document) == PAYLOAD
        assert changed.signed_here(document)
        assert not other.signed_here(document)


@pytest.mark.parametrize("garbage", ["", "a.b.c", "...", "eyJhbGciOiJub25lIn0..", "not a document", "{}"])
def test_what_is_no_document_is_refused(keyring: Keyring, garbage: str) -> None:
    with pytest.raises(UntrustedError):
        keyring.verify(garbage)


def test_no_signature_and_another_algorithm_are_refused(keyring: Keyring) -> None:
    kid = jwt.get_unverified_header(keyring.sign(PAYLOAD))["kid"]
    for algorithm, key in (("none", None), ("HS256", "guessed" * 8)):
        forged = jwt.PyJWS().encode(PAYLOAD, key, algorithm=algorithm, headers={"typ": "star-transfer+jws", "kid": kid})
        with pytest.raises(UntrustedError):
            keyring.verify(forged)


def test_a_token_is_no_document(tmp_path: Path) -> None:
    keyring = Keyring.of(tmp_path / "key.pem")
    token = issue_token(
        key_in(tmp_path / "key.pem"), subject="s", scopes=["ops"], schools=["0999"], now=datetime.now(UTC), valid_for=timedelta(hours=1)
    )
    with pytest.raises(UntrustedError, match="not a signed transfer document"):
        keyring.verify(token)


@pytest.mark.parametrize("content", ["", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
def test_a_list_of_trust_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    trust = tmp_path / "trust.json"
    trust.write_text(content)
    with pytest.raises(ValueError, match=r"trust\.json"):
        Keyring.of(tmp_path / "key.pem", trust)
