"""Every operation, as every role, with every scope: against the page that says what each takes (`docs/reference/rights.md`)."""

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, get_args

import httpx

from shared.auth.principal import ROLES, Role, Scope
from tests.integration.apis.four_apis import FourApis

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "rights.md"
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
ROW: Final = re.compile(r"\| `(?P<key>[A-Z]+ [^`]+)` \| (?P<scope>[^|]+) \| `?(?P<role>[a-z]*)`? ?\| (?P<part>[a-z]*) ?\|")


@dataclass(frozen=True)
class Right:
    """The right that an operation takes. Without a role, it takes not even a token."""

    scope: str
    role: str
    part: str

    @property
    def scopes(self) -> set[str]:
        """The scopes that do; where it depends on the query, the one that does without a query."""
        return set(SCOPES) if self.scope == "any" else {self.scope.split("`")[1]}


def page() -> dict[tuple[str, str], Right]:
    rights, service = {}, ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            service = line.removeprefix("## ")
        elif row := ROW.fullmatch(line):
            rights[service, row["key"]] = Right(row["scope"].strip(), row["role"], row["part"])
    return rights


def kind(answer: httpx.Response) -> str | None:
    """The kind of a refusal; None for any other answer."""
    return str(answer.json()["type"]).rpartition(":")[2] if answer.status_code in {401, 403} else None


def expected(right: Right, scope: Scope, role: Role) -> str | None:
    if scope not in right.scopes:
        return "missing-scope"
    return "missing-role" if ROLES.index(role) < ROLES.index(right.role) else None  # type: ignore[arg-type]


def test_every_operation_has_its_line(apis: FourApis) -> None:
    assert {(operation.service, operation.key) for operation in apis.operations} == set(page())


async def test_every_operation_takes_its_scope_and_role(apis: FourApis) -> None:
    rights = page()
    wrong = []
    for operation in apis.of_api():
        right = rights[operation.service, operation.key]
        if right.scope == "none":
            continue
        assert kind(await apis.send(operation, operation.at(), {})) == "unauthorized", operation.key
        for scope, role in product(SCOPES, ROLES):
            got = kind(await apis.send(operation, operation.at(), apis.token(scope, role=role)))
            if got != expected(right, scope, role):
                wrong.append((operation.service, operation.key, scope, role, got))
    assert wrong == []


async def test_a_part_of_a_school_and_another_school_are_refused(apis: FourApis) -> None:
    rights = page()
    for operation in apis.of_api():
        right = rights[operation.service, operation.key]
        if right.scope == "none":
            continue
        if right.part == "whole":
            dean = apis.token(*SCOPES, groups=["10A"])
            assert kind(await apis.send(operation, operation.at(), dean)) == "part-of-a-school", operation.key
        if "school" in operation.parameters:
            stranger = apis.token(*SCOPES, schools=("0189",))
            assert kind(await apis.send(operation, operation.at(), stranger)) == "another-school", operation.key


async def test_what_needs_no_token_is_this(apis: FourApis) -> None:
    """By hand, for it is the list that must not grow by itself."""
    free = {operation.key for operation in apis.of_api() if page()[operation.service, operation.key].scope == "none"}
    assert free == {
        # Its own door: HTTP Basic.
        "POST /v1/kamar",
        "GET /v1/transfer-keys",
        "GET /v1/upload-format/schema.json",
        # Redirects to the public plan.
        "GET /v1/schools/{school}/plan/page",
        "GET /v1/schools/{school}/plan/plan.pdf",
    }
