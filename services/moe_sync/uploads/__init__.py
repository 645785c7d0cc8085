"""Uploads: the document of one window, built once, sent under one key until the Ministry has answered it, and kept as evidence.

In comes a school's week; out go the items that changed since they were last included, as JSON and as CSV
(docs/reference/ministry-upload.md), and the Ministry's receipt and rejects come back. Uploads of a school go one at a time and in order
(decisions 17 and 18).
"""
