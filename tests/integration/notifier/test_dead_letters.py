"""Dead letters over REST; the router is the same in every service, the notifier stands for all."""

from dataclasses import replace

from shared.bus.interface import Message
from tests.integration.notifier.conftest import MERE, Desk, Visitor
from tests.support.crossings import up


def poison(desk: Desk, text: str = "?") -> Message:
    return replace(desk.message(up(5, 10, to="yellow").encode()), value=f'{{"direction": "{text}"}}'.encode())


async def test_they_are_listed_page_by_page(desk: Desk, visitor: Visitor) -> None:
    await desk.crossings([poison(desk), poison(desk), poison(desk)])
    ops = visitor.headers("ops", schools=("*",))

    first = (await visitor.http.get("/v1/dead-letters?limit=2", headers=ops)).json()
    rest = (await visitor.http.get("/v1/dead-letters", params={"limit": 2, "cursor": first["next"]}, headers=ops)).json()

    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    item = first["items"][0]
    assert (item["topic"], item["reason"], item["state"], item["count"]) == ("star.crossings.v1", "bad-data", "kept", 1)
    assert len({letter["id"] for letter in first["items"] + rest["items"]}) == 3


async def test_a_detail_says_where_but_not_what(desk: Desk, visitor: Visitor) -> None:
    await desk.crossings([poison(desk, "Aroha Ngata")])

    answer = await visitor.http.get("/v1/dead-letters", headers=visitor.headers("ops", schools=("*",)))

    assert answer.json()["items"][0]["detail"] == "Invalid enum value - at `$.direction`"


async def test_redriving_publishes_the_record_again(desk: Desk, visitor: Visitor) -> None:
    message = poison(desk)
    await desk.crossings([message])
    ops = visitor.headers("ops", schools=("*",))
    letter = (await visitor.http.get("/v1/dead-letters", headers=ops)).json()["items"][0]["id"]

    redriven = await visitor.http.post(f"/v1/dead-letters/{letter}/redrive", headers=ops)

    assert redriven.json() == {"id": letter, "state": "redriven"}
    (row,) = await desk.rows("SELECT key, value FROM outbox WHERE topic = 'star.crossings.v1'")
    assert (bytes(row.key), bytes(row.value)) == (message.key, message.value)
    assert (await visitor.http.post(f"/v1/dead-letters/{letter}/redrive", headers=ops)).status_code == 409
    assert (await visitor.http.post(f"/v1/dead-letters/{letter}/discard", headers=ops)).status_code == 409
    assert (await visitor.http.get("/v1/dead-letters", headers=ops)).json()["items"] == []
    assert len((await visitor.http.get("/v1/dead-letters?state=redriven", headers=ops)).json()["items"]) == 1


async def test_discarding_puts_the_record_aside(desk: Desk, visitor: Visitor) -> None:
    await desk.crossings([poison(desk)])
    ops = visitor.headers("ops", schools=("*",))
    letter = (await visitor.http.get("/v1/dead-letters", headers=ops)).json()["items"][0]["id"]

    assert (await visitor.http.post(f"/v1/dead-letters/{letter}/discard", headers=ops)).json()["state"] == "discarded"
    assert await desk.rows("SELECT 1 FROM outbox WHERE topic = 'star.crossings.v1'") == []


async def test_a_token_for_one_school_sees_that_schools_only(desk: Desk, visitor: Visitor) -> None:
    await desk.crossings([poison(desk), poison(desk)])
    everything = visitor.headers("ops", schools=("*",))
    theirs, unknown = (letter["id"] for letter in (await visitor.http.get("/v1/dead-letters", headers=everything)).json()["items"])
    async with desk.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE dead_letters SET school = '0999' WHERE id = '{theirs}'")
    one = visitor.headers("ops", schools=("0999",))

    seen = (await visitor.http.get("/v1/dead-letters", headers=one)).json()["items"]

    assert [letter["id"] for letter in seen] == [theirs]
    assert (await visitor.http.post(f"/v1/dead-letters/{unknown}/discard", headers=one)).status_code == 404
    assert (await visitor.http.post(f"/v1/dead-letters/{theirs}/discard", headers=one)).status_code == 200


async def test_who_may_and_what_is_not_there(visitor: Visitor) -> None:
    nobodys = "8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10"
    ops = visitor.headers("ops", schools=("*",))

    assert (await visitor.http.get("/v1/dead-letters", headers=visitor.headers("star:read", schools=("*",)))).status_code == 403
    assert (await visitor.http.get("/v1/dead-letters")).status_code == 401
    assert (await visitor.http.get("/v1/dead-letters?state=lost", headers=ops)).status_code == 422
    assert (await visitor.http.get("/v1/dead-letters?cursor=WyJ4Il0", headers=ops)).status_code == 422
    assert (await visitor.http.post(f"/v1/dead-letters/{nobodys}/redrive", headers=ops)).status_code == 404


async def test_an_event_on_a_topic_that_is_not_its_own_is_put_aside(desk: Desk) -> None:
    stray = replace(desk.joined(MERE), topic="star.crossings.v1")
    await desk.crossings([stray, desk.message(up(5, 10, to="yellow").encode())])

    assert [row.reason for row in await desk.rows("SELECT reason FROM dead_letters")] == ["wrong-topic"]
    assert await desk.letters() == [(5, "held", None)]


async def test_many_are_looked_at_redriven_and_given_up(desk: Desk, visitor: Visitor) -> None:
    await desk.crossings([poison(desk), poison(desk), poison(desk)])
    ops = visitor.headers("ops", schools=("*",))
    letters = [item["id"] for item in (await visitor.http.get("/v1/dead-letters?reason=bad-data", headers=ops)).json()["items"]]
    assert (await visitor.http.get("/v1/dead-letters?reason=unknown-school", headers=ops)).json()["items"] == []
    shown = (await visitor.http.get(f"/v1/dead-letters/{letters[0]}", headers=ops)).json()
    assert (shown["state"], shown["why"], shown["bytes"]) == ("kept", None, 18)

    nobody = "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0"
    given_up = await visitor.http.post(
        "/v1/dead-letters/discard", json={"letters": [letters[0], nobody], "why": "a test of ours"}, headers=ops
    )
    assert given_up.status_code == 202
    assert given_up.json()["accepted"] == 1
    assert [(item["index"], item["reason"]) for item in given_up.json()["rejected"]] == [(1, "unknown-dead-letter")]
    assert (await visitor.http.get(f"/v1/dead-letters/{letters[0]}", headers=ops)).json()["why"] == "a test of ours"
    again = (await visitor.http.post("/v1/dead-letters/redrive", json={"letters": letters}, headers=ops)).json()
    assert (again["accepted"], again["rejected"][0]["reason"]) == (2, "dead-letter-settled")
    assert len(await desk.rows("SELECT 1 FROM outbox WHERE topic = 'star.crossings.v1'")) == 2
    assert (await visitor.http.post("/v1/dead-letters/discard", json={"letters": letters}, headers=ops)).status_code == 422
