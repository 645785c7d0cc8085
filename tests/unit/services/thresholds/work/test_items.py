"""The plan's review on the list of work."""

from datetime import date

from services.thresholds.work.items import of_plan

TODAY = date(2026, 11, 20)


def test_a_review_is_on_the_list_from_two_months_before() -> None:
    assert list(of_plan(None, TODAY)) == []
    assert list(of_plan(date(2027, 1, 20), TODAY)) == []
    (comes,) = of_plan(date(2027, 1, 19), TODAY)
    (passed,) = of_plan(date(2026, 11, 17), TODAY)
    assert comes.sentence == "The review of the published plan is due on Tue 19 Jan."
    assert passed.sentence == "The review of the published plan was due on Tue 17 Nov."
