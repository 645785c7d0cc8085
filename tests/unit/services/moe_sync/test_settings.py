"""The settings: read from the environment, and refused where they make no sense."""

from datetime import time

import pytest
from pydantic import ValidationError

from services.moe_sync.roster.week import Closing
from services.moe_sync.settings import MoeSyncSettings


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_MINISTRY_URL", "https://ministry.test/star")
    monkeypatch.setenv("STAR_WINDOW_CLOSES", "thursday 17:30")
    settings = MoeSyncSettings()
    assert settings.ministry_url == "https://ministry.test/star"
    assert settings.closing == Closing(3, time(17, 30))


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAR_MINISTRY_URL", raising=False)
    settings = MoeSyncSettings()
    assert settings.ministry_url == ""
    assert settings.closing == Closing(4, time(18))


@pytest.mark.parametrize(
    "wrong",
    [{"window_closes": "freitag"}, {"ministry_url": "ministry.test"}, {"ministry_url": "ftp://ministry.test"}, {"ministry_url": "http://"}],
)
def test_nonsense_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        MoeSyncSettings(**wrong)  # type: ignore[arg-type]
