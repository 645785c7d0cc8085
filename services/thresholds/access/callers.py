"""The callers that endpoints ask for: what their token must allow, and in which role."""

from typing import Annotated

from shared.auth.principal import Principal
from shared.web.service import requires

Reader = Annotated[Principal, requires("star:read", by_group=True)]
"""Reads what is about students; staff who look after a part of the school, of that part."""

SchoolReader = Annotated[Principal, requires("star:read")]
"""Reads what is about the school as a whole."""

Responder = Annotated[Principal, requires("star:write", role="respond", by_group=True)]
"""Records what the school did."""

Manager = Annotated[Principal, requires("star:write", role="manage", by_group=True)]
"""Decides about students' records and letters."""

Admin = Annotated[Principal, requires("star:write", role="admin")]
"""Changes what holds for the whole school."""
