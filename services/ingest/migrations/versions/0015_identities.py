"""Keys that a school has given to another child, children who have two keys, and the questions about both.

Revision ID: 0015
"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Adds the tables. A door of the release before does not read them: it goes on under the school's keys."""
    op.execute(
        """
        CREATE TABLE key_holders (
            school text COLLATE "C" NOT NULL REFERENCES schools,
            key text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            since timestamptz NOT NULL,
            number int NOT NULL CHECK (number > 1),
            PRIMARY KEY (school, key)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE merged_students (
            school text COLLATE "C" NOT NULL REFERENCES schools,
            student text COLLATE "C" NOT NULL,
            into_student text COLLATE "C" NOT NULL CHECK (into_student <> student),
            merged_at timestamptz NOT NULL,
            merged_by text NOT NULL,
            PRIMARY KEY (school, student)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE identity_questions (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL REFERENCES schools,
            kind text NOT NULL CHECK (kind IN ('key-reused', 'two-keys')),
            students text[] NOT NULL,
            why text NOT NULL,
            earlier jsonb,
            asked_at timestamptz NOT NULL,
            answer text CHECK (answer IN ('same-child', 'another-child')),
            answered_at timestamptz,
            answered_by text,
            CHECK ((answer IS NULL) = (answered_at IS NULL)),
            CHECK (answer IS NULL OR earlier IS NULL)
        )
        """
    )
    op.execute("CREATE INDEX identity_questions_by_school ON identity_questions (school, asked_at DESC, id DESC)")


def downgrade() -> None:
    """Drops them: a key's marks count for its first child again once the roster is sent."""
    op.execute("DROP TABLE identity_questions, merged_students, key_holders")
