"""The notifier's settings, as they come from the environment."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.notifier.settings import NotifierSettings


@pytest.mark.parametrize(("text", "hold"), [("PT0S", timedelta(0)), ("PT1H", timedelta(hours=1)), ("P1DT2H", timedelta(days=1, hours=2))])
def test_the_hold_is_an_iso_duration(monkeypatch: pytest.MonkeyPatch, text: str, hold: timedelta) -> None:
    monkeypatch.setenv("STAR_HOLD", text)
    assert NotifierSettings().hold == hold


def test_what_can_not_be_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="starts with smtp://"):
        NotifierSettings(smtp_url="https://mail.example.nz")
    for sender in ("nobody", "nōbody@example.nz"):
        with pytest.raises(ValidationError, match="not an e-mail address"):
            NotifierSettings(mail_from=sender)
    with pytest.raises(ValidationError):
        NotifierSettings(hold=timedelta(seconds=-1))


def test_a_password_is_not_shown() -> None:
    settings = NotifierSettings(smtp_url="smtps://star:hunter2@mail.example.nz")
    assert "hunter2" not in repr(settings)


def test_a_text_gateways_fields_come_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_TEXT_URL", "https://gateway.example.nz/v1/messages")
    monkeypatch.setenv("STAR_TEXT_TOKEN", "hunter2")
    monkeypatch.setenv("STAR_TEXT_FIELDS", '{"destination": "{to}", "content": "{text}", "source": "STAR"}')
    settings = NotifierSettings()

    assert settings.text_fields == {"destination": "{to}", "content": "{text}", "source": "STAR"}
    assert "hunter2" not in repr(settings)
    with pytest.raises(ValidationError, match=r"https://"):
        NotifierSettings(text_url="http://gateway.example.nz/v1/messages")
    monkeypatch.setenv("STAR_TEXT_FIELDS", '{"content": "{text}"}')
    with pytest.raises(ValidationError, match=r"\{to\}"):
        NotifierSettings()
