"""Fixtures that every test can ask for, and how a run is spread."""

import structlog
from hypothesis import settings

from tests.support.database import clones, database_template, database_url, postgres_url
from tests.support.kafka import kafka_broker
from tests.support.spreading import pytest_collection_modifyitems, pytest_xdist_make_scheduler

__all__ = [
    "clones",
    "database_template",
    "database_url",
    "kafka_broker",
    "postgres_url",
    "pytest_collection_modifyitems",
    "pytest_xdist_make_scheduler",
]

# How long an example takes says something of the machine, not of the code.
settings.register_profile("star", deadline=None)
settings.load_profile("star")

# By default a logged exception is drawn with every local variable of every frame, which takes seconds.
structlog.configure(
    [*structlog.get_config()["processors"][:-1], structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
)
