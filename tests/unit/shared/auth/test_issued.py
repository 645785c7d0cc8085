"""The list of tokens: who has access, when each was last used; and a key that changes while tokens are in use."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.main import main
from shared.auth.issued import FOLDER, listed_tokens, note_issued
from shared.auth.keys import end_retired_keys, rotate_signing_key
from shared.auth.tokens import LocalKeys, TokenVerifier, claims_in
from shared.web.errors import ProblemError
from tests.support.tokens import bearer, local_token

WEEK = timedelta(days=7)


def verifier(data: Path) -> TokenVerifier:
    """One that has believed nothing yet."""
    return TokenVerifier(LocalKeys(data))


async def holds(checker: TokenVerifier, token: str) -> bool:
    try:
        await checker.principal(bearer(token)["Authorization"])
    except ProblemError:
        return False
    return True


async def test_a_token_is_listed_with_its_last_use(tmp_path: Path) -> None:
    token = local_token(tmp_path, ["ops"], valid_for=WEEK, subject="partner")
    note_issued(tmp_path, claims_in(token))
    [listed] = listed_tokens(tmp_path, datetime.now(UTC))
    assert (listed.token.subject, listed.token.scopes, listed.token.schools, listed.state, listed.used_at) == (
        "partner",
        "ops",
        ["0999"],
        "valid",
        None,
    )
    assert await holds(verifier(tmp_path), token)
    [listed] = listed_tokens(tmp_path, datetime.now(UTC))
    assert listed.used_at is not None
    assert token.encode() not in b"".join(file.read_bytes() for file in (tmp_path / FOLDER).iterdir())


async def test_a_token_from_before_the_list_comes_onto_it_when_it_is_used_and_a_short_one_does_not(tmp_path: Path) -> None:
    old, short = local_token(tmp_path, ["ops"], valid_for=WEEK), local_token(tmp_path, ["ops"])
    assert await holds(verifier(tmp_path), old)
    assert await holds(verifier(tmp_path), short)
    assert [listed.token.id for listed in listed_tokens(tmp_path, datetime.now(UTC))] == [claims_in(old)["jti"]]


async def test_a_use_is_noted_once_a_minute(tmp_path: Path) -> None:
    token = local_token(tmp_path, ["ops"], valid_for=WEEK)
    assert await holds(verifier(tmp_path), token)
    used = tmp_path / FOLDER / f"{claims_in(token)['jti']}.used"
    before = time.time() - 30
    os.utime(used, (before, before))
    assert await holds(verifier(tmp_path), token)
    assert used.stat().st_mtime == pytest.approx(before)
    os.utime(used, (before - 60, before - 60))
    assert await holds(verifier(tmp_path), token)
    assert used.stat().st_mtime > before


async def test_tokens_outlive_a_new_key_until_the_old_one_is_ended(tmp_path: Path) -> None:
    old = local_token(tmp_path, ["ops"], valid_for=WEEK)
    # A service that runs on all the while.
    running = LocalKeys(tmp_path)
    rotate_signing_key(tmp_path, "20261130T000000Z")
    new = local_token(tmp_path, ["ops"], valid_for=WEEK)
    assert [await holds(TokenVerifier(running), token) for token in (old, new)] == [True, True]
    assert end_retired_keys(tmp_path) == 1
    assert [await holds(TokenVerifier(running), token) for token in (old, new)] == [False, True]


def test_the_commands(tmp_path: Path) -> None:
    def star(*words: str) -> str:
        done = CliRunner().invoke(main, [*words, "--data", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return done.output

    for subject in ("partner", "school"):
        star("token", "issue", "--subject", subject, "--scopes", "star:read", "--schools", "0999")
    assert {"partner", "school", "never", "valid"} <= set(star("tokens", "list").split())
    assert star("tokens", "revoke", "--subject", "partner") == "revoked 1\n"
    assert "partner" not in star("tokens", "list").split()
    assert star("tokens", "revoke", "mistyped").startswith("warning: no token on the list has the id mistyped; ")
    assert "revoked" in star("tokens", "list", "--all").split()
    assert star("tokens", "rotate").startswith("a new key signs")
    assert star("tokens", "rotate", "--end-old") == "1 retired keys ended\n"
