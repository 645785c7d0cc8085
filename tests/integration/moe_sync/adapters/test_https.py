"""Over real TLS: certificates on both sides, access tokens, compression."""

from pathlib import Path

import httpx
import pytest

from deploy.sandbox.ministry import create_ministry
from deploy.sandbox.ministry_tokens import CLIENT_ID, CLIENT_SECRET, Tokens
from services.moe_sync.adapters.interface import Answer, Received, Unsettled
from services.moe_sync.adapters.opening import open_adapters
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.uploads.csv_set import archive_of
from tests.integration.moe_sync.adapters.ministry import Papers, over_tls, papers, parcel, settings
from tests.support.servers import serving


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers(tmp_path_factory.mktemp("papers"))


async def sent(chosen: MoeSyncSettings, records: int = 1) -> Answer:
    async with open_adapters(chosen, archive_of) as adapters:
        return await adapters["https"].send(parcel(records))


async def kept(url: str) -> int:
    async with httpx.AsyncClient() as client:
        return len((await client.get(f"{url}/ministry/uploads")).json()["items"])


async def test_both_sides_show_certificates(certificates: Papers, tmp_path: Path) -> None:
    async with over_tls(create_ministry(tmp_path / "kept"), certificates, tmp_path) as url:
        answer = await sent(settings(url, ministry_ca=certificates.authority, ministry_certificate=certificates.ours))
        assert isinstance(answer, Received)
        assert answer.status == "accepted"
        # Without ours, with a stranger's, and to one whom we don't trust: nothing arrives, and it is tried again.
        hung_up = {"unreachable", "certificate"}
        for wrong, codes in (
            (settings(url, ministry_ca=certificates.authority), hung_up),
            (
                settings(url, ministry_ca=certificates.authority, ministry_certificate=certificates.strangers),
                {"unreachable", "certificate"},
            ),
            (settings(url, ministry_certificate=certificates.ours), {"certificate"}),
        ):
            refused = await sent(wrong)
            assert isinstance(refused, Unsettled)
            # Of ours, a server that hangs up does not always say why; theirs is a set-up fault with its alarm, and no outage.
            assert refused.code in codes
    with pytest.raises(FileNotFoundError):
        await sent(settings("https://ministry.test", ministry_certificate=tmp_path / "missing.pem"))


def with_tokens(url: str, **changes: object) -> MoeSyncSettings:
    tokens = {"ministry_token_url": f"{url}/ministry/token", "ministry_client_id": CLIENT_ID, "ministry_client_secret": CLIENT_SECRET}
    return settings(url, **(tokens | changes))


async def test_a_token_is_asked_for_once_and_again_when_it_is_not_believed(tmp_path: Path) -> None:
    tokens = Tokens(required=True)
    async with serving(create_ministry(tmp_path, tokens=tokens)) as url:
        assert await sent(settings(url)) == await sent(settings(url))
        async with open_adapters(with_tokens(url), archive_of) as adapters:
            for number in range(3):
                assert isinstance(await adapters["https"].send(parcel(key=f"key-{number}")), Received)
            assert tokens.issued == 1
            tokens.revoke_all()
            assert isinstance(await adapters["https"].send(parcel(key="key-3")), Received)
            assert tokens.issued == 2
        wrong = await sent(with_tokens(url, ministry_client_secret="another"))
        assert wrong == Unsettled("token-refused", "the Ministry's end gave no access token", None, False)
        away = await sent(with_tokens(url, ministry_token_url="http://127.0.0.1:1/token"))
        assert away == Unsettled("token-unreachable", "the Ministry's end gave no access token", None, False)
        strange = await sent(with_tokens(url, ministry_token_url=f"{url}/ministry/uploads"))
        assert isinstance(strange, Unsettled)
        assert strange.arrived is False


async def test_compressed_or_not_it_is_the_same_upload(tmp_path: Path) -> None:
    async with serving(create_ministry(tmp_path)) as url:
        packed = await sent(settings(url, ministry_gzip=True), 50)
        assert isinstance(packed, Received)
        assert await sent(settings(url), 50) == packed
        assert await kept(url) == 1
