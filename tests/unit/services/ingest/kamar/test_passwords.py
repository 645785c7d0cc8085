"""Passwords of KAMAR's credentials."""

from services.ingest.kamar import passwords


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
