"""The problems that an operation can answer: those that its door gives by itself, and those that the operation declares."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from shared.web.door import GuardedRoute
from shared.web.limiting import UNLIMITED
from shared.web.problem_types import PROBLEMS, TYPE_PREFIX, ProblemKind

MEDIA_TYPE: Final = "application/problem+json"
DECLARED: Final = "x-problems"

OF_PARAMETER: Final[Mapping[str, ProblemKind]] = {
    "school": "unknown-school",
    "student": "unknown-student",
    "record_id": "unknown-record",
    "response_id": "unknown-response",
    "contact_id": "unknown-contact",
    "meeting_id": "unknown-meeting",
    "reply_id": "unknown-reply",
    "plan_id": "unknown-support-plan",
    "delivery": "unknown-delivery",
    "printing_id": "unknown-printing",
    "upload": "unknown-upload",
    "subscription_id": "unknown-subscription",
    "letter_id": "unknown-dead-letter",
    "letter": "unknown-letter",
    "version": "unknown-version",
    "event": "unknown-event",
    "transfer_id": "unknown-transfer",
    "change_id": "unknown-change",
    "question": "unknown-question",
    "username": "unknown-credential",
    "address": "unknown-address",
    "name": "unknown-file",
}
"""The refusal of a path that names what is not there; of a parameter that is not listed, `not-found`."""

_OF_BODIES: Final[tuple[ProblemKind, ...]] = (
    "abandoned",
    "damaged-gzip",
    "malformed-json",
    "too-large",
    "unsupported-encoding",
)

Refusals = dict[int, list[ProblemKind]]
"""The kinds of problems by status."""


def refuses(*kinds: ProblemKind) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation for the problems of its own: `responses=refuses("not-waiting", "being-sent")`.

    The document adds those of the door (the caller, the body, the path) by itself.
    """
    by_status: Refusals = {}
    for kind in kinds:
        for status in PROBLEMS[kind].statuses:
            by_status.setdefault(status, []).append(kind)
    return {status: {"description": HTTPStatus(status).phrase, DECLARED: named} for status, named in by_status.items()}


def refusals_of(route: GuardedRoute) -> Refusals:
    """The problems that the door of a route gives."""
    kinds: list[ProblemKind] = ["invalid-request"]
    if route.gates:
        kinds += ["unauthorized", "missing-role", "issuer-unavailable"]
        if any(gate.takes_scope for gate in route.gates):
            kinds.append("missing-scope")
        if any(gate.takes_whole_school for gate in route.gates):
            kinds.append("part-of-a-school")
        if "{school}" in route.path:
            kinds.append("another-school")
    if route.gates or route.dependant.dependencies:
        kinds.append("unavailable")
    if route.path not in UNLIMITED:
        kinds.append("too-many-requests")
    if route.reads_body:
        kinds += _OF_BODIES
    kinds += [OF_PARAMETER.get(name, "not-found") for name in route.param_convertors]
    found: Refusals = {}
    for kind in sorted(set(kinds)):
        found.setdefault(PROBLEMS[kind].statuses[0], []).append(kind)
    return found


def answer_of(status: int, kinds: list[ProblemKind]) -> dict[str, Any]:
    """The response of a status in a document, with an example of each kind."""
    return {
        "description": " ".join(f"`{kind}`: {PROBLEMS[kind].meaning}" for kind in kinds),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {kind: {"value": example_of(status, kind)} for kind in kinds},
            }
        },
    }


def example_of(status: int, kind: ProblemKind) -> dict[str, Any]:
    """A problem of this kind."""
    example: dict[str, Any] = {
        "type": TYPE_PREFIX + kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": PROBLEMS[kind].meaning,
    }
    return example | dict(_MEMBERS.get(kind, {}))


_REJECTED: Final = {"accepted": 0, "rejected": [{"index": 0, "reason": "bad-field", "detail": "student: a text is needed"}]}
_MEMBERS: Final[Mapping[ProblemKind, Mapping[str, Any]]] = {
    "invalid-request": {"errors": [{"at": "query.limit", "why": "Input should be greater than or equal to 1"}]},
    "nothing-accepted": _REJECTED,
    "incomplete-roster": _REJECTED,
    "confirm-change": {
        "effect": {"students_off": 31, "totals_changed": 0, "crossings_up": 0, "crossings_down": 0, "letters": 0},
        "confirm": "3f9a1c2209b7e1d4a86b0c55",
    },
    "cursor-of-another-history": {"read_from": "0"},
}


def problem_schemas() -> dict[str, Any]:
    """The schemas `Problem` and `ProblemPlace`: the same in every document."""
    return {"Problem": _PROBLEM, "ProblemPlace": _PLACE}


_PLACE: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A place in the request that was refused, and the reason.",
    "required": ["at", "why"],
    "properties": {
        "at": {"type": "string", "description": "The place: `body.students.0.year_level`, `query.limit`.", "examples": ["query.limit"]},
        "why": {"type": "string", "description": "The reason, in words for a person.", "examples": ["Field required"]},
    },
    "additionalProperties": True,
    "examples": [{"at": "query.limit", "why": "Input should be greater than or equal to 1"}],
}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A refusal (RFC 9457). `type` decides what a program does with it; a type may have further members of its own.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "enum": [TYPE_PREFIX + kind for kind in sorted(PROBLEMS)],
            "description": "The stable name of the refusal. The reference page `problems` lists all with their meaning.",
            "examples": [f"{TYPE_PREFIX}invalid-request"],
        },
        "title": {"type": "string", "description": "The name of the status.", "examples": ["Unprocessable Content"]},
        "status": {"type": "integer", "description": "The HTTP status, once more.", "examples": [422]},
        "detail": {"type": "string", "description": "The reason, in words for a person. It quotes nothing of the request's data."},
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/ProblemPlace"},
            "description": "The places at fault (`invalid-request`, `bad-template`, `incomplete-plan`, `unknown-activity`).",
        },
        "accepted": {"type": "integer", "description": "How many items of a batch were accepted.", "examples": [0]},
        "rejected": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": True},
            "description": "The items of a batch that were refused, as its answer lists them.",
            "examples": [_REJECTED["rejected"]],
        },
        "effect": {
            "type": "object",
            "additionalProperties": True,
            "description": "The effect of a change that must be confirmed (`confirm-change`).",
            "examples": [_MEMBERS["confirm-change"]["effect"]],
        },
        "confirm": {
            "type": "string",
            "description": "The value of `?confirm=` that makes the change (`confirm-change`).",
            "examples": [_MEMBERS["confirm-change"]["confirm"]],
        },
        "read_from": {
            "type": "string",
            "description": "The cursor to go on from (`cursor-of-another-history`).",
            "examples": ["0"],
        },
    },
    "additionalProperties": True,
    "examples": [example_of(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request")],
}
_PROBLEM["properties"]["detail"]["examples"] = ["query.limit: Input should be greater than or equal to 1"]
_PROBLEM["properties"]["errors"]["examples"] = [[_PLACE["examples"][0]]]
