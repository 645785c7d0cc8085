"""Long answers as JSON at once."""

from fastapi.responses import Response
from pydantic import BaseModel


def json_answer(model: BaseModel) -> Response:
    """A model as an answer. Handed to FastAPI as it is, each part of it would be checked and built a second time, on the loop."""
    return Response(model.model_dump_json(by_alias=True), media_type="application/json")
