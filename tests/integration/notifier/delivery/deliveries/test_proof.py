"""A thousand letters, with the mail server and the worker killed meanwhile: each arrives once, or is accounted for."""

from pathlib import Path

import pytest

from tests.support.letter_proof import prove

LETTERS = 1_000
KILLS = 2


@pytest.mark.timeout(900)
async def test_each_letter_arrives_once_or_is_accounted_for(tmp_path: Path, database_url: str) -> None:
    account = await prove(tmp_path, database_url, LETTERS, KILLS)

    assert (account.sent, account.refused) == (970, 30)
    assert (account.worker_kills, account.server_kills) == (KILLS, KILLS)
