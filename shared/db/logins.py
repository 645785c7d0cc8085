"""The roles of a schema: its owner, as which nobody logs in, and its service, which logs in and may only read and write the rows.

A service's login can become no other role, make nothing and drop nothing, so what a statement of that service can do ends at its own rows.
See decision 33.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

_ROUNDS: Final = 4096
_SALT_BYTES: Final = 16


def owner_of(schema: str) -> str:
    """The role that owns a schema and what is in it."""
    return f"star_{schema}"


def login_of(schema: str) -> str:
    """The role as which a schema's service logs in."""
    return f"star_{schema}_service"


class PasswordError(ValueError):
    """A password that can't be set, because clients do not agree on how it is to be encoded."""


def passwords_of(urls: Mapping[str, str]) -> dict[str, str]:
    """The passwords in the services' URLs, by schema; only those of the roles that are ours to make. Raises PasswordError."""
    passwords = {}
    for schema, url in urls.items():
        parts = urlsplit(url)
        if parts.username != login_of(schema) or not parts.password:
            continue
        password = unquote(parts.password)
        if not (password.isascii() and password.isprintable()):
            raise PasswordError(f"the password of {parts.username} has characters other than printable ASCII")
        passwords[schema] = password
    return passwords


def make_roles(connection: Connection, schema: str) -> None:
    """Makes the roles that are missing, and lets the migrating user, and those who may act as the owner, act as both."""
    owner, login = owner_of(schema), login_of(schema)
    _make(connection, owner, "NOLOGIN")
    # What it may do through another role, the common one, it asks for by name.
    _make(connection, login, "LOGIN NOINHERIT")
    # From version 16 on, who creates a role is a member of it without being allowed to act as it.
    right = "SET" if (connection.dialect.server_version_info or (0,)) >= (16,) else "MEMBER"
    user = connection.execute(text("SELECT CURRENT_USER")).scalar_one()
    for role in (owner, login):
        _grant(connection, role, user, right)
    # The one login of a release before went by its right to the owner's role.
    members = text("SELECT pg_get_userbyid(member) FROM pg_auth_members WHERE roleid = to_regrole(:owner)")
    for member in connection.execute(members, {"owner": owner}).scalars().all():
        _grant(connection, login, member)


def open_to_service(connection: Connection, schema: str) -> None:
    """Gives the service the rows of all tables, those to come included. The connection acts as the owner."""
    login = login_of(schema)
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {login}"))
    connection.execute(text(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {login}"))
    connection.execute(text(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, USAGE ON SEQUENCES TO {login}"))
    # Without those that have it: each grant rewrites a row of the catalogue.
    tables, sequences = _closed(connection, schema, "r", "p", "v"), _closed(connection, schema, "S")
    if tables:
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE {', '.join(tables)} TO {login}"))
    if sequences:
        connection.execute(text(f"GRANT SELECT, USAGE ON SEQUENCE {', '.join(sequences)} TO {login}"))


def keep_revision(connection: Connection, schema: str) -> None:
    """Lets the service see at which revision the schema is, and say nothing of it. The connection acts as the owner."""
    login, table = login_of(schema), f"{schema}.alembic_version"
    may = text("SELECT has_table_privilege(:login, to_regclass(:table), :right)")
    if not connection.execute(may, {"login": login, "table": table, "right": "SELECT"}).scalar():
        connection.execute(text(f"GRANT SELECT ON {table} TO {login}"))
    if connection.execute(may, {"login": login, "table": table, "right": "UPDATE"}).scalar():
        connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {login}"))


def share(connection: Connection, schema: str, others: Collection[str]) -> None:
    """Lets the services of other schemas act as this one's service, which is what they share."""
    for other in sorted(others):
        _grant(connection, login_of(schema), login_of(other))


def set_password(connection: Connection, schema: str, password: str) -> None:
    """Sets the password of a service's login. The server is sent a verifier, so that no log of statements has the password."""
    verifier = scram_verifier(password, os.urandom(_SALT_BYTES))
    connection.exec_driver_sql(f"ALTER ROLE {login_of(schema)} LOGIN PASSWORD '{verifier}'")


def scram_verifier(password: str, salt: bytes) -> str:
    """A password of printable ASCII as PostgreSQL keeps it: SCRAM-SHA-256, RFC 5802 and 7677."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ROUNDS}:{encoded[0]}${encoded[1]}:{encoded[2]}"


async def within_reach(engine: AsyncEngine, others: Sequence[str]) -> list[str]:
    """Those of the other schemas whose roles the engine's login may become, in order; none for a service's own."""
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                """
                SELECT DISTINCT w.schema FROM unnest(CAST(:schemas AS text[]), CAST(:roles AS text[])) AS w(schema, role)
                JOIN pg_roles r ON r.rolname = w.role
                WHERE pg_has_role(session_user, r.oid, 'MEMBER') ORDER BY w.schema
                """
            ),
            {
                "schemas": [*others, *others],
                "roles": [role_of(other) for role_of in (owner_of, login_of) for other in others],
            },
        )
        return [row.schema for row in rows]


def _make(connection: Connection, role: str, options: str) -> None:
    there = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    _unless(connection, there, {"role": role}, f"CREATE ROLE {role} {options}")


def _grant(connection: Connection, role: str, member: str, right: str = "MEMBER") -> None:
    given = text("SELECT pg_has_role(:member, :role, :right)")
    quoted = connection.dialect.identifier_preparer.quote(member)
    _unless(connection, given, {"member": member, "role": role, "right": right}, f"GRANT {role} TO {quoted}")


def _unless(connection: Connection, so: TextClause, asked: Mapping[str, str], statement: str) -> None:
    """Roles belong to the whole server, and another database of it may be migrated at the same time."""
    if connection.execute(so, asked).scalar():
        return
    try:
        with connection.begin_nested():
            connection.execute(text(statement))
    except DBAPIError:
        if not connection.execute(so, asked).scalar():
            raise


def _closed(connection: Connection, schema: str, *kinds: str) -> list[str]:
    """The owner's tables or sequences, by their kinds in PostgreSQL's catalogue, that the service may not use yet."""
    rows = connection.execute(
        text(
            """
            SELECT format('%I.%I', CAST(:schema AS text), relname) FROM pg_class
            WHERE relnamespace = to_regnamespace(:schema) AND CAST(relkind AS text) = ANY(CAST(:kinds AS text[]))
                AND relname <> 'alembic_version' AND pg_get_userbyid(relowner) = CURRENT_USER AND CASE relkind
                    WHEN 'S' THEN NOT has_sequence_privilege(:login, oid, 'USAGE')
                    ELSE NOT has_table_privilege(:login, oid, 'INSERT')
                END
            ORDER BY 1
            """
        ),
        {"schema": schema, "kinds": list(kinds), "login": login_of(schema)},
    )
    return list(rows.scalars())
