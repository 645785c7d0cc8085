"""The database of the Compose file: its script and secrets, on a real server, up to services that log in and reach nobody else's tables."""

import os
import subprocess
from pathlib import Path

from deploy.logins import migrate_all, reached_by
from deploy.services import SETTINGS, schema_of
from shared.settings import Settings
from tests.support.dumps import BIN
from tests.support.own_postgres import own_postgres

COMPOSE = Path(__file__).parents[3] / "deploy" / "compose"


async def test_the_owner_migrates_and_each_service_logs_in_as_itself(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    subprocess.run([COMPOSE / "secrets.sh", secrets], check=True, capture_output=True)
    with own_postgres(tmp_path / "postgres") as server:
        where = server.url.partition("?")[2]
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "PGHOST": str(tmp_path / "postgres")}
        environment |= {"OWNER_PASSWORD_FILE": str(secrets / "owner-password"), "POSTGRES_USER": "postgres"}
        done = subprocess.run([COMPOSE / "database.sh"], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

        def url(name: str) -> str:
            return (secrets / name).read_text().replace("@database/star", f"@/star?{where}")

        of_services = {f"{schema_of(service)}_database_url": url(f"{service}-database-url") for service in SETTINGS}
        settings = Settings(data=tmp_path, database_url=url("owner-database-url"), **of_services)
        await migrate_all(settings)
        assert {service: await reached_by(settings, service) for service in SETTINGS} == {service: [] for service in SETTINGS}
        ask = "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'star_owner'"
        owner = subprocess.run([BIN / "psql", "-qtAX", "-c", ask, server.url], capture_output=True, text=True, check=True)
        assert owner.stdout.strip() == "f|t"
