"""The rule over migrations, statement by statement."""

import pytest

from tests.support.migration_rules import Offence, Statement, offences

NEW = {"meetings"}
SMALL = {"schools"}

ALLOWED = [
    "CREATE TABLE meetings (id uuid PRIMARY KEY, student_id uuid NOT NULL REFERENCES contacts)",
    "CREATE INDEX meetings_by_student ON meetings (student_id)",
    "CREATE UNIQUE INDEX ON meetings (id)",
    "ALTER TABLE meetings ALTER COLUMN id TYPE text, DROP COLUMN at",
    "ALTER TABLE register ADD COLUMN note text",
    "ALTER TABLE register ADD COLUMN note text NOT NULL DEFAULT 'a, b'",
    "ALTER TABLE register ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID",
    "ALTER TABLE register DROP CONSTRAINT positive",
    "ALTER TABLE register ALTER COLUMN note DROP NOT NULL",
    "ALTER TABLE schools ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid()",
    "CREATE INDEX ON schools (name)",
    "UPDATE schools SET name = 'x'",
    "INSERT INTO register SELECT 1",
]
OUTSIDE = [
    "CREATE INDEX CONCURRENTLY register_by_x ON register (x) WHERE x IS NOT NULL",
    "DROP INDEX CONCURRENTLY register_by_x",
    "CREATE TABLE IF NOT EXISTS meetings (id uuid)",
    "ALTER TABLE register ADD COLUMN IF NOT EXISTS note text",
    "ALTER TABLE register DROP CONSTRAINT IF EXISTS positive, ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID",
    "ALTER TABLE register VALIDATE CONSTRAINT positive",
]
REFUSED = {
    "DROP TABLE register": "drops",
    "ALTER TABLE register DROP COLUMN note": "drops",
    "ALTER TABLE register DROP note": "drops",
    "ALTER TABLE register RENAME TO lines": "renames",
    "ALTER TABLE register RENAME COLUMN a TO b": "renames",
    "ALTER TABLE thresholds.register ALTER COLUMN note SET NOT NULL": "refuses what the last release writes",
    "ALTER TABLE register ALTER note DROP DEFAULT": "refuses what the last release writes",
    "ALTER TABLE register ADD COLUMN note text NOT NULL": "refuses what the last release writes",
    "ALTER TABLE register\n  ADD COLUMN a int,\n  ADD note text NOT NULL": "refuses what the last release writes",
    "ALTER TABLE register ALTER COLUMN note TYPE varchar(9)": "changes a type",
    "ALTER TABLE register ADD COLUMN id uuid DEFAULT gen_random_uuid()": "writes the table anew",
    "ALTER TABLE register ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY": "writes the table anew",
    "ALTER TABLE register ADD COLUMN a text CHECK (a <> '')": "looks through the table with everybody shut out",
    "ALTER TABLE register ADD COLUMN a uuid REFERENCES schools": "looks through the table with everybody shut out",
    "ALTER TABLE register ADD CONSTRAINT c CHECK (a > 0)": "looks through the table with everybody shut out",
    "ALTER TABLE register ADD FOREIGN KEY (school) REFERENCES schools": "looks through the table with everybody shut out",
    "ALTER TABLE register VALIDATE CONSTRAINT c": "looks through the table with everybody shut out",
    "ALTER TABLE register ADD CONSTRAINT c UNIQUE (a)": "builds an index with writers shut out",
    "CREATE INDEX ON register (a)": "builds an index with writers shut out",
    "CREATE INDEX register_a ON ONLY thresholds.register USING btree (a)": "builds an index with writers shut out",
    "CREATE UNIQUE INDEX CONCURRENTLY u ON register (a)": "refuses what the last release writes",
    "UPDATE register SET a = 1 WHERE a IS NULL": "changes rows in use",
    "DELETE FROM register": "changes rows in use",
    "LOCK TABLE register": "not known to be harmless",
    "TRUNCATE register": "not known to be harmless",
    "VACUUM FULL register": "not known to be harmless",
    "DO $$ BEGIN EXECUTE 'DROP TABLE register'; END $$": "not known to be harmless",
    "ALTER TABLE register SET LOGGED": "not known to be harmless",
    "DROP INDEX register_by_x": "drops an index with everybody shut out",
}
NOT_TWICE = [
    "CREATE TABLE meetings (id uuid)",
    "CREATE INDEX meetings_by_student ON meetings (student_id)",
    "ALTER TABLE register ADD COLUMN note text",
    "ALTER TABLE register ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID",
]


@pytest.mark.parametrize("sql", ALLOWED)
def test_what_only_adds_is_allowed(sql: str) -> None:
    assert list(offences(Statement(sql), NEW, SMALL)) == []


@pytest.mark.parametrize("sql", OUTSIDE)
def test_what_keeps_nobody_waiting_is_allowed_outside_a_transaction(sql: str) -> None:
    assert list(offences(Statement(sql, outside=True), NEW, SMALL)) == []


@pytest.mark.parametrize(("sql", "rule"), REFUSED.items())
def test_what_takes_away_or_shuts_out_is_refused(sql: str, rule: str) -> None:
    assert rule in {offence.rule for offence in offences(Statement(sql), NEW, SMALL)}


@pytest.mark.parametrize("sql", NOT_TWICE)
def test_what_is_kept_at_once_can_be_sent_again(sql: str) -> None:
    assert [offence.rule for offence in offences(Statement(sql, outside=True), NEW, SMALL)] == ["can't begin again"]


def test_an_offence_names_its_table() -> None:
    assert list(offences(Statement("ALTER TABLE moe_sync.items RENAME TO things"), NEW, SMALL)) == [Offence("renames", "items")]
