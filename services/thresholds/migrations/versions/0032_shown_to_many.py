"""An answer that many see alike is written into the audit log once, and each further reader is a row beside it.

Revision ID: 0032
"""

from alembic import op

from shared.audit import schema

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Adds the column and the table. The release before reads and writes whole lines alone."""
    for statement in schema.SHOWN_TO_MANY:
        op.execute(statement.format(stays="keep_as_written"))


def downgrade() -> None:
    """Drops both: the rows of further readers go."""
    for statement in schema.DROP_SHOWN:
        op.execute(statement)
