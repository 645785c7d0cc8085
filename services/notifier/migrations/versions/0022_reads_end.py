"""The record of who looked at a letter may go after seven years, as an audit log's lines do; cases are found by their term.

Revision ID: 0022
"""

from alembic import op

from shared.db.indexes import create_index, drop_index

revision = "0022"
down_revision = "0021"
outside_transaction = True


def upgrade() -> None:
    """Replaces the trigger of each statement by one of each row: only that can tell old lines from new ones."""
    op.execute(
        """
        CREATE OR REPLACE FUNCTION letter_read_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.read_at < now() - interval '7 years' THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION 'who read a letter is written once, and stays';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER letter_reads_kept BEFORE UPDATE OR DELETE ON letter_reads
            FOR EACH ROW EXECUTE FUNCTION letter_read_stays()
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER letter_reads_not_emptied BEFORE TRUNCATE ON letter_reads
            FOR EACH STATEMENT EXECUTE FUNCTION letter_reads_stay()
        """
    )
    op.execute("DROP TRIGGER IF EXISTS letter_reads_append_only ON letter_reads")
    create_index("cases_by_term", "cases (term)")


def downgrade() -> None:
    """Every line stays again."""
    drop_index("cases_by_term")
    op.execute("DROP TRIGGER IF EXISTS letter_reads_kept ON letter_reads")
    op.execute("DROP TRIGGER IF EXISTS letter_reads_not_emptied ON letter_reads")
    op.execute(
        """
        CREATE OR REPLACE TRIGGER letter_reads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON letter_reads
            FOR EACH STATEMENT EXECUTE FUNCTION letter_reads_stay()
        """
    )
    op.execute("DROP FUNCTION IF EXISTS letter_read_stays()")
