"""The students of a school in the order of their names, as lists have them.

Revision ID: 0025
"""

from shared.db.indexes import create_index, drop_index

revision = "0025"
down_revision = "0024"

outside_transaction = True


def upgrade() -> None:
    """Builds the index."""
    name = "coalesce(folded(ltrim(family_name || ' ' || given_name)), '~')"
    create_index("students_by_name", f'students (school, ({name} COLLATE "C"), student)')


def downgrade() -> None:
    """Drops it."""
    drop_index("students_by_name")
