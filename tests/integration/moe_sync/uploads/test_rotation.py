"""Our secret at the Ministry's end changes between and within windows: each week is there once, and none is given up."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from deploy.sandbox.ministry import create_ministry
from deploy.sandbox.ministry_tokens import CLIENT_ID, CLIENT_SECRET, Tokens
from tests.integration.moe_sync.office import CLOSE, WEEK, Office
from tests.support.polling import eventually
from tests.support.servers import serving

NEW = "the-new-secret"
PATIENCE = 120.0
WEEKS = ["2026-W43", "2026-W44", "2026-W45"]


def asking(url: str, secret: str) -> dict[str, Any]:
    """The settings of a worker with this secret."""
    return {
        "ministry_url": f"{url}/ministry",
        "ministry_token_url": f"{url}/ministry/token",
        "ministry_client_id": CLIENT_ID,
        "ministry_client_secret": SecretStr(secret),
        # The first attempt of a process builds TLS contexts and schemas.
        "upload_timeout": timedelta(seconds=60),
    }


async def test_both_secrets_hold_while_the_worker_goes_over(closed_office: Office, tmp_path: Path) -> None:
    office, tokens = closed_office, Tokens(required=True)
    async with serving(create_ministry(tmp_path / "guarded", tokens=tokens)) as office.ministry:
        await office.start(**asking(office.ministry, CLIENT_SECRET))
        await office.publish(office.school(), office.crossed("1"))
        await office.turn_to(CLOSE)
        await eventually(office.statuses, [(WEEKS[0], 1, "accepted")], PATIENCE)

        tokens.secrets = {CLIENT_SECRET, NEW}
        await office.stop()
        await office.start(**asking(office.ministry, NEW))
        await office.publish(office.crossed("2"))
        await office.turn_to(CLOSE + WEEK)
        await eventually(office.statuses, [(week, 1, "accepted") for week in WEEKS[:2]])

        # Tokens of the old secret end with it.
        tokens.secrets = {NEW}
        tokens.revoke_all()
        await office.publish(office.crossed("3"))
        await office.turn_to(CLOSE + 2 * WEEK)
        await eventually(office.statuses, [(week, 1, "accepted") for week in WEEKS])
        assert await office.weeks_there() == [(week, 1, 1) for week in WEEKS]
        for upload in await office.uploads():
            assert [attempt["outcome"] for attempt in (await office.upload(upload["id"]))["attempts"]] == ["done"]


async def test_an_upload_waits_where_the_old_secret_ends_too_early(closed_office: Office, tmp_path: Path) -> None:
    office, tokens = closed_office, Tokens(required=True)
    tokens.secrets = {NEW}
    async with serving(create_ministry(tmp_path / "guarded", tokens=tokens)) as office.ministry:
        await office.start(**asking(office.ministry, CLIENT_SECRET))
        await office.publish(office.school(), office.crossed())
        await office.turn_to(CLOSE)

        async def attempts() -> list[tuple[str, str]]:
            uploads = await office.uploads()
            newest = await office.upload(uploads[0]["id"]) if uploads else {"attempts": []}
            return [(attempt["outcome"], attempt["detail"]) for attempt in newest["attempts"]]

        await eventually(attempts, [("retry", "token-refused")], PATIENCE)
        assert (await office.weeks_there(), await office.statuses()) == ([], [(WEEKS[0], 1, "sending")])
        await office.stop()
        await office.start(**asking(office.ministry, NEW))
        await office.turn_to(CLOSE + timedelta(hours=1))
        await eventually(attempts, [("retry", "token-refused"), ("done", "accepted")], PATIENCE)
        assert await office.weeks_there() == [(WEEKS[0], 1, 1)]
