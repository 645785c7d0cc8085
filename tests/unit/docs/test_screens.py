"""The page of what the screens promise names tests that are there."""

import re

from tests.unit.docs.prose import ROOT

PAGE = ROOT / "docs" / "explanation" / "screens.md"
FOLDERS = {
    "browser": "tests/browser",
    "console": "tests/integration/console",
    "e2e": "tests/e2e",
    "thresholds": "tests/integration/thresholds",
}


def test_each_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`(browser|console|e2e|thresholds)/([\w/]*test_\w+\.py)::(test_\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 40
    missing = [
        (folder, file, test)
        for folder, file, test in named
        if not re.search(rf"def {test}\(", (ROOT / FOLDERS[folder] / file).read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_each_line_of_the_page_names_a_test() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and not line.startswith("| p")]
    assert len(lines) > 30
    assert [line for line in lines if "::test_" not in line] == []
