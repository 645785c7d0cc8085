"""Migrations of tables that the last release's workers are using: they only add, and never keep them waiting.

Judges SQL as it was sent to the server, by its beginning words; a statement that it does not know is an offence, too.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL as a revision sent it. `outside` a transaction, where it is kept at once and may be sent again after a broken-off run."""

    sql: str
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Offence:
    """A breach of the rule, and the table that it is about."""

    rule: str
    table: str = ""


_NAME: Final = r'(?:IF (?:NOT )?EXISTS )?(?:ONLY )?"?(?:\w+"?\."?)?(?P<table>\w+)"?'
_HARMLESS: Final = re.compile(
    r"(SET|RESET|SHOW|SELECT|INSERT|GRANT|REVOKE|COMMENT|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT"
    r"|CREATE (OR REPLACE )?(FUNCTION|TRIGGER|VIEW|SEQUENCE|TYPE|DOMAIN)|ALTER TYPE \w+ ADD VALUE|ALTER SEQUENCE) "
)
_VOLATILE: Final = re.compile(r"gen_random_uuid|random\(|clock_timestamp|nextval|GENERATED|SERIAL", re.IGNORECASE)
_INLINE_CHECK: Final = re.compile(r"\b(CHECK|REFERENCES|UNIQUE|PRIMARY KEY)\b", re.IGNORECASE)


def offences(statement: Statement, new: Collection[str], small: Collection[str]) -> Iterator[Offence]:
    """The statement's forbidden effects.

    `new` tables were made by this release, so nobody else uses them; `small` ones have few rows in the largest set-up.
    """
    sql = re.sub(r"\s+", " ", re.sub(r"--[^\n]*", " ", statement.sql)).strip()
    upper = sql.upper()
    if _HARMLESS.match(upper + " "):
        return
    if match := re.match(r"CREATE (?:UNLOGGED )?TABLE " + _NAME, sql, re.IGNORECASE):
        if statement.outside and "IF NOT EXISTS" not in upper:
            yield Offence("can't begin again", match["table"])
    elif match := re.match(r"CREATE (UNIQUE )?INDEX (CONCURRENTLY )?.*?\bON " + _NAME, sql, re.IGNORECASE):
        yield from _index(match, statement, new, small)
    elif match := re.match(r"ALTER TABLE " + _NAME + r" (?P<actions>.*)", sql, re.IGNORECASE):
        if match["table"] not in new:
            for rule in _alterations(match["actions"], statement, is_small=match["table"] in small):
                yield Offence(rule, match["table"])
        elif statement.outside:
            split = _split(match["actions"])
            yield from (Offence("can't begin again", match["table"]) for action in split if not _repeatable(action, split))
    elif match := re.match(r"(UPDATE|DELETE FROM) " + _NAME, sql, re.IGNORECASE):
        if match["table"] not in {*new, *small, "alembic_version"}:
            yield Offence("changes rows in use", match["table"])
    elif match := re.match(r"DROP INDEX (CONCURRENTLY )?", upper):
        if not match[1]:
            yield Offence("drops an index with everybody shut out")
    elif match := re.match(r"DROP TABLE " + _NAME, sql, re.IGNORECASE):
        yield Offence("drops", match["table"])
    elif re.match(r"DROP (TRIGGER|RULE|POLICY|FUNCTION) ", upper):
        return
    else:
        yield Offence("not known to be harmless")


def _index(match: re.Match[str], statement: Statement, new: Collection[str], small: Collection[str]) -> Iterator[Offence]:
    table = match["table"]
    if table not in new:
        if match[1]:
            yield Offence("refuses what the last release writes", table)
        if not match[2] and table not in small:
            yield Offence("builds an index with writers shut out", table)
    if statement.outside and not match[2] and "IF NOT EXISTS" not in statement.sql.upper():
        yield Offence("can't begin again", table)


def _alterations(actions: str, statement: Statement, *, is_small: bool) -> Iterator[str]:
    split = _split(actions)
    for action in split:
        upper = action.upper()
        if re.match(r"RENAME|DROP (COLUMN )?(?!CONSTRAINT|DEFAULT)\w", upper):
            yield "drops" if upper.startswith("DROP") else "renames"
        elif match := re.match(r"ADD (CONSTRAINT (\w+) )?(CHECK|FOREIGN KEY|UNIQUE|PRIMARY KEY|EXCLUDE)", upper):
            if match[3] in {"UNIQUE", "PRIMARY KEY", "EXCLUDE"} and "USING INDEX" not in upper:
                yield "builds an index with writers shut out"
            elif "NOT VALID" not in upper and "USING INDEX" not in upper and not is_small:
                yield "looks through the table with everybody shut out"
        elif re.match(r"ADD (COLUMN )?", upper):
            if "NOT NULL" in upper and " DEFAULT " not in upper and "GENERATED" not in upper:
                yield "refuses what the last release writes"
            if not is_small and _VOLATILE.search(action):
                yield "writes the table anew"
            if not is_small and _INLINE_CHECK.search(action):
                yield "looks through the table with everybody shut out"
        elif re.match(r"ALTER (COLUMN )?\w+ (SET DATA )?TYPE", upper):
            yield "changes a type"
        elif re.match(r"ALTER (COLUMN )?\w+ SET NOT NULL", upper) or re.match(r"ALTER (COLUMN )?\w+ DROP DEFAULT", upper):
            yield "refuses what the last release writes"
        elif upper.startswith("VALIDATE CONSTRAINT"):
            if not statement.outside and not is_small:
                yield "looks through the table with everybody shut out"
        elif re.match(r"ALTER (COLUMN )?\w+ (SET DEFAULT|DROP NOT NULL|SET STATISTICS|SET STORAGE)|DROP CONSTRAINT|SET \(|RESET \(", upper):
            pass
        else:
            yield "not known to be harmless"
        if statement.outside and not _repeatable(action, split):
            yield "can't begin again"


def _repeatable(action: str, beside: Collection[str] = ()) -> bool:
    upper = action.upper()
    if match := re.match(r"ADD CONSTRAINT (\w+)", upper):
        return any(re.fullmatch(rf"DROP CONSTRAINT IF EXISTS {match[1]}", other.upper()) for other in beside)
    return not re.match(r"ADD |DROP ", upper) or "IF NOT EXISTS" in upper or "IF EXISTS" in upper


def _split(actions: str) -> list[str]:
    """At commas outside brackets and quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in actions:
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
