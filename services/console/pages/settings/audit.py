"""`/console/{school}/settings/audit` and `/accounts`: who saw or changed what, and who that is."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from services.console.asking.apis import NAMES
from services.console.asking.part import Part
from services.console.frame.addresses import Address
from services.console.frame.files import passed_on
from services.console.frame.forms import ListFilters
from services.console.frame.navigation import SETTINGS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import VisitHere
from services.console.pages.settings.people import MAY, SERVICES, accounts_of, action, lines_of
from services.console.pages.settings.tabs import tabs_of
from services.console.people.needs import AUDITORS
from services.console.people.person import ROLE_WORDS

router = PageRouter()

SHOWN: Final = 100


class AuditFilters(ListFilters):
    """The filters of the log. `before`: only what was earlier than this moment."""

    student: str | None = Field(default=None, max_length=200)
    subject: str | None = Field(default=None, max_length=200)
    since: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")
    before: datetime | None = None

    def asked(self) -> dict[str, Any]:
        """The filters as the API takes them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"cursor", "format"})


@router.get("/{school}/settings/audit", AUDITORS)
async def audit(visit: VisitHere, filters: Annotated[AuditFilters, Query()]) -> Response:
    """The lines of all four services."""
    asked = filters.asked()
    parts = await visit.ask(**{api.name: api.get(f"/v1/schools/{visit.school}/audit", **asked, limit=SHOWN) for api in visit.apis.all()})
    lines = lines_of(parts, SHOWN)
    kept = {name: value for name, value in asked.items() if name != "before"}
    address = Address(visit.address("settings", "audit"), kept)
    return visit.show(
        "settings/audit.html",
        SETTINGS,
        title="Audit log",
        tabs=tabs_of(visit, "audit"),
        lines=lines.items,
        missing=_missing(parts),
        services=SERVICES,
        action=action,
        filters=filters,
        address=address,
        goes_on=filters.before is not None,
        more=address.having(before=lines.before) if lines.before else None,
        files=[(title, visit.address("settings", "audit", f"{name}.csv")) for name, title in SERVICES.items()],
    )


@router.get("/{school}/settings/audit/{service}.csv", AUDITORS)
async def audit_file(visit: VisitHere, service: str) -> Response:
    """The whole log of one service as a file."""
    if service not in NAMES:
        raise NotThereError
    return await passed_on(visit.apis.named(service), f"/v1/schools/{visit.school}/audit", format="csv")


@router.get("/{school}/settings/accounts", AUDITORS)
async def accounts(visit: VisitHere) -> Response:
    """Those who have used the school's data, and what each role may do."""
    parts = await visit.ask(**{api.name: api.get(f"/v1/schools/{visit.school}/audit/accounts") for api in visit.apis.all()})
    return visit.show(
        "settings/accounts.html",
        SETTINGS,
        title="Accounts",
        tabs=tabs_of(visit, "accounts"),
        accounts=accounts_of(list(parts.values())),
        missing=_missing(parts),
        services=SERVICES,
        roles=[(words, MAY[role]) for role, words in ROLE_WORDS.items()],
    )


def _missing(parts: Mapping[str, Part[Any]]) -> list[tuple[str, Part[Any]]]:
    return [(name, part) for name, part in parts.items() if not part.came]
