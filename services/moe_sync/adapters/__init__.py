"""Adapters: one for each way to the Ministry (HTTPS, SFTP, a folder for a person).

In come a parcel's bytes, digest and key; out comes one of four answers (`interface.py`): received, refused, unsettled, placed. An adapter
knows nothing of schools or records, and never raises for what goes wrong on the way (decision 18).
"""
