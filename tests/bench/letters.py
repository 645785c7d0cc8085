"""`python -m tests.bench.letters`: letters a second over kept connections and over fresh ones, and ten thousand letters through kills.

Nothing is asserted of the speed; that every letter is accounted for is.
"""

import argparse
import asyncio
import os
import tempfile
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
import trustme
import uvloop

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.trees import TREES
from deploy.kafka.probe import free_port
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.delivery.transports.smtp import SmtpTransport
from services.notifier.delivery.transports.smtp_pool import PoolLimits
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from shared.bus.factory import create_bus
from shared.db.migrate import migrate
from shared.settings import Settings
from shared.worklist.tasks import Done
from tests.bench.results import Results
from tests.support.letter_proof import prove
from tests.support.rude_mail_server import rude_mail_server

AT_ONCE = 8
SENT = 1_500
LETTERS = 10_000
KILLS = 4

PARCEL = Parcel(
    id=uuid.UUID(int=0),
    channel="email",
    recipient="family-1@example.test",
    sender_name="Example College",
    reply_to="office@example-college.invalid",
    subject="Tāne has been away for 5 days this term",
    text="Kia ora,\n\n" + "Every day away counts, whatever the reason. " * 40,
    html="<p>" + "Every day away counts, whatever the reason. " * 80 + "</p>",
    message_id="<0@notifier.star.invalid>",
    written_at=datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
)


async def rate(url: str, letters_each: int) -> float:
    """Letters a second through the transport alone, so many at once."""
    transport = SmtpTransport(
        parse_smtp_url(url), mail_from="no-reply@star.invalid", timeout=timedelta(seconds=60), limits=PoolLimits(AT_ONCE, letters_each)
    )
    numbers = iter(range(SENT))

    async def send() -> None:
        for number in numbers:
            parcel = replace(PARCEL, id=uuid.UUID(int=number), message_id=f"<{number}@notifier.star.invalid>")
            outcome = await transport.send(parcel)
            assert outcome == Done(), outcome

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - began
    await transport.close()
    return SENT / seconds


async def bench_connections(folder: Path, results: Results) -> None:
    """Connections kept, against one for each letter."""
    results.heading(f"Letters by SMTP, {AT_ONCE} at once, to a server in a process of its own")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "server.pem")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    # Where the machine's own authorities are looked up, by OpenSSL's rules.
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")
    secret = ["--certificate", str(folder / "server.pem"), "--key", str(folder / "server.key")]
    for distance, round_trip in (("here", "0"), ("20 ms away", "0.02")):
        for security, scheme, options in (("plain", "smtp", []), ("STARTTLS", "smtp+starttls", secret)):
            journal = folder / f"journal-{scheme}-{round_trip}"
            with rude_mail_server(free_port(), journal, "--polite", "--round-trip", round_trip, *options) as server:
                url = f"{scheme}://127.0.0.1:{server.port}"
                fresh = await rate(url, 1)
                kept = await rate(url, 100)
            results.add(f"{distance}, {security}, a connection each", fresh, "letters/s")
            results.add(f"{distance}, {security}, connections kept for 100 letters", kept, "letters/s")
            results.add("  times as many", kept / fresh, "x")


async def bench_proof(folder: Path, results: Results, letters: int) -> None:
    """The whole way from the crossing on, through kills."""
    results.heading(f"{letters:,} letters, crossing to mailbox, with the worker and the mail server killed {KILLS} times each")
    postgres = EmbeddedPostgres(folder / "postgres")
    url = postgres.start()
    try:
        await migrate(url, TREES)
        bus = create_bus(Settings(database_url=url, kafka_partitions=1))
        await bus.ensure_topics()
        await bus.close()
        account = await prove(folder, url, letters, KILLS)
    finally:
        postgres.stop()
    results.add("sent", account.sent, "letters")
    results.add("refused, each with its reason", account.refused, "letters")
    results.add("lost, or unaccounted for", account.letters - account.sent - account.refused, "letters")
    results.add("copies too many, with the same Message-ID, all explained", account.twice, "letters")
    results.add("attempts cut short by kills", account.cut_short, "attempts")
    results.add("with bad manners, kills and restarts", account.letters / account.seconds, "letters/s")


async def main() -> None:
    """Runs both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=LETTERS)
    parser.add_argument("--only", choices=["connections", "proof"])
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    results = Results()
    with tempfile.TemporaryDirectory(prefix="star-bench-", ignore_cleanup_errors=True) as folder:
        if given.only != "proof":
            await bench_connections(Path(folder), results)
        if given.only != "connections":
            await bench_proof(Path(folder), results, given.letters)


if __name__ == "__main__":
    uvloop.run(main())
