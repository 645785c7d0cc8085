"""The mistakes of a first day, made for real: each ends with 1 and one line that names what mends it, and never with a trace."""

import asyncio
import fcntl
import os
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import as_role
from deploy.kafka.pidfile import PidFile
from tests.integration.deploy.test_faults import AWAY
from tests.support.database import url_of
from tests.support.disks import NotPermittedError, fill, small_disk
from tests.support.own_postgres import own_postgres
from tests.support.ports import free_port

PASSWORDS = "local all visitor scram-sha-256\nlocal all all trust\n"


@dataclass(frozen=True)
class Place:
    """A mistake is made with these: a folder, a migrated database, a server's own database, one that asks for a password, and a port."""

    folder: Path
    migrated: str
    server: str
    asking: str
    port: int


@dataclass(frozen=True)
class Mistake:
    """A command that ends with 1 and these words; `during` is how the place is while it runs."""

    command: Sequence[str | Callable[[Place], str]]
    words: str
    environment: Mapping[str, str | Callable[[Place], str]] = field(default_factory=dict)
    during: Callable[[Place], AbstractContextManager[object]] = lambda _: nullcontext()


def migrated(place: Place) -> str:
    return place.migrated


def named(name: str) -> Callable[[Place], str]:
    return lambda place: str(place.folder / name)


def written(name: str, content: str = "") -> Callable[[Place], AbstractContextManager[object]]:
    def during(place: Place) -> AbstractContextManager[object]:
        path = place.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return nullcontext()

    return during


@contextmanager
def full_disk(place: Place) -> Iterator[None]:
    try:
        with small_disk(place.folder / "data", megabytes=1):
            fill(place.folder / "data" / "ballast")
            yield
    except NotPermittedError as error:
        pytest.skip(str(error))


@contextmanager
def port_taken(place: Place) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", place.port)):
        yield


@contextmanager
def data_in_use(place: Place) -> Iterator[None]:
    (place.folder / "data").mkdir()
    with (place.folder / "data" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def broker_running(place: Place) -> Iterator[None]:
    pid_file = PidFile(place.folder / "broker.pid")
    lock = pid_file.take()
    assert lock is not None
    pid_file.write(None, 19_092)
    yield
    os.close(lock)


STAR = (sys.executable, "-m", "deploy.cli")
SERVE = (*STAR, "serve", "ingest", "--port", "0")
NOTIFY = (*STAR, "work", "notifier", "--port", "0")
UPLOAD = (*STAR, "work", "moe-sync", "--port", "0")
MIGRATE = (*STAR, "migrate")
TOKEN = (*STAR, "token", "issue", "--subject", "x", "--scopes", "ops", "--schools", "*")
RUN = (*STAR, "run", "--no-demo", "--port", lambda place: str(place.port))
DATABASE = {"STAR_DATABASE_URL": migrated}

MISTAKES: Mapping[str, Mistake] = {
    "no database": Mistake(MIGRATE, "set STAR_DATABASE_URL, or start `star run"),
    "a database that is away": Mistake((*STAR, "verify"), "start it, or correct STAR_DATABASE_URL", {"STAR_DATABASE_URL": AWAY}),
    "a password that is not escaped": Mistake(
        SERVE,
        "STAR_DATABASE_URL: a port is a number, and in a password @ : / ",
        {"STAR_DATABASE_URL": "postgresql://star:p/w@127.0.0.1/star"},
    ),
    "a port that is no number": Mistake(MIGRATE, "a port is a number", {"STAR_DATABASE_URL": "postgresql://star@localhost:none/star"}),
    "an address that is none": Mistake(MIGRATE, "STAR_DATABASE_URL is no address", {"STAR_DATABASE_URL": "jdbc:postgresql:star"}),
    "no such database": Mistake(
        (*STAR, "verify"), "create it, then run `star migrate`", {"STAR_DATABASE_URL": lambda place: url_of(place.server, "nowhere")}
    ),
    "a wrong password": Mistake(
        SERVE,
        "refuses the password: correct STAR_DATABASE_URL",
        {"STAR_DATABASE_URL": lambda place: place.asking.replace("right", "wrong")},
    ),
    "a user without rights": Mistake(
        MIGRATE, "run `star migrate` as the user who owns the database", {"STAR_DATABASE_URL": lambda place: place.asking}
    ),
    "not migrated": Mistake(SERVE, "run `star migrate`", {"STAR_DATABASE_URL": lambda place: place.server}),
    "the schema of an older release": Mistake(UPLOAD, "run `star migrate`", DATABASE),
    "no broker": Mistake(
        (*STAR, "lag"), "start the broker, or correct STAR_BUS", {**DATABASE, "STAR_BUS": "kafka", "STAR_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    ),
    "no user for the broker": Mistake((*STAR, "lag"), "needs STAR_KAFKA_USER", {**DATABASE, "STAR_KAFKA_SECURITY": "sasl_tls"}),
    "a certificate that is not there": Mistake(MIGRATE, "STAR_KAFKA_CA: ", {"STAR_DATABASE_URL": AWAY, "STAR_KAFKA_CA": "/nowhere.pem"}),
    "a broker that would move": Mistake(
        (sys.executable, "-m", "deploy.kafka", "start", "--port", "9092", "--data", named("")),
        "on port 19092: stop it first with `python -m deploy.kafka stop",
        during=broker_running,
    ),
    "a port that is taken": Mistake(
        (*STAR, "serve", "ingest", "--port", lambda place: str(place.port)), "choose one with --port", DATABASE, port_taken
    ),
    "a port that is taken, in one process": Mistake(RUN, "choose another with --port", during=port_taken),
    "a data folder in use": Mistake(RUN, "stop it first, or choose another with --data", during=data_in_use),
    "a data folder that can't be made": Mistake(RUN, "choose another folder with --data", {"STAR_DATA": "/sys/star"}),
    "a data folder within a file": Mistake(TOKEN, "choose another folder with --data", {"STAR_DATA": named("file/data")}, written("file")),
    "a database of a newer version": Mistake(
        RUN, "was made by PostgreSQL 99, and this", during=written("data/postgres/PG_VERSION", "99\n")
    ),
    "a database's folder with something else in it": Mistake(
        RUN, "exists but is not empty): mend that", during=written("data/postgres/stray")
    ),
    "a full disk": Mistake(RUN, "No space left on device", during=full_disk),
    "a full disk, for a key": Mistake(TOKEN, "the disk is full", during=full_disk),
    "a key that is none": Mistake(TOKEN, "signing-key.pem holds no PEM key", during=written("data/signing-key.pem", "no key")),
    "a number with a typing error": Mistake(MIGRATE, "STAR_KAFKA_PARTITIONS: ", {"STAR_KAFKA_PARTITIONS": "8x"}),
    "a duration that is none": Mistake(NOTIFY, "STAR_HOLD: ", {**DATABASE, "STAR_HOLD": "an hour"}),
    "a wait beyond its bounds": Mistake(SERVE, "STAR_CLOCK_SKEW: ", {**DATABASE, "STAR_CLOCK_SKEW": "P30D"}),
    "a window that is none": Mistake(NOTIFY, "STAR_LETTER_WINDOW: a window is", {**DATABASE, "STAR_LETTER_WINDOW": "mornings"}),
    "JSON that is none": Mistake(SERVE, "STAR_OIDC_ROLES is no JSON", {**DATABASE, "STAR_OIDC_ROLES": "{Principal: admin}"}),
    "no mail server": Mistake(NOTIFY, "no mail server: set STAR_SMTP_URL", DATABASE),
    "a secret's file that is empty": Mistake(
        NOTIFY, "no mail server: set STAR_SMTP_URL", {**DATABASE, "STAR_SMTP_URL_FILE": named("smtp")}, written("smtp")
    ),
    "a secret's file that is not there": Mistake(
        NOTIFY, "STAR_SMTP_URL_FILE names /nowhere, which can't be read (No such", {**DATABASE, "STAR_SMTP_URL_FILE": "/nowhere"}
    ),
    "a secret's file that is a folder": Mistake(
        NOTIFY, "which can't be read (Is a directory): correct the name", {**DATABASE, "STAR_SMTP_URL_FILE": named("")}
    ),
    "a secret twice": Mistake(
        MIGRATE,
        "STAR_DATABASE_URL and STAR_DATABASE_URL_FILE are both set: take one of them away",
        {**DATABASE, "STAR_DATABASE_URL_FILE": named("url")},
        written("url"),
    ),
    "a list of trusted keys that is none": Mistake(
        (*STAR, "serve", "thresholds", "--port", "0"),
        "not a JWK set that can be read: correct STAR_TRANSFER_TRUST",
        {**DATABASE, "STAR_TRANSFER_TRUST": named("trust.json")},
        written("trust.json"),
    ),
    "a mail server without a scheme": Mistake(NOTIFY, "starts with smtp://", {**DATABASE, "STAR_SMTP_URL": "mail.example.nz"}),
    "a key that is too short": Mistake(NOTIFY, "STAR_SECRETS_KEY: a key is 32 bytes", {**DATABASE, "STAR_SECRETS_KEY": "c2hvcnQ="}),
    "an issuer without a scheme": Mistake(SERVE, "STAR_OIDC_ISSUER: an address", {**DATABASE, "STAR_OIDC_ISSUER": "login.example.nz"}),
    "half a way to the Ministry": Mistake(
        UPLOAD, "needs STAR_MINISTRY_CLIENT_ID", {**DATABASE, "STAR_MINISTRY_TOKEN_URL": "https://ministry.example.nz/token"}
    ),
    "codes that are not there": Mistake(
        (*STAR, "run", "--no-demo"), "attendance codes", {**DATABASE, "STAR_ATTENDANCE_CODES": "/nowhere/codes.toml"}
    ),
    "a configuration file that is not there": Mistake(MIGRATE, "name another with STAR_CONFIG", {"STAR_CONFIG": "/nowhere/star.toml"}),
    "a configuration file that is no TOML": Mistake(
        MIGRATE, "is no TOML at line 2", {"STAR_CONFIG": named("star.toml")}, written("star.toml", 'bus = "kafka"\nport: 8000\n')
    ),
    "a wrong value in the file": Mistake(
        MIGRATE, "correct the environment or", {"STAR_CONFIG": named("star.toml")}, written("star.toml", "kafka_partitions = 0\n")
    ),
}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks one user for a password: `right`."""
    folder = tmp_path_factory.mktemp("asking") / "postgres"

    async def set_up(url: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE ROLE visitor LOGIN PASSWORD 'right'")
        (folder / "pg_hba.conf").write_text(PASSWORDS)
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()

    with own_postgres(folder) as server:
        asyncio.run(set_up(server.url))
        yield as_role(server.url, "visitor").replace("visitor@", "visitor:right@")


@pytest.fixture
def place(tmp_path: Path, database_url: str, postgres_url: str, asking: str) -> Place:
    return Place(tmp_path, database_url, postgres_url, asking, free_port())


async def ended(mistake: Mistake, place: Place) -> tuple[int | None, list[str]]:
    """The exit code, and what stands on standard error without the log's lines."""

    def filled(value: str | Callable[[Place], str]) -> str:
        return value if isinstance(value, str) else value(place)

    clean = {name: value for name, value in os.environ.items() if not name.startswith("STAR_")}
    own = {"STAR_DATA": str(place.folder / "data")} | {name: filled(value) for name, value in mistake.environment.items()}
    process = await asyncio.create_subprocess_exec(*map(filled, mistake.command), env=clean | own, stdout=PIPE, stderr=PIPE)
    _, err = await process.communicate()
    return process.returncode, [line for line in err.decode().splitlines() if not line.startswith(("{", "starting;"))]


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_is_answered_in_one_line(name: str, place: Place) -> None:
    mistake = MISTAKES[name]
    if name == "the schema of an older release":
        connection = await asyncpg.connect(place.migrated)
        await connection.execute("UPDATE moe_sync.alembic_version SET version_num = '0001'")
        await connection.close()
    with mistake.during(place):
        code, lines = await ended(mistake, place)
    assert (code, len(lines)) == (1, 1), lines
    assert lines[0].startswith("Error: ")
    assert mistake.words in lines[0]


def test_twenty_mistakes_are_made() -> None:
    assert len(MISTAKES) >= 20
