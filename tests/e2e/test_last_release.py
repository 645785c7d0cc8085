"""The last release's processes on the new schema, both side by side, and the new ones on what the last release left."""

from pathlib import Path

import pytest

from tests.e2e.school import School, eventually
from tests.support.releases import unpack_last
from tests.support.stack import cluster, started

pytestmark = pytest.mark.kafka


def test_an_update_part_by_part_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with cluster(tmp_path) as new:
        old = new.beside(unpack_last(tmp_path / "last-release"))
        old.migrate()
        with started([new.sandbox_process]), started([*old.apis.values()]), started([*old.workers.values()]):
            before, after = School(old, "1000"), School(new, "1000")
            before.enrol(["100", "200", "300"])
            before.absent("100", 9)
            eventually(lambda: before.total("100"), 9)

            # The old ones run on while the schema changes under them, and on the new schema.
            new.migrate()
            before.absent("100", 1, first=9)
            eventually(lambda: before.crossings("100"), [("100", 5, "up", 1)])
            eventually(lambda: len(before.letters("100")), 1)
            record = before.records(student="100")[0]
            response = {"activity": "conversation-with-whanau", "occurred_on": str(before.half_days[-1][0]), "staff": "A Dean"}
            path = f"/v1/star-records/{record['id']}/responses"
            assert before.request("POST", "thresholds", path, json=response).status_code == 201
            upload(before)
            eventually(lambda: len(before.uploads()), 1)
            died = [process.arguments for process in (*old.apis.values(), *old.workers.values()) if not process.running]
            assert died == []

            with started([*new.workers.values()]), started([*new.apis.values()]):
                for half_day in range(12):
                    (before, after)[half_day % 2].absent("200", 1, first=half_day)
                eventually(lambda: (before.total("200"), after.total("200")), (12, 12))
                eventually(lambda: after.crossings("200"), [("200", 5, "up", 1)])
                eventually(lambda: len(after.letters("200")), 1)
                for process in (*old.workers.values(), *old.apis.values()):
                    assert process.stop() == 0, process.output.read_text()[-3000:]

                after.absent("300", 10)
                after.absent("100", 10, first=10)
                eventually(lambda: after.crossings("300"), [("300", 5, "up", 1)])
                eventually(lambda: after.crossings("100"), [("100", 5, "up", 1), ("100", 10, "up", 1)])
                eventually(lambda: [len(after.letters(student)) for student in ("100", "200", "300")], [2, 1, 1])
                eventually(after.totals, {"100": 20, "200": 12, "300": 10})
                upload(after)
                eventually(lambda: len(after.uploads()), 2)
                died = [process.arguments for process in (*new.apis.values(), *new.workers.values()) if not process.running]
                assert died == []


def upload(school: School) -> None:
    """Sends this week to the Ministry by hand."""
    path = f"/v1/schools/{school.number}/uploads"
    school.request("POST", "moe-sync", path, json={"week": school.week()}).raise_for_status()
