"""Envelopes, passwords, and the net that keeps passwords of others out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.kamar import envelope, passwords
from services.ingest.kamar.scrubbing import Scrubber
from services.ingest.settings import IngestSettings


def test_answers_are_written_as_kamar_reads_them() -> None:
    body, media_type = envelope.render(envelope.ok(), xml=False)
    assert body == b'{"SMSDirectoryData": {"error": 0, "result": "OK", "service": "STAR", "version": "1.0"}}'
    assert media_type == "application/json"
    for status in (401, 403):
        content = json.loads(envelope.render(envelope.failed(status), xml=False)[0])["SMSDirectoryData"]
        assert content == {"error": status, "result": "Authentication Failed", "service": "STAR", "version": "1.0"}
    body, _ = envelope.render(envelope.ready("https://example.org/?a&b", "<p>", "New Zealand"), xml=True)
    assert b"<infourl>https://example.org/?a&amp;b</infourl><privacystatement>&lt;p&gt;</privacystatement>" in body
    assert b"<passwords>false</passwords>" in body


def test_the_default_statement_is_long_enough() -> None:
    assert len(IngestSettings().kamar_privacy_statement) >= 100
    with pytest.raises(ValueError, match="100"):
        IngestSettings(kamar_privacy_statement="short")


def test_passwords_are_drawn_with_160_bits_and_stored_as_one_hash() -> None:
    password = passwords.new_password()
    assert len(password) == 32
    assert password != passwords.new_password()
    stored = passwords.hashed(password)
    assert password not in stored
    assert passwords.matches(password, stored)
    assert not passwords.matches(password + " ", stored)
    assert not passwords.matches("", passwords.NOBODY)
    assert passwords.hashed("abc") == "sha256$ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert passwords.new_username("0999").startswith("0999-")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a":1,"password":"x\\"y","b":2}', '{"a":1,"password":null,"b":2}'),
        ('{"PasswordEncrypted" : "c2VjcmV0" }', '{"PasswordEncrypted" : null }'),
        ('{"password":12345}', '{"password":null}'),
        ('{"passwords":false}', '{"passwords":false}'),
        ('{"note":"the \\"password\\":\\"x\\" is"}', '{"note":"the \\"password\\":\\"x\\" is"}'),
        ("<s><password>x</password><b/></s>", "<s><password/><b/></s>"),
        ('<s password="x" b="y"/>', '<s password="" b="y"/>'),
    ],
)
@pytest.mark.parametrize("step", [1, 5, 1000])
def test_scrubbing(before: str, after: str, step: int) -> None:
    assert scrubbed(before.encode(), step) == after.encode()
    # Wherever it stands in a long document.
    padding = b" " * 1500
    assert scrubbed(padding + before.encode() + padding, 1 << 20) == padding + after.encode() + padding


def scrubbed(data: bytes, step: int) -> bytes:
    scrubber = Scrubber()
    return b"".join(scrubber.feed(data[start : start + step]) for start in range(0, len(data), step)) + scrubber.end()


@given(data=st.binary(max_size=5000), step=st.integers(1, 2000))
def test_scrubbing_leaves_everything_else_alone(data: bytes, step: int) -> None:
    if b"assword" not in data.lower():
        assert scrubbed(data, step) == data
