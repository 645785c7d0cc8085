"""Receivers that time out, lie, drip or flood, and addresses that lead inside."""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from services.notifier.partners.addresses import Guard, parse_networks
from services.notifier.partners.courier import NO_ADDRESS, AddressBook, AddressRefusedError, Courier, Resolver, system_resolver
from services.notifier.partners.endpoints import parse_endpoint
from services.notifier.partners.repository.webhooks import WORK_KIND
from services.notifier.partners.schedule import Answer
from shared.worklist import repository as worklist
from tests.integration.notifier.partners.conftest import Office, plan
from tests.support.crossings import up
from tests.support.receivers import Answering, Receiver, receiving, saying

LOOPBACK = "127.0.0.0/8"


async def never(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def slams_the_door(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def speaks_no_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
    await writer.drain()
    writer.close()


async def drips_its_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Drip: drop\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drips_its_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


def courier(
    *, timeout: float = 20, resolver: Resolver = system_resolver, allowed: str = LOOPBACK, tls: ssl.SSLContext | None = None
) -> Courier:
    book = AddressBook(Guard(parse_networks(allowed)), resolver=resolver)
    return Courier(book, timeout=timedelta(seconds=timeout), at_once=4, clock=lambda: datetime(2026, 11, 20, 2, 0, tzinfo=UTC), tls=tls)


async def post(url: str, courier: Courier) -> Answer:
    try:
        return await courier.post(parse_endpoint(url), {"webhook-id": "1"}, b"{}")
    finally:
        await courier.close()


@pytest.mark.parametrize(
    ("answering", "detail"),
    [
        (slams_the_door, "no HTTP answer"),
        (speaks_no_http, "no HTTP answer"),
        (saying(302, "Location: http://169.254.169.254/latest/meta-data/"), "HTTP 302"),
        (saying(500, body=b"{" * 1_000), "HTTP 500"),
    ],
)
async def test_failures_are_told_apart_without_a_word_of_the_receivers(answering: Answering, detail: str) -> None:
    async with receiving(Receiver(answer=answering)) as receiver:
        answer = await post(receiver.url(), courier())
    assert (answer.taken, answer.detail) == (False, detail)


@pytest.mark.parametrize("answering", [never, drips_its_headers])
async def test_a_receiver_that_does_not_answer_is_left_after_its_time(answering: Answering) -> None:
    async with receiving(Receiver(answer=answering)) as receiver:
        assert await post(receiver.url(), courier(timeout=1)) == Answer(None, "no answer in time")


@pytest.mark.parametrize("answering", [drips_its_body, floods, saying(200, body=b"not json" * 10)])
async def test_a_success_is_a_success_whatever_follows_it(answering: Answering) -> None:
    async with receiving(Receiver(answer=answering)) as receiver:
        assert await post(receiver.url(), courier()) == Answer(200, "HTTP 200")


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("120", timedelta(seconds=120)),
        ("Fri, 20 Nov 2026 02:10:00 GMT", timedelta(minutes=10)),
        ("Fri, 20 Nov 2026 01:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("-1", None),
        ("9" * 40, timedelta(hours=24)),
        ("Fri, 31 Dec 9999 23:59:59 -2359", timedelta(hours=24)),
        ("Fri, 31 Dec 2027 00:00:00 GMT", timedelta(hours=24)),
    ],
)
async def test_retry_after_in_its_two_forms(value: str, after: timedelta | None) -> None:
    async with receiving(Receiver(answer=saying(503, f"Retry-After: {value}"))) as receiver:
        assert (await post(receiver.url(), courier())).retry_after == after


@pytest.mark.parametrize("value", ["Fri, 31 Dec 9999 23:59:59 -2359", "Fri, 99 Xyz 0000", "9" * 4_000, "\xff"])
async def test_a_success_is_a_success_whatever_its_retry_after(value: str) -> None:
    async with receiving(Receiver(answer=saying(200, f"Retry-After: {value}"))) as receiver:
        answer = await post(receiver.url(), courier())
    assert (answer.status, answer.taken) == (200, True)


async def test_a_redirect_is_not_followed_not_even_to_where_we_may_go(office: Office) -> None:
    async with receiving() as target, receiving() as receiver:
        receiver.answer = saying(307, f"Location: {target.url()}")
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        await office.work()
    assert target.requests == []
    assert await office.attempts(subscription) == [(1, "retry", 307, "HTTP 307")]


def points_to(*addresses: str) -> Resolver:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("::ffff:127.0.0.1",), ("169.254.169.254",), ("10.0.0.5",), ("1.1.1.1", "127.0.0.1"), ()]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_that_leads_inside_is_not_connected_to(addresses: tuple[str, ...], scheme: str) -> None:
    async with receiving() as receiver:
        url = receiver.url(host="partner.example.test", scheme=scheme)
        assert await post(url, courier(resolver=points_to(*addresses), allowed="")) == Answer(None, NO_ADDRESS)
    assert receiver.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_however_the_loopback_is_spelled(host: str) -> None:
    async with receiving() as receiver:
        for scheme in ("http", "https"):
            answer = await post(receiver.url(host=host, scheme=scheme), courier(allowed=""))
            assert answer == Answer(None, NO_ADDRESS)
    assert receiver.requests == []


async def test_a_name_that_leads_inside_at_the_second_look_only() -> None:
    """A name server that answers differently each time: what was checked at the start says nothing of the next connection."""
    answers = iter([["127.0.0.1"], ["10.9.9.9"]])
    sent = courier(resolver=lambda host, port: next(answers), allowed=LOOPBACK)
    async with receiving(Receiver(answer=saying(200, "Connection: close"))) as receiver:
        endpoint = parse_endpoint(receiver.url(host="partner.example.test"))
        assert (await sent.post(endpoint, {"webhook-id": "1"}, b"{}")).taken
        assert await sent.post(endpoint, {"webhook-id": "1"}, b"{}") == Answer(None, NO_ADDRESS)
    await sent.close()
    assert len(receiver.requests) == 1
    assert receiver.requests[0].headers["host"] == f"partner.example.test:{receiver.port}"


async def test_one_look_up_for_one_connection_and_that_address_is_the_one_connected_to() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.77"]

    async with receiving() as receiver:
        # Nobody listens on that other address of the loopback: the receiver is on 127.0.0.1.
        answer = await post(receiver.url(host="partner.example.test"), courier(resolver=resolve))
    assert answer.detail == "the connection was refused"
    assert asked == ["partner.example.test"]


async def test_tls_asks_for_the_name_and_checks_it_though_the_address_is_pinned() -> None:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("partner.example.test").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    resolver = points_to("127.0.0.1")
    async with receiving(tls=server) as receiver:
        right = await post(receiver.url(host="partner.example.test", scheme="https"), courier(resolver=resolver, tls=client))
        wrong = await post(receiver.url(host="other.example.test", scheme="https"), courier(resolver=resolver, tls=client))
        untrusted = await post(receiver.url(host="partner.example.test", scheme="https"), courier(resolver=resolver))
    assert right == Answer(204, "HTTP 204")
    assert wrong.detail == untrusted.detail == "the certificate does not hold for the host"
    assert receiver.names[0] == "partner.example.test"
    assert len(receiver.requests) == 1


async def test_a_name_server_that_hangs_costs_the_attempt_its_time_and_others_nothing() -> None:
    release = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        if host == "slow.example.test":
            release.wait()
        return ["127.0.0.1"]

    sent = courier(timeout=1, resolver=resolve)
    try:
        async with receiving() as receiver:
            slow = asyncio.create_task(sent.post(parse_endpoint(receiver.url(host="slow.example.test")), {"webhook-id": "1"}, b"{}"))
            quick = await sent.post(parse_endpoint(receiver.url(host="quick.example.test")), {"webhook-id": "2"}, b"{}")
            assert quick.taken
            assert await slow == Answer(None, "no answer in time")
    finally:
        release.set()
        await sent.close()


async def test_a_name_that_is_unknown_reads_like_one_that_leads_inside() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    book = AddressBook(Guard(), resolver=unknown)
    with pytest.raises(AddressRefusedError, match=NO_ADDRESS):
        await book.look_up("partner.example.test", 443, tls=True)
    inside = AddressBook(Guard(), resolver=points_to("10.0.0.1"))
    with pytest.raises(AddressRefusedError, match=NO_ADDRESS):
        await inside.look_up("partner.example.test", 443, tls=True)


async def test_slow_receivers_hold_up_neither_others_nor_more_than_their_share(office: Office) -> None:
    """Twelve events for each of two receivers that never answer, and for one that does: at four places each of eight in all."""
    let_go = asyncio.Event()

    async def hangs(writer: asyncio.StreamWriter) -> None:
        await let_go.wait()
        writer.transport.abort()

    async with receiving(Receiver(answer=hangs)) as slow, receiving(Receiver(answer=hangs)) as dead, receiving() as healthy:
        for receiver in (slow, dead, healthy):
            await office.subscribe(receiver.url(), "nz.star.plan.published.v1")
        await office.say(*[plan() for _ in range(12)])
        stop = asyncio.Event()
        running = asyncio.create_task(office.runner(office.task(each=2, failing=4), concurrency=8).run(stop))
        async with asyncio.timeout(60):
            while len(healthy.requests) < 12:
                await asyncio.sleep(0.02)
        assert (slow.most_at_once, dead.most_at_once) == (2, 2)
        let_go.set()
        stop.set()
        async with asyncio.timeout(60):
            await running
    assert healthy.most_at_once <= 2
    assert await office.rows("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'") == [(12,)]


async def test_a_failing_subscription_is_asked_one_at_a_time_and_all_failing_share_their_half(office: Office) -> None:
    async with receiving(Receiver(answer=saying(500))) as first, receiving(Receiver(answer=saying(500))) as second:
        for receiver in (first, second):
            await office.subscribe(receiver.url(), "nz.star.plan.published.v1")
        await office.say(plan())
        await office.work()
        await office.say(*[plan() for _ in range(5)])
        # Both fail by now: with room for one failing subscription, a single delivery of all ten is claimed.
        office.passes(timedelta(seconds=2))
        assert await office.runner(office.task(failing=1)).run_once() == 1
        office.passes(timedelta(seconds=2))
        assert await office.runner(office.task(failing=2)).run_once() == 2


async def test_a_receiver_that_fails_is_asked_with_growing_pauses_whatever_waits_for_it(office: Office) -> None:
    async with receiving(Receiver(answer=saying(503))) as receiver:
        await office.subscribe(receiver.url(), "nz.star.plan.published.v1")
        await office.say(*[plan() for _ in range(200)])
        while await office.work():
            pass
        # It was asked for as many side by side as it has places, before the first answer was known.
        at_once = len(receiver.requests)
        assert at_once < 20
        for _ in range(120):
            office.passes(timedelta(seconds=1))
            await office.work()
        assert len(receiver.requests) - at_once < 20
        receiver.answer = saying(200)
        office.passes(timedelta(minutes=5))
        while await office.work():
            pass
    assert await office.rows("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'") == [(200,)]


async def test_a_clock_that_is_set_back_has_no_receiver_wait_for_it(office: Office) -> None:
    async with receiving(Receiver(answer=saying(503))) as receiver:
        await office.subscribe(receiver.url(), "nz.star.plan.published.v1")
        await office.say(plan(), plan())
        while await office.work():
            pass
        receiver.answer = saying(200)
        office.passes(timedelta(hours=-1))
        async with office.engine.begin() as connection:
            assert await worklist.keep_waits(connection, [WORK_KIND], office.clock.now) == 2
        office.passes(timedelta(seconds=10))
        while await office.work():
            pass
    assert await office.rows("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'") == [(2,)]
