"""The part of an erasure that is about contacts."""

from services.thresholds.casework.erasing import erasing
from services.thresholds.contacts.contact import nameless

erase = erasing("contact", nameless)
