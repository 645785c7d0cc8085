"""Schools, items and their versions, windows, uploads; the outbox, the worklist and the dead letters.

Revision ID: 0001
"""

from alembic import op

from shared.deadletters.schema import DEAD_LETTERS_V1
from shared.outbox.schema import OUTBOX_V1
from shared.worklist.schema import WORKLIST_V1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    # The row of a school is also the lock on its windows and uploads.
    op.execute(
        """
        CREATE TABLE schools (
            school text COLLATE "C" PRIMARY KEY CHECK (school ~ '^[0-9]{4}$'),
            document jsonb NOT NULL,
            updated_at timestamptz NOT NULL
        )
        """
    )
    # STAR records and responses: what is known of each, its newest revision, and the last one that an upload took along.
    op.execute(
        """
        CREATE TABLE items (
            id uuid PRIMARY KEY,
            kind text NOT NULL CHECK (kind IN ('record', 'response')),
            school text COLLATE "C" NOT NULL,
            record_id uuid NOT NULL,
            knowledge jsonb,
            revision int NOT NULL DEFAULT 0 CHECK (revision >= 0),
            changed_at timestamptz,
            included int NOT NULL DEFAULT 0 CHECK (included BETWEEN 0 AND revision),
            rejected boolean NOT NULL DEFAULT false,
            CHECK ((revision = 0) = (changed_at IS NULL)),
            CHECK (kind = 'response' OR record_id = id)
        )
        """
    )
    op.execute("CREATE INDEX items_to_send ON items (school) WHERE revision > included OR rejected")
    # Never updated: an upload made late takes what was so when its window closed.
    op.execute(
        """
        CREATE TABLE versions (
            item_id uuid NOT NULL REFERENCES items,
            revision int NOT NULL CHECK (revision > 0),
            changed_at timestamptz NOT NULL,
            content jsonb NOT NULL,
            PRIMARY KEY (item_id, revision)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE windows (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL REFERENCES schools,
            week text COLLATE "C" NOT NULL,
            done_at timestamptz,
            UNIQUE (school, week)
        )
        """
    )
    # `place` is the order in which a school's uploads were built, and in which they are sent.
    op.execute(
        """
        CREATE TABLE uploads (
            id uuid PRIMARY KEY,
            place bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
            school text COLLATE "C" NOT NULL REFERENCES schools,
            term text COLLATE "C" NOT NULL,
            week text COLLATE "C" NOT NULL,
            number int NOT NULL CHECK (number > 0),
            status text NOT NULL DEFAULT 'pending'
                CHECK (status IN ('pending', 'sending', 'accepted', 'partly-accepted', 'refused')),
            created_at timestamptz NOT NULL,
            sent_at timestamptz,
            body bytea NOT NULL,
            digest bytea NOT NULL CHECK (length(digest) = 32),
            records int NOT NULL,
            responses int NOT NULL,
            receipt text,
            reason text,
            UNIQUE (school, week, number),
            CHECK ((status IN ('pending', 'sending')) = (sent_at IS NULL)),
            CHECK ((status IN ('accepted', 'partly-accepted')) = (receipt IS NOT NULL))
        )
        """
    )
    op.execute("CREATE INDEX uploads_by_school ON uploads (school, place)")
    op.execute("CREATE INDEX uploads_unsent ON uploads (school, place) WHERE status IN ('pending', 'sending')")
    op.execute(
        """
        CREATE TABLE upload_items (
            upload_id uuid NOT NULL REFERENCES uploads,
            item_id uuid NOT NULL,
            revision int NOT NULL,
            reject text,
            PRIMARY KEY (upload_id, item_id),
            FOREIGN KEY (item_id, revision) REFERENCES versions
        )
        """
    )
    op.execute("CREATE INDEX upload_items_by_item ON upload_items (item_id)")
    op.execute(OUTBOX_V1)
    for statement in (*WORKLIST_V1, *DEAD_LETTERS_V1):
        op.execute(statement)


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE upload_items, uploads, windows, versions, items, schools, outbox, work_attempts, work, dead_letters")
