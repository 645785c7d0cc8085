"""Attendance Management Plans, as the API takes and answers them."""

import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from services.thresholds.plans.plan import STEPS, Plan, State, Step
from services.thresholds.schemas import Body
from shared.addresses import usable_address

LONGEST_TEXT: Final = 4_000
MOST_TEXTS: Final = 30
LONGEST_PLAN: Final = 60_000
"""Characters of all texts together: some twenty-five pages, several times what schools publish."""

MOST_VERSIONS: Final = 1_000_000_000
"""A number beyond any version's; it fits the column."""

_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make a text read otherwise than it is written."""


def _clean(text: str) -> str:
    """The text as it is kept: composed characters, line feeds, no blanks at the ends of lines. Raises ValueError."""
    lines = unicodedata.normalize("NFC", text).replace("\t", " ").splitlines()
    clean = "\n".join(line.rstrip() for line in lines).strip("\n")
    for character in clean:
        if character != "\n" and (unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} or character in _DIRECTIONS):
            raise ValueError(f"the character U+{ord(character):04X} is not text")
    if not clean.strip():
        raise ValueError("the text is empty")
    return clean


def _one_line(text: str) -> str:
    clean = _clean(text).strip()
    if "\n" in clean:
        raise ValueError("this goes on one line")
    return clean


def _as_list(value: Any) -> Any:
    """A single text is a list of one; a form's empty field is none."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    return value


def _distinct(keys: list[str]) -> list[str]:
    if len(set(keys)) < len(keys):
        raise ValueError("an activity is there twice")
    return keys


def _address(address: str) -> str:
    usable = usable_address(address)
    if usable is None:
        raise ValueError("not an e-mail address")
    return usable


Prose = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_clean)]
Prosaic = Annotated[
    list[Prose],
    BeforeValidator(_as_list, json_schema_input_type=list[Prose] | Prose),
    Field(max_length=MOST_TEXTS, description="Plain texts: paragraphs with blank lines between, and lists with `- ` or `1. `"),
]
Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]


class ProcessesBody(Body):
    """Processes to find patterns of absence, and its barriers and underlying causes."""

    patterns: Prosaic = Field(default=[])
    barriers: Prosaic = Field(default=[])


class MonitoringBody(Body):
    """Methods to monitor and measure progress, with links to achievement."""

    measures: Prosaic = Field(default=[])
    achievement_links: Prosaic = Field(default=[])


class ApproachBody(Body):
    """What is done at a step: strategies in words, and actions by the keys of the school's activities, in the order to offer them."""

    strategies: Prosaic = Field(default=[])
    actions: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=100)]], AfterValidator(_distinct)] = Field(
        default=[], max_length=50, examples=[["conversation-with-whanau", "barriers-identified"]]
    )


class ContactBody(Body):
    """Whom to ask about the plan. It is published."""

    name: Line = Field(examples=["Attendance lead"])
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_address)] | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 ()/-]{4,30}$")] | None = None


class PlanIn(Body):
    """A plan, whole: what is left out is not in it. A draft may lack anything; the checklist says what publishing takes."""

    objectives: Prosaic = Field(default=[])
    priorities: Prosaic = Field(default=[])
    processes: ProcessesBody = ProcessesBody()
    monitoring: MonitoringBody = MonitoringBody()
    thresholds: dict[Step, ApproachBody] = Field(
        default={},
        description="By step: `expectations` (under 5 days), `5`, `10` and `15`",
        examples=[{"5": {"strategies": [], "actions": []}}],
    )
    approved_on: Day | None = None
    approved_by: Line | None = Field(default=None, description="The board: a body, not a person")
    effective_on: Day | None = None
    review_on: Day | None = Field(default=None, description="The day by which the board reviews it: three years after approval at most")
    contact: ContactBody | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if (length := sum(map(len, _texts(self.model_dump())))) > LONGEST_PLAN:
            raise ValueError(f"the plan's texts have {length} characters together; {LONGEST_PLAN} is the most")
        return self

    def plan(self) -> Plan:
        """The plan as data, with every step in it."""
        body = self.model_dump(mode="json")
        body["thresholds"] = {step: body["thresholds"].get(step, {}) for step in STEPS}
        return msgspec.convert(body, Plan)


def plan_values(plan: Plan) -> dict[str, Any]:
    """What a plan says, field by field, as JSON has it."""
    values: dict[str, Any] = msgspec.to_builtins(plan)
    return values


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for part in value for text in _texts(part)] if isinstance(value, list) else []


class VersionOut(BaseModel):
    """A version of a school's plan. `superseded_at` is when a later one was published; a draft can be superseded too."""

    school: str
    version: int
    state: State
    saved_at: datetime
    saved_by: str
    published_at: datetime | None
    published_by: str | None
    superseded_at: datetime | None


class ProcessesOut(BaseModel):
    """Processes to find patterns of absence, and its barriers and underlying causes."""

    patterns: list[str]
    barriers: list[str]


class MonitoringOut(BaseModel):
    """Methods to monitor and measure progress, with links to achievement."""

    measures: list[str]
    achievement_links: list[str]


class ApproachOut(BaseModel):
    """What is done at a step."""

    strategies: list[str]
    actions: list[str]


class ContactOut(BaseModel):
    """Whom to ask about the plan."""

    name: str
    email: str | None
    phone: str | None


class PlanOut(VersionOut):
    """A version with what it says. `page` and `pdf` are where everybody can read the published one; null for all others."""

    objectives: list[str]
    priorities: list[str]
    processes: ProcessesOut
    monitoring: MonitoringOut
    thresholds: dict[Step, ApproachOut]
    approved_on: date | None
    approved_by: str | None
    effective_on: date | None
    review_on: date | None
    contact: ContactOut | None
    page: str | None
    pdf: str | None


class VersionPage(BaseModel):
    """A page of versions, newest first, without their texts."""

    items: list[VersionOut]
    next: str | None


class PublishIn(Body):
    """Which draft to publish: the newest, unless told otherwise."""

    version: int | None = Field(default=None, ge=1, le=MOST_VERSIONS)


class PointOut(BaseModel):
    """A point of the checklist."""

    point: str
    asks: str
    met: bool
    why: str


class ChecklistOut(BaseModel):
    """What the Ministry's guide asks, point by point. `complete`: nothing is in the way of publishing, or it is published already."""

    school: str
    version: int
    state: State
    complete: bool
    items: list[PointOut]
    next: Literal[None] = None
