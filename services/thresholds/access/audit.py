"""The audit log: who saw or changed what of which students. It names fields, never what was in them."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access import repository as audit
from shared.auth.principal import Principal

Action = Literal[
    "read-attendance",
    "list-students",
    "list-records",
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
    "read-transfers",
    "export-student",
    "import-student",
    "read-audit",
]
"""The actions of requests. Add new ones, never rename one: lines are kept for years."""

Filter = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that showed or changed students.

    `students` are their keys: for a list, all on the page. `fields` names the fields that were changed, `filters` those of a list.
    """

    action: Action
    school: str
    students: Iterable[str] = ()
    record_id: uuid.UUID | None = None
    fields: Iterable[str] = ()
    filters: Mapping[str, Filter | None] | None = None


async def log_access(connection: AsyncConnection, caller: Principal, access: Access, now: datetime) -> None:
    """Writes the line with the caller's transaction: a change that is not in the log does not happen, and a look that is not in it
    is not answered. Filters that are None are left out."""
    await audit.add(
        connection,
        audit.NewLine(
            at=now,
            subject=caller.subject,
            role=caller.role,
            action=access.action,
            school=access.school,
            students=sorted(set(access.students)),
            record_id=access.record_id,
            fields=sorted(access.fields),
            filters={name: value for name, value in (access.filters or {}).items() if value is not None},
        ),
    )
