"""The marks of a row with the latest first, in its last column.

Rows of the last release keep theirs in the first column until they are written again, and no row may have both: the last release, which
sees the first column alone, fails on a row of the new form rather than count it as empty.

Revision ID: 0026
"""

from alembic import op

from shared.db.finishing import FINISHED_STEPS_V1

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Adds the column, and the table that says when it may be written."""
    op.execute("ALTER TABLE register ALTER COLUMN marks DROP NOT NULL")
    op.execute("ALTER TABLE register ADD COLUMN newest_first bytea")
    op.execute("ALTER TABLE register ALTER COLUMN newest_first SET STORAGE MAIN")
    # Compressed bytes have no end that stays as it was. Half a page is what finds room for its next version on its own page.
    op.execute("ALTER TABLE register SET (toast_tuple_target = 4080)")
    op.execute("ALTER TABLE register ADD CONSTRAINT register_one_form CHECK (num_nonnulls(marks, newest_first) = 1) NOT VALID")
    op.execute("ALTER TABLE register ADD CONSTRAINT register_whole_entries CHECK (length(newest_first) % 17 = 0) NOT VALID")
    op.execute(FINISHED_STEPS_V1)


def downgrade() -> None:
    """Takes them away; fails where rows have been written in the new form."""
    op.execute("DROP TABLE finished_steps")
    op.execute("ALTER TABLE register DROP COLUMN newest_first")
    op.execute("ALTER TABLE register RESET (toast_tuple_target)")
    op.execute("ALTER TABLE register ALTER COLUMN marks SET NOT NULL")
