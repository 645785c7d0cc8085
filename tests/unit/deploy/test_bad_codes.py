"""A file of codes that can't be used ends the start in one line that says where to look."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.main import main

BAD = '[[code]]\ncode = "P"\nmeaning = "Present"\nclass = "present"\n\n[[code]]\ncode = "m"\nmeaning = "Illness"\nclass = "justified"\n'


@pytest.mark.parametrize(
    "arguments", [["run", "--no-demo"], ["serve", "ingest"], ["serve", "thresholds"], ["work", "ingest"], ["work", "thresholds"]]
)
def test_nothing_starts(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "codes.toml"
    path.write_text(BAD)
    environment = {
        "STAR_ATTENDANCE_CODES": str(path),
        "STAR_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "STAR_DATA": str(tmp_path / "data"),
        "STAR_PORT": "0" if arguments[0] == "work" else "8000",
    }
    result = CliRunner().invoke(main, arguments, env=environment)
    assert result.exit_code == 1
    lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert lines == [f"Error: the attendance codes can't be used: {path}: line 6, code 2: a code is one capital letter or a question mark"]
    assert "Traceback" not in result.output
    assert not (tmp_path / "data").exists()
