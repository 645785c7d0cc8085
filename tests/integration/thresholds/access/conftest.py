"""A school whose staff work with records, as in the records' own tests."""

from tests.integration.thresholds.records.conftest import staffroom

__all__ = ["staffroom"]
