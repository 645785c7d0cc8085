"""The session that a request carries: its token is verified, and renewed where it is about to end."""

from fastapi import Request

from services.console.identity.failures import SignInError
from services.console.people.person import rights_digest
from services.console.sessions.cookies import cookie_of
from services.console.sessions.keeping import Session
from services.console.state import ConsoleState, state_of
from shared.auth.principal import Principal
from shared.web.errors import ProblemError


class SessionOverError(Exception):
    """The session can't go on; `why` is the reason that the sign-in page gives in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def signed_in(request: Request) -> tuple[Session, Principal] | None:
    """The session and its person; None for nobody. Raises SessionOverError, after the session's end."""
    state = state_of(request)
    cookie = cookie_of(request, secure=state.settings.secure)
    if cookie is None:
        return None
    session = await state.sessions.find(cookie)
    if session is None:
        raise SessionOverError("ended")
    if state.provider is not None and state.provider.is_due(session.contents):
        session = await _renewed(state, session)
    try:
        principal = await state.verifier.principal(f"Bearer {session.contents.access_token}")
    except ProblemError as error:
        if error.status != 401:
            raise
        await state.sessions.end(session.secret)
        raise SessionOverError("ended") from error
    if rights_digest(principal) != session.contents.rights:
        await state.sessions.end(session.secret)
        raise SessionOverError("rights-changed")
    return session, principal


async def _renewed(state: ConsoleState, session: Session) -> Session:
    assert state.provider is not None
    try:
        renewed = await state.sessions.renewed(session, state.provider.renew)
    except SignInError:
        # The issuer is away: the token may still hold for a moment.
        return session
    if renewed is None:
        await state.sessions.end(session.secret)
        raise SessionOverError("ended")
    return renewed
