"""The answers that KAMAR gets, and the statement that it shows."""

import json

import pytest

from services.ingest.kamar import envelope
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
