"""The OpenAPI documents: sentences with a subject. The pages: no page that names an endpoint, setting or metric that is not there."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from deploy.cli.environment import known_variables
from deploy.embedded.trees import TREES
from deploy.reference.metrics import catalogue
from services.ingest import app as ingest
from services.ingest.settings import IngestSettings
from services.moe_sync import app as moe_sync
from services.moe_sync.settings import MoeSyncSettings
from services.notifier import app as notifier
from services.notifier.settings import NotifierSettings
from services.thresholds import app as thresholds
from services.thresholds.settings import ThresholdsSettings
from shared.db.logins import login_of
from shared.web.openapi.document import METHODS
from shared.web.openapi.successes import UNSAID
from tests.unit.docs.prose import ROOT, headless

ENDPOINT = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (?:/(?:ingest|thresholds|notifier|moe-sync))?(/v1/[^`? ]+)")
GUIDES = [*sorted((ROOT / "docs" / "how-to").glob("*.md")), *sorted((ROOT / "docs" / "reference").glob("*.md")), ROOT / "README.md"]
OF_THE_READER = {"STAR_TOKEN", "STAR_WEBHOOK_SECRET", "STAR_CONFIG"}
"""Variables of the pages' own commands, and the name of the configuration file."""


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    data = tmp_path_factory.mktemp("data")
    return {
        "ingest": ingest.create_app(IngestSettings(data=data)).openapi(),
        "thresholds": thresholds.create_app(ThresholdsSettings(data=data)).openapi(),
        "notifier": notifier.create_app(NotifierSettings(data=data)).openapi(),
        "moe-sync": moe_sync.create_app(MoeSyncSettings(data=data)).openapi(),
    }


def texts(node: Any) -> Iterator[str]:
    """Every summary and description in a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("summary", "description") and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


@pytest.mark.parametrize("service", ["ingest", "thresholds", "notifier", "moe-sync"])
def test_every_sentence_of_an_openapi_document_has_its_subject_first(documents: dict[str, dict[str, Any]], service: str) -> None:
    assert sorted({sentence for text in set(texts(documents[service])) for sentence in headless(text)}) == []


def test_every_endpoint_that_a_page_names_is_in_an_openapi_document(documents: dict[str, dict[str, Any]]) -> None:
    known = [
        (method.upper(), re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))))
        for document in documents.values()
        for path, methods in document["paths"].items()
        for method in methods
    ]
    named = {(page.name, *found) for page in GUIDES for found in ENDPOINT.findall(page.read_text(encoding="utf-8"))}
    assert len(named) > 30
    unknown = [entry for entry in named if not any(entry[1] == method and path.fullmatch(entry[2]) for method, path in known)]
    assert unknown == []


def test_every_setting_that_a_page_names_is_one() -> None:
    # STAR_VERSION is of the Compose file: the tag of the image.
    known = known_variables() | OF_THE_READER | {"STAR_VERSION"}
    named = {(page.name, name) for page in GUIDES for name in re.findall(r"STAR_[A-Z_]*[A-Z](?![A-Z_])", page.read_text(encoding="utf-8"))}
    assert [entry for entry in named if entry[1] not in known] == []


def test_every_metric_that_a_page_names_is_one() -> None:
    known = {name for name, _, _, _ in catalogue()}
    named = {(page.name, name) for page in GUIDES for name in re.findall(r"`(star_\w+)", page.read_text(encoding="utf-8"))}
    assert len(named) > 10
    # Roles of the database have names of the same form, and so have the packages.
    roles = {login_of(tree.schema) for tree in TREES} | {"star_engine", "star_client"}
    assert [entry for entry in named if entry[1] not in known | roles] == []


@pytest.mark.parametrize("service", ["ingest", "thresholds", "notifier", "moe-sync"])
def test_every_answer_says_in_words_what_comes_back(documents: dict[str, dict[str, Any]], service: str) -> None:
    said = {
        f"{operation['operationId']} {status}": answer["description"]
        for item in documents[service]["paths"].values()
        for method, operation in item.items()
        if method in METHODS
        for status, answer in operation["responses"].items()
    }
    assert len(said) > 100
    standard = {UNSAID, *(status.phrase for status in HTTPStatus)}
    assert sorted(answer for answer, words in said.items() if words in standard or not words.strip()) == []


def test_an_answer_is_said_by_its_model_its_items_or_its_operation(documents: dict[str, dict[str, Any]]) -> None:
    def said(service: str, path: str, method: str, status: str) -> str:
        words: str = documents[service]["paths"][path][method]["responses"][status]["description"]
        return words

    assert said("ingest", "/v1/schools/{school}", "get", "200") == "A school as it is stored."
    assert said("ingest", "/v1/schools/{school}/merged-students", "get", "200") == (
        "A page of a list. Each item: a key that is counted as another one."
    )
    assert said("ingest", "/v1/schools/{school}/students/{student}", "delete", "204") == "It is done. The answer has no body."
    assert said("thresholds", "/v1/support-plans/{plan_id}.pdf", "get", "200") == "The support plan as a document to sign."
    assert said("thresholds", "/v1/star-records/{record_id}/responses", "post", "201") == "The STAR record, with the response on it."
