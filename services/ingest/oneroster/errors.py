"""Errors of a zip that can't be read as a roster at all. The words are for the person who exported it; they name files and columns."""

from shared.web.problem_types import ProblemKind


class OneRosterError(Exception):
    """The zip is no OneRoster file, or not of this school. `kind` is the problem's type."""

    kind: ProblemKind = "unreadable-oneroster"


class OtherSchoolError(OneRosterError):
    """The zip is about other schools."""

    kind = "other-school"
