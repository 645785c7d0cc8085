"""Looks at a student, as a person reads them."""

from zoneinfo import ZoneInfo

from services.console.asking.part import Failure, Part
from services.console.pages.student.deeds import Look, looks_of


def test_what_one_person_looked_at_within_a_minute_is_one_row() -> None:
    def line(at: str, action: str, subject: str = "dean") -> dict[str, str]:
        return {"at": f"2026-11-19T{at}Z", "action": action, "subject": subject}

    marks = [line("21:30:59", "read-attendance"), line("21:30:01", "read-attendance"), line("21:29:59", "read-history")]
    letters = [line("21:30:30", "list-deliveries"), line("21:30:20", "read-letter", "office")]
    parts = {
        "looks thresholds": Part({"items": marks}),
        "looks notifier": Part({"items": letters}),
        "looks moe-sync": Part(failure=Failure("away", "moe-sync")),
        "holds": Part({"items": [line("21:31:00", "hold")]}),
    }
    assert looks_of(parts, ZoneInfo("Pacific/Auckland")) == [
        Look("Fri 20 Nov 10:30", "dean", "read attendance, list deliveries", 3),
        Look("Fri 20 Nov 10:30", "office", "read letter", 1),
        Look("Fri 20 Nov 10:29", "dean", "read history", 1),
    ]
