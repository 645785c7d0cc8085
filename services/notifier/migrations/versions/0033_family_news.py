"""Letters that are about no threshold: statements and good news, and when a school's next round of them is.

Revision ID: 0033
"""

from alembic import op

from shared.db.indexes import add_check, create_index, drop_index

revision = "0033"
down_revision = "0032"
outside_transaction = True

WAITING = "state IN ('held', 'no-contact', 'on-hold', 'awaiting-release')"
LETTERS = "threshold IN (5, 10, 15, -1, -2, -3)"


def upgrade() -> None:
    """Adds the columns and the table, and lets a statement wait beside a letter about a threshold."""
    op.execute("ALTER TABLE letters ADD COLUMN IF NOT EXISTS occasion text, ADD COLUMN IF NOT EXISTS about jsonb")
    op.execute("ALTER TABLE letters ALTER COLUMN threshold DROP NOT NULL")
    add_check("letters", "letters_kind_check", "(threshold IS NULL) <> (occasion IS NULL)")
    create_index("letters_waiting_threshold", f"letters (student_id, term) WHERE {WAITING} AND occasion IS NULL", unique=True)
    drop_index("letters_waiting")
    create_index("letters_waiting_occasion", f"letters (student_id, term) WHERE {WAITING} AND occasion IS NOT NULL")
    for table in ("templates", "trials"):
        add_check(table, f"{table}_threshold_check", LETTERS)
    op.execute(
        """
        CREATE TABLE IF NOT EXISTS letter_rounds (
            school text COLLATE "C" PRIMARY KEY,
            last_on date,
            next_on date,
            due_at timestamptz,
            work_id uuid UNIQUE,
            CHECK ((next_on IS NULL) = (due_at IS NULL) AND (due_at IS NULL) = (work_id IS NULL))
        )
        """
    )


def downgrade() -> None:
    """Takes them away again: statements and good news go with their deliveries."""
    op.execute("DROP TABLE letter_rounds")
    op.execute("DELETE FROM work WHERE kind = 'letter-round'")
    op.execute(
        "DELETE FROM work WHERE id IN (SELECT d.id FROM deliveries d JOIN letters l ON l.id = d.letter_id WHERE l.occasion IS NOT NULL)"
    )
    op.execute("DELETE FROM work WHERE id IN (SELECT work_id FROM letters WHERE occasion IS NOT NULL)")
    of_occasion = "letter_id IN (SELECT id FROM letters WHERE occasion IS NOT NULL)"
    op.execute(f"DELETE FROM work WHERE id IN (SELECT id FROM deliveries WHERE {of_occasion})")  # noqa: S608
    op.execute(f"DELETE FROM bounces WHERE delivery_id IN (SELECT id FROM deliveries WHERE {of_occasion})")  # noqa: S608
    op.execute(f"DELETE FROM letter_reads WHERE delivery_id IN (SELECT id FROM deliveries WHERE {of_occasion})")  # noqa: S608
    op.execute(f"DELETE FROM bad_addresses WHERE delivery_id IN (SELECT id FROM deliveries WHERE {of_occasion})")  # noqa: S608
    op.execute(f"DELETE FROM deliveries WHERE {of_occasion}")  # noqa: S608
    op.execute("DELETE FROM letters WHERE occasion IS NOT NULL")
    op.execute("DELETE FROM templates WHERE threshold < 0")
    op.execute("DELETE FROM trials WHERE threshold < 0")
    for table in ("templates", "trials"):
        add_check(table, f"{table}_threshold_check", "threshold IN (5, 10, 15)")
    create_index("letters_waiting", f"letters (student_id, term) WHERE {WAITING}", unique=True)
    drop_index("letters_waiting_threshold")
    drop_index("letters_waiting_occasion")
    op.execute("ALTER TABLE letters DROP CONSTRAINT letters_kind_check, ALTER COLUMN threshold SET NOT NULL")
    op.execute("ALTER TABLE letters DROP COLUMN occasion, DROP COLUMN about")
