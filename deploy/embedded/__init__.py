"""`star run`: the database, the four services with their workers, and the sandbox, in one process on one data folder.

`process.py` puts them together, `postgres.py` runs the database from the folder, and `home.py` is the page at `/`.
"""
