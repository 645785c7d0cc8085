"""Alembic's entry; the environment is the same for every tree."""

from shared.db.migrate import run_environment

run_environment()
