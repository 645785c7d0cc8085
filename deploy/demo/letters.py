"""The made-up school's letters: some go at once, so that there is one to read; the others wait for a person, as in a flood."""

from typing import Any, Final

from deploy.demo.client import Client
from deploy.demo.school import NUMBER

POLICY: Final[dict[str, Any]] = {
    "hold": "PT0S",
    "window": {"days": "any", "opens": "00:00", "until": "23:59"},
    # Played in the holidays, the demo is about a term that is over.
    "after_term": "P60D",
    "daily_cap": 60,
    "good_news": {"back_on_track": 10, "full_term": True},
    "statement": {"every": "fortnight"},
    "together": True,
    # A few caregivers have no e-mail address: their letters wait to be printed.
    "paper": {"unreached": True, "steps": []},
}


async def send_at_once(client: Client) -> None:
    """Chooses the school's letter policy. A real school's letters wait for an hour, and go on school days between 8:00 and 18:00."""
    await client.put(f"/notifier/v1/schools/{NUMBER}/letter-policy", POLICY)
