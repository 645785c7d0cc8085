"""The addresses of a school's pages that a walk goes to. The names in braces are of things in `World.ids`."""

from typing import Final

STUDENT: Final = "/console/0999/students/20001"
FAMILY: Final = "/console/0999/students/12345"

BEHIND_LISTS: Final = (
    STUDENT,
    f"{STUDENT}?day=2026-10-19",
    "/console/0999/respond?student=20001",
    *(f"{STUDENT}?tab={tab}" for tab in ("records", "casework", "letters", "notes", "history", "looked")),
    f"{FAMILY}?tab=casework",
    f"{FAMILY}?tab=letters",
    f"{STUDENT}/support-plan",
    f"{FAMILY}/support-plan?plan={{plan_id}}",
    "/console/0999/calling",
    "/console/0999/calling?student=12345&student=20001",
    "/console/0999/good-news",
    "/console/0999/analysis/students?week=1",
    "/console/0999/analysis/patterns",
    "/console/0999/plan/edit",
    "/console/0999/plan/publish",
    "/console/0999/plan/versions",
    "/console/0999/plan/review",
    "/console/0999/letters/paper",
    "/console/0999/letters/what-if",
    "/console/0999/letters/templates/statement",
    "/console/0999/letters/templates/back-on-track",
    "/console/0999/letters/{delivery}/sent",
    "/console/0999/letters/{letter}/waiting",
)
"""Pages that no navigation shows."""

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
