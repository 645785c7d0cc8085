"""After a restore from a backup, a letter that may have left already waits for a person; every other one goes as ever."""

from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace as changed
from sqlalchemy import text

from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.integration.notifier.letters.test_releases import alarms, decide, families
from tests.support.crossings import up
from tests.support.dumps import dump, restore

SOON = timedelta(minutes=2)
FOUND = """
    INSERT INTO restores (consumer_group, topic, partition, from_offset, to_offset, found_at)
    VALUES ('notifier.crossings', 'star.crossings.v1', 0, 10, 20, :found_at)
"""


async def test_a_letter_that_may_have_left_waits_for_a_person(desk: Desk, visitor: Visitor, tmp_path: Path) -> None:
    await desk.school()
    names = ("kept", "reread", "late", "new")
    await desk.roster([desk.joined(changed(MERE, email=f"caregiver-{name}@example.test"), student=name) for name in names])
    kept, reread = (up(5, 10, to="yellow", student=name, said_at=desk.now) for name in ("kept", "reread"))
    await desk.say(kept)
    await dump(desk.settings.database_url, ["notifier"], tmp_path / "backup")
    await desk.say(reread)
    desk.passes(HOLD)
    await desk.work()
    sent = {mail["to"][0]: mail["message_id"] for mail in desk.mail()}
    assert families(desk) == ["caregiver-kept@example.test", "caregiver-reread@example.test"]
    # Too near to the restore to have left.
    late = up(5, 10, to="yellow", student="late", said_at=desk.now)

    await desk.engine.dispose()
    await restore(desk.settings.database_url, ["notifier"], tmp_path / "backup")
    async with desk.engine.begin() as connection:
        await connection.execute(text(FOUND), {"found_at": desk.now + SOON})
    desk.passes(2 * SOON)
    # The topic is read again from where the backup stood, and goes on.
    await desk.say(reread, late)
    await desk.say(up(5, 10, to="yellow", student="new", said_at=desk.now))
    desk.passes(HOLD)
    await desk.work()
    desk.passes(SOON)
    await desk.work()

    assert families(desk) == sorted(f"caregiver-{name}@example.test" for name in names)
    states = await desk.rows("SELECT c.student, l.state FROM letters l JOIN cases c USING (student_id, term) ORDER BY 1")
    assert [tuple(row) for row in states] == [
        ("kept", "awaiting-release"),
        ("late", "bound"),
        ("new", "bound"),
        ("reread", "awaiting-release"),
    ]
    assert alarms(desk) == ["2 letters wait for you at Ōtaki Example College"]
    (notice,) = [mail for mail in desk.mail() if mail["to"] == ["office@otaki.example.nz"]]
    assert "was restored from a backup" in " ".join(notice["text"].split())

    # Whoever lets them go sends them under the names that they had.
    assert await decide(visitor, "release", all=True) == {"letters": 2, "waiting": 0}
    await desk.work()
    again = [mail for mail in desk.mail() if mail["to"][0] in sent][2:]
    assert {mail["to"][0] for mail in again} == set(sent)
    for mail in again:
        assert mail["message_id"] == sent[mail["to"][0]]
