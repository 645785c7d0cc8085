"""A response that is sent again under its key. Pure."""

import uuid

from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.responses.schemas import ResponseIn
from shared.identifiers import sent_id


def id_for(record: uuid.UUID, key: str | None) -> uuid.UUID:
    """The id of a new response on a record."""
    return uuid.uuid4() if key is None else sent_id("response", record, key)


def is_same(before: RecordedResponse, body: ResponseIn) -> bool:
    """Whether a response that has the request's id was made by this request. One that was put right since is taken to be."""
    return before.amended_at is not None or all(getattr(before, name) == value for name, value in body.model_dump().items())
