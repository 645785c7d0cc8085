"""The list of erasures; a record's history may lose staff's words, and nothing else.

Revision ID: 0018
"""

from alembic import op

from shared.erasures.schema import ERASURES_V1, ERASURES_V1_DROP

revision = "0018"
down_revision = "0017"

_MAY_LOSE_WORDS = """
            IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'record_history' AND current_setting('star.erasing', true) = 'on' THEN
                IF to_jsonb(NEW) - 'changes' = to_jsonb(OLD) - 'changes' AND OLD.changes @> NEW.changes THEN
                    RETURN NEW;
                END IF;
            END IF;
"""


def _keep_as_written(exception: str) -> None:
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION keep_as_written() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.at < now() - interval '7 years' THEN
                    RETURN OLD;
                END IF;
            END IF;
            {exception}
            RAISE EXCEPTION 'lines of % stay as they were written', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )


def upgrade() -> None:
    """Adds the table, and the one change that the history takes."""
    for statement in ERASURES_V1:
        op.execute(statement)
    _keep_as_written(_MAY_LOSE_WORDS)


def downgrade() -> None:
    """Drops the table; the history takes no change again."""
    op.execute(ERASURES_V1_DROP)
    _keep_as_written("")
