"""A school's list of activities: what is offered where, and what stays on it."""

from services.thresholds.plans.activities.activity import DEFAULT, NEEDS_NOTE, STANDARD, Activity, with_retired

RING = Activity("ring-home", "Ring home", "conversation-with-whanau", (5, 10))
HUI = Activity("hui", "Hui", "meeting-with-whanau", (10, 15))


def test_the_default_offers_every_standard_activity_everywhere() -> None:
    assert [(activity.activity, activity.label, activity.standard) for activity in DEFAULT] == [
        (code, label, code) for code, label in STANDARD.items()
    ]
    assert all(activity.offered_at(threshold) for activity in DEFAULT for threshold in (5, 10, 15, None))  # type: ignore[arg-type]
    assert NEEDS_NOTE in STANDARD


def test_where_an_activity_is_offered() -> None:
    assert [RING.offered_at(threshold) for threshold in (5, 10, 15, None)] == [True, True, False, True]  # type: ignore[arg-type]
    retired = Activity("fax", "Fax", "written-communication", retired=True)
    assert not any(retired.offered_at(threshold) for threshold in (5, 10, 15, None))  # type: ignore[arg-type]


def test_what_was_used_stays_as_retired() -> None:
    fax = Activity("fax", "Fax", "written-communication")
    assert with_retired([HUI], [RING, HUI, fax], frozenset({"ring-home", "hui"})) == [
        HUI,
        Activity("ring-home", "Ring home", "conversation-with-whanau", (5, 10), retired=True),
    ]
    assert with_retired([HUI], [RING], frozenset()) == [HUI]
    again = Activity("ring-home", "Phone", "conversation-with-whanau")
    assert with_retired([again], [RING], frozenset({"ring-home"})) == [again]
