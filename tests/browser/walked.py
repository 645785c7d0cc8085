"""The addresses of a school's pages that a walk goes to. The names in braces are of things in `World.ids`."""

from typing import Final

STUDENT: Final = "/console/0999/students/20001"
FAMILY: Final = "/console/0999/students/12345"

BEYOND: Final = (STUDENT, f"{STUDENT}?day=2026-10-19", "/console/0999/respond?student=20001")

CASEWORK: Final = (
    f"{FAMILY}?tab=casework",
    f"{STUDENT}/support-plan",
    "/console/0999/calling?student=12345&student=20001",
    "/console/0999/calling",
)

OTHERS: Final = tuple(
    f"/console/0999/{path}"
    for path in (
        "good-news",
        "analysis/students?week=1",
        "analysis/patterns",
        "analysis/trend",
        "plan/edit",
        "plan/publish",
        "plan/versions",
        "plan/review",
        "letters/paper",
        "letters/what-if",
        "letters/templates/statement",
        "letters/templates/back-on-track",
    )
)

BEHIND_LISTS: Final = (
    *BEYOND,
    *(f"{STUDENT}?tab={tab}" for tab in ("records", "casework", "letters", "notes", "history", "looked")),
    *CASEWORK,
    *OTHERS,
    f"{FAMILY}?tab=letters",
)
"""Pages that no navigation shows."""

OF_ONE_THING: Final = (
    f"{FAMILY}/support-plan?plan={{plan_id}}",
    "/console/0999/letters/{delivery}/sent",
    "/console/0999/letters/{letter}/waiting",
)

TABS: Final = {
    "ministry": [f"/console/0999/ministry{tab}" for tab in ("", "/rejected", "/preview", "/choices", "/uploads/{upload}")],
    "settings": [
        f"/console/0999/settings{tab}"
        for tab in (
            "/timetable",
            "/timetables/new?kind=weekdays",
            "/timetables/new?kind=cycle",
            "/school",
            "/staff",
            "/activities",
            "/due-days",
            "/codes",
            "/codes?retired=true",
            "/kamar",
            "/accounts",
            "/audit",
            "/erasure",
        )
    ],
    "data": [f"/console/0999/data-quality{tab}" for tab in ("", "?issue=no-caregiver", "/import", "/kamar")],
    "letters": [
        f"/console/0999/letters{tab}" for tab in ("/templates", "/templates/5", "/templates/5/versions", "/policy", "/policy/edit")
    ],
}
"""The tabs of the pages of a whole school."""
