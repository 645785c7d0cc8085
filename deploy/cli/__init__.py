"""The `star` command: a small file for each command; `main.py` finds them by name, `options.py` has what they share.

A command reads its options, calls one module that does the work, and prints. `faults.py` turns errors of the set-up into one line.
"""

from deploy.cli.main import main

__all__ = ["main"]
