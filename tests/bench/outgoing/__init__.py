"""Letters, webhooks, the feed, uploads and rosters sent again, at the size of a country, measured part by part.

`python -m tests.bench.outgoing --stages letters,webhooks`. Each stage stands alone and begins with an empty database.
"""
