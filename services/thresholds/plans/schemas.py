"""Attendance Management Plans, as the API takes and answers them."""

import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, Final, Self

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from services.thresholds.plans.plan import (
    STEPS,
    Approach,
    BaselineFigure,
    Contact,
    Monitoring,
    Plan,
    PlanState,
    PlanStep,
    Processes,
    RoleDuty,
    YearTarget,
)
from shared.addresses import usable_address
from shared.web.pages import Page
from shared.web.schemas import Body

LONGEST_TEXT: Final = 4_000
MOST_TEXTS: Final = 30
LONGEST_PLAN: Final = 60_000
"""Characters of all texts together: some twenty-five pages, several times what schools publish."""

MOST_VERSIONS: Final = 1_000_000_000
"""A number beyond any version's; it fits the column."""

_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make a text read otherwise than it is written."""


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
    """The approach at a step: strategies in words, and actions by the keys of the school's activities, in the order to offer them."""

    strategies: Prosaic = Field(default=[])
    actions: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=100)]], AfterValidator(_distinct)] = Field(
        default=[], max_length=50, examples=[["conversation-with-whanau", "barriers-identified"]]
    )
    parents: Prosaic = Field(default=[])
    students: Prosaic = Field(default=[])
    ministry: Prosaic = Field(default=[])


class RoleDutyBody(Body):
    """A role and its duties. It is published: name the role, not the person."""

    role: Line = Field(examples=["Attendance lead"])
    duty: Prose = Field(examples=["Looks at the week's analysis each Monday."])


class BaselineBody(Body):
    """A figure from which the plan starts, in words."""

    measure: Line = Field(examples=["Regular attendance, 2025"])
    value: Line = Field(examples=["61%"])


class TargetBody(Body):
    """The share of students, in per cent, to attend regularly in a year."""

    year: Annotated[int, Field(ge=2000, le=2099, examples=[2027])]
    regular_percent: Annotated[float, Field(gt=0, le=100, examples=[70])]


class ContactBody(Body):
    """The contact for questions about the plan. It is published."""

    name: Line = Field(examples=["Attendance lead"])
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_address)] | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 ()/-]{4,30}$")] | None = None


class PlanIn(Body):
    """A whole plan: it has only the texts that you send. A draft may lack anything; the checklist says what publishing takes."""

    objectives: Prosaic = Field(default=[])
    priorities: Prosaic = Field(default=[])
    processes: ProcessesBody = ProcessesBody()
    monitoring: MonitoringBody = MonitoringBody()
    thresholds: dict[PlanStep, ApproachBody] = Field(
        default={},
        description="By step: `expectations` (under 5 days), `5`, `10` and `15`",
        examples=[{"5": {"strategies": [], "actions": []}}],
    )
    approved_on: Day | None = None
    approved_by: Line | None = Field(default=None, description="The board: a body, not a person")
    effective_on: Day | None = None
    review_on: Day | None = Field(default=None, description="The day by which the board reviews it: three years after approval at most")
    contact: ContactBody | None = None
    roles: list[RoleDutyBody] = Field(default=[], max_length=MOST_TEXTS)
    baseline: list[BaselineBody] = Field(default=[], max_length=MOST_TEXTS)
    targets: list[TargetBody] = Field(default=[], max_length=MOST_TEXTS, description="One for each year")
    first_review_on: Day | None = Field(default=None, description="The day of the first look at the plan, which the page tells everybody")

    @model_validator(mode="after")
    def _a_target_a_year(self) -> Self:
        if len({target.year for target in self.targets}) < len(self.targets):
            raise ValueError("a year has one target")
        return self

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
    state: PlanState
    saved_at: datetime
    saved_by: str
    published_at: datetime | None
    published_by: str | None
    superseded_at: datetime | None


class PlanOut(VersionOut):
    """A version with its texts. `page` and `pdf` are the public addresses of the published version; null for all others."""

    # An answer has all fields of the plan's parts.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    objectives: list[str]
    priorities: list[str]
    processes: Processes
    monitoring: Monitoring
    thresholds: dict[PlanStep, Approach]
    approved_on: date | None
    approved_by: str | None
    effective_on: date | None
    review_on: date | None
    contact: Contact | None
    roles: list[RoleDuty]
    baseline: list[BaselineFigure]
    targets: list[YearTarget]
    first_review_on: date | None
    page: str | None
    pdf: str | None


class PublishIn(Body):
    """The draft to publish; by default the newest."""

    version: int | None = Field(default=None, ge=1, le=MOST_VERSIONS)


class PointOut(BaseModel):
    """A point of the checklist."""

    point: str
    asks: str
    met: bool
    why: str


class ChecklistOut(Page[PointOut]):
    """The Ministry's guide, point by point. `complete`: the version can be published, or has been."""

    school: str
    version: int
    state: PlanState
    complete: bool
