"""The latest time that a worker has seen, when the time of each work item was set, and the moments that order what is told.

Revision ID: 0014
"""

from alembic import op

from shared.clockwatch.schema import CLOCK_V1
from shared.moments.schema import MOMENTS_V1
from shared.worklist.schema import WORKLIST_V4

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Adds the tables; the next moments are later than all that was told so far. A door of the last release goes by its clock."""
    op.execute(CLOCK_V1)
    op.execute(WORKLIST_V4)
    op.execute(MOMENTS_V1)
    op.execute(
        """
        INSERT INTO moments (name, at)
        SELECT school, max(at) FROM (
            SELECT school, CAST(document->>'updated_at' AS timestamptz) AS at FROM students
            UNION ALL SELECT school, received_at FROM kamar_documents WHERE state <> 'arriving'
            UNION ALL SELECT school, erased_at FROM erasures
        ) told GROUP BY school
        """
    )


def downgrade() -> None:
    """Drops them."""
    op.execute("ALTER TABLE work DROP COLUMN put_at")
    op.execute("DROP TABLE moments, clock")
