"""The weekly upload: STAR records and responses to the Ministry, a window at a time (docs/how-to and docs/reference/ministry-upload.md).

Rooms from the top: windows, uploads, adapters, items, roster. A room uses only the rooms below it.
"""
