"""The audit log: who saw or changed what of which students. It names fields, never what was in them."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.audit import repository as audit
from shared.auth.principal import Principal
from shared.identifiers import student_id

Action = Literal[
    "read-attendance",
    "list-students",
    "list-records",
    "list-work",
    "read-good-news",
    "read-record",
    "read-history",
    "open-record",
    "change-record",
    "record-response",
    "change-response",
    "withdraw-response",
    "read-holds",
    "hold-letters",
    "release-letters",
    "change-activities",
    "change-settings",
    "read-analysis",
    "change-plan",
    "publish-plan",
    "read-contacts",
    "record-contact",
    "withdraw-contact",
    "read-meetings",
    "plan-meeting",
    "change-meeting",
    "read-support-plans",
    "make-support-plan",
    "change-support-plan",
    "review-support-plan",
    "read-evidence",
    "read-table",
    "read-replies",
    "settle-reply",
    "read-transfers",
    "export-student",
    "import-student",
    "read-audit",
    "read-data-quality",
    "read-events",
    "list-deliveries",
    "read-letter",
    "read-caregivers",
    "resend-letter",
    "cancel-letter",
    "correct-letter",
    "return-letter",
    "preview-letter",
    "rehearse-letters",
    "print-letters",
    "post-letters",
    "list-waiting-letters",
    "decide-letters",
    "list-bad-addresses",
    "clear-address",
    "list-upload-items",
    "read-upload",
    "preview-upload",
    "run-upload",
    "mark-upload-sent",
    "read-refusals",
    "change-students",
    "remove-student",
    "read-identities",
    "decide-identity",
    "merge-students",
    "part-students",
    "read-held-changes",
    "release-change",
    "discard-change",
    "erase-student",
    "read-erasure",
    "change-school",
    "issue-credential",
    "revoke-credential",
    "change-upload-settings",
    "change-letter-policy",
    "decide-caregiver-status",
    "change-template",
    "change-reply-words",
    "cut-off-partner",
    "refused",
]
"""The actions of requests; `refused` is a request that the caller had no right to.
Add new ones, never rename one: lines are kept for years."""

Filter = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that showed or changed students, or a setting of their school.

    `students` are their keys: for a list, all on the page; `student_ids` their ids where no key is at hand.
    `fields` names the fields that were changed, `filters` those of a list.
    """

    action: Action
    school: str
    students: Iterable[str] = ()
    student_ids: Iterable[uuid.UUID] = ()
    record_id: uuid.UUID | None = None
    fields: Iterable[str] = ()
    filters: Mapping[str, Filter | None] | None = None


async def log_access(connection: AsyncConnection, caller: Principal, access: Access, now: datetime) -> None:
    """Writes the line with the caller's transaction: a change that is not in the log does not happen, and a look that is not in it
    is not answered. Filters that are None are left out."""
    await log_accesses(connection, caller, [access], now)


async def log_accesses(connection: AsyncConnection, caller: Principal, accesses: Sequence[Access], now: datetime) -> None:
    """Writes a line for each, as `log_access` does, in one round trip for all."""
    await audit.add(connection, [_line(caller, access, now) for access in accesses])


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer that many callers see alike: made once, and put on record for each of them.

    `lines` is a JSON array with an object for each school: `school`, `students`, `student_ids`; empty where nobody was shown.
    """

    id: uuid.UUID
    action: Action
    lines: str

    @classmethod
    def of(cls, action: Action, students: Mapping[str, Iterable[str]]) -> Self:
        """The students' keys by school."""
        lines = [
            {"school": school, "students": sorted(keys), "student_ids": sorted(student_id(school, key) for key in keys)}
            for school, keys in sorted(students.items())
        ]
        return cls(uuid.uuid4(), action, msgspec.json.encode(lines).decode() if lines else "")


async def log_shown(connection: AsyncConnection, callers: Sequence[Principal], shown: Shown, now: datetime) -> None:
    """Writes its lines for each caller, as `log_access` does: in full for the first ever, and a row for each other one, in one statement.

    Must not run twice at a time for one `shown`.
    """
    if not shown.lines or not callers:
        return
    readers = [audit.Reader(caller.subject, caller.role) for caller in callers]
    if not await audit.add_also(connection, now, readers, shown.id):
        await audit.add_shown(connection, now, readers[0], shown.action, shown.id, shown.lines)
        if readers[1:]:
            await audit.add_also(connection, now, readers[1:], shown.id)


def _line(caller: Principal, access: Access, now: datetime) -> audit.NewLine:
    return audit.NewLine(
        at=now,
        subject=caller.subject,
        role=caller.role,
        action=access.action,
        school=access.school,
        students=sorted(set(access.students)),
        student_ids=sorted({student_id(access.school, student) for student in access.students} | set(access.student_ids)),
        record_id=access.record_id,
        fields=sorted(access.fields),
        filters={name: value for name, value in (access.filters or {}).items() if value is not None},
    )
