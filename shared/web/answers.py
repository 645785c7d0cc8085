"""Answers that need less done than FastAPI, or the door, does for each."""

from fastapi.responses import Response
from pydantic import BaseModel


class NamedAnswer(Response):
    """An answer whose students are named as their schools do already: the door looks for none."""


def json_answer(model: BaseModel) -> Response:
    """A model as an answer. Handed to FastAPI as it is, each part of it would be checked and built a second time, on the loop."""
    return Response(model.model_dump_json(by_alias=True), media_type="application/json")
