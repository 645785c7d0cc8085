"""Letters in words: what a family, or a member of staff, gets to read."""

from services.notifier.templates.rendering.letters import Letters
from services.notifier.templates.rendering.occasion import LetterTemplate, Occasion, Written
from services.notifier.templates.rendering.staff import Digest, LetterCopy, Movement, PlanReview, Release

__all__ = ["Digest", "LetterCopy", "LetterTemplate", "Letters", "Movement", "Occasion", "PlanReview", "Release", "Written"]
