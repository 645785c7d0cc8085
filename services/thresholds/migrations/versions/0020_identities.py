"""Keys of students: those that a school has given to more than one child, and children who have more than one key.

Revision ID: 0020
"""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Adds the tables. A worker of the release before does not read them: a key's marks go on counting for the first child."""
    op.execute(
        """
        CREATE TABLE key_holders (
            school text COLLATE "C" NOT NULL,
            key text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            since timestamptz NOT NULL,
            PRIMARY KEY (school, key, student)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE merged_keys (
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            into_student text COLLATE "C" NOT NULL CHECK (into_student <> student),
            PRIMARY KEY (school, student)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE key_marks (
            school text COLLATE "C" NOT NULL,
            term text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            marks bytea NOT NULL,
            PRIMARY KEY (school, student, term)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE regroupings (
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            item uuid NOT NULL UNIQUE,
            others text[] NOT NULL,
            PRIMARY KEY (school, student)
        )
        """
    )


def downgrade() -> None:
    """Drops them: what was folded together stays so."""
    op.execute("DROP TABLE regroupings, key_marks, merged_keys, key_holders")
