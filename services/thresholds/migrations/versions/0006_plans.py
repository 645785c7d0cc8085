"""Attendance Management Plans in versions, and the reviews that are on the worklist.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0004"


def upgrade() -> None:
    """Creates the tables."""
    op.execute(
        """
        CREATE TABLE plans (
            school text COLLATE "C" NOT NULL,
            version int NOT NULL CHECK (version > 0),
            state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published', 'superseded')),
            document text NOT NULL,
            saved_at timestamptz NOT NULL,
            saved_by text NOT NULL,
            edition text,
            pdf bytea,
            published_at timestamptz,
            published_by text,
            superseded_at timestamptz,
            PRIMARY KEY (school, version),
            CHECK ((published_at IS NULL) = (edition IS NULL) AND (published_at IS NULL) = (pdf IS NULL)
                AND (published_at IS NULL) = (published_by IS NULL)),
            CHECK (CASE state WHEN 'draft' THEN published_at IS NULL WHEN 'published' THEN published_at IS NOT NULL ELSE TRUE END),
            CHECK ((state = 'superseded') = (superseded_at IS NOT NULL))
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX plans_published ON plans (school) WHERE state = 'published'")
    op.execute(
        """
        CREATE TABLE plan_reviews (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL,
            version int NOT NULL,
            notice text NOT NULL CHECK (notice IN ('ahead', 'due')),
            FOREIGN KEY (school, version) REFERENCES plans
        )
        """
    )


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP TABLE plan_reviews, plans")
