"""`/console/{school}/data-quality/import`: a CSV file looked at, its columns chosen, and imported.

The file stays in the browser between the look and the import: the console keeps nothing but sessions.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, Any, Final, Literal

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError
from services.console.frame.navigation import DATA_QUALITY
from services.console.frame.rendering import is_fragment
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.data_quality.kinds import refused
from services.console.pages.data_quality.page import tabs_of
from services.console.pages.settings.changes import effect_sentences
from services.console.people.needs import IMPORTERS
from shared.web.headers import content_length

router = PageRouter()

Kind = Literal["marks", "students"]

MOST: Final = 51 * 1024 * 1024
"""Bytes of a form with a file: what ingest takes, and the form's own."""

MOST_COLUMNS: Final = 100
LONGEST_LINE: Final = 64 * 1024

FIELDS: Final[dict[Kind, dict[str, str]]] = {
    "marks": {
        "student": "student's number",
        "date": "date",
        "session": "AM or PM",
        "slot": "period",
        "code": "code",
        "am": "code of the morning",
        "pm": "code of the afternoon",
        "minutes": "minutes",
        "recorded_at": "when it was recorded",
        "unjustified": "unjustified half days",
        "justified": "justified half days",
        "present": "half days present",
    },
    "students": {
        "student": "student's number",
        "given_name": "given name",
        "family_name": "family name",
        "year_level": "year level",
        "groups": "groups",
        "nsn": "national student number",
        "starts_on": "first day",
        "leaves_on": "last day",
        "attends": "sessions attended",
        "caregiver_name": "caregiver's name",
        "caregiver_email": "caregiver's e-mail address",
        "caregiver_phone": "caregiver's phone",
    },
}
"""The fields that a column can be, in words."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A form with a file."""

    file: UploadFile
    kind: Kind
    full: bool
    dry_run: bool
    confirm: str | None
    chosen: Mapping[str, str] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)

    def query(self) -> dict[str, Any]:
        """As the API takes it."""
        asked: dict[str, Any] = {"kind": self.kind, "map": [f"{column}={name}" for column, name in self.chosen.items()]}
        asked |= {"dry_run": "true"} if self.dry_run else {}
        if self.kind == "students":
            asked |= {"full": "true"} if self.full else {}
            asked |= {"confirm": self.confirm} if self.confirm else {}
        return asked


@router.get("/{school}/data-quality/import", IMPORTERS)
async def choose(visit: VisitHere) -> Response:
    """The form."""
    await visit.ask()
    return _shown(visit, None, None)


@router.post("/{school}/data-quality/import", IMPORTERS)
async def take(visit: VisitHere) -> Response:
    """Looks at the file, or imports it, and reports."""
    length = content_length(visit.request.headers.get("content-length"))
    if length is None or length > MOST:
        raise BadFormError(["The file is larger than 50 MB. Split it, or send it with the command star import."])
    async with visit.request.form(max_files=1, max_fields=3 * MOST_COLUMNS) as sent:
        upload = _read(sent)
        part = await visit.apis.ingest.upload(f"/v1/schools/{visit.school}/imports", upload.file.file, "text/csv", **upload.query())
    await visit.ask()
    return _shown(visit, upload, part)


def _read(sent: FormData) -> SentFile:
    """The form. Raises BadFormError."""
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadFormError(["Choose a file first."])
    kind = str(sent.get("kind", ""))
    if kind not in FIELDS:
        raise BadFormError(["Say whether the file has marks or students."])
    columns = [(str(sent[f"column.{row}"]), str(sent.get(f"field.{row}", ""))) for row in range(MOST_COLUMNS) if f"column.{row}" in sent]
    was = {str(sent[f"column.{row}"]): str(sent.get(f"was.{row}", "")) for row in range(MOST_COLUMNS) if f"column.{row}" in sent}
    return SentFile(
        file=file,
        kind=kind,
        full=sent.get("full") == "true",
        dry_run=sent.get("do") != "import",
        confirm=str(sent["confirm"]) if sent.get("confirm") else None,
        header=header_of(file.file),
        # A column that was left as it was found needs no word about it.
        chosen={column: name for column, name in columns if name != was[column]},
    )


def header_of(file: IO[bytes]) -> list[str]:
    """The names in the first line; the file is at its beginning again afterwards."""
    line = file.readline(LONGEST_LINE)
    file.seek(0)
    text = line.decode("utf-8-sig", "replace").strip()
    separator = max(",;\t", key=text.count)
    return [name.strip() for name in next(csv.reader([text], delimiter=separator), []) if name.strip()]


def _shown(visit: Visit, upload: SentFile | None, part: Part[Any] | None) -> Response:
    report, effect, problem, confirm = None, None, None, None
    if part is not None and part.data is not None:
        report = part.data
        effect = effect_sentences(report["effect"]) if "effect" in report else None
    elif part is not None and part.failure is not None:
        # Nothing is known of a file of whose columns nothing was read.
        report = part.failure.extra.get("report")
        report = report if report and report["columns"] else None
        problem = _problem(part)
        if part.failure.kind == "confirm-change":
            effect, confirm = effect_sentences(part.failure.extra["effect"]), part.failure.extra["confirm"]
    view = {
        "tabs": tabs_of(visit, "import"),
        "upload": upload,
        "report": report,
        "effect": effect,
        "problem": problem,
        "confirm": confirm,
        "columns": _columns(report, upload),
        "fields": FIELDS[upload.kind] if upload is not None else {},
        "refused": refused,
        # A page that is loaded anew has lost the file; beside a fragment it is still there.
        "forgets": not is_fragment(visit.request),
    }
    status = HTTPStatus.OK if problem is None or is_fragment(visit.request) else HTTPStatus.UNPROCESSABLE_ENTITY
    return visit.show("data_quality/import.html", DATA_QUALITY, view, title="Import a file", block="report", status=status)


def _columns(report: Mapping[str, Any] | None, upload: SentFile | None) -> list[tuple[str, str, str]]:
    """The file's columns: what each was found to be by itself, and what it is read as. None are known before a look."""
    if upload is None:
        return []
    read = {**dict.fromkeys(report["ignored_columns"], ""), **report["columns"]} if report else {}
    # A file whose columns say too little is not read at all: then its first line is what there is to choose from.
    read = read or {column: upload.chosen.get(column, "") for column in upload.header}
    # Something that no field is called: what was chosen is said again with the next sending.
    return [(column, "?" if column in upload.chosen else name, name) for column, name in list(read.items())[:MOST_COLUMNS]]


def _problem(part: Part[Any]) -> str:
    assert part.failure is not None
    if part.failure.why == "refused":
        return "Your account may not import this kind of file."
    if part.failure.why == "away":
        return "The service does not answer now. Sending the file again does no harm."
    reason = (part.failure.detail or "the file can't be read").partition(". If that is meant")[0]
    return f"{reason[:1].upper()}{reason[1:]}."
