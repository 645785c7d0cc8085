"""The last release's processes on the new schema, both side by side, the new ones on what the last release left, and the way back."""

from pathlib import Path

import pytest

from tests.e2e.school import School, eventually
from tests.support.processes import run_star
from tests.support.releases import LAST, unpack_last
from tests.support.stack import EmbeddedStack, cluster, started


@pytest.mark.kafka
@pytest.mark.undocumented("some of the answers are the last release's")
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
            # They read the old form of a row alone, so it is what everybody writes as long as they are there.
            with pytest.raises(AssertionError, match="sessions of another release use thresholds"):
                new.migrate("--finish")

            with started([*new.workers.values()]), started([*new.apis.values()]):
                for half_day in range(12):
                    (before, after)[half_day % 2].absent("200", 1, first=half_day)
                eventually(lambda: (before.total("200"), after.total("200")), (12, 12))
                eventually(lambda: after.crossings("200"), [("200", 5, "up", 1)])
                eventually(lambda: len(after.letters("200")), 1)
                # A step back, part by part: the new ones go, and the old ones carry on alone; then the new ones come again.
                for half_day, process in enumerate((*new.workers.values(), *new.apis.values()), 12):
                    assert process.stop() == 0, process.output.read_text()[-3000:]
                    before.absent("200", 1, first=half_day)
                eventually(lambda: before.total("200"), 20)
                eventually(lambda: before.crossings("200"), [("200", 5, "up", 1), ("200", 10, "up", 1)])
                eventually(lambda: len(before.letters("200")), 2)
                for process in (*new.workers.values(), *new.apis.values()):
                    process.launch()
                for process in (*new.workers.values(), *new.apis.values()):
                    process.await_health()
                assert after.total("200") == 20
                for process in (*old.workers.values(), *old.apis.values()):
                    assert process.stop() == 0, process.output.read_text()[-3000:]
                forms = "SELECT count(marks), count(newest_first) FROM thresholds.register"
                assert new.sql(forms) == "2|0"
                new.migrate("--finish")

                after.absent("300", 10)
                after.absent("100", 10, first=10)
                eventually(lambda: after.crossings("300"), [("300", 5, "up", 1)])
                eventually(lambda: after.crossings("100"), [("100", 5, "up", 1), ("100", 10, "up", 1)])
                eventually(lambda: [len(after.letters(student)) for student in ("100", "200", "300")], [2, 2, 1])
                eventually(after.totals, {"100": 20, "200": 20, "300": 10})
                assert new.sql(forms) == "1|2"
                upload(after)
                eventually(lambda: len(after.uploads()), 2)
                died = [process.arguments for process in (*new.apis.values(), *new.workers.values()) if not process.running]
                assert died == []


@pytest.mark.undocumented("some of the answers are the last release's")
def test_one_process_goes_to_the_new_release_and_back_and_again_without_losing_a_mark(tmp_path: Path) -> None:
    new = EmbeddedStack(tmp_path)
    old = new.beside(unpack_last(tmp_path / "last-release"))
    back = ["migrate", "--back-to", LAST, "--data", str(new.data)]
    with started([old.heart]):
        school = School(old, "1000")
        school.enrol(["100", "200"])
        school.absent("100", 8)
        eventually(lambda: school.total("100"), 8)
    with started([new.heart]):
        school.absent("100", 1, first=8)
        eventually(lambda: school.total("100"), 9)
        with pytest.raises(AssertionError, match="in use by another process"):
            run_star(back, {})
    with pytest.raises(AssertionError, match="did not start"):
        old.heart.start()
    old.heart.stop()
    # Twice is as good as once.
    for _ in range(2):
        assert f"start `star run` of {LAST} now" in run_star(back, {})
    with started([old.heart]):
        assert school.total("100") == 9
        school.absent("100", 1, first=9)
        eventually(lambda: school.crossings("100"), [("100", 5, "up", 1)])
        eventually(lambda: len(school.letters("100")), 1)
    with started([new.heart]):
        school.absent("200", 10)
        eventually(lambda: school.crossings("200"), [("200", 5, "up", 1)])
        eventually(lambda: len(school.letters("200")), 1)
        assert school.totals() == {"100": 10, "200": 10}
        run_star(["migrate", "--finish", "--data", str(new.data)], {})
    with pytest.raises(AssertionError, match=r"no way back to .*newest-first"):
        run_star(back, {})
    assert "nothing to do" in run_star(["migrate", "--back-to", "9.9.9"], {})


def upload(school: School) -> None:
    """Sends this week to the Ministry by hand."""
    path = f"/v1/schools/{school.number}/uploads"
    school.request("POST", "moe-sync", path, json={"week": school.week()}).raise_for_status()
