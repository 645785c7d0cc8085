"""National student numbers: only of schools that send them, filled from the past when switched on, gone when switched off."""

from datetime import timedelta

import structlog

from shared.events.envelope import tombstone
from shared.identifiers import student_id
from tests.integration.moe_sync.office import CLOSE, WEEK, Office
from tests.support.polling import eventually


async def held(office: Office) -> list[tuple[str, str]]:
    """(school, number) of each number that is held."""
    rows = await office.sql("SELECT school, nsn FROM moe_sync.nsns ORDER BY school, nsn")
    return [(row["school"], row["nsn"]) for row in rows]


async def groups(office: Office) -> list[str]:
    rows = await office.sql("SELECT DISTINCT consumer_group FROM bus.offsets WHERE topic = 'star.students.v1' ORDER BY 1")
    return [row["consumer_group"] for row in rows]


async def test_numbers_come_and_go_with_the_schools_choice(office: Office) -> None:
    await office.publish(office.school("0189"), office.student("12345", "123456789"), office.student("678", None))
    await office.publish(office.student("12345", "0987654321", school="0189"), office.crossed(), office.crossed("678"))
    # Nobody wants them: the topic with the names is not even read.
    assert (await held(office), await groups(office)) == ([], [])

    assert (await office.change(nsn=True))["nsn"] is True
    # From the past, padded; of the other school nothing.
    await eventually(lambda: held(office), [("0999", "0123456789")])
    # And from now on.
    await office.publish(office.student("678", "42"), office.student("678", "43", school="0189"))
    await eventually(lambda: held(office), [("0999", "0000000042"), ("0999", "0123456789")])
    assert len((await office.get("/v1/schools/0999/uploads/preview")).json()["records"]) == 2
    assert "0123456789" not in (await office.get("/v1/schools/0999/uploads/preview")).text
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    (there,) = await office.at_ministry()
    assert {record["student"]: record["nsn"] for record in there["records"]} == {"12345": "0123456789", "678": "0000000042"}
    # Once it has been answered, what is kept has them no longer; the digest is that of what was sent.
    (upload,) = await office.uploads()
    kept = await office.get(f"/v1/uploads/{upload['id']}/files/upload.json")
    assert "nsn" not in kept.text
    assert [file["as_sent"] for file in (await office.get(f"/v1/uploads/{upload['id']}/files")).json()["items"]] == [False] * 5

    # A student who goes is forgotten, a number that is taken back too.
    await office.publish(tombstone("star.students.v1", str(student_id("0999", "678"))))
    await eventually(lambda: held(office), [("0999", "0123456789")])
    office.clock.now += timedelta(seconds=1)
    await office.publish(office.student("12345", None))
    await eventually(lambda: held(office), [])
    await office.publish(office.student("12345", "5"))
    await eventually(lambda: held(office), [("0999", "0000000005")])

    # The other school too: the students are read again, and the first keeps what is newest.
    await office.change("0189", nsn=True)
    await eventually(lambda: held(office), [("0189", "0000000043"), ("0189", "0987654321"), ("0999", "0000000005")])
    await office.change(nsn=False)
    assert await held(office) == [("0189", "0000000043"), ("0189", "0987654321")]
    await office.publish(office.student("12345", "6"))
    await office.change("0189", nsn=False)
    assert await held(office) == []
    assert len(await groups(office)) == 2


async def test_switched_off_an_upload_that_waits_loses_its_numbers_at_once(office: Office) -> None:
    await office.publish(office.student(), office.crossed())
    await office.change(nsn=True)
    await eventually(lambda: held(office), [("0999", "0123456789")])
    await office.post("/v1/schools/0999/uploads/pause", {"reason": "test"})
    upload = (await office.run()).json()
    path = f"/v1/uploads/{upload['id']}/files/upload.json"
    assert "0123456789" in (await office.get(path)).text
    await office.change(nsn=False)
    assert "nsn" not in (await office.get(path)).text
    await office.post("/v1/schools/0999/uploads/resume")
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    assert "nsn" not in (await office.at_ministry())[0]["records"][0]


async def test_numbers_are_in_no_log(office: Office) -> None:
    with structlog.testing.capture_logs() as logs:
        await office.publish(office.student(), office.crossed())
        await office.change(nsn=True)
        await eventually(lambda: held(office), [("0999", "0123456789")])
        await office.turn_to(CLOSE)
        await eventually(office.statuses, [("2026-W43", 1, "accepted")])
        await office.turn_to(CLOSE + WEEK)
        await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W44", 1, 0)])
    assert logs
    assert "123456789" not in repr(logs)
    assert "Testfamily" not in repr(logs)
