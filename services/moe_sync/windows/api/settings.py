"""A school's choices for its uploads: the close of its weeks, the adapter, national student numbers, pauses."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.access import Admin, Reader, existing
from services.moe_sync.roster.preferences import Preferences
from services.moe_sync.roster.repository import national_numbers, preferences, schools
from services.moe_sync.roster.school import School
from services.moe_sync.state import MoeSyncState, State
from services.moe_sync.uploads.building import take_numbers_out
from services.moe_sync.uploads.effective_adapter import effective_adapter
from services.moe_sync.uploads.repository import uploads
from services.moe_sync.windows import repository as windows
from services.moe_sync.windows.scheduling import Scheduler
from services.moe_sync.windows.schemas import PauseIn, PauseOut, SettingsIn, SettingsOut
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.service import SchoolInPath
from shared.worklist import repository as worklist

router = Router(tags=["settings"])


@router.get("/v1/schools/{school}/upload-settings", summary="Settings of a school's uploads")
async def get_upload_settings(school: SchoolInPath, state: State, caller: Reader) -> SettingsOut:
    """The school's own choices, and the values in force."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        known = existing(await schools.get(connection, school))
        return _shown(state, known, await preferences.get(connection, school))


@router.patch("/v1/schools/{school}/upload-settings", summary="Choose how a school's uploads go")
async def change_upload_settings(school: SchoolInPath, body: SettingsIn, state: State, caller: Admin) -> SettingsOut:
    """Changes the fields that are in the request; null goes back to the service's own value. Sent uploads stay as they are.

    `nsn` decides whether records carry national student numbers. When it is switched on, students are read again from the start, and
    uploads built from then on carry numbers. When it is switched off, all stored numbers are erased at once, and an upload that is on
    its way loses them as soon as it is answered.
    """
    caller.require_school(school)
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    async with state.engine.begin() as connection:
        existing(await schools.lock(connection, school))
        before = await preferences.get(connection, school)
        after = _signed(replace(before, **changes), caller, state.clock())
        await preferences.put(connection, school, after)
        await _log(connection, caller, school, changes, after)
        if after.nsn and not before.nsn:
            await national_numbers.read_students_anew(connection)
        if before.nsn and not after.nsn:
            await national_numbers.erase_school(connection, school)
            await take_numbers_out(connection, school)
        return await _settled(connection, state, school, after)


@router.post("/v1/schools/{school}/uploads/pause", summary="Send nothing for now")
async def pause_uploads(school: SchoolInPath, body: PauseIn, state: State, caller: Admin) -> SettingsOut:
    """Uploads are still built when their weeks close, and wait; an attempt that is under way is finished."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        existing(await schools.lock(connection, school))
        before = await preferences.get(connection, school)
        paused = replace(before, paused_at=state.clock(), paused_by=caller.subject, pause_reason=body.reason)
        after = _signed(paused, caller, state.clock())
        await preferences.put(connection, school, after)
        await _log(connection, caller, school, ["paused"], after)
        return await _settled(connection, state, school, after)


@router.post("/v1/schools/{school}/uploads/resume", summary="Send again")
async def resume_uploads(school: SchoolInPath, state: State, caller: Admin) -> SettingsOut:
    """Uploads that waited go in order."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        existing(await schools.lock(connection, school))
        before = await preferences.get(connection, school)
        after = _signed(replace(before, paused_at=None, paused_by=None, pause_reason=None), caller, state.clock())
        await preferences.put(connection, school, after)
        await _log(connection, caller, school, ["paused"], after)
        return await _settled(connection, state, school, after)


async def _settled(connection: AsyncConnection, state: MoeSyncState, number: str, chosen: Preferences) -> SettingsOut:
    """Moves the open windows to where they are due now, and lets what waits be looked at again."""
    school = existing(await schools.get(connection, number))
    scheduler = _scheduler(state)
    await windows.add(connection, [scheduler.slot(school, week) for week in await windows.open_of_school(connection, number)])
    await uploads.queue_next(connection, [number], state.clock())
    await worklist.wake(connection)
    return _shown(state, school, chosen)


async def _log(connection: AsyncConnection, caller: Principal, school: str, fields: Iterable[str], chosen: Preferences) -> None:
    assert chosen.updated_at is not None
    await log_access(connection, caller, Access(action="change-upload-settings", school=school, fields=fields), chosen.updated_at)


def _signed(chosen: Preferences, caller: Principal, now: datetime) -> Preferences:
    return replace(chosen, updated_at=now, updated_by=caller.subject)


def _scheduler(state: MoeSyncState) -> Scheduler:
    return Scheduler(state.settings.closing, state.settings.event_lag)


def _shown(state: MoeSyncState, school: School, chosen: Preferences) -> SettingsOut:
    scheduler = _scheduler(state)
    slot = scheduler.next_slot(school, state.clock())
    paused = None
    if chosen.paused_at is not None and chosen.paused_by is not None and chosen.pause_reason is not None:
        paused = PauseOut(at=chosen.paused_at, by=chosen.paused_by, reason=chosen.pause_reason)
    return SettingsOut(
        school=school.school,
        closes=chosen.closes,
        adapter=chosen.adapter,
        nsn=chosen.nsn,
        effective_closes=chosen.closes or state.settings.window_closes,
        effective_adapter=effective_adapter(chosen, state.settings).name,
        next_close=None if slot is None else scheduler.closes_at(school, slot.week),
        paused=paused,
        updated_at=chosen.updated_at,
        updated_by=chosen.updated_by,
    )
