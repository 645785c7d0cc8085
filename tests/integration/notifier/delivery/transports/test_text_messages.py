"""Text messages through a gateway, a real HTTP server: who gets one, what it says, and what the gateway can do to it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import Response

from services.notifier.delivery.deliveries.task import DeliveryTask
from services.notifier.delivery.transports.outcomes import Away, Deferred, Ours, Unwanted
from services.notifier.delivery.transports.rate import Pace
from services.notifier.delivery.transports.text_gateway import TextGateway, TextTransport, checked_fields, checked_gateway_url
from services.notifier.letters.withdrawing import LetterCloser
from services.notifier.settings import NotifierSettings
from services.notifier.templates.texts import Texts
from shared.db.listen import Wakeup
from shared.events.data import Caregiver
from shared.worklist.runner import Runner
from shared.worklist.tasks import Done, Outcome, Retry
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.integration.notifier.delivery.transports.test_smtp import PARCEL
from tests.integration.notifier.test_worker import running
from tests.support.crossings import up
from tests.support.polling import eventually
from tests.support.ports import free_port
from tests.support.text_gateway import Gateway, answer, redirect, text_gateway

HANA = Caregiver(name="Hana Parata", email=None, phone="027 000 0000")
RANGI = Caregiver(name="Rangi Parata", email="not an address", phone="03 555 0100")
TEXT = replace(PARCEL, channel="text", recipient="+64270000000", subject="", text="Ōtaki: Tāne has been away.", html="")


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with text_gateway() as gateway:
        yield gateway


@pytest.fixture
async def transport(gateway: Gateway) -> AsyncIterator[TextTransport]:
    transport = TextTransport(TextGateway(gateway.url, token="secret"), timeout=timedelta(seconds=20))
    yield transport
    await transport.close()


@pytest.fixture
async def texting(desk: Desk, transport: TextTransport) -> Desk:
    """A desk with a gateway."""
    desk.letter = replace(desk.letter, writer=replace(desk.letter.writer, texts=Texts()))
    transports: Any = {"email": desk.email, "text": transport}
    desk.delivery = DeliveryTask(
        desk.engine,
        transports,
        LetterCloser(desk.settings.hold),
        replace(desk.delivery.renew, writer=desk.letter.writer),
        desk.settings.smtp_timeout,
        desk.clock,
    )
    desk.runner = Runner("notifier", desk.engine, [desk.letter, desk.delivery], Wakeup(), clock=desk.clock)
    return desk


async def told(desk: Desk, *caregivers: Caregiver) -> None:
    await desk.school()
    await desk.roster([desk.joined(*caregivers)])
    await desk.say(up(5, 11, to="yellow"))
    desk.passes(HOLD)
    await desk.work()


async def test_those_without_an_address_get_a_text(texting: Desk, gateway: Gateway, visitor: Visitor) -> None:
    await told(texting, MERE, HANA, RANGI)

    assert [mail["to"] for mail in texting.mail()] == [["mere@example.test"]]
    (text,) = gateway.requests
    delivery = next(item for item in (await visitor.deliveries())["items"] if item["channel"] == "text")
    assert text == {
        "to": "+64270000000",
        "text": "Ōtaki Example College: Tāne has been away 5.5 days in Term 4. Please ring the school office, or tell us if this is wrong.",
        "reference": delivery["id"],
    }
    assert gateway.headers[0]["authorization"] == "Bearer secret"
    assert gateway.headers[0]["idempotency-key"] == delivery["id"]
    assert (delivery["status"], delivery["recipient"], delivery["subject"]) == ("sent", "+64270000000", None)
    whole = (await visitor.http.get(f"/v1/deliveries/{delivery['id']}", headers=visitor.headers("star:read"))).json()
    assert (whole["text"], whole["html"]) == (text["text"], None)


async def test_without_a_gateway_there_are_no_texts(desk: Desk) -> None:
    await told(desk, HANA)

    assert await desk.letters() == [(5, "no-contact", None)]


async def test_an_address_that_letters_came_back_from_gives_way_to_the_mobile(texting: Desk, gateway: Gateway) -> None:
    texting.catcher.refuse(550, times=1, text="5.1.1 nobody")
    await told(texting, replace_phone(MERE))
    assert gateway.requests == []
    await texting.say(up(10, 20, to="orange", said_at=texting.now))
    texting.passes(HOLD)
    await texting.work()

    assert [text["to"] for text in gateway.requests] == ["+64210000000"]
    assert texting.mail() == []


def replace_phone(caregiver: Caregiver) -> Caregiver:
    return Caregiver(name=caregiver.name, email=caregiver.email, phone="(021) 000-0000")


async def test_a_mobile_that_arrives_later_is_enough(texting: Desk, gateway: Gateway) -> None:
    await told(texting, RANGI)
    assert await texting.letters() == [(5, "no-contact", None)]
    texting.passes(timedelta(minutes=1))
    await texting.roster([texting.joined(RANGI, HANA)])
    await texting.work()

    assert len(gateway.accepted) == 1
    assert await texting.letters() == [(5, "bound", None)]


async def test_a_gateway_that_is_busy_is_asked_again_with_the_same_key(texting: Desk, gateway: Gateway) -> None:
    gateway.answers = [answer(429, retry_after="600"), answer(503)]
    await told(texting, HANA)
    assert await texting.work() == 0
    texting.passes(timedelta(seconds=599))
    assert await texting.work() == 0
    texting.passes(timedelta(seconds=1))
    assert await texting.work() == 1
    texting.passes(timedelta(hours=1))
    await texting.work()

    assert [(number, outcome, detail) for number, outcome, detail in await texting.attempts()] == [
        (1, "retry", "HTTP 429"),
        (2, "retry", "HTTP 503"),
        (3, "done", None),
    ]
    assert len({headers["idempotency-key"] for headers in gateway.headers}) == 1
    assert len(gateway.accepted) == 1


async def test_a_number_that_is_refused_is_not_tried_again(texting: Desk, gateway: Gateway, visitor: Visitor) -> None:
    gateway.answers = [answer(422)]
    await told(texting, HANA)
    texting.passes(timedelta(days=1))

    assert await texting.work() == 0
    (delivery,) = (await visitor.deliveries())["items"]
    assert (delivery["status"], delivery["letter_state"], delivery["reason"]) == ("failed", "not-reached", "HTTP 422")
    assert [attempt["code"] for attempt in delivery["attempts"]] == ["422"]


@pytest.mark.parametrize(
    ("answered", "outcome"),
    [
        (answer(200), Done()),
        (answer(204), Done()),
        (answer(400), Unwanted("HTTP 400")),
        (answer(410), Unwanted("HTTP 410")),
        (answer(401), Ours("HTTP 401")),
        (answer(403), Ours("HTTP 403")),
        (answer(404), Ours("HTTP 404")),
        (answer(408), Away("HTTP 408")),
        (answer(409, retry_after="2"), Deferred("HTTP 409", timedelta(seconds=2))),
        (answer(429, retry_after="0"), Away("HTTP 429", timedelta(seconds=1))),
        (answer(429, retry_after="99999999999"), Away("HTTP 429", timedelta(hours=1))),
        (answer(429, retry_after="soon"), Away("HTTP 429")),
        (answer(500), Away("HTTP 500")),
        (answer(503, retry_after="Wed, 01 Jan 2020 00:00:00 GMT"), Away("HTTP 503", timedelta(seconds=1))),
    ],
    ids=lambda value: str(value.status_code) if isinstance(value, Response) else "",
)
async def test_what_each_answer_means(gateway: Gateway, transport: TextTransport, answered: Response, outcome: Outcome) -> None:
    gateway.answers = [answered]

    assert await transport.send(TEXT) == outcome


async def test_nobody_is_followed_elsewhere(gateway: Gateway, transport: TextTransport) -> None:
    gateway.answers = [redirect(gateway.url)]

    assert await transport.send(TEXT) == Ours("HTTP 307")
    assert len(gateway.requests) == 1


async def test_a_gateway_that_is_not_there() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/v1/messages"
    transport = TextTransport(TextGateway(nowhere), timeout=timedelta(seconds=5))
    outcome = await transport.send(TEXT)
    await transport.close()

    assert isinstance(outcome, Away)


async def test_the_gateways_own_fields(gateway: Gateway) -> None:
    fields = {"destination_number": "{to}", "content": "{text}", "source_number": "STAR", "metadata": "{reference}"}
    transport = TextTransport(TextGateway(gateway.url, fields=fields), timeout=timedelta(seconds=20))
    # What a school writes is no template.
    await transport.send(replace(TEXT, text="{to} {reference}"))
    await transport.close()

    assert gateway.requests == [
        {"destination_number": "+64270000000", "content": "{to} {reference}", "source_number": "STAR", "metadata": str(TEXT.id)}
    ]
    assert "authorization" not in gateway.headers[0]


async def test_texts_have_a_pace_of_their_own(gateway: Gateway) -> None:
    transport = TextTransport(TextGateway(gateway.url), timeout=timedelta(seconds=20), pace=Pace(1))
    outcomes: list[Outcome] = [await transport.send(TEXT) for _ in range(2)]
    await transport.close()

    assert outcomes[0] == Done()
    assert isinstance(outcomes[1], Retry)
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    "url", ["http://gateway.example.nz/", "ftp://gateway.example.nz/", "https://", "https://user:password@gateway.example.nz/", "gateway"]
)
def test_addresses_that_a_text_is_not_entrusted_to(url: str) -> None:
    with pytest.raises(ValueError, match="text gateway"):
        checked_gateway_url(url)


def test_fields_that_would_send_nothing() -> None:
    with pytest.raises(ValueError, match=r"\{text\}"):
        checked_fields({"to": "{to}", "text": "text"})


async def test_the_worker_sends_them(settings: NotifierSettings, desk: Desk, gateway: Gateway) -> None:
    await desk.school()
    joined = desk.joined(HANA)
    changed = settings.model_copy(update={"hold": timedelta(0), "text_url": gateway.url, "text_token": "secret"})
    async with running(changed) as worker:
        await desk.roster([joined])
        await worker.publish(up(5, 11, to="yellow").encode())

        async def accepted() -> int:
            return len(gateway.accepted)

        await eventually(accepted, 1)

        async def statuses() -> list[str]:
            return [row.status for row in await desk.rows("SELECT status FROM deliveries")]

        await eventually(statuses, ["sent"])
