"""`star backup` and `star restore`: all that has to be kept, in a folder of its own.

In goes a set-up that runs; out comes a folder with the dump of its schemas, its keys, and a list with checksums. `taking.py` and
`restoring.py` are the two ways, `manifest.py` is the list, `tools.py` runs PostgreSQL's own programs.
"""
