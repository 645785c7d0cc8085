"""`make release`: everything that a release is made of, in one folder, alike from the same commit.

`files.py` packs folders so that only their contents count; `wheels.py` has the programs and all that they need; `artefacts.py` is the list.
"""
