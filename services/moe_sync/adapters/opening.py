"""The adapters that the settings set up, opened for a worker."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from services.moe_sync.adapters.folder import Archive, FolderAdapter
from services.moe_sync.adapters.https import HttpsAdapter, Tls, https_client
from services.moe_sync.adapters.interface import Adapter
from services.moe_sync.adapters.oauth import Credentials, Tokens
from services.moe_sync.roster.preferences import AdapterName
from services.moe_sync.settings import MoeSyncSettings
from shared.clock import Clock, utc_now

if TYPE_CHECKING:
    from services.moe_sync.adapters.sftp import SftpServer


@asynccontextmanager
async def open_adapters(
    settings: MoeSyncSettings, archive: Archive, clock: Clock = utc_now
) -> AsyncIterator[Mapping[AdapterName, Adapter]]:
    """The adapters by name; `archive` makes the CSV files of a document.

    Raises at once when a certificate or key can't be used: an operator has to mend that.
    """
    async with AsyncExitStack() as stack:
        adapters: dict[AdapterName, Adapter] = {"folder": FolderAdapter(settings.ministry_folder, archive)}
        if settings.ministry_url:
            tls = Tls(settings.ministry_ca, settings.ministry_certificate, settings.ministry_key)
            client = await stack.enter_async_context(https_client(settings.upload_timeout, tls))
            tokens = None
            if settings.ministry_token_url:
                tokens = Tokens(client, credentials(settings))
            adapters["https"] = HttpsAdapter(
                client, settings.ministry_url, settings.upload_timeout, clock, tokens, compressed=settings.ministry_gzip
            )
        if settings.ministry_sftp_url:
            # Imported only where it is used: its cryptography takes a while to load.
            from services.moe_sync.adapters.sftp import SftpAdapter  # noqa: PLC0415

            adapters["sftp"] = SftpAdapter(sftp_server(settings), settings.upload_timeout)
        yield adapters


def credentials(settings: MoeSyncSettings) -> Credentials:
    """Our name and secret at the token endpoint that the settings name."""
    secret = settings.ministry_client_secret.get_secret_value()
    return Credentials(settings.ministry_token_url, settings.ministry_client_id, secret, settings.ministry_scope or None)


def sftp_server(settings: MoeSyncSettings) -> "SftpServer":
    """The SFTP server that the settings name. Raises ValueError."""
    from services.moe_sync.adapters.sftp import SftpServer  # noqa: PLC0415

    assert settings.ministry_sftp_key is not None
    return SftpServer.parse(
        settings.ministry_sftp_url,
        settings.ministry_sftp_key,
        settings.ministry_sftp_host_key,
        settings.ministry_sftp_inbox,
        settings.ministry_sftp_outbox,
    )
