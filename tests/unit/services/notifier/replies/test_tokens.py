"""Tokens of links: the same for each attempt, another for each letter, and nothing of them in a database."""

import uuid

from cryptography.fernet import Fernet

from services.notifier.replies.tokens import LENGTH, Tokens, digest_of

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
LETTER, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


def test_a_letter_has_one_token_and_another_letter_another() -> None:
    tokens = Tokens([OLD])
    assert tokens.new(LETTER) == Tokens([OLD]).new(LETTER)
    assert tokens.new(LETTER) != tokens.new(OTHER)
    assert len(tokens.new(LETTER)) == LENGTH
    assert Tokens([NEW]).new(LETTER) != tokens.new(LETTER)


def test_a_letter_that_was_written_with_the_key_before_keeps_its_link() -> None:
    token = Tokens([OLD]).new(LETTER)
    assert Tokens([NEW, OLD]).of(LETTER, digest_of(token)) == token
    assert Tokens([NEW, OLD]).new(LETTER) != token
    assert Tokens([NEW]).of(LETTER, digest_of(token)) is None
    assert Tokens([OLD]).of(LETTER, None) is None


def test_whatever_is_tried_has_a_digest() -> None:
    assert len({digest_of(text) for text in ("", "x" * 4000, "\udcff", "é", "../..")}) == 5
