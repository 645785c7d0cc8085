"""A meeting as a calendar file (RFC 5545, 5546). It does not name the student: calendars are shared, and looked at over shoulders. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from services.thresholds.meetings.meeting import Invited, Meeting
from shared.addresses import usable_address

MEDIA_TYPE: Final = "text/calendar"
PRODUCT: Final = "-//STAR//Meetings//EN"
SUMMARY: Final = "Meeting at school"


@dataclass(frozen=True, slots=True)
class Host:
    """The school that invites."""

    name: str
    email: str | None
    timezone: str


def calendar_file(meeting_id: UUID, meeting: Meeting, sequence: int, host: Host, changed_at: datetime) -> bytes:
    """The file. A meeting of a school with an address, and of people with one, is a request to them; a cancelled one takes it back.

    `DTSTART` is on the school's clock, and the file has the rules of its time zone: the hour stays right over a change to or from
    daylight saving.
    """
    zone = ZoneInfo(host.timezone)
    start = meeting.at.astimezone(zone)
    event = Event()
    event.add("uid", f"{meeting_id}@star")
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", sequence)
    event.add("dtstart", start)
    # In absolute time: an hour that the clock goes through twice, or not at all, has sixty minutes too.
    event.add("dtend", (meeting.at + timedelta(minutes=meeting.minutes)).astimezone(zone))
    event.add("summary", f"{SUMMARY}: {host.name}")
    event.add("status", "CANCELLED" if meeting.status == "cancelled" else "CONFIRMED")
    if meeting.place is not None:
        event.add("location", meeting.place)
    if meeting.agenda is not None:
        event.add("description", meeting.agenda)
    invited = _addresses(meeting.people)
    organizer = usable_address(host.email)
    if organizer is not None:
        event.add("organizer", _address(organizer, host.name, {}), encode=False)
        for address, person in invited:
            event.add("attendee", _address(address, person.name, {"RSVP": "TRUE"}), encode=False)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", _method(meeting, asks=organizer is not None and bool(invited)))
    calendar.add_component(event)
    calendar.add_missing_timezones(first_date=start.date() - timedelta(days=366), last_date=start.date() + timedelta(days=366))
    file: bytes = calendar.to_ical()
    return file


def _method(meeting: Meeting, *, asks: bool) -> str:
    if meeting.status == "cancelled":
        return "CANCEL"
    return "REQUEST" if asks else "PUBLISH"


def _addresses(people: Sequence[Invited]) -> list[tuple[str, Invited]]:
    return [(address, person) for person in people if (address := usable_address(person.email)) is not None]


def _address(address: str, name: str, parameters: dict[str, str]) -> vCalAddress:
    value = vCalAddress(f"mailto:{address}")
    value.params["CN"] = vText(name)
    for parameter, text in parameters.items():
        value.params[parameter] = vText(text)
    return value
