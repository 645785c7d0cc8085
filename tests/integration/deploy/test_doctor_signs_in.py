"""`star doctor` signs in at the mail server and at the Ministry's end as for a letter or an upload, and sends nothing."""

from pathlib import Path
from typing import Any

import asyncssh

from deploy.doctor.outside import look_at_mail, look_at_ministry
from deploy.sandbox.api import create_sandbox
from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry_store import MinistryStore
from deploy.sandbox.ministry_tokens import CLIENT_ID, CLIENT_SECRET
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.settings import NotifierSettings
from tests.integration.moe_sync.adapters.test_sftp import Server
from tests.support.scripted_smtp import ScriptedSmtp
from tests.support.servers import serving


async def test_mail_by_a_session(tmp_path: Path) -> None:
    catcher = MailCatcher(tmp_path / "mail")
    await catcher.start()
    settings = NotifierSettings(smtp_url=catcher.url)
    assert (await look_at_mail(settings, sandbox=False)).state == "ok"
    await catcher.stop()
    assert catcher.box.messages() == []
    assert (await look_at_mail(settings, sandbox=False)).state == "fail"
    assert (await look_at_mail(NotifierSettings(), sandbox=False)).state == "warn"

    def answers(_: object, command: str) -> str | None:
        return "553 5.1.8 not from you" if command.startswith("MAIL") else None

    async with ScriptedSmtp(answers) as server:
        finding = await look_at_mail(NotifierSettings(smtp_url=server.url), sandbox=False)
    assert (finding.state, finding.fix) == ("fail", "correct STAR_MAIL_FROM, or have the server take it")
    assert server.letters == []


async def test_mail_whose_server_refuses_the_password() -> None:
    def answers(_: object, command: str) -> str | None:
        return "535 5.7.8 no" if command.startswith("AUTH") else None

    async with ScriptedSmtp(answers, extensions=("AUTH PLAIN LOGIN",)) as server:
        finding = await look_at_mail(NotifierSettings(smtp_url=server.url.replace("//", "//made:up@")), sandbox=False)
    assert (finding.state, "535" in finding.detail) == ("fail", True)


async def test_a_token_for_the_ministry(tmp_path: Path) -> None:
    async with serving(create_sandbox(MailCatcher(tmp_path / "mail"), MinistryStore(tmp_path / "ministry"))) as url:
        fields: dict[str, Any] = {"ministry_url": f"{url}/ministry", "ministry_token_url": f"{url}/ministry/token"}
        right = MoeSyncSettings(**fields, ministry_client_id=CLIENT_ID, ministry_client_secret=CLIENT_SECRET)
        finding = await look_at_ministry(right, sandbox=False)
        assert (finding.state, finding.detail) == ("ok", "127.0.0.1 answers, and an access token is given")
        wrong = MoeSyncSettings(**fields, ministry_client_id=CLIENT_ID, ministry_client_secret="another")
        assert (await look_at_ministry(wrong, sandbox=False)).state == "fail"


async def test_the_ministry_by_sftp(tmp_path: Path) -> None:
    server = Server(tmp_path)
    acceptor = await server.start()
    by_sftp = server.settings(ministry_adapter="sftp")
    assert (await look_at_ministry(by_sftp, sandbox=False)).state == "ok"
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    assert (await look_at_ministry(by_sftp.model_copy(update={"ministry_sftp_host_key": other}), sandbox=False)).state == "fail"
    finding = await look_at_ministry(by_sftp.model_copy(update={"ministry_sftp_outbox": "nowhere"}), sandbox=False)
    assert (finding.state, finding.detail) == ("fail", "127.0.0.1 has no folder nowhere")
    acceptor.close()
    await acceptor.wait_closed()
    assert (await look_at_ministry(by_sftp, sandbox=False)).state == "fail"


async def test_the_ministry_by_a_folder(tmp_path: Path) -> None:
    assert (await look_at_ministry(MoeSyncSettings(ministry_folder=tmp_path), sandbox=False)).state == "ok"
    assert (await look_at_ministry(MoeSyncSettings(ministry_folder=tmp_path / "none"), sandbox=False)).state == "fail"
