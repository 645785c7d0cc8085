"""The OpenAPI documents: typed clients are made from them, so each schema has one readable name."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from services.moe_sync.app import create_app as create_moe_sync
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.app import create_app as create_notifier
from services.notifier.settings import NotifierSettings
from services.thresholds.app import create_app as create_thresholds
from services.thresholds.settings import ThresholdsSettings

APPS: dict[str, Callable[[], FastAPI]] = {
    "ingest": lambda: create_ingest(IngestSettings()),
    "thresholds": lambda: create_thresholds(ThresholdsSettings()),
    "notifier": lambda: create_notifier(NotifierSettings()),
    "moe-sync": lambda: create_moe_sync(MoeSyncSettings()),
}


@pytest.mark.parametrize("service", APPS)
def test_a_schema_is_named_by_one_word_of_ours(service: str) -> None:
    names = APPS[service]().openapi()["components"]["schemas"]
    # Two classes of one name would be told apart by their modules, and a generic class shows its parameters in brackets.
    assert [name for name in names if not name.isalnum()] == []
