"""`make chaos` (`MINUTES=5`): prints the figures; ends with 1 if something was lost, said twice or hung.

`ONLY=disk` has the faults alone whose names hold that word.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.chaos.faults import FAULTS
from tests.chaos.storm import storm

names = [name for name in FAULTS if os.environ.get("ONLY", "") in name]
with tempfile.TemporaryDirectory(prefix="star-chaos-", ignore_cleanup_errors=True) as folder:
    # Each fault comes once at least, if that takes longer than asked.
    report = storm(Path(folder), float(os.environ.get("MINUTES", "5")), names, at_least=len(names))
print("\n".join(report.lines()))
failures = report.failures()
print("\n".join(f"FAILED: {failure}" for failure in failures) or "nothing was lost, said twice or hung")
sys.exit(1 if failures else 0)
