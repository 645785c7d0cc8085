"""The words by which a student's door stops letters to caregivers, kept with the student.

Revision ID: 0018
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

DEFAULT: Final = [
    "blocked", "deceased", "denied", "do not contact", "emergency", "former", "inactive", "no access", "no contact", "no-contact",
    "nocontact", "not to contact", "restricted",
]  # fmt: skip
"""As the setting is where nobody sets it. Words of the operator's own come with the next push of the school's KAMAR."""


def upgrade() -> None:
    """Adds the column. A door of the release before leaves it as it is."""
    op.execute("ALTER TABLE students ADD COLUMN quiet_words text[]")
    op.get_bind().execute(
        sa.text(
            """
            UPDATE students s SET quiet_words = CAST(:words AS text[])
            FROM kamar_students k LEFT JOIN key_holders h ON h.school = k.school AND h.key = k.student
            WHERE s.school = k.school AND s.student = coalesce(h.student, k.student)
            """
        ),
        {"words": DEFAULT},
    )


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE students DROP COLUMN quiet_words")
