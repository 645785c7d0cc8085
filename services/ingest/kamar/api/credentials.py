"""The credentials that a school types into KAMAR."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Response

from services.ingest.kamar import passwords
from services.ingest.kamar.repository import credentials
from services.ingest.kamar.schemas import CredentialOut, NewCredential
from services.ingest.state import State
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["KAMAR"])


@router.post("/v1/schools/{school}/kamar-credentials", status_code=HTTPStatus.CREATED, summary="Issue a credential for KAMAR")
async def issue_credential(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> NewCredential:
    """Answers the password once: only its hash is kept. A school can have several, to change one for another without a gap."""
    caller.require_school(school)
    if await state.calendars.newest(school) is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    new = NewCredential(username=passwords.new_username(school), password=passwords.new_password())
    async with state.engine.begin() as connection:
        await credentials.add(connection, school, new.username, passwords.hashed(new.password), state.clock())
    return new


@router.get("/v1/schools/{school}/kamar-credentials", summary="A school's credentials for KAMAR")
async def list_credentials(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> Page[CredentialOut]:
    """Usernames with their last use; nobody knows the passwords."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        issued = await credentials.of_school(connection, school)
    return Page(items=[CredentialOut.model_validate(credential, from_attributes=True) for credential in issued])


@router.delete(
    "/v1/schools/{school}/kamar-credentials/{username}", status_code=HTTPStatus.NO_CONTENT, summary="Revoke a credential for KAMAR"
)
async def revoke_credential(
    school: SchoolInPath, username: str, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> Response:
    """The credential ends at once."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        removed = "\0" not in username and await credentials.remove(connection, school, username)
    if not removed:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-credential", "the school has no such credential")
    return Response(status_code=HTTPStatus.NO_CONTENT)
