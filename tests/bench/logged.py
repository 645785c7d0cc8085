"""The content of PostgreSQL's log: records and bytes by kind and table, read by its own `pg_waldump`."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import psutil

_RECORD: Final = re.compile(r"rmgr: (\S+)\s+len \(rec/tot\):\s+\d+/\s*(\d+),.*?desc: (\S+)")
_RELATION: Final = re.compile(r"rel \d+/\d+/(\d+)")
LINES: Final = 12


@dataclass
class Logged:
    """Bytes and records by (manager, kind, relation)."""

    bytes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    records: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def lines(self, marks: int) -> Iterator[str]:
        """The kinds that take most: bytes a mark, records, bytes a record, name. `FPI` is a page logged whole after a checkpoint."""
        for kind, size in self.bytes.most_common(LINES):
            number = self.records[kind]
            yield f"{size / marks:8.1f} {number:8} {size / number:8.1f}  {' '.join(kind)}"


async def logged(connection: asyncpg.Connection, server: int, begin: str, end: str) -> Logged:
    """Reads the log of the server of that process id, from one place in it to another (`pg_lsn` as text)."""
    data = await connection.fetchval("SELECT current_setting('data_directory')")
    names = {
        str(row[0]): str(row[1])
        for row in await connection.fetch("SELECT pg_relation_filenode(oid), relname FROM pg_class WHERE pg_relation_filenode(oid) > 0")
    }
    out = subprocess.run(
        [Path(psutil.Process(server).exe()).with_name("pg_waldump"), "-s", begin, "-e", end, "-p", f"{data}/pg_wal"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = Logged()
    for line in out.splitlines():
        if match := _RECORD.match(line):
            relation = _RELATION.search(line)
            kind = match[1], match[3], names.get(relation[1], "") if relation else ""
            found.bytes[kind] += int(match[2])
            found.records[kind] += 1
    return found
