"""Secrets in files that the environment names."""

from pathlib import Path

import pytest

from deploy.cli.environment import misspelt
from deploy.services import settings_classes
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.settings import NotifierSettings
from shared.secret_files import secrets_of
from shared.set_up import SetUpError
from shared.settings import Settings


def test_every_secret_can_stand_in_a_file() -> None:
    secrets = {name for settings in settings_classes() for name in secrets_of(settings)}
    assert secrets == {
        "database_url",
        "ingest_database_url",
        "thresholds_database_url",
        "notifier_database_url",
        "moe_sync_database_url",
        "console_database_url",
        "smtp_url",
        "text_token",
        "secrets_key",
        "ministry_client_secret",
        "console_client_secret",
    }


def test_a_files_value_is_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (
        ("smtp_url", "smtp://mail.example.nz\n"),
        ("database_url", "postgresql://db.example.nz/star"),
        ("secret", "word\r\n"),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("STAR_SMTP_URL_FILE", str(tmp_path / "smtp_url"))
    monkeypatch.setenv("STAR_DATABASE_URL_FILE", str(tmp_path / "database_url"))
    monkeypatch.setenv("STAR_MINISTRY_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    settings = NotifierSettings()
    assert (settings.smtp_url, settings.database_url) == ("smtp://mail.example.nz", "postgresql://db.example.nz/star")
    assert "db.example.nz" not in repr(settings)
    assert MoeSyncSettings().ministry_client_secret.get_secret_value() == "word"
    assert list(misspelt(["STAR_SMTP_URL_FILE", "STAR_HOLD_FILE"])) == ["STAR_HOLD_FILE is not a setting: do you mean STAR_HOLD?"]


def test_a_file_that_is_not_there_and_two_values_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_DATABASE_URL_FILE", str(tmp_path / "none"))
    with pytest.raises(SetUpError, match=r"^STAR_DATABASE_URL_FILE names .*/none, which can't be read \(No such file or directory\): "):
        Settings()
    monkeypatch.setenv("STAR_DATABASE_URL_FILE", str(tmp_path))
    with pytest.raises(SetUpError, match=r"can't be read \(Is a directory\)"):
        Settings()
    (tmp_path / "bytes").write_bytes(b"p\xffssword")
    monkeypatch.setenv("STAR_DATABASE_URL_FILE", str(tmp_path / "bytes"))
    with pytest.raises(SetUpError, match="which is not UTF-8"):
        Settings()
    monkeypatch.setenv("STAR_DATABASE_URL", "postgresql://db.example.nz/star")
    with pytest.raises(SetUpError, match="STAR_DATABASE_URL and STAR_DATABASE_URL_FILE are both set"):
        Settings()
