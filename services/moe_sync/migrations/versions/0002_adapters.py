"""States that the Ministry has accepted, choices of schools, national student numbers, a scheduler's lease; windows are due by themselves.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the tables and columns, and reckons what the rows there are say of them."""
    # The last revision that the Ministry took, 0 for none.
    op.execute("ALTER TABLE items ADD COLUMN accepted int NOT NULL DEFAULT 0 CHECK (accepted >= 0)")
    op.execute(
        """
        UPDATE items i SET accepted = taken.revision FROM (
            SELECT ui.item_id, max(ui.revision) AS revision FROM upload_items ui JOIN uploads u ON u.id = ui.upload_id
            WHERE u.status IN ('accepted', 'partly-accepted') AND ui.reject IS NULL GROUP BY ui.item_id
        ) taken WHERE taken.item_id = i.id
        """
    )
    op.execute("CREATE INDEX items_by_school ON items (school, id)")
    op.execute("CREATE INDEX items_by_record ON items (record_id) WHERE kind = 'response'")
    op.execute(
        """
        UPDATE versions v SET content = v.content || jsonb_build_object(
            'term', i.knowledge->'subject'->>'term',
            'origin', CASE WHEN coalesce(jsonb_typeof(i.knowledge->'opened'), 'null') = 'null'
                AND coalesce(jsonb_typeof(i.knowledge->'withdrawn'), 'null') = 'null' THEN 'staff' ELSE 'crossing' END)
        FROM items i WHERE i.id = v.item_id AND i.kind = 'record'
        """
    )
    # Versions come nearly in the order of their time: a few pages of index find those that are old enough to go.
    op.execute("CREATE INDEX versions_by_age ON versions USING brin (changed_at)")
    op.execute("ALTER TABLE upload_items ADD COLUMN change text NOT NULL DEFAULT 'new' CHECK (change IN ('new', 'amended', 'withdrawn'))")
    # Not sealed: built while earlier uploads of the school were unanswered, so that what is new in it can still turn out otherwise.
    # `digest` stays that of what was sent when the kept body has lost its national student numbers.
    op.execute(
        """
        ALTER TABLE uploads
            ADD COLUMN sealed boolean NOT NULL DEFAULT true,
            ADD COLUMN checksum text NOT NULL DEFAULT '',
            ADD COLUMN new int NOT NULL DEFAULT 0,
            ADD COLUMN amended int NOT NULL DEFAULT 0,
            ADD COLUMN withdrawn int NOT NULL DEFAULT 0,
            ADD COLUMN adapter text CHECK (adapter IN ('https', 'sftp', 'folder', 'by-hand')),
            ADD COLUMN outcome_unknown boolean NOT NULL DEFAULT false,
            ADD COLUMN delivered_at timestamptz,
            ADD COLUMN redacted boolean NOT NULL DEFAULT false,
            ADD COLUMN marked_by text,
            ADD COLUMN note text
        """
    )
    op.execute("CREATE INDEX uploads_by_age ON uploads (sent_at) WHERE status NOT IN ('pending', 'sending')")
    # A school without a week left to close rests until it is sent with other terms.
    op.execute("ALTER TABLE schools ADD COLUMN rests boolean NOT NULL DEFAULT false")
    op.execute(
        """
        CREATE TABLE preferences (
            school text COLLATE "C" PRIMARY KEY REFERENCES schools,
            closes text,
            adapter text CHECK (adapter IN ('https', 'sftp', 'folder')),
            nsn boolean NOT NULL DEFAULT false,
            paused_at timestamptz,
            paused_by text,
            pause_reason text,
            updated_at timestamptz NOT NULL,
            updated_by text NOT NULL,
            CHECK ((paused_at IS NULL) = (paused_by IS NULL)),
            CHECK ((paused_at IS NULL) = (pause_reason IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX preferences_nsn ON preferences (school) WHERE nsn")
    # Never the key of anything: a student's number stands beside the student's id.
    op.execute(
        """
        CREATE TABLE nsns (
            student_id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL REFERENCES preferences,
            nsn text NOT NULL CHECK (nsn ~ '^[0-9]{10}$'),
            updated_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX nsns_by_school ON nsns (school)")
    # How often the students have been read from the start, each time because a school wants national student numbers from now on.
    op.execute("CREATE TABLE readings (the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only), generation int NOT NULL)")
    op.execute("INSERT INTO readings (generation) VALUES (0)")
    op.execute(
        """
        CREATE TABLE leases (
            name text PRIMARY KEY,
            holder uuid,
            fence bigint NOT NULL DEFAULT 0,
            host text,
            since timestamptz,
            until timestamptz NOT NULL
        )
        """
    )
    op.execute("INSERT INTO leases (name, until) VALUES ('schedule', '-infinity')")
    op.execute(
        """
        ALTER TABLE windows
            ADD COLUMN due_at timestamptz,
            ADD COLUMN tries int NOT NULL DEFAULT 0,
            ADD COLUMN again_at timestamptz,
            ADD COLUMN problem text
        """
    )
    op.execute("UPDATE windows w SET due_at = coalesce((SELECT k.due_at FROM work k WHERE k.id = w.id), w.done_at, now())")
    op.execute("ALTER TABLE windows ALTER COLUMN due_at SET NOT NULL")
    op.execute("CREATE INDEX windows_due ON windows (coalesce(again_at, due_at)) WHERE done_at IS NULL")
    op.execute("CREATE INDEX windows_open ON windows (school, week) WHERE done_at IS NULL")
    op.execute("DELETE FROM work WHERE kind = 'window'")


def downgrade() -> None:
    """Back to windows as work items; choices of schools and national student numbers are gone."""
    op.execute(
        """
        INSERT INTO work (id, kind, due_at, created_at) SELECT id, 'window', due_at, due_at FROM windows WHERE done_at IS NULL
        ON CONFLICT DO NOTHING
        """
    )
    op.execute("DROP INDEX windows_due, windows_open")
    op.execute("ALTER TABLE windows DROP COLUMN due_at, DROP COLUMN tries, DROP COLUMN again_at, DROP COLUMN problem")
    op.execute("DROP TABLE leases, readings, nsns, preferences")
    op.execute("ALTER TABLE schools DROP COLUMN rests")
    op.execute("DROP INDEX uploads_by_age")
    op.execute(
        """
        ALTER TABLE uploads DROP COLUMN sealed, DROP COLUMN checksum, DROP COLUMN new, DROP COLUMN amended, DROP COLUMN withdrawn,
            DROP COLUMN adapter, DROP COLUMN outcome_unknown, DROP COLUMN delivered_at, DROP COLUMN redacted, DROP COLUMN marked_by,
            DROP COLUMN note
        """
    )
    op.execute("ALTER TABLE upload_items DROP COLUMN change")
    op.execute("UPDATE versions SET content = content - 'term' - 'origin' WHERE content ? 'term'")
    op.execute("DROP INDEX versions_by_age, items_by_record, items_by_school")
    op.execute("ALTER TABLE items DROP COLUMN accepted")
