"""The configuration file: read beside the environment, which wins."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.environment import misspelt_in_file
from deploy.cli.main import main
from deploy.doctor.configuration import look_at_configuration
from services.notifier.settings import NotifierSettings
from shared.settings_file import SettingsFileError, settings_in_file


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "star.toml"
    path.touch(mode=0o600)
    monkeypatch.setenv("STAR_CONFIG", str(path))
    return path


def test_the_environment_wins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('hold = "PT2H"\nletters_at_once = 3\n[oidc_roles]\n"Attendance Office" = "manage"\n')
    monkeypatch.setenv("STAR_HOLD", "PT5M")
    settings = NotifierSettings()
    assert (settings.hold, settings.letters_at_once) == (timedelta(minutes=5), 3)
    assert settings.oidc_roles == {"Attendance Office": "manage"}
    assert NotifierSettings(letters_at_once=5).letters_at_once == 5


def test_the_data_folder_of_commands_is_the_files(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAR_DATA", raising=False)
    file.write_text(f'data = "{tmp_path / "kept"}"\n')
    words = ["token", "issue", "--subject", "tests", "--scopes", "ops", "--schools", "*"]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert (tmp_path / "kept" / "signing-key.pem").exists()
    monkeypatch.setenv("STAR_DATA", str(tmp_path / "other"))
    assert CliRunner().invoke(main, words).exit_code == 0
    assert (tmp_path / "other" / "signing-key.pem").exists()


def test_a_name_that_nobody_reads_is_warned_of(file: Path) -> None:
    file.write_text('hold = "PT2H"\nsmpt_url = "smtp://127.0.0.1"\nSTAR_BUS = "kafka"\n')
    lines = [f"STAR_BUS in {file} is not a setting: do you mean bus?", f"smpt_url in {file} is not a setting: do you mean smtp_url?"]
    assert list(misspelt_in_file()) == lines


def test_an_error_shows_no_value(file: Path) -> None:
    file.write_text('kafka_password = "secret-word\n')
    with pytest.raises(SettingsFileError) as raised:
        settings_in_file()
    assert "at line 1" in str(raised.value)
    assert "secret-word" not in str(raised.value)


def test_a_file_that_everybody_can_read_is_warned_of(file: Path, tmp_path: Path) -> None:
    assert look_at_configuration(tmp_path).state == "ok"
    file.chmod(0o644)
    finding = look_at_configuration(tmp_path)
    assert (finding.state, finding.fix) == ("warn", f"chmod o-r {file}")
