"""The people of a school, as with the records."""

from tests.integration.thresholds.records.conftest import staffroom

__all__ = ["staffroom"]
