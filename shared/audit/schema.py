"""The log's table, for the migration of each schema that keeps one."""

from typing import Final

CREATE: Final = (
    """
    CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.at < now() - interval '7 years' THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'lines of % stay as they were written', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TABLE audit (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        subject text NOT NULL,
        role text NOT NULL,
        action text NOT NULL,
        school text COLLATE "C" NOT NULL,
        students text[] NOT NULL,
        student_ids uuid[] NOT NULL,
        record_id uuid,
        fields text[] NOT NULL,
        filters jsonb NOT NULL
    )
    """,
    "CREATE INDEX audit_by_school ON audit (school, at DESC, id DESC)",
    "CREATE INDEX audit_by_time ON audit (at)",
    "CREATE INDEX audit_by_student ON audit USING gin (student_ids)",
    "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays()",
    "CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_stays()",
)
SHOWN_TO_MANY: Final = (
    "ALTER TABLE audit ADD COLUMN shown uuid",
    """
    CREATE TABLE audit_also (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100000000000000000) PRIMARY KEY,
        at timestamptz NOT NULL,
        subject text NOT NULL,
        role text NOT NULL,
        shown uuid NOT NULL
    )
    """,
    "CREATE INDEX audit_also_by_shown ON audit_also (shown)",
    "CREATE INDEX audit_also_by_time ON audit_also (at)",
    "CREATE TRIGGER audit_also_kept BEFORE UPDATE OR DELETE ON audit_also FOR EACH ROW EXECUTE FUNCTION {stays}()",
    "CREATE TRIGGER audit_also_not_emptied BEFORE TRUNCATE ON audit_also EXECUTE FUNCTION {stays}()",
)
"""Lines that are the same for many callers but for the caller: written once with the first (`shown`), and each other one is a row beside
them. The numbers of these rows begin above all of `audit`: a line's moment and number are its place in the log.
`stays` is the function of the schema that refuses changes."""

SHOWN_INDEXES: Final = {
    "audit_by_shown": "audit (shown) WHERE shown IS NOT NULL",
    "audit_shown_by_school": "audit (school) WHERE shown IS NOT NULL",
}
"""The conditions after ON, by name."""

DROP_SHOWN: Final = ("DROP TABLE audit_also", "ALTER TABLE audit DROP COLUMN shown")
DROP: Final = ("DROP TABLE audit", "DROP FUNCTION audit_stays()")
