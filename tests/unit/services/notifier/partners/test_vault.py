"""Secrets at rest."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.notifier.partners.vault import Vault, WrongKeyError, open_vault, parse_keys


def test_a_sealed_secret_is_not_to_be_read_and_opens_again() -> None:
    vault = Vault([Fernet.generate_key().decode()])
    sealed = vault.seal("whsec_abc")
    assert b"whsec" not in sealed
    assert vault.open(sealed) == "whsec_abc"


def test_the_data_folders_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    sealed = open_vault("", data).seal("whsec_abc")
    assert open_vault("", data).open(sealed) == "whsec_abc"
    assert (data / "secrets.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data.iterdir()] == ["secrets.key"]


def test_keys_can_be_replaced_by_putting_a_new_one_before_the_old(tmp_path: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = open_vault(old, tmp_path).seal("whsec_abc")
    both = open_vault(f"{new},{old}", tmp_path)
    assert both.open(sealed) == "whsec_abc"
    assert open_vault(new, tmp_path).open(both.seal("whsec_abc")) == "whsec_abc"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(WrongKeyError):
        open_vault(new, tmp_path).open(sealed)


@pytest.mark.parametrize("text", ["short", "a" * 43, "ü" * 44])
def test_a_key_that_is_none_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_keys(text)
    assert text not in str(caught.value)
