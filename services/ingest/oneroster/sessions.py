"""The terms of a file beside those of the school's calendar: told where they differ, and never taken. Closed days and half days decide
whether a mark counts, and the format has none, so the calendar has one source only. Pure but for reading the zip."""

from collections.abc import Sequence

from services.ingest.oneroster.archive import Archive
from services.ingest.oneroster.notes import Notes
from services.ingest.oneroster.people import day_of
from services.ingest.schools.schemas import TermIn


def note_sessions(archive: Archive, terms: Sequence[TermIn], notes: Notes) -> None:
    """Notes each term of the file that overlaps a term of the school's and has other dates."""
    for line in archive.lines("academicsessions"):
        if line["type"].casefold() != "term" or line.is_deleted:
            continue
        start, end = day_of(line["startdate"], notes), day_of(line["enddate"], notes)
        if start is None or end is None:
            continue
        same = [term for term in terms if start <= term.end and term.start <= end]
        for term in same:
            if (term.start, term.end) != (start, end):
                notes.add("sessions-differ", f"{term.term} is {term.start} to {term.end} here, {start} to {end} in the file")
