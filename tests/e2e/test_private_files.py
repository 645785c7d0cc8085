"""Files of the data folder are for the user who runs the engine."""

import stat

from tests.e2e.school import School
from tests.support.stack import EmbeddedStack, Stack


def test_nobody_else_reads_a_file_of_the_data_folder(stack: Stack, school: School) -> None:
    """Keys, logs, caught mail, the database and its socket; also as root, where the database has a user of its own."""
    school.stack.token()
    files = [path for path in stack.data.rglob("*") if not path.is_dir()]
    open_to_others = {
        str(path.relative_to(stack.data)): stat.filemode(path.lstat().st_mode) for path in files if path.lstat().st_mode & 0o077
    }
    assert open_to_others == {}
    names = {path.name for path in files}
    assert "signing-key.pem" in names
    if isinstance(stack, EmbeddedStack):
        assert {"PG_VERSION", ".s.PGSQL.5432", "lock"} <= names
