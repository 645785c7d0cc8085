"""Each service works in the database under its own name, in both set-ups, and nobody as its owner or superuser."""

from deploy.embedded.trees import SERVICE_TREES
from shared.db.logins import login_of
from tests.e2e.school import School, eventually
from tests.support.stack import Stack


def test_nobody_works_as_superuser(stack: Stack, school: School) -> None:
    school.enrol(["1"])
    school.absent("1", 10)
    eventually(lambda: len(school.letters("1")), 1)
    users = stack.sql(
        "SELECT DISTINCT usename FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database()"
    )
    names = set(users.split())
    assert names <= {login_of(tree.schema) for tree in SERVICE_TREES}
    assert {"star_ingest_service", "star_thresholds_service", "star_notifier_service", "star_moe_sync_service"} <= names
