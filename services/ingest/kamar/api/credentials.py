"""The credentials that a school types into KAMAR."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar import passwords
from services.ingest.kamar.repository import credentials
from services.ingest.kamar.schemas import CredentialOut, NewCredential
from services.ingest.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, sent_id
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["KAMAR"])


@router.post(
    "/v1/schools/{school}/kamar-credentials",
    status_code=HTTPStatus.CREATED,
    summary="Issue a credential for KAMAR",
    responses=refuses("key-used"),
)
async def issue_kamar_credential(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("roster:write", role="admin")],
    key: IdempotencyKey = None,
) -> NewCredential:
    """Answers the password once: only its hash is kept. A school can have several, to change one for another without a gap.

    The same request again, under the same key, answers the same credential: its password can be made from the key, and from nothing else.
    """
    caller.require_school(school)
    if await state.calendars.newest(school) is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    salt = None if key is None else passwords.new_salt()
    if key is None or salt is None:
        new = NewCredential(username=passwords.new_username(school), password=passwords.new_password())
    else:
        username = passwords.username_of(school, sent_id("kamar-credential", f"{school}/{caller.subject}", key))
        new = NewCredential(username=username, password=passwords.derived(salt, key))
    async with state.engine.begin() as connection:
        if not await credentials.add(connection, school, new.username, passwords.hashed(new.password), state.clock(), salt):
            return await _issued(connection, school, new.username, key)
        await log_access(connection, caller, Access(action="issue-credential", school=school), state.clock())
    return new


async def _issued(connection: AsyncConnection, school: SchoolNumber, username: str, key: str | None) -> NewCredential:
    """The credential that the same request made before."""
    kept = await credentials.asked_for(connection, school, username)
    if key is not None and kept is not None and kept[0] is not None:
        password = passwords.derived(kept[0], key)
        if passwords.matches(password, kept[1]):
            return NewCredential(username=username, password=password)
    raise ProblemError(HTTPStatus.CONFLICT, "key-used", "ask for a credential under another key")


@router.get("/v1/schools/{school}/kamar-credentials", summary="A school's credentials for KAMAR")
async def list_kamar_credentials(
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
async def revoke_kamar_credential(
    school: SchoolInPath, username: str, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> Response:
    """The credential ends at once."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        removed = "\0" not in username and await credentials.remove(connection, school, username)
        if removed:
            await log_access(connection, caller, Access(action="revoke-credential", school=school), state.clock())
    if not removed:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-credential", "the school has no such credential")
    return Response(status_code=HTTPStatus.NO_CONTENT)
