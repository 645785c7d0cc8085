"""Reading a batch: what can be understood, and what is put aside with its reason."""

from dataclasses import replace

import pytest

from shared.bus.interface import Message
from shared.deadletters.reading import read_events
from shared.events.envelope import Tombstone
from tests.support.crossings import up


def message(offset: int = 0) -> Message:
    outgoing = up(5, 10, to="yellow").encode()
    return Message(outgoing.topic, 0, offset, outgoing.key, outgoing.value, outgoing.headers)


def test_the_readable_ones_stay_in_order() -> None:
    good, bad, gone = message(1), replace(message(2), value=b"{"), Message("star.students.v1", 0, 3, b"key", None)

    read, poison = read_events([good, bad, gone])

    assert [where for where, _ in read] == [good, gone]
    assert read[1][1] == Tombstone("key")
    assert [(letter.message, letter.reason) for letter in poison] == [(bad, "bad-data")]


def without(name: str) -> Message:
    return replace(message(), headers=tuple((key, value) for key, value in message().headers if key != name))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (replace(message(), key=None), "not-an-event"),
        (replace(message(), key=b"\xff"), "not-an-event"),
        (replace(message(), value=b"\xff{"), "bad-data"),
        (replace(message(), value=b"[]"), "bad-data"),
        (replace(message(), value=(message().value or b"").replace(b"12345", b"1\\u00002")), "bad-data"),
        (replace(message(), value=(message().value or b"").replace(b'"sequence":1', b'"sequence":99999999999')), "bad-data"),
        (replace(message(), topic="star.responses.v1"), "wrong-topic"),
        (without("ce_type"), "not-an-event"),
        (without("ce_time"), "not-an-event"),
        (replace(without("ce_type"), headers=(*without("ce_type").headers, ("ce_type", b"nz.star.unheard-of.v9"))), "unknown-event"),
    ],
)
def test_what_is_put_aside(bad: Message, reason: str) -> None:
    read, poison = read_events([bad])

    assert read == []
    assert [letter.reason for letter in poison] == [reason]


def test_no_detail_quotes_the_data() -> None:
    _, poison = read_events([replace(message(), value=b'{"direction": "Aroha\' - at `$.x`"}')])

    assert poison[0].detail == "Invalid enum value - at `$.direction`"
