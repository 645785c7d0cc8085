"""The latest time that a worker has seen, when the time of each work item was set, and the moments that order what is told.

Revision ID: 0019
"""

from alembic import op

from shared.clockwatch.schema import CLOCK_V1
from shared.moments.schema import MOMENTS_V1
from shared.worklist.schema import WORKLIST_V4

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Adds the tables; the next moments are later than all that was told so far. A process of the last release goes by its clock."""
    op.execute(CLOCK_V1)
    op.execute(WORKLIST_V4)
    op.execute(MOMENTS_V1)
    op.execute(
        """
        INSERT INTO moments (name, at)
        SELECT school, max(at) FROM (
            SELECT school, updated_at AS at FROM star_records
            UNION ALL SELECT school, greatest(held_at, lifted_at) FROM holds
            UNION ALL SELECT r.school, greatest(p.recorded_at, p.amended_at, p.withdrawn_at)
                FROM responses p JOIN star_records r ON r.id = p.record_id
        ) told GROUP BY school
        """
    )


def downgrade() -> None:
    """Drops them."""
    op.execute("ALTER TABLE work DROP COLUMN put_at")
    op.execute("DROP TABLE moments, clock")
