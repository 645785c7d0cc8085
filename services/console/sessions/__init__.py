"""Sessions of signed-in people: a row each, which only the cookie of its own browser can open.

The cookie is a random secret. The row's key and the key that the row is encrypted with are two digests of it, so the table alone lets
nobody in. A session ends by sign-out, after idle time, after a working day, and when the person's rights change.
"""
