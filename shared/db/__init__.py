"""PostgreSQL: one engine, schema and role a service, migrations by Alembic, and NOTIFY as a bell.

`errors` decides which errors of the database pass by themselves.
"""
