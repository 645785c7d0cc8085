"""Families' replies to letters: the links, the answers, and the words of the page.

Revision ID: 0031
"""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Creates the tables."""
    op.execute(
        """
        CREATE TABLE reply_links (
            delivery_id uuid PRIMARY KEY,
            digest bytea NOT NULL UNIQUE,
            letter_id uuid NOT NULL,
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            student_id uuid NOT NULL,
            term text COLLATE "C" NOT NULL,
            threshold int NOT NULL,
            channel text NOT NULL,
            language text NOT NULL,
            made_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            answered_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX reply_links_by_student ON reply_links (student_id)")
    op.execute("CREATE INDEX reply_links_by_letter ON reply_links (letter_id)")
    op.execute("CREATE INDEX reply_links_by_end ON reply_links (expires_at)")
    op.execute(
        """
        CREATE TABLE replies (
            id uuid PRIMARY KEY,
            delivery_id uuid NOT NULL UNIQUE,
            letter_id uuid NOT NULL,
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            student_id uuid NOT NULL,
            term text COLLATE "C" NOT NULL,
            threshold int NOT NULL,
            channel text NOT NULL,
            choice text NOT NULL,
            words text,
            hold_until date,
            replied_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX replies_of_school ON replies (school, replied_at, id)")
    op.execute("CREATE INDEX replies_by_student ON replies (student_id)")
    op.execute("CREATE INDEX replies_by_letter ON replies (letter_id)")
    op.execute(
        """
        CREATE TABLE reply_words (
            school text COLLATE "C" NOT NULL,
            language text NOT NULL,
            document jsonb NOT NULL,
            changed_at timestamptz NOT NULL,
            changed_by text NOT NULL,
            PRIMARY KEY (school, language)
        )
        """
    )


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE reply_words, replies, reply_links")
