"""Refusals that become pages: not signed in, not allowed, not there."""


class SignedOutError(Exception):
    """Nobody is signed in, or not any more; `why` is the reason that the sign-in page gives in words."""

    def __init__(self, why: str | None = None) -> None:
        super().__init__(why or "signed out")
        self.why = why


class NotAllowedError(Exception):
    """The person may not see this page, or do this."""


class NotThereError(Exception):
    """There is no such page, student or school; another school's answer the same."""


class NotSentError(Exception):
    """The person's own school, whose system has sent nothing yet."""


class ForgedError(Exception):
    """A form that another site sent."""
