"""Fixtures that every test can ask for."""

from tests.support.database import database_template, database_url, postgres_url
from tests.support.kafka import kafka_broker

__all__ = ["database_template", "database_url", "kafka_broker", "postgres_url"]
