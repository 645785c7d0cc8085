"""Every way in which a sign-in fails or a session ends, with its sentence. Pure."""

from typing import Final, Literal

Why = Literal[
    "signed-out",
    "ended",
    "rights-changed",
    "too-late",
    "another-browser",
    "no-cookies",
    "not-sent",
    "asked",
    "refused",
    "cancelled",
    "provider-away",
    "provider-set-up",
    "code-refused",
    "bad-token",
    "clocks",
    "no-rights",
    "no-school",
    "not-set-up",
    "link-used",
    "link-over",
    "link-unknown",
    "too-many",
]

SENTENCES: Final[dict[Why, str]] = {
    "signed-out": "You are signed out.",
    "ended": "Your session ended. Sign in again to go on where you were.",
    "rights-changed": "What you may see here was changed, so your session ended. Sign in again.",
    "too-late": "The sign-in took longer than ten minutes, or your browser keeps no cookies. Try again.",
    "another-browser": "This sign-in was begun in another browser or another tab. Try again in this one.",
    "no-cookies": "Your browser refuses cookies from this address, so nobody can stay signed in. Allow them, and ask for a new link: this "
    "one is used up.",
    "not-sent": "You were signed out before the form came. Nothing was changed: sign in, and send it again.",
    "asked": "You are not signed in. Sign in to see the page that you asked for.",
    "refused": "Your school's sign-in did not let you in. Ask the person who looks after accounts at your school.",
    "cancelled": "You cancelled the sign-in. You can try again.",
    "provider-away": "Your school's sign-in does not answer now. Try again in a minute; nothing is wrong with your account.",
    "provider-set-up": "The sign-in is set up wrongly here: the issuer refuses this console. The operator has to correct the client id, "
    "the secret or the address to come back to.",
    "code-refused": "Your school's sign-in took its word back: a sign-in can't be used twice. Try again.",
    "bad-token": "Your school's sign-in answered in a way that can't be trusted. Try again; if it happens again, tell the operator.",
    "clocks": "The clocks of your school's sign-in and of this console differ by more than half a minute. The operator has to set them.",
    "no-rights": "You are signed in at your school, but your account has no rights here. Ask the person who looks after accounts.",
    "no-school": "Your account belongs to no school here. Ask the person who looks after accounts at your school.",
    "not-set-up": "There is no sign-in page here. Ask the operator for a link (`star console link`).",
    "link-used": "This link was used before. A link is good once; ask for a new one.",
    "link-over": "This link is older than ten minutes. Ask for a new one.",
    "link-unknown": "This link is not one of ours, or was cut off. Copy the whole line, or ask for a new one.",
    "too-many": "There were too many failed sign-ins from your network. Wait five minutes.",
}


class SignInError(Exception):
    """A sign-in that failed, by its reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why
