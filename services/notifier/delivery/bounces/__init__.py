"""Reports on letters that had left: RFC 3464 as mail servers write it, or a provider's webhook.

A report comes in by the API, or as the answer at the door; it is kept once, marks its delivery as bounced, and marks the address as bad
where nobody is there (`recording.py`).
"""
