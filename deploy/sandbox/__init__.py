"""The outside world in miniature: a mail server that keeps what it gets, and a Ministry that checks what it gets.

Only for the single process and for tests. Nothing here imports `services` or `shared`: these are other parties, and a bug that
both sides shared would never show.
"""
