"""The tables of consumed offsets, for the migrations of the services that read topics."""

from typing import Final

OFFSETS_V1: Final = (
    """
    CREATE TABLE consumed (
        consumer_group text COLLATE "C" NOT NULL,
        topic text COLLATE "C" NOT NULL,
        partition int NOT NULL CHECK (partition >= 0),
        topic_id uuid,
        next_offset bigint NOT NULL CHECK (next_offset >= 0),
        moved_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer_group, topic, partition)
    ) WITH (fillfactor = 50)
    """,
    # A row of its own where the groups of this schema committed to the bus only, before: each of them takes that over, once.
    "CREATE TABLE adopts_committed (since timestamptz NOT NULL)",
    """
    CREATE TABLE offset_gaps (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        consumer_group text COLLATE "C" NOT NULL,
        topic text COLLATE "C" NOT NULL,
        partition int NOT NULL,
        kind text NOT NULL CHECK (kind IN ('lost', 'log-shorter', 'another-topic')),
        from_offset bigint NOT NULL,
        to_offset bigint NOT NULL,
        from_time timestamptz,
        to_time timestamptz,
        found_at timestamptz NOT NULL DEFAULT now(),
        settled_at timestamptz
    )
    """,
    "CREATE INDEX offset_gaps_open ON offset_gaps (consumer_group) WHERE settled_at IS NULL",
)

RESTORES_V1: Final = """
CREATE TABLE restores (
    consumer_group text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    partition int NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint NOT NULL,
    from_time timestamptz,
    found_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, topic, partition, from_offset, to_offset)
)
"""
"""The parts of logs that groups had read already when the database was put back to a time before."""

OFFSETS_V1_DROP: Final = "DROP TABLE offset_gaps, adopts_committed, consumed"

ADOPT_WHERE_IN_USE: Final = "INSERT INTO adopts_committed SELECT now() WHERE EXISTS (SELECT FROM schools)"
"""For a schema that may have been in use before it kept offsets. A new one has made nothing of its topics yet: it reads them from the
start, whatever a group of its name has committed."""
