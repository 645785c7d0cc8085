"""The reference of all types of problems, written from their list."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

from shared.web.problem_types import PROBLEMS, TYPE_PREFIX

PAGE: Final = Path("docs/reference/problems.md")

_HEAD: Final = """# Problems

Every refusal of the APIs is a `Problem` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), as `application/problem+json`:

```json
{
  "type": "urn:nz-star:problem:invalid-request",
  "title": "Unprocessable Content",
  "status": 422,
  "detail": "query.limit: Input should be greater than or equal to 1",
  "errors": [{"at": "query.limit", "why": "Input should be greater than or equal to 1"}]
}
```

A program decides by `type`, a person reads `detail`. `errors` has each place at fault. Further members are named with their type below. A
release can add types: a client that does not know one goes by the status. KAMAR's door and the health answers have their own forms.

After a 503 nothing of the request counts: send it again, once the seconds of `Retry-After` are over. Posts can be repeated without harm.

This page is written by `make reference` from the list that the code is held to.
"""


def page() -> str:
    """The page, as it should be."""
    return "\n".join([_HEAD, *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    for status in sorted({status for problem in PROBLEMS.values() for status in problem.statuses}):
        yield f"## {status} {HTTPStatus(status).phrase}\n"
        yield f"| `{TYPE_PREFIX}` | meaning |"
        yield "|---|---|"
        for kind in sorted(PROBLEMS):
            if status in PROBLEMS[kind].statuses:
                yield f"| `{kind}` | {PROBLEMS[kind].meaning} |"
        yield ""
