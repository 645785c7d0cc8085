"""A student's year level and groups as they were before they changed, and until when a student was there who has left.

Revision ID: 0016
"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Creates the table, and a column for the time from which on a student is as they are now; null: as long as anybody knows."""
    op.execute(
        """
        CREATE TABLE past_rolls (
            student_id uuid NOT NULL,
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            year_level int,
            groups text[] NOT NULL,
            since timestamptz,
            until timestamptz NOT NULL,
            PRIMARY KEY (student_id, until)
        )
        """
    )
    op.execute("CREATE INDEX past_rolls_of_school ON past_rolls (school, student, until)")
    op.execute("ALTER TABLE students ADD COLUMN since timestamptz")


def downgrade() -> None:
    """Drops both: lists of past terms show what students are now."""
    op.execute("ALTER TABLE students DROP COLUMN since")
    op.execute("DROP TABLE past_rolls")
